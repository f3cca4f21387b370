// `autopilot plan --impact` of many recorded decisions: its CPU time with their columns kept from
// before and with all to be read from lines, and what a condition costs from columns beside what it
// costs from lines.
#include <fmt/format.h>

#include <filesystem>

#include "bench/measure.h"
#include "bench/project.h"
#include "bench/samples.h"
#include "core/base/sqlite.h"
#include "core/decide/history.h"
#include "core/decide/history_slots.h"
#include "core/expr/column_program.h"
#include "core/state/policy_sets.h"

namespace autopilot::bench {
namespace {

constexpr std::size_t kChanged = 21;  // a policy of the samples that denies more from now on

std::string recorded(const Setting& setting, Files& files, std::size_t count) {
  const std::string project = decide_project(setting, files, "impact");
  const std::string actions = project + "/actions.jsonl";
  write_actions(actions, count);
  Command decide = autopilot_command(setting, project, {"-q", "decide"});
  decide.input = actions;
  run(decide);
  files.remove(actions);
  std::string text = policy_document(kChanged);
  text.replace(text.find("deny: "), 6, "deny: metrics.error_rate > 0.019 || ");
  files.write(fmt::format("{}/policies/p{:05}.yaml", project, kChanged), text);
  return project;
}

// CPU time of both threads: on two cores that nobody else uses, about half of it passes.
void whole_commands(const Setting& setting, const std::string& project, std::size_t count) {
  const auto impact = [&] {
    return run(autopilot_command(setting, project, {"-q", "plan", "--impact", "--brief"}));
  };
  std::filesystem::remove_all(decide::history_folder(state_of(project)));
  const Cost built = impact();
  double peak = 0;
  const std::vector<Timing> t = interleave_measured({[&] {
                                                      const Cost cost = impact();
                                                      peak = cost.peak_mib;
                                                      return cost.cpu_seconds;
                                                    }},
                                                    3);
  const double scale = static_cast<double>(count) / 1e6;
  report({fmt::format("plan --impact, {} k decisions, 100 policies", count / 1000),
          t[0].median * 1e3,
          "ms",
          "columns not kept before",
          built.cpu_seconds * 1e3,
          {figure_at_most(3000 * scale)}});
  report({"plan --impact, memory", peak, "MiB", "columns not kept before", built.peak_mib, {}});
}

// The condition of a guard of the samples, on every decision of the state.
void one_condition(const std::string& project, Files& files) {
  const auto store = state::Store::open(state_of(project));
  const auto set = state::PolicySets(*store).current(Instant{1'800'000'000, 0});
  const expr::Program& program = set->policies()[10].guards[0].condition->program;
  std::size_t by_lines = 0, by_columns = 0, rows = 0;
  const auto lines = [&] {
    decide::Archive archive(store->database());
    decide::Engine engine(*set);
    decide::RecordReader reader;
    decide::Record record;
    decide::Input input;
    decide::Range range;
    decide::Page page;
    by_lines = rows = 0;
    while (archive.next(range, page)) {
      for (std::size_t i = 0; i < page.size(); ++i) {
        reader.read(page.line(i), record);
        read_again(engine, record, input);
        by_lines += program.evaluate(input.slots.data(), engine.scratch()).is_true() ? 1 : 0;
        ++rows;
      }
    }
  };
  const auto columns = [&] {
    decide::History history(store->database(), &files);
    decide::HistorySlots slots(*set);
    decide::HistoryBuilder builder;
    expr::Scratch scratch;
    expr::ColumnProgram judge(program);
    decide::Range range;
    by_columns = 0;
    while (const auto piece = history.next(range)) {
      piece->make(builder);
      slots.bind(piece->block(), program.slots());
      for (std::uint32_t first = 0; first < piece->block().rows(); first += expr::kBatchRows) {
        const std::uint32_t count = std::min(expr::kBatchRows, piece->block().rows() - first);
        scratch.reset();
        by_columns +=
            judge.test(slots.batch(first, count), expr::RowSet::first(count), scratch).yes.count();
      }
    }
  };
  const std::vector<Timing> t = interleave({columns, lines}, 3);
  if (by_lines != by_columns) {
    std::fputs("bench: columns and lines differ\n", stderr);
    std::exit(1);
  }
  const auto each = [&](const Timing& timing) {
    return timing.median * 1e9 / static_cast<double>(rows);
  };
  report({"a condition of a recorded decision, from kept columns",
          each(t[0]),
          "ns",
          "from JSON lines",
          each(t[1]),
          {ratio_at_most(1.0 / 30)}});
}

void run_all(const Setting& setting) {
  System system;
  Files& files = system.world().files;
  const std::size_t count = setting.full ? 1'000'000 : 50'000;
  const std::string project = recorded(setting, files, count);
  whole_commands(setting, project, count);
  one_condition(project, files);
}

}  // namespace
}  // namespace autopilot::bench

int main(int count, char** words) {
  autopilot::bench::run_all(autopilot::bench::setting_from(count, words));
}
