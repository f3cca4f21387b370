// `autopilot decide` from JSON lines to durable decisions, beside SQLite alone inserting the same
// rows: same file, settings, tables, keys and transactions, the rows ready in memory.
#include "bench/measure.h"
#include "bench/project.h"
#include "bench/samples.h"

namespace autopilot::bench {
namespace {

constexpr int kRounds = 5;

void run_all(const Setting& setting) {
  System system;
  Files& files = system.world().files;
  const std::size_t count = setting.full ? 200'000 : 40'000;
  const std::string origin = decide_project(setting, files, "decide-origin");
  const std::string project = setting.folder + "/decide";
  const std::string filled = setting.folder + "/decide-filled";
  const std::string actions = setting.folder + "/actions.jsonl";
  write_project(files, project, 0, policy_document);
  write_project(files, filled, 0, policy_document);
  write_actions(actions, count);
  const auto decide_in = [&](const std::string& folder) {
    copy_state(files, origin, folder);
    Command decide = autopilot_command(setting, folder, {"-q", "decide"});
    decide.input = actions;
    return cpu_of(decide);
  };
  decide_in(filled);
  const auto floor = [&] {
    copy_state(files, origin, project);
    Command insert;
    insert.words = {tool(setting, "sqlite_floor"), state_of(filled), state_of(project)};
    insert.output = setting.folder + "/seconds";
    run(insert);
    return std::stod(files.read(insert.output));
  };
  const std::vector<Timing> t =
      interleave_measured({[&] { return decide_in(project); }, floor}, kRounds);
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
