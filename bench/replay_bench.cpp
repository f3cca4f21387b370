// `autopilot replay --all` of many recorded decisions: its CPU time beside reading the same rows
// from SQLite and parsing each with simdjson, and its memory at a tenth of the rows and at all.
#include <fmt/format.h>
#include <simdjson.h>

#include "bench/measure.h"
#include "bench/project.h"
#include "core/base/sqlite.h"
#include "core/decide/archive.h"

namespace autopilot::bench {
namespace {

// A project with that many decisions.
std::string recorded(const Setting& setting, Files& files, std::size_t count) {
  const std::string project = decide_project(setting, files, fmt::format("replay-{}", count));
  const std::string actions = project + "/actions.jsonl";
  write_actions(actions, count);
  Command decide = autopilot_command(setting, project, {"-q", "decide"});
  decide.input = actions;
  run(decide);
  files.remove(actions);
  return project;
}

double scan(const std::string& path) {
  const double before = cpu_seconds();
  Database database(path);
  database.execute("PRAGMA cache_size=-1024");  // as replay does
  decide::Archive archive(database);
  decide::Range range;
  decide::Page page;
  simdjson::dom::parser parser;
  std::size_t members = 0;
  while (archive.next(range, page)) {
    for (std::size_t i = 0; i < page.size(); ++i) {
      const std::string_view line = page.line(i);
      const simdjson::dom::element record = parser.parse(line.data(), line.size(), false);
      members += record.get_object().size();
    }
  }
  keep(members);
  return cpu_seconds() - before;
}

void run_all(const Setting& setting) {
  System system;
  Files& files = system.world().files;
  const std::size_t count = setting.full ? 1'000'000 : 50'000;
  const std::string few = recorded(setting, files, count / 10);
  const std::string many = recorded(setting, files, count);
  const auto replay = [&](const std::string& project) {
    return run(autopilot_command(setting, project, {"-q", "replay", "--all"}));
  };
  const std::vector<Timing> t = interleave_measured(
      {[&] { return replay(many).cpu_seconds; }, [&] { return scan(state_of(many)); }},
      setting.full ? 1 : 3);
  const auto rate = [&](const Timing& timing) {
    return static_cast<double>(count) / timing.median;
  };
  report({fmt::format("replay of {} k decisions, 100 policies, for each CPU second", count / 1000),
          rate(t[0]),
          "/s",
          "SQLite scan and simdjson parse",
          rate(t[1]),
          {}});
  report({"replay, memory",
          replay(many).peak_mib,
          "MiB",
          fmt::format("{} k decisions", count / 10'000),
          replay(few).peak_mib,
          {ratio_at_most(1.2)}});
}

}  // namespace
}  // namespace autopilot::bench

int main(int count, char** words) {
  autopilot::bench::run_all(autopilot::bench::setting_from(count, words));
}
