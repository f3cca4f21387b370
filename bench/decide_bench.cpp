// `autopilot decide` from JSON lines to durable decisions, beside SQLite alone inserting the same
// rows: same file, settings, tables, keys and transactions, the rows ready in memory.
#include <fmt/format.h>

#include "bench/measure.h"
#include "bench/project.h"
#include "bench/samples.h"
#include "core/base/sqlite.h"
#include "core/decide/line_source.h"

namespace autopilot::bench {
namespace {

constexpr int kRounds = 5;

struct Row {
  std::int64_t seq;
  std::string id;
  std::int64_t result;
  std::string body;
  std::string algorithm;
  std::string key;
};

std::vector<Row> rows_of(const std::string& path) {
  Database database(path);
  Statement rows = database.prepare(
      "SELECT d.seq, d.id, d.result, d.body, i.algorithm, i.key FROM decision d JOIN idempotency "
      "i ON i.seq = d.seq ORDER BY d.seq");
  std::vector<Row> out;
  while (rows.step()) {
    out.push_back({rows.integer(0), std::string(rows.blob(1)), rows.integer(2),
                   std::string(rows.text(3)), std::string(rows.text(4)),
                   std::string(rows.text(5))});
  }
  return out;
}

double insert_all(const std::string& path, const std::vector<Row>& rows) {
  Database database(path);
  Statement decision =
      database.prepare("INSERT INTO decision (seq, id, result, body) VALUES (?1, ?2, ?3, ?4)");
  Statement key =
      database.prepare("INSERT INTO idempotency (algorithm, key, seq) VALUES (?1, ?2, ?3)");
  const double before = cpu_seconds();
  for (std::size_t begin = 0; begin < rows.size(); begin += decide::LineSource::kBatchLines) {
    WriteTransaction transaction(database);
    const std::size_t end = std::min(rows.size(), begin + decide::LineSource::kBatchLines);
    for (std::size_t i = begin; i < end; ++i) {
      const Row& row = rows[i];
      decision.run(row.seq, Blob{row.id}, row.result, row.body);
      key.run(row.algorithm, row.key, row.seq);
    }
    transaction.commit();
  }
  return cpu_seconds() - before;
}

void run_all(const Setting& setting) {
  System system;
  Files& files = system.world().files;
  const std::size_t count = setting.full ? 200'000 : 40'000;
  const std::string origin = decide_project(setting, files, "decide-origin");
  const std::string project = setting.folder + "/decide";
  const std::string actions = setting.folder + "/actions.jsonl";
  write_project(files, project, 0, policy_document);
  write_actions(actions, count);
  Command decide = autopilot_command(setting, project, {"-q", "decide"});
  decide.input = actions;
  decide.output = setting.folder + "/decisions.jsonl";
  std::vector<Row> rows;
  const auto ours = [&] {
    copy_state(files, origin, project);
    const double taken = cpu_of(decide);
    if (rows.empty()) rows = rows_of(state_of(project));
    return taken;
  };
  const auto floor = [&] {
    copy_state(files, origin, project);
    return insert_all(state_of(project), rows);
  };
  const std::vector<Timing> t = interleave_measured({ours, floor}, kRounds);
  const auto rate = [&](const Timing& timing) {
    return static_cast<double>(count) / timing.median;
  };
  report({"decide, JSON lines to durable decisions, 100 policies",
          rate(t[0]),
          "/s",
          "SQLite bulk insert of the same rows",
          rate(t[1]),
          {ratio_at_least(0.6)}});
}

}  // namespace
}  // namespace autopilot::bench

int main(int count, char** words) {
  autopilot::bench::run_all(autopilot::bench::setting_from(count, words));
}
