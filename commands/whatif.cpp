// autopilot whatif: what would have been decided, had things been otherwise.
#include <fmt/format.h>

#include <cmath>

#include "cli/command.h"
#include "commands/recorded.h"
#include "commands/rules.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/decide/archive.h"
#include "core/decide/whatif_report.h"
#include "core/state/store.h"

namespace autopilot::commands {
namespace {

constexpr char kWhatIfDetails[] =
    R"(Takes decisions again as if parts of what they saw, or of the policies, had been otherwise, and says which would
have come out differently. Nothing is recorded. The decisions are recorded ones, or the actions of a file as `decide`
reads it.

  --set metrics.cvr_1h=0.01        a value of the context: metrics, segment, features, actor, role, time
  --set action.data.weight=0.5     a field of the action: type, algorithm, target, risk, data.NAME
  --set 'metrics.volume*=1.2'      scaled; += and -= add and take away; time+=2h
  --set metrics.cvr_1h=            without it
  --set policy.ID.limits.hourly.max=50
                                   a field of a policy; rules by name or index: policy.ID.guards[0].deny

--sweep tries many values of one parameter: PATH=LO:HI:STEP, or values with commas. Up to three make a grid. A sweep
of '$NAME' fills in $NAME wherever a --set says it:

  --set 'policy.ID.guards.floor.deny=metrics.cvr_1h < $floor' --sweep '$floor=0.01:0.05:0.005'

For one numeric parameter the report says between which values outcomes change. Changes that undo each other between
two values tried are not seen.

Limits are counted from the first of the chosen decisions on, as they would have been used up.

EXAMPLES
  autopilot whatif --last 500 --set metrics.cvr_1h=0.01
  autopilot whatif --since 7d --sweep policy.traffic-safety.limits.hourly.max=10:200:10
  autopilot whatif --actions day.jsonl --sweep 'metrics.volume*=0.5:2:0.1' --html whatif.html
)";

class WhatIfCommand : public cli::Invocation {
 public:
  explicit WhatIfCommand(cli::Options& o) : choice_(o) {
    o.option("--actions FILE", actions_, "the actions of a file instead, as decide reads it",
             cli::Hint::file);
    o.options("--set PATH=VALUE", settings_, "what is otherwise; may be repeated");
    o.options("--sweep PATH=LO:HI:STEP", sweeps_,
              "a parameter that takes many values, or PATH=A,B,C; up to three");
    o.option("--policies DIR", policies_,
             "decide under these files instead of the applied policies", cli::Hint::directory);
    o.option("--tolerance X", tolerance_,
             "how close, relatively, to tell where outcomes change (1e-6 by default)");
    o.choice("--base", base_, {"recorded", "unchanged"},
             "compare with the recorded outcomes, or with what deciding again unchanged gives");
    o.option("--html FILE", html_, "write a page with sliders, which needs nothing else",
             cli::Hint::file);
  }

  cli::Exit run(cli::Context& context) override {
    std::vector<decide::Assignment> settings;
    for (const std::string& words : settings_)
      settings.push_back(decide::parse_assignment(words, "--set"));
    std::vector<decide::Sweep> sweeps;
    for (const std::string& words : sweeps_) sweeps.push_back(decide::parse_sweep(words));
    check_words();
    std::optional<decide::Rules> rules = rules_of(context, policies_);
    if (!rules) return cli::Exit::no;
    const decide::WhatIfPlan plan(*rules, std::move(settings), std::move(sweeps));
    decide::Chosen chosen;
    const bool good = choose(context, *rules, chosen);
    const decide::WhatIf found = decide::run_what_if(plan, *rules, chosen, what_if_settings());
    if (!found.faults.ok()) {
      context.show_diagnostics(found.faults);
      return cli::Exit::no;
    }
    const render::Report report = decide::describe(plan, chosen, found, story());
    if (!html_.empty()) {
      context.world.files.write(html_, decide::what_if_page(report));
      context.inform(fmt::format("wrote {}", html_));
    }
    context.show(report);
    return good ? cli::Exit::ok : cli::Exit::no;
  }

 private:
  void check_words() const {
    choice_.check("--actions FILE", !actions_.empty());
    if (settings_.empty() && sweeps_.empty() && policies_.empty())
      throw Error(ErrorKind::usage, "nothing is otherwise",
                  "say what with --set PATH=VALUE, --sweep PATH=LO:HI:STEP or --policies DIR");
    if (!html_.empty() && sweeps_.empty())
      throw Error(ErrorKind::usage, "--html needs a parameter to slide",
                  "add --sweep PATH=LO:HI:STEP");
  }

  decide::WhatIfSettings what_if_settings() const {
    decide::WhatIfSettings out;
    out.from_unchanged = base_ == "unchanged";
    const std::optional<double> tolerance = decide::number_in(tolerance_);
    if (!tolerance || !(*tolerance >= 0) || !std::isfinite(*tolerance) || *tolerance >= 1)
      throw Error(ErrorKind::usage,
                  fmt::format("--tolerance {}: no number from 0 to 1", tolerance_));
    out.tolerance = *tolerance;
    return out;
  }

  decide::WhatIfStory story() const {
    return {policies_.empty() ? "the applied policies" : policies_,
            base_ == "unchanged" || !actions_.empty() ? "unchanged" : "recorded",
            what_if_settings().tolerance};
  }

  // False when some lines were no actions; they are shown and the others chosen.
  bool choose(cli::Context& context, const decide::Rules& rules, decide::Chosen& chosen) {
    if (!actions_.empty()) return choose_actions(context, rules, chosen);
    decide::Archive archive(context.existing_store().database());
    for (const std::string& id : choice_.ids()) chosen.add(archive.find(id));
    if (!choice_.ids().empty()) return true;
    decide::Range range = choice_.range(context);
    decide::Page page;
    while (archive.next(range, page)) {
      if (chosen.size() + page.size() > decide::kMostDecisions) {
        throw Error(ErrorKind::usage, fmt::format("more than {} decisions", decide::kMostDecisions),
                    "choose fewer with --last N or --since T");
      }
      for (std::size_t i = 0; i < page.size(); ++i) chosen.add(page.line(i));
    }
    return true;
  }

  bool choose_actions(cli::Context& context, const decide::Rules& rules, decide::Chosen& chosen) {
    const bool from_stdin = actions_ == "-";
    const std::string text =
        from_stdin ? context.world.files.read_all_stdin() : context.world.files.read(actions_);
    Instant now = context.world.clock.now();
    now.nanos -= now.nanos % 1'000'000;
    const std::string role = context.actor_role();
    Diagnostics faults;
    const std::uint32_t source = faults.sources().add(from_stdin ? "<stdin>" : actions_, text);
    decide::choose_actions(text, source, *decide::compile_rules(rules),
                           {now, "whatif", context.actor(), role, nullptr}, chosen, faults);
    context.show_diagnostics(faults);
    return faults.ok();
  }

  RecordedChoice choice_;
  std::vector<std::string> settings_, sweeps_;
  std::string actions_, policies_, html_;
  std::string tolerance_ = "1e-6";
  std::string base_ = "recorded";
};

}  // namespace

extern const cli::Command whatif{"whatif",
                                 "Show what would have been decided, had things been otherwise",
                                 kWhatIfDetails,
                                 cli::bind<WhatIfCommand>,
                                 {"text", "json", "markdown", "html"}};

}  // namespace autopilot::commands
