#include "core/deploy/decider.h"

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/decide/archive.h"
#include "core/decide/recorder.h"
#include "core/state/policy_sets.h"
#include "core/state/resume.h"
#include "core/state/waiting.h"

namespace autopilot::deploy {
namespace {

class PolicyDecider final : public Decider {
 public:
  PolicyDecider(state::Store& store, World& world, std::string root, state::Who who,
                std::string role)
      : store_(store),
        world_(world),
        root_(std::move(root)),
        who_(std::move(who)),
        role_(std::move(role)),
        policies_(store) {}

  Decided decide(const Question& q) override {
    decide::Recorder recorder(store_.database(), world_, policies_, settings_of(q));
    std::string line = line_of(q);
    const std::size_t size = line.size();
    line.append(kPadding, ' ');
    std::string out;
    std::vector<decide::LineFault> faults;
    recorder.decide({{std::string_view(line).substr(0, size), 1}}, out, faults);
    if (!faults.empty()) throw Error(ErrorKind::bug, faults.front().message);
    return decided(out);
  }

  // When an earlier process did so and died, the key answers with what it recorded.
  Decided resume(const Question& q, const std::string& decision) override {
    state::Approvals approvals(store_, world_, root_);
    const std::string line = decide::Archive(store_.database()).find(decision);
    const auto status = approvals.standing(state::request_of_decision(approvals, line)).status;
    if (status == state::Standing::Status::consumed) return decide(q);
    decide::Recorder recorder(store_.database(), world_, policies_, settings_of(q));
    return decided(state::resume_decision(approvals, recorder, line, who_));
  }

 private:
  decide::RecorderSettings settings_of(const Question& q) const {
    decide::RecorderSettings settings;
    settings.run = q.rollout;
    settings.actor = q.override_by.empty() ? q.actor : q.override_by;
    settings.role = q.override_by.empty() ? role_ : q.override_role;
    if (!q.override_by.empty()) {
      settings.override_by = {q.override_by,
                              policy::parse_role(q.override_role).value_or(policy::Role::viewer),
                              fmt::format("{} of {}: {}", q.step, q.rollout, q.override_reason)};
    }
    return settings;
  }

  static Decided decided(const std::string& line) {
    const Value decision = parse_json_or_throw(line, "a decision");
    const Value* action = decision.get("action");
    const Value* data = action == nullptr ? nullptr : action->get("data");
    const Value* weight = data == nullptr ? nullptr : data->get("weight");
    // Down to what the proxy can tell apart: never more than was allowed.
    const int weight_bp = weight != nullptr && weight->is_number()
                              ? static_cast<int>(weight->as_double() * 10000 + 1e-6)
                              : 0;
    return {decision.get("result")->as_string(), decision.get("id")->as_string(), why_of(decision),
            weight_bp};
  }

  static std::string line_of(const Question& q) {
    Map data{{"deployment", q.deployment},
             {"environment", q.environment},
             {"version", q.version},
             {"step", q.step},
             {"weight", q.weight_bp / 10000.0},
             {"old_weight", q.before_bp / 10000.0}};
    if (!q.match.empty()) data.append("match", to_value(q.match));
    if (q.mirror_bp > 0) data.append("mirror", q.mirror_bp / 10000.0);
    return to_json(
        Map{{"action", Map{{"type", "deploy.set_weight"},
                           {"algorithm", "deploy"},
                           {"target", q.deployment},
                           {"data", std::move(data)},
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
  std::string root_;
  state::Who who_;
  std::string role_;
  state::PolicySets policies_;
};

}  // namespace

std::unique_ptr<Decider> make_decider(state::Store& store, World& world, std::string root,
                                      state::Who who, std::string role) {
  return std::make_unique<PolicyDecider>(store, world, std::move(root), std::move(who),
                                         std::move(role));
}

}  // namespace autopilot::deploy
