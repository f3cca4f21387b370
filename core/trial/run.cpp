#include "core/trial/run.h"

#include <algorithm>

#include "core/base/json.h"
#include "core/decide/record.h"

namespace autopilot::trial {
namespace {

// What a case says was used up, whatever the window.
class GivenLedger final : public decide::LedgerView {
 public:
  explicit GivenLedger(const std::vector<policy::UsedBefore>& used) : used_(used) {}

  std::int64_t used(const decide::Use& use, std::string_view, Instant) override {
    for (const policy::UsedBefore& u : used_) {
      if (u.policy.text == use.policy && u.limit.text == use.limit && (!u.key || *u.key == use.key))
        return u.micros;
    }
    return 0;
  }

 private:
  const std::vector<policy::UsedBefore>& used_;
};

std::string padded(std::string_view text) {
  std::string out(text);
  out.append(kPadding, ' ');
  return out;
}

std::string_view text_or(const decide::Input& input, int slot, std::string_view fallback) {
  const expr::Val& v = input.slots[static_cast<std::size_t>(slot)];
  return v.tag == expr::Tag::string ? v.text() : fallback;
}

}  // namespace

Runner::Runner(const policy::Project& project, std::vector<policy::Policy> policies)
    : project_(project), policies_(std::move(policies)) {}

const decide::CompiledSet& Runner::all() { return *on_trial({}).set; }

Runner::OnTrial& Runner::on_trial(const std::vector<policy::NamedPlace>& ids) {
  std::vector<std::string> key;
  for (const policy::NamedPlace& id : ids) key.push_back(id.text);
  std::sort(key.begin(), key.end());
  std::unique_ptr<OnTrial>& known = sets_[key];
  if (known != nullptr) return *known;
  std::vector<policy::Policy> chosen;
  for (const policy::Policy& p : policies_) {
    if (key.empty() || std::binary_search(key.begin(), key.end(), p.id)) chosen.push_back(p);
  }
  known = std::make_unique<OnTrial>(
      std::make_unique<const decide::CompiledSet>("", project_, std::move(chosen)));
  return *known;
}

// False when the case's action is none; the one mismatch then says why.
bool Runner::decide(OnTrial& with, const policy::TestCase& test_case, decide::Trace* trace,
                    CaseResult& result) {
  const std::string action = padded(test_case.action), context = padded(test_case.context);
  decide::InputFault fault;
  if (!with.engine.read_parts(std::string_view(action).substr(0, test_case.action.size()),
                              std::string_view(context).substr(0, test_case.context.size()), input_,
                              fault)) {
    result.mismatches = {{"the input", "an action", fault.message, test_case.span}};
    return false;
  }
  const decide::FixedSlots& f = with.set->fixed();
  std::optional<decide::Override> by;
  if (const auto& o = test_case.override_by) by = {o->actor, o->role, o->reason};
  const decide::Circumstances at{
      test_case.time, test_case.run, text_or(input_, f.context_actor, test_case.actor),
      text_or(input_, f.context_role, test_case.role), by ? &*by : nullptr};
  GivenLedger ledger(test_case.ledger);
  with.engine.decide(input_, at, ledger, outcome_, trace);
  line_.clear();
  decide::append_line(line_, {"", input_.proposed, input_.context, "", at}, outcome_);
  return true;
}

CaseResult Runner::run(const policy::PolicyTest& test, const policy::TestCase& test_case,
                       Coverage* coverage) {
  OnTrial& with = on_trial(test.policies);
  CaseResult result;
  result.test_case = &test_case;
  decide::Trace trace;
  if (coverage != nullptr) trace.watcher = coverage->watcher(*with.set);
  if (!decide(with, test_case, coverage != nullptr ? &trace : nullptr, result)) return result;
  if (coverage != nullptr) coverage->count(trace, outcome_);
  Value decision = parse_json_or_throw(line_, "a decision");
  result.mismatches = mismatches(test_case.expect, decision);
  if (result.passed()) return result;
  if (!decide(with, test_case, &result.trace, result)) return result;
  result.decision = std::move(decision);
  return result;
}

}  // namespace autopilot::trial
