// Records are read back in one walk over the tokens of the line, which serves the members, what
// stands within them, and deciding anew.
#include <fmt/format.h>

#include <charconv>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/micros.h"
#include "core/decide/record.h"

namespace autopilot::decide {
namespace {

// The keys of a line and of what stands in it, in the order in which append_line() writes them.
enum LineKey : std::size_t {
  kId,
  kResult,
  kAction,
  kProposed,
  kRisk,
  kReasons,
  kMonitor,
  kLedger,
  kContext,
  kActor,
  kOverride,
  kResumes,
  kRevision,
  kRun,
  kTime,
  kSemanticsKey,
};
const KeyOrder& line_keys() {
  static const KeyOrder keys{"id",       "result", "action",  "proposed", "risk",     "reasons",
                             "monitor",  "ledger", "context", "actor",    "override", "resumes",
                             "revision", "run",    "time",    "semantics"};
  return keys;
}

enum UseKey : std::size_t { kPolicy, kLimit, kUseMonitor, kKey, kPer, kUsed, kAmount, kMax };
const KeyOrder& use_keys() {
  static const KeyOrder keys{"policy", "limit", "monitor", "key", "per", "used", "amount", "max"};
  return keys;
}

enum ActorKey : std::size_t { kActorId, kActorRole };
const KeyOrder& actor_keys() {
  static const KeyOrder keys{"id", "role"};
  return keys;
}

// The content of a JSON string token; "" of any other value. Without escapes it is what stands
// there.
std::string_view unquoted(std::string_view token, bool may_have_escapes, Record& record) {
  const bool is_text = token.size() >= 2 && token.front() == '"';
  if (!is_text) return {};
  if (!may_have_escapes || token.find('\\') == std::string_view::npos)
    return token.substr(1, token.size() - 2);
  const JsonResult result = parse_json(token);
  if (!result.ok || !result.value.is_string()) return {};
  return record.texts.emplace_back(result.value.as_string());
}

// The same of texts that never carry escapes (ids, times, names that we wrote).
std::string_view bare(std::string_view token) {
  return token.size() >= 2 && token.front() == '"' ? token.substr(1, token.size() - 2) : token;
}

double to_number(std::string_view token) {
  double d = 0;
  std::from_chars(token.data(), token.data() + token.size(), d);
  return d;
}

[[noreturn]] void refuse(std::string_view id, std::string_view why) {
  throw Error(ErrorKind::storage,
              fmt::format("decision {} cannot be read: {}", id.empty() ? "?" : id, why),
              "run `autopilot state check`");
}

Override override_from(const std::vector<Member>& parts, Record& record) {
  Override out;
  for (const Member& m : parts) {
    if (m.key == "actor") out.actor = unquoted(m.value, true, record);
    if (m.key == "role")
      out.role = policy::parse_role(bare(m.value)).value_or(policy::Role::viewer);
    if (m.key == "reason") out.reason = unquoted(m.value, true, record);
  }
  return out;
}

int approvals_in(const Value& rule) {
  const Value* approvals = rule.get("approvals");
  const bool is_count = approvals != nullptr && approvals->kind() == Value::Kind::integer;
  return is_count ? static_cast<int>(approvals->as_int()) : 1;
}

std::string text_in(const Value& map, std::string_view key) {
  const Value* text = map.get(key);
  return text != nullptr && text->is_string() ? text->as_string() : std::string();
}

// Few decisions are resumed ones: they may cost a tree.
std::optional<Resumption> resumption_from(std::string_view token) {
  const JsonResult parsed = parse_json(token);
  if (!parsed.ok || !parsed.value.is_map()) return std::nullopt;
  const Value& map = parsed.value;
  Resumption out;
  out.id = text_in(map, "id");
  out.request = text_in(map, "request");
  const Value* risk = map.get("risk");
  if (risk != nullptr && risk->is_number()) out.risk = risk->as_double();
  const Value* by = map.get("by");
  if (by != nullptr && by->is_list()) {
    for (const Value& name : by->as_list())
      out.by.push_back(name.is_string() ? name.as_string() : "");
  }
  const Value* rules = map.get("rules");
  if (rules != nullptr && rules->is_list()) {
    for (const Value& rule : rules->as_list())
      out.rules.push_back({text_in(rule, "policy"), text_in(rule, "rule"), approvals_in(rule)});
  }
  return out;
}

// Does `read` for each member of the object that begins at the token; it gets the key's number and
// the token of the value, and returns the one behind it. Returns the token behind the object.
template <class Read>
Token read_object(const JsonText& text, Token at, const KeyOrder& keys, Read read) {
  if (text.first(at) != '{') text.stop(at, "not a JSON object");
  if (text.first(++at) == '}') return at + 1;
  for (std::size_t due = 0;; ++at) {
    const std::size_t key = keys.read(text, at, due);
    at = read(key, at);
    if (!text.more(at, '}')) return at + 1;
  }
}

void clear(Record& record) {
  record.id = record.result = record.action = record.proposed = record.context = record.revision =
      record.reasons = record.monitor = record.risk = record.actor = record.role = record.run = {};
  record.time = {};
  record.semantics = 0;
  record.override_by.reset();
  record.resumes.reset();
  record.uses.clear();
  record.texts.clear();
}

}  // namespace

// Texts that become something else.
struct RecordReader::Rest {
  std::string_view time, override_by;
};

void RecordReader::read(std::string_view line, Record& record, const Likely& likely) {
  clear(record);
  likely_ = likely;
  has_proposed_ = has_context_ = false;
  if (likely.engine != nullptr) likely.engine->begin(*likely.input);
  InputFault fault;
  if (!index_.build(line, fault.message)) refuse({}, fault.message);
  const JsonText text(line, index_);
  Rest rest;
  try {
    const Token behind = read_object(
        text, text.begin(), line_keys(),
        [&](std::size_t key, Token at) { return read_member(text, key, at, record, rest); });
    if (behind != text.end()) text.stop(behind, "text after the JSON value");
  } catch (const JsonStop& s) {
    refuse({}, s.message);
  }
  if (record.semantics != kSemantics) {
    refuse(record.id, fmt::format("it was taken under semantics {}, this build knows {}",
                                  record.semantics, kSemantics));
  }
  const std::optional<Instant>& instant = time_.of(rest.time, parse_rfc3339);
  if (!instant || record.proposed.empty() || record.context.empty())
    refuse(record.id, "it lacks a part");
  record.time = *instant;
  if (!rest.override_by.empty() && inner_.read(rest.override_by, parts_, fault))
    record.override_by = override_from(parts_, record);
}

Token RecordReader::read_member(const JsonText& text, std::size_t key, Token at, Record& record,
                                Rest& rest) {
  if (key == kProposed) return read_part(text, key, at, record.proposed);
  if (key == kContext) return read_part(text, key, at, record.context);
  if (key == kLedger) return read_uses(text, at, record);
  if (key == kActor) return read_actor(text, at, record);
  std::string_view value;
  at = text.skip(at, value);
  switch (key) {
    case kId:
      record.id = bare(value);
      break;
    case kResult:
      record.result = bare(value);
      break;
    case kAction:
      record.action = value;
      break;
    case kRisk:
      record.risk = value;
      break;
    case kReasons:
      record.reasons = value;
      break;
    case kMonitor:
      record.monitor = value;
      break;
    case kOverride:
      rest.override_by = value;
      break;
    case kResumes:
      record.resumes = resumption_from(value);
      break;
    case kRevision:
      record.revision = bare(value);
      break;
    case kRun:
      record.run = unquoted(value, text.has_escapes(), record);
      break;
    case kTime:
      rest.time = bare(value);
      break;
    case kSemanticsKey:
      record.semantics = static_cast<int>(to_number(value));
      break;
    default:
      break;
  }
  return at;
}

// The action or the context. What the likely engine reads ends where the brackets end that skip()
// counts. What it refuses, and what stands there twice, is left to the free read_again().
Token RecordReader::read_part(const JsonText& text, std::size_t key, Token at,
                              std::string_view& written) {
  bool& has_part = key == kProposed ? has_proposed_ : has_context_;
  if (has_part) likely_ = {};
  if (likely_.engine == nullptr) return text.skip(at, written);
  has_part = true;
  try {
    const Token behind = key == kProposed ? likely_.engine->read_action(text, at, *likely_.input)
                                          : likely_.engine->read_context(text, at, *likely_.input);
    written = text.between(at, behind);
    return behind;
  } catch (const JsonStop&) {
    likely_ = {};
    return text.skip(at, written);
  }
}

// What is no such object says nothing.
Token RecordReader::read_actor(const JsonText& text, Token at, Record& record) {
  record.actor = record.role = {};
  try {
    return read_object(text, at, actor_keys(), [&](std::size_t key, Token value) {
      std::string_view written;
      const Token behind = text.skip(value, written);
      if (key == kActorId) record.actor = unquoted(written, text.has_escapes(), record);
      if (key == kActorRole) record.role = unquoted(written, text.has_escapes(), record);
      return behind;
    });
  } catch (const JsonStop&) {
    record.actor = record.role = {};
    std::string_view written;
    return text.skip(at, written);
  }
}

// Likewise.
Token RecordReader::read_uses(const JsonText& text, Token at, Record& record) {
  record.uses.clear();
  try {
    Token use = text.expect(at, '[');
    if (text.first(use) == ']') return use + 1;
    for (;; ++use) {
      use = read_use(text, use, record);
      if (!text.more(use, ']')) return use + 1;
    }
  } catch (const JsonStop&) {
    record.uses.clear();
    std::string_view written;
    return text.skip(at, written);
  }
}

Token RecordReader::read_use(const JsonText& text, Token at, Record& record) {
  Use& use = record.uses.emplace_back();
  return read_object(text, at, use_keys(), [&](std::size_t key, Token value) {
    std::string_view written;
    const Token behind = text.skip(value, written);
    switch (key) {
      case kPolicy:
        use.policy = unquoted(written, text.has_escapes(), record);
        break;
      case kLimit:
        use.limit = unquoted(written, text.has_escapes(), record);
        break;
      case kUseMonitor:
        use.monitor = written == "true";
        break;
      case kKey:
        use.key = unquoted(written, text.has_escapes(), record);
        break;
      case kPer:
        use.per = per_.of(bare(written), parse_duration);
        break;
      case kUsed:
        use.used = parse_micros(written).value_or(0);
        break;
      case kAmount:
        use.amount = parse_micros(written).value_or(0);
        break;
      case kMax:
        use.max = parse_micros(written).value_or(0);
        break;
      default:
        break;
    }
    return behind;
  });
}

void RecordReader::read_again(Engine& engine, const Record& record, Input& input) {
  const bool is_read =
      likely_.engine == &engine && likely_.input == &input && has_proposed_ && has_context_;
  InputFault fault;
  if (is_read && engine.prepare(input, fault)) return;
  decide::read_again(engine, record, input);
}

double risk_of(const Record& record) { return to_number(record.risk); }

Circumstances circumstances_of(const Record& record) {
  return {record.time,
          record.run,
          record.actor,
          record.role,
          record.override_by ? &*record.override_by : nullptr,
          record.resumes ? &*record.resumes : nullptr};
}

void read_again(Engine& engine, const Record& record, Input& input) {
  InputFault fault;
  if (engine.read_parts(record.proposed, record.context, input, fault)) return;
  throw Error(ErrorKind::storage,
              fmt::format("decision {} cannot be read again: {}", record.id, fault.message),
              "run `autopilot state check`");
}

template <class Item, class Set>
void RecordReader::read_items(std::string_view list, std::vector<Item>& items, Set set) {
  items.clear();
  InputFault fault;
  if (list == "[]" || !inner_.read_list(list, parts_, fault)) return;
  bool fresh = true;
  for (const Member& m : parts_) {
    if (m.key.empty()) {  // the end of an object
      fresh = true;
      continue;
    }
    if (std::exchange(fresh, false)) items.emplace_back();
    set(items.back(), m);
  }
}

const std::vector<RecordedReason>& RecordReader::reasons(const Record& record) {
  read_items(record.reasons, reasons_, [](RecordedReason& r, const Member& m) {
    if (m.key == "policy") r.policy = bare(m.value);
    if (m.key == "rule") r.rule = bare(m.value);
    if (m.key == "kind") r.kind = bare(m.value);
    if (m.key == "effect") r.effect = bare(m.value);
    if (m.key == "message") r.message = m.value;
    if (m.key == "monitor") r.monitor = m.value == "true";
  });
  return reasons_;
}

const std::vector<RecordedMonitor>& RecordReader::monitor(const Record& record) {
  read_items(record.monitor, monitor_, [](RecordedMonitor& r, const Member& m) {
    (m.key == "policy" ? r.policy : r.result) = bare(m.value);
  });
  return monitor_;
}

std::int64_t RecordedLedger::used(const Use& use, std::string_view, Instant) {
  for (const Use& seen : record_.uses) {
    if (seen.monitor == use.monitor && seen.policy == use.policy && seen.limit == use.limit &&
        seen.key == use.key) {
      return seen.used;
    }
  }
  return 0;
}

}  // namespace autopilot::decide
