#include "core/decide/chosen.h"

#include "core/base/json.h"
#include "core/base/text.h"
#include "core/decide/recorder.h"

namespace autopilot::decide {
namespace {

std::string text_of(const Value& value, std::string_view key) {
  const Value* v = value.get(key);
  return v != nullptr && v->is_string() ? v->as_string() : std::string();
}

// The first rule among a record's reasons that gave its result.
RuleName rule_in(std::string_view reasons, Result result) {
  if (result == Result::allowed) return {};
  const JsonResult list = parse_json(reasons);
  if (!list.ok || !list.value.is_list()) return {};
  for (const Value& reason : list.value.as_list()) {
    if (reason.get("monitor") == nullptr && text_of(reason, "effect") == effect_behind(result))
      return {text_of(reason, "policy"), text_of(reason, "rule")};
  }
  return {};
}

}  // namespace

std::string_view effect_behind(Result result) {
  switch (result) {
    case Result::allowed:
      return "";
    case Result::modified:
      return "modify";
    case Result::pending:
      return "approve";
    case Result::blocked:
      return "block";
  }
  return "";
}

void Chosen::add(std::string_view line) {
  ChosenDecision& d = all_.emplace_back();
  d.line.reserve(line.size() + kPadding);
  d.line = line;
  d.line.append(kPadding, ' ');
  const std::string_view text = std::string_view(d.line).substr(0, line.size());
  reader_.read(text, d.record);
  d.before = parse_result(d.record.result).value_or(Result::blocked);
  InputFault fault;
  std::vector<Member> members;
  if (!members_.read(text, members, fault)) return;
  for (const Member& m : members) {
    if (m.key == "reasons") d.rule = rule_in(m.value, d.before);
  }
}

bool ActionFile::decide(std::string_view line, std::string& record, InputFault& fault) {
  record.clear();
  if (!engine_.read(line, {}, input_, fault)) return false;
  Circumstances at = defaults_;
  if (!circumstances(at, fault)) return false;
  if (repeats()) return true;
  engine_.decide(input_, at, ledger_, outcome_);
  consume(outcome_, at, 0, ledger_);
  const std::string id = DecisionId{++count_, 0}.text();
  append_line(record, {id, input_.proposed, input_.context, engine_.set().revision(), at},
              outcome_);
  return true;
}

bool ActionFile::repeats() {
  return !input_.key.empty() &&
         !keys_.emplace(std::string(input_.algorithm), std::string(input_.key)).second;
}

bool ActionFile::circumstances(Circumstances& at, InputFault& fault) const {
  const FixedSlots& f = engine_.set().fixed();
  const auto text = [&](int slot, std::string_view& out) {
    const expr::Val& v = input_.slots[static_cast<std::size_t>(slot)];
    if (v.tag == expr::Tag::string) out = v.text();
    return v.tag == expr::Tag::string;
  };
  text(f.context_actor, at.actor);
  text(f.context_role, at.role);
  if (input_.slots[static_cast<std::size_t>(f.context_time)].tag == expr::Tag::absent) return true;
  std::string_view written;
  const std::optional<Instant> time =
      text(f.context_time, written) ? parse_rfc3339(written) : std::nullopt;
  if (!time) {
    fault = {0, "context.time is not an RFC 3339 time such as 2026-11-20T10:01:00Z"};
    return false;
  }
  at.now = *time;
  return true;
}

void choose_actions(std::string_view text, std::uint32_t source, const CompiledSet& set,
                    const Circumstances& defaults, Chosen& chosen, Diagnostics& faults) {
  ActionFile file(set, defaults);
  std::string line, record;
  for (std::size_t begin = 0, end = 0; begin < text.size(); begin = end + 1) {
    end = std::min(text.find('\n', begin), text.size());
    line = trim(text.substr(begin, end - begin));
    if (line.empty() || (begin == 0 && line.starts_with("{\"schema\":"))) continue;
    const std::size_t size = line.size();
    line.append(kPadding, ' ');
    InputFault fault;
    if (!file.decide(std::string_view(line).substr(0, size), record, fault)) {
      const auto place = static_cast<std::uint32_t>(begin + fault.offset);
      faults.error("bad-action", {source, place, place}, fault.message);
    } else if (!record.empty()) {
      chosen.add(record);
    }
  }
}

}  // namespace autopilot::decide
