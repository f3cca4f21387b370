#include "core/decide/replay.h"

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/base/json.h"

namespace autopilot::decide {
namespace {

Circumstances circumstances_of(const Record& record) {
  return {record.time, record.run, record.actor, record.role,
          record.override_by ? &*record.override_by : nullptr};
}

void read_again(Engine& engine, const Record& record, Input& input) {
  InputFault fault;
  if (engine.read_parts(record.proposed, record.context, input, fault)) return;
  throw Error(ErrorKind::storage,
              fmt::format("decision {} cannot be read again: {}", record.id, fault.message),
              "run `autopilot state check`");
}

// A reason as the comparison sees it, from the outcome or from the record.
struct Cause {
  std::string policy, rule, effect, message;
};

std::vector<Cause> causes_of(const Outcome& outcome) {
  std::vector<Cause> out;
  for (const Reason& r : outcome.reasons) {
    if (r.monitor) continue;
    out.push_back(
        {std::string(r.policy), std::string(r.rule), std::string(to_string(r.effect)), r.message});
  }
  return out;
}

std::string text_of(const Value& value, std::string_view key) {
  const Value* v = value.get(key);
  return v != nullptr && v->is_string() ? v->as_string() : std::string();
}

std::vector<Cause> causes_of(const Value& record) {
  std::vector<Cause> out;
  const Value* reasons = record.get("reasons");
  if (reasons == nullptr || !reasons->is_list()) return out;
  for (const Value& r : reasons->as_list()) {
    if (r.get("monitor") != nullptr) continue;
    out.push_back(
        {text_of(r, "policy"), text_of(r, "rule"), text_of(r, "effect"), text_of(r, "message")});
  }
  return out;
}

std::string_view effect_for(Result result) {
  switch (result) {
    case Result::blocked:
      return "block";
    case Result::pending:
      return "approve";
    case Result::modified:
      return "modify";
    case Result::allowed:
      return "";
  }
  return "";
}

// Whether two actions differ in their spelling alone.
bool same_content(std::string_view a, std::string_view b) {
  const JsonResult one = parse_json(a), other = parse_json(b);
  return one.ok && other.ok && one.value == other.value;
}

// The first cause of `result` in `here` that `there` lacks; what it says may have changed when the
// rule has not.
const Cause* first_new(const std::vector<Cause>& here, const std::vector<Cause>& there,
                       Result result) {
  const std::string_view effect = effect_for(result);
  for (const bool by_message : {false, true}) {
    for (const Cause& c : here) {
      const auto same = [&](const Cause& o) {
        return o.policy == c.policy && o.rule == c.rule && o.effect == c.effect &&
               (!by_message || o.message == c.message);
      };
      if (c.effect == effect && std::none_of(there.begin(), there.end(), same)) return &c;
    }
  }
  return nullptr;
}

}  // namespace

Engine& Replayer::engine_for(std::string_view revision) {
  Kept& kept = engines_[std::string(revision)];
  if (kept.engine == nullptr) {
    kept.set = policies_.at(revision);
    kept.engine = std::make_unique<Engine>(*kept.set);
  }
  return *kept.engine;
}

const std::string& Replayer::replay(std::string_view line, Trace* trace) {
  reader_.read(line, record_);
  Engine& engine = engine_for(record_.revision);
  read_again(engine, record_, input_);
  const Circumstances at = circumstances_of(record_);
  RecordedLedger ledger(record_);
  engine.decide(input_, at, ledger, outcome_, trace);
  line_.clear();
  append_line(line_, {record_.id, record_.proposed, record_.context, record_.revision, at},
              outcome_);
  return line_;
}

void check_record(Replayer& replayer, std::string_view line, ReplaySummary& summary) {
  ++summary.checked;
  const std::string& again = replayer.replay(line);
  if (again == line) return;
  ++summary.differing;
  if (summary.examples.size() >= kReplayExamples) return;
  summary.examples.push_back({std::string(replayer.record().id), std::string(line), again});
}

void merge(ReplaySummary& into, ReplaySummary from) {
  into.checked += from.checked;
  into.differing += from.differing;
  for (ReplayDifference& d : from.examples) into.examples.push_back(std::move(d));
  std::sort(into.examples.begin(), into.examples.end(),
            [](auto& a, auto& b) { return a.id < b.id; });
  if (into.examples.size() > kReplayExamples) into.examples.resize(kReplayExamples);
}

Comparison::Comparison(std::shared_ptr<const CompiledSet> set)
    : set_(std::move(set)), engine_(*set_) {}

void Comparison::add(std::string_view line) {
  ++checked_;
  reader_.read(line, record_);
  read_again(engine_, record_, input_);
  const Circumstances at = circumstances_of(record_);
  engine_.decide(input_, at, ledger_, outcome_);
  consume(outcome_, at, 0, ledger_);
  const Result before = parse_result(record_.result).value_or(Result::blocked);
  const std::string_view after_action =
      outcome_.changed ? std::string_view(outcome_.action) : record_.proposed;
  // What a blocked action would have become is nobody's concern.
  if (before == outcome_.result && (before == Result::blocked || after_action == record_.action))
    return;
  note(line);
}

void Comparison::note(std::string_view line) {
  const JsonResult recorded = parse_json(line);
  const std::string_view after_action =
      outcome_.changed ? std::string_view(outcome_.action) : record_.proposed;
  Key key;
  key.before = parse_result(record_.result).value_or(Result::blocked);
  key.after = outcome_.result;
  if (key.before == key.after && same_content(after_action, record_.action)) return;
  const std::vector<Cause> before = causes_of(recorded.value);
  const std::vector<Cause> after = causes_of(outcome_);
  const Cause* cause = first_new(after, before, key.after);
  if (cause == nullptr) cause = first_new(before, after, key.before);
  if (cause != nullptr) {
    key.policy = cause->policy;
    key.rule = cause->rule;
  }
  ++differing_;
  Group& group = groups_[key];
  if (group.count++ > 0) return;
  group.example = std::string(record_.id);
  group.message = cause != nullptr ? cause->message : std::string();
  group.action_before = std::string(record_.action);
  group.action_after = std::string(after_action);
}

}  // namespace autopilot::decide
