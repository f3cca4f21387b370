// autopilot state check: is the state file sound?
#include <fmt/format.h>

#include "cli/command.h"
#include "core/state/check.h"

namespace autopilot::commands {
namespace {

constexpr char kCheckDetails[] =
    R"(Reads the whole state and tells what is damaged: the pages of the file, its tables and references,
the hash of every document, every revision from the first, ids of decisions, ledger, and the audit
chain. Changes nothing.

EXAMPLES
  autopilot state check
  autopilot state check --quick --json

EXIT STATUS
  0 when all is well, 9 when something is damaged.
)";

class StateCheck : public cli::Invocation {
 public:
  explicit StateCheck(cli::Options& o) {
    o.flag("--quick", quick_, "leave out the indexes of the file");
  }

  cli::Exit run(cli::Context& context) override {
    const auto results = state::check_state(context.existing_store(), quick_);
    render::Report report{"autopilot.state-check/v1", {}, {}};
    bool sound = true;
    List checks;
    render::Lines lines;
    for (const state::CheckResult& r : results) {
      sound = sound && r.findings.empty();
      checks.push_back(to_data(r));
      append(lines, r);
    }
    report.data = {{"ok", sound}, {"checks", std::move(checks)}};
    report.text.emplace_back(std::move(lines));
    report.text.emplace_back(
        render::Lines{{sound ? "The state is sound." : "The state is damaged."}});
    context.show(report);
    if (sound) return cli::Exit::ok;
    context.inform(
        "keep a copy of the file; then restore the latest backup over it, or apply the documents "
        "to a "
        "new state with --state");
    return cli::Exit::storage;
  }

 private:
  static Value to_data(const state::CheckResult& r) {
    List findings;
    for (const std::string& finding : r.findings) findings.emplace_back(finding);
    return Map{{"name", r.name}, {"ok", r.findings.empty()}, {"findings", std::move(findings)}};
  }

  static void append(render::Lines& lines, const state::CheckResult& r) {
    const bool ok = r.findings.empty();
    lines.lines.push_back(render::Line(
        {{ok ? "ok      " : "damaged ", ok ? render::Tone::good : render::Tone::bad}, {r.about}}));
    for (const std::string& finding : r.findings) lines.lines.push_back("          " + finding);
  }

  bool quick_ = false;
};

}  // namespace

extern const cli::Command state_check{"state check",
                                      "Tell whether the state file is sound",
                                      kCheckDetails,
                                      cli::bind<StateCheck>,
                                      {}};

}  // namespace autopilot::commands
