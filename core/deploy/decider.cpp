#include "core/deploy/decider.h"

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/decide/recorder.h"
#include "core/state/policy_sets.h"

namespace autopilot::deploy {
namespace {

class PolicyDecider final : public Decider {
 public:
  PolicyDecider(state::Store& store, World& world, std::string role)
      : store_(store), world_(world), role_(std::move(role)), policies_(store) {}

  Decided decide(const Question& q) override {
    decide::RecorderSettings settings;
    settings.run = q.rollout;
    settings.actor = q.override_by.empty() ? q.actor : q.override_by;
    settings.role = q.override_by.empty() ? role_ : q.override_role;
    if (!q.override_by.empty()) {
      settings.override_by = {q.override_by,
                              policy::parse_role(q.override_role).value_or(policy::Role::viewer),
                              fmt::format("gate of {} opened by deploy promote", q.step)};
    }
    decide::Recorder recorder(store_.database(), world_, policies_, settings);
    std::string line = line_of(q);
    const std::size_t size = line.size();
    line.append(decide::kPadding, ' ');
    std::string out;
    std::vector<decide::LineFault> faults;
    recorder.decide({{std::string_view(line).substr(0, size), 1}}, out, faults);
    if (!faults.empty()) throw Error(ErrorKind::bug, faults.front().message);
    const Value decision = parse_json_or_throw(out, "a decision");
    return {decision.get("result")->as_string(), decision.get("id")->as_string(), why_of(decision)};
  }

 private:
  static std::string line_of(const Question& q) {
    return to_json(
        Map{{"action", Map{{"type", "deploy.set_weight"},
                           {"algorithm", "deploy"},
                           {"target", q.deployment},
                           {"data", Map{{"deployment", q.deployment},
                                        {"environment", q.environment},
                                        {"version", q.version},
                                        {"step", q.step},
                                        {"weight", q.weight_bp / 10000.0},
                                        {"old_weight", q.before_bp / 10000.0}}},
                           {"idempotency_key", fmt::format("{}/{}", q.rollout, q.effect)}}},
            {"context", Map{{"metrics", q.metrics}}}});
  }

  static std::string why_of(const Value& decision) {
    std::string why;
    for (const Value& reason : decision.get("reasons")->as_list()) {
      const Value* message = reason.get("message");
      const Value* policy = reason.get("policy");
      if (message == nullptr || !message->is_string()) continue;
      why += fmt::format("{}{}{}", why.empty() ? "" : "; ",
                         policy != nullptr && policy->is_string() ? policy->as_string() + ": " : "",
                         message->as_string());
    }
    return why;
  }

  state::Store& store_;
  World& world_;
  std::string role_;
  state::PolicySets policies_;
};

}  // namespace

std::unique_ptr<Decider> make_decider(state::Store& store, World& world, std::string role) {
  return std::make_unique<PolicyDecider>(store, world, std::move(role));
}

}  // namespace autopilot::deploy
