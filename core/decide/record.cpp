#include "core/decide/record.h"

#include <fmt/format.h>

#include <array>
#include <charconv>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/micros.h"

namespace autopilot::decide {
namespace {

void member(std::string& out, std::string_view name, std::string_view json) {
  out += ",\"";
  out += name;
  out += "\":";
  out += json;
}

void text_member(std::string& out, std::string_view name, std::string_view text) {
  out += ",\"";
  out += name;
  out += "\":";
  append_json_string(out, text);
}

void append_reason(std::string& out, const Reason& reason) {
  out += "{\"policy\":";
  append_json_string(out, reason.policy);
  text_member(out, "rule", reason.rule);
  text_member(out, "kind", reason.kind);
  text_member(out, "effect", to_string(reason.effect));
  if (reason.monitor) out += ",\"monitor\":true";
  if (reason.approvals > 0) member(out, "approvals", fmt::format_int(reason.approvals).c_str());
  text_member(out, "message", reason.message);
  member(out, "values", reason.values);
  out += '}';
}

void append_use(std::string& out, const Use& use) {
  out += "{\"policy\":";
  append_json_string(out, use.policy);
  text_member(out, "limit", use.limit);
  if (use.monitor) out += ",\"monitor\":true";
  if (!use.key.empty()) text_member(out, "key", use.key);
  text_member(out, "per", use.per ? format_duration(*use.per) : "run");
  member(out, "used", micros_text(use.used));
  member(out, "amount", micros_text(use.amount));
  member(out, "max", micros_text(use.max));
  out += '}';
}

template <class Items, class Append>
void list_member(std::string& out, std::string_view name, const Items& items, Append append) {
  member(out, name, "[");
  bool first = true;
  for (const auto& item : items) {
    if (!first) out += ',';
    first = false;
    append(out, item);
  }
  out += ']';
}

void append_actor(std::string& out, std::string_view actor, std::string_view role) {
  out += "{\"id\":";
  append_json_string(out, actor);
  text_member(out, "role", role);
  out += '}';
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

constexpr std::uint64_t kRandomMask = (std::uint64_t{1} << 62) - 1;

}  // namespace

std::string DecisionId::text() const {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out(36, '-');
  std::size_t at = 0;
  for (const char c : bytes()) {
    if (at == 8 || at == 13 || at == 18 || at == 23) ++at;
    out[at++] = kDigits[static_cast<unsigned char>(c) >> 4];
    out[at++] = kDigits[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

// 48 bits of milliseconds, the version, 12 bits of counter; the variant, 62 random bits.
std::string DecisionId::bytes() const {
  const auto top = static_cast<std::uint64_t>(seq);
  const std::array<std::uint64_t, 2> halves = {(top >> 12) << 16 | 0x7000 | (top & 0xFFF),
                                               std::uint64_t{1} << 63 | (random & kRandomMask)};
  std::string out;
  for (const std::uint64_t half : halves) {
    for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(half >> shift & 0xFF);
  }
  return out;
}

std::optional<DecisionId> parse_decision_id(std::string_view text) {
  if (text.size() != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' ||
      text[23] != '-' || text[14] != '7') {
    return std::nullopt;
  }
  std::uint64_t top = 0, bottom = 0;
  int digits = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i == 8 || i == 13 || i == 18 || i == 23 || i == 14) continue;
    const int digit = hex_digit(text[i]);
    if (digit < 0) return std::nullopt;
    std::uint64_t& half = digits++ < 15 ? top : bottom;
    half = half << 4 | static_cast<std::uint64_t>(digit);
  }
  return DecisionId{static_cast<std::int64_t>(top), bottom & kRandomMask};
}

void append_line(std::string& out, const LineFacts& facts, const Outcome& outcome) {
  out += "{\"id\":\"";
  out += facts.id;
  out += "\",\"result\":\"";
  out += to_string(outcome.result);
  out += '"';
  member(out, "action", outcome.changed ? std::string_view(outcome.action) : facts.proposed);
  member(out, "proposed", facts.proposed);
  member(out, "risk", "");
  append_double(out, outcome.risk);
  list_member(out, "reasons", outcome.reasons, append_reason);
  list_member(out, "monitor", outcome.monitor, [](std::string& to, const MonitorOutcome& m) {
    to += "{\"policy\":";
    append_json_string(to, m.policy);
    text_member(to, "result", to_string(m.result));
    to += '}';
  });
  list_member(out, "ledger", outcome.uses, append_use);
  member(out, "context", facts.context);
  member(out, "actor", "");
  append_actor(out, facts.at.actor, facts.at.role);
  if (const Override* o = facts.at.override_by) {
    member(out, "override", "{\"actor\":");
    append_json_string(out, o->actor);
    text_member(out, "role", policy::to_string(o->role));
    text_member(out, "reason", o->reason);
    member(out, "used", outcome.overridden ? "true" : "false");
    out += '}';
  }
  text_member(out, "revision", facts.revision);
  text_member(out, "run", facts.at.run);
  text_member(out, "time", format_rfc3339(facts.at.now));
  member(out, "semantics", fmt::format_int(kSemantics).c_str());
  out += '}';
}

namespace {

// The content of a JSON string token.
std::string unquoted(std::string_view token) {
  const JsonResult result = parse_json(token);
  return result.ok && result.value.is_string() ? result.value.as_string() : std::string();
}

// The same without a copy, for texts that never carry escapes (ids, times, names that we wrote).
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

Override override_from(const std::vector<Member>& parts) {
  Override out;
  for (const Member& m : parts) {
    if (m.key == "actor") out.actor = unquoted(m.value);
    if (m.key == "role")
      out.role = policy::parse_role(bare(m.value)).value_or(policy::Role::viewer);
    if (m.key == "reason") out.reason = unquoted(m.value);
  }
  return out;
}

// Texts of a use that may carry escapes; the views of the use point into it.
struct UseTexts {
  std::string policy, limit;
};

void read_use_member(const Member& m, Use& use, UseTexts& texts) {
  if (m.key == "policy") texts.policy = unquoted(m.value);
  if (m.key == "limit") texts.limit = unquoted(m.value);
  if (m.key == "key") use.key = unquoted(m.value);
  if (m.key == "monitor") use.monitor = m.value == "true";
  if (m.key == "per") use.per = parse_duration(bare(m.value));
  if (m.key == "used") use.used = parse_micros(m.value).value_or(0);
  if (m.key == "amount") use.amount = parse_micros(m.value).value_or(0);
  if (m.key == "max") use.max = parse_micros(m.value).value_or(0);
}

void read_uses(const std::vector<Member>& parts, Record& record) {
  std::vector<UseTexts> texts(1);
  record.uses.emplace_back();
  for (const Member& m : parts) {
    if (!m.key.empty()) {
      read_use_member(m, record.uses.back(), texts.back());
      continue;
    }
    record.uses.emplace_back();
    texts.emplace_back();
  }
  record.uses.pop_back();
  record.use_texts.resize(record.uses.size() * 2);
  for (std::size_t i = 0; i < record.uses.size(); ++i) {
    record.use_texts[2 * i] = std::move(texts[i].policy);
    record.use_texts[2 * i + 1] = std::move(texts[i].limit);
  }
  for (std::size_t i = 0; i < record.uses.size(); ++i) {
    record.uses[i].policy = record.use_texts[2 * i];
    record.uses[i].limit = record.use_texts[2 * i + 1];
  }
}

}  // namespace

void RecordReader::read(std::string_view line, Record& record) {
  record = {};
  InputFault fault;
  if (!reader_.read(line, members_, fault)) refuse({}, fault.message);
  std::string_view time, ledger, by, actor;
  for (const Member& m : members_) {
    if (m.key == "id") record.id = bare(m.value);
    if (m.key == "result") record.result = bare(m.value);
    if (m.key == "action") record.action = m.value;
    if (m.key == "proposed") record.proposed = m.value;
    if (m.key == "context") record.context = m.value;
    if (m.key == "revision") record.revision = bare(m.value);
    if (m.key == "run") record.run = unquoted(m.value);
    if (m.key == "time") time = bare(m.value);
    if (m.key == "ledger") ledger = m.value;
    if (m.key == "override") by = m.value;
    if (m.key == "actor") actor = m.value;
    if (m.key == "reasons") record.reasons = m.value;
    if (m.key == "monitor") record.monitor = m.value;
    if (m.key == "risk") record.risk = to_number(m.value);
    if (m.key == "semantics") record.semantics = static_cast<int>(to_number(m.value));
  }
  if (record.semantics != kSemantics) {
    refuse(record.id, fmt::format("it was taken under semantics {}, this build knows {}",
                                  record.semantics, kSemantics));
  }
  const std::optional<Instant> instant = parse_rfc3339(time);
  if (!instant || record.proposed.empty() || record.context.empty())
    refuse(record.id, "it lacks a part");
  record.time = *instant;
  if (inner_.read(actor, parts_, fault)) {
    for (const Member& m : parts_) (m.key == "id" ? record.actor : record.role) = unquoted(m.value);
  }
  if (!by.empty() && inner_.read(by, parts_, fault)) record.override_by = override_from(parts_);
  if (ledger != "[]" && inner_.read_list(ledger, parts_, fault)) read_uses(parts_, record);
}

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
