#pragma once
// One step in the making: lives for one call of step(). Split over machine.cpp (order, effects,
// health, deadlines), machine_requests.cpp (what people ask), machine_judge.cpp (samples, rules,
// analyses, credit), machine_forward.cpp (stages) and machine_back.cpp (rollback, reboot).

#include <string>
#include <string_view>

#include "core/deploy/machine.h"

namespace autopilot::deploy {

// An approval step's name in the approvals.
std::string approval_gate(const Rollout& rollout, const std::string& name);

// "check warm", "smoke test.yaml": as people read it.
std::string task_name(const std::string& kind, const std::string& name);

inline constexpr Duration kAskAgain = Duration::seconds(60);
inline constexpr Duration kRetryBack = Duration::seconds(1);

class Stepping {
 public:
  Stepping(Strategy& strategy, Stepped& out, const Observation& seen, Instant now)
      : s_(strategy), out_(out), r_(out.rollout), seen_(seen), now_(now) {}
  void run();

 private:
  // machine.cpp
  void take_results();
  void take_result(const Effect& effect, const EffectResult& result);
  void take_routing(const Effect& effect);
  void take_decision(const Effect& effect, const EffectResult& result);
  void take_failure(const Effect& effect, const EffectResult& result);
  void hook_failed(const Effect& effect, const std::string& why);
  void take_health();
  void count_health(HealthState& state, const std::vector<HealthReading>& readings) const;
  void take_drift();
  void check_deadline();
  bool advance();
  bool emit(std::string kind, Map args);
  void event(std::string kind, std::string key, std::string text, Map data = {});
  void fail(OnFail on_fail, const std::string& kind, const std::string& name,
            const std::string& why, bool& told);

  // machine_requests.cpp
  void take_requests();
  Answer answer(const Request& request);
  Answer take_back(const Request& request);
  Answer promote(const Request& request);
  Answer leave_running(const Request& request);
  void pause(std::string by, std::string reason, std::optional<Instant> until, bool maintenance);
  void end_pause();

  // machine_judge.cpp
  void take_samples();
  void judge_row(Instant t, const std::vector<const Sample*>& samples);
  void judge_rule(Strategy::Rule& rule, Instant t);
  void judge_analysis(const AnalysisModel& analysis, const std::vector<const Sample*>& samples);
  void check_silence();
  void credit(Instant frontier);
  void forget_stretches();
  Condition::Result judge_condition(Condition& condition, const RuleModel* rule, Instant t);
  bool is_judging() const;
  bool in_maintenance() const;
  std::string why_missing(const Strategy::Rule& rule, Instant t) const;
  std::string what_is_missing() const;
  std::string why_nothing_counts() const;
  bool has_evidence();
  const MetricModel* metric_without_number(Instant at) const;
  bool enough_came(Instant at) const;
  bool conditions_hold(const Stage& stage);

  // machine_forward.cpp
  bool advance_stage();
  bool routing_stage(const Stage& stage);
  bool takes_more(const Stage& stage) const;
  bool watch(const Stage& stage);
  bool may_pass(const Stage& stage);
  bool analyses_pass(const Stage& stage);
  bool a_rule_is_about_to_fire();
  bool weight_asked(const Stage& stage);
  bool weight_wanted_otherwise(const Stage& stage);
  bool approval_stage(const Stage& stage);
  bool wait_for_agreement(const std::string& name, const std::string& key);
  bool gate_stage(const Stage& stage, const std::string& name);
  bool one_effect(const Stage& stage, std::string kind, Map args);
  bool stop_stage();
  bool is_drained();
  bool next();
  void begin_watch(const Stage& stage);
  bool wait(std::string why);
  const WindowModel* frozen() const;
  bool finish(Phase phase);
  std::string gate_key(const std::string& name) const;
  std::string words_that_open(const Stage& stage) const;

  // machine_back.cpp
  void roll_back(std::string kind, std::string cause);
  void cut_off();
  bool advance_back();
  bool is_late_back() const;
  bool canary_keeps_serving() const;
  bool is_old_version_ready();
  void take_all_the_same(const std::string& why);
  void take_boot();
  bool advance_recovery();
  void end_recovery();
  std::int64_t last_weight_stage() const;
  bool canary_was_started() const;

  const Stage* stage() const {
    return r_.phase == Phase::forward && r_.stage < static_cast<std::int64_t>(s_.stages.size())
               ? &s_.stages[static_cast<std::size_t>(r_.stage)]
               : nullptr;
  }

  Strategy& s_;
  Stepped& out_;
  Rollout& r_;
  const Observation& seen_;
  Instant now_;
};

}  // namespace autopilot::deploy
