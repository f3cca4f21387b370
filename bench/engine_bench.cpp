// Deciding in memory: 100 policies, the inputs decoded before, with the index by action type and
// algorithm and without. Each input is copied first, as mutations change it; the copy counts.
#include <deque>

#include "bench/measure.h"
#include "bench/project.h"
#include "bench/samples.h"
#include "core/decide/engine.h"
#include "core/decide/ledger.h"
#include "core/state/policy_sets.h"

namespace autopilot::bench {
namespace {

constexpr std::size_t kInputs = 1024;
constexpr int kPasses = 40;
constexpr int kRounds = 7;

// Decoded lines that own their texts.
class Inputs {
 public:
  explicit Inputs(const decide::CompiledSet& set) {
    decide::Engine reader(set);
    for (std::string line : action_lines(kInputs)) {
      line.append(kPadding, ' ');
      lines_.push_back(std::move(line));
      decide::InputFault fault;
      std::string_view text = lines_.back();
      text.remove_suffix(kPadding);
      if (!reader.read(text, {}, inputs_.emplace_back(), fault)) std::abort();
    }
  }
  const std::vector<decide::Input>& all() const { return inputs_; }

 private:
  std::deque<std::string> lines_;
  std::vector<decide::Input> inputs_;  // views into the lines, which have no escapes
};

std::size_t decide_all(const decide::CompiledSet& set, const Inputs& inputs, bool use_index) {
  decide::Engine engine(set);
  engine.use_index = use_index;
  decide::MemoryLedger ledger;
  decide::Outcome outcome;
  decide::Circumstances at{Instant{1'800'000'000, 0}, "run", "bench", "operator", nullptr};
  decide::Input input;
  std::size_t results = 0;
  for (int pass = 0; pass < kPasses; ++pass) {
    for (const decide::Input& decoded : inputs.all()) {
      input = decoded;
      engine.scratch().reset();
      engine.decide(input, at, ledger, outcome);
      results = results * 31 + static_cast<std::size_t>(outcome.result);
    }
  }
  return results;
}

void run_all(const Setting& setting) {
  System system;
  const std::string project = decide_project(setting, system.world().files, "engine");
  const auto store = state::Store::open(state_of(project));
  state::PolicySets sets(*store);
  const std::shared_ptr<const decide::CompiledSet> set = sets.current(system.world().clock.now());
  const Inputs inputs(*set);
  if (decide_all(*set, inputs, true) != decide_all(*set, inputs, false)) {
    std::fputs("bench: the index changes decisions\n", stderr);
    std::exit(1);
  }
  const std::vector<Timing> t = interleave({[&] { keep(decide_all(*set, inputs, true)); },
                                            [&] { keep(decide_all(*set, inputs, false)); }},
                                           kRounds);
  const auto rate = [](const Timing& timing) { return kInputs * kPasses / timing.median; };
  report({"decide in memory, 100 policies",
          rate(t[0]),
          "/s",
          "without the index",
          rate(t[1]),
          {figure_at_least(1e6), ratio_at_least(2)}});
}

}  // namespace
}  // namespace autopilot::bench

int main(int count, char** words) {
  autopilot::bench::run_all(autopilot::bench::setting_from(count, words));
}
