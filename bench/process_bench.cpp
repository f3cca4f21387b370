// Whole commands, as processes: start-up, validate, plan and apply, beside git and beside yaml-cpp
// alone on the same files.
#include <fmt/format.h>

#include "bench/measure.h"
#include "bench/project.h"
#include "bench/samples.h"

namespace autopilot::bench {
namespace {

constexpr std::size_t kDocuments = 1000;
constexpr int kRounds = 5;

double milliseconds(const Timing& timing) { return timing.median * 1e3; }

std::function<double()> timed(Command command) {
  return [command = std::move(command)] { return cpu_of(command); };
}

void start_up(const Setting& setting) {
  const std::vector<Timing> t =
      interleave_measured({timed(autopilot_command(setting, "", {"--version"})),
                           timed({{"git", "--version"}, "/dev/null", "/dev/null", ""})},
                          40);
  report({"start-up: --version",
          milliseconds(t[0]),
          "ms",
          "git --version",
          milliseconds(t[1]),
          {figure_at_most(5), ratio_at_most(4)}});
}

void validate(const Setting& setting, const std::string& project) {
  const std::string policies = project + "/policies";
  const std::vector<Timing> t = interleave_measured(
      {timed(autopilot_command(setting, project, {"validate"})),
       timed({{tool(setting, "yaml_floor"), "events", policies}, "/dev/null", "/dev/null", ""}),
       timed({{tool(setting, "yaml_floor"), "nodes", policies}, "/dev/null", "/dev/null", ""})},
      kRounds);
  report({"validate 1,000 files of one policy",
          milliseconds(t[0]),
          "ms",
          "yaml-cpp events alone",
          milliseconds(t[1]),
          {figure_at_most(150)}});
  report({"validate 1,000 files of one policy",
          milliseconds(t[0]),
          "ms",
          "yaml-cpp nodes alone",
          milliseconds(t[2]),
          {}});
}

// Files that nobody touched since, known by their hashes or all read anew.
void plan(const Setting& setting, Files& files, const std::string& project) {
  const Command plan = autopilot_command(setting, project, {"plan"});
  const std::vector<Timing> t =
      interleave_measured({timed(plan),
                           [&] {
                             files.remove(project + "/.autopilot/cache/sources");
                             return cpu_of(plan);
                           },
                           timed({{tool(setting, "yaml_floor"), "events", project + "/policies"},
                                  "/dev/null",
                                  "/dev/null",
                                  ""})},
                          kRounds);
  const auto row = [&](const char* what, const Timing& ours, double goal) {
    report({what,
            milliseconds(ours),
            "ms",
            "yaml-cpp events alone",
            milliseconds(t[2]),
            {figure_at_most(goal)}});
  };
  row("plan, nothing to do, 1,000 documents", t[1], 200);
  row("plan, nothing to do, by source hashes", t[0], 100);
}

// A project of `count` documents that nobody applied yet, each time.
std::function<double()> fresh_apply(const Setting& setting, Files& files,
                                    const std::string& project) {
  return [&setting, &files, project] {
    remove_state(files, project);
    return cpu_of(autopilot_command(setting, project, {"-q", "apply", "--yes"}));
  };
}

void apply(const Setting& setting, Files& files, const std::string& small,
           const std::string& large) {
  const std::vector<Timing> few =
      interleave_measured({fresh_apply(setting, files, small)}, kRounds);
  report({"apply 1,000 new documents", milliseconds(few[0]), "ms", "", 0, {figure_at_most(200)}});
  const std::vector<Timing> many =
      interleave_measured({fresh_apply(setting, files, large)}, setting.full ? 3 : 1);
  report({"apply 10,000 new documents, for each 1,000",
          milliseconds(many[0]) / 10,
          "ms",
          "1,000 documents",
          milliseconds(few[0]),
          {ratio_at_most(1.2)}});
}

// 1,000 cases of one test against 100 policies. promtool 2.42 took 1,811 ms for 200 tests of 10
// rules on the machine that the goal was set on.
std::string test_document(std::size_t cases) {
  std::string text =
      "apiVersion: autopilot/v1\nkind: PolicyTest\nmetadata: {id: many}\nspec:\n  cases:\n";
  for (std::size_t i = 0; i < cases; ++i) {
    text += fmt::format(
        "    - name: case {0}\n"
        "      action: {{type: destination.pause, algorithm: bandit, data: {{destination_id: {0}, "
        "explain: no sales}}}}\n"
        "      context: {{metrics: {{cvr_1h: 0.2, visits_1h: {0}, cost_1h: 40}}, segment: {{geo: "
        "FR}}}}\n"
        "      ledger: [{{policy: policy-001, limit: hourly, key: bandit, used: 5}}]\n"
        "      expect: {{result: allowed, risk: 0.6, no_reasons: [{{effect: block}}], data: "
        "{{destination_id: {0}}}}}\n",
        i);
  }
  return text;
}

void test(const Setting& setting, Files& files) {
  const std::string project = setting.folder + "/tests";
  write_project(files, project, kPolicies, policy_document);
  files.make_directories(project + "/tests");
  files.write(project + "/tests/many.yaml", test_document(1000));
  const std::vector<Timing> t =
      interleave_measured({timed(autopilot_command(setting, project, {"test"})),
                           timed(autopilot_command(setting, project, {"test", "--coverage"})),
                           timed({{tool(setting, "yaml_floor"), "nodes", project + "/tests"},
                                  "/dev/null",
                                  "/dev/null",
                                  ""})},
                          kRounds);
  report({"test, 1,000 cases, 100 policies",
          milliseconds(t[0]),
          "ms",
          "yaml-cpp nodes of the test alone",
          milliseconds(t[2]),
          {figure_at_most(200)}});
  report({"test --coverage, likewise",
          milliseconds(t[1]),
          "ms",
          "without --coverage",
          milliseconds(t[0]),
          {}});
}

void run_all(const Setting& setting) {
  System system;
  Files& files = system.world().files;
  start_up(setting);
  const std::string small = setting.folder + "/small";
  const std::string large = setting.folder + "/large";
  write_project(files, small, kDocuments, small_document);
  write_project(files, large, 10 * kDocuments, small_document);
  validate(setting, small);
  apply(setting, files, small, large);
  plan(setting, files, small);
  test(setting, files);
}

}  // namespace
}  // namespace autopilot::bench

int main(int count, char** words) {
  autopilot::bench::run_all(autopilot::bench::setting_from(count, words));
}
