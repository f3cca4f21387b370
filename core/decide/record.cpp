#include "core/decide/record.h"

#include <fmt/format.h>

#include <charconv>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/micros.h"
#include "core/decide/line_writer.h"

namespace autopilot::decide {
namespace {

// `name` with the comma before it and the colon behind it.
void member(LineWriter& out, std::string_view name, std::string_view json) {
  out.put(name);
  out.put(json);
}

void text_member(LineWriter& out, std::string_view name, std::string_view text) {
  out.put(name);
  out.text(text);
}

void micros_member(LineWriter& out, std::string_view name, std::int64_t micros) {
  out.put(name);
  out.micros(micros);
}

void write_reason(LineWriter& out, const Reason& reason) {
  text_member(out, "{\"policy\":", reason.policy);
  text_member(out, ",\"rule\":", reason.rule);
  text_member(out, ",\"kind\":", reason.kind);
  text_member(out, ",\"effect\":", to_string(reason.effect));
  if (reason.monitor) out.put(",\"monitor\":true");
  if (reason.approvals > 0) {
    out.put(",\"approvals\":");
    out.integer(reason.approvals);
  }
  text_member(out, ",\"message\":", reason.message);
  member(out, ",\"values\":", reason.values);
  out.put("}");
}

void write_use(LineWriter& out, const Use& use) {
  text_member(out, "{\"policy\":", use.policy);
  text_member(out, ",\"limit\":", use.limit);
  if (use.monitor) out.put(",\"monitor\":true");
  if (!use.key.empty()) text_member(out, ",\"key\":", use.key);
  text_member(out, ",\"per\":", use.per ? format_duration(*use.per) : "run");
  micros_member(out, ",\"used\":", use.used);
  micros_member(out, ",\"amount\":", use.amount);
  micros_member(out, ",\"max\":", use.max);
  out.put("}");
}

void write_monitor(LineWriter& out, const MonitorOutcome& outcome) {
  text_member(out, "{\"policy\":", outcome.policy);
  text_member(out, ",\"result\":", to_string(outcome.result));
  out.put("}");
}

template <class Items, class Write>
void list_member(LineWriter& out, std::string_view name, const Items& items, Write write) {
  out.put(name);
  out.put("[");
  bool first = true;
  for (const auto& item : items) {
    if (!first) out.put(",");
    first = false;
    write(out, item);
  }
  out.put("]");
}

void write_override(LineWriter& out, const Override& override_by, bool used) {
  text_member(out, ",\"override\":{\"actor\":", override_by.actor);
  text_member(out, ",\"role\":", policy::to_string(override_by.role));
  text_member(out, ",\"reason\":", override_by.reason);
  member(out, ",\"used\":", used ? "true}" : "false}");
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

constexpr std::size_t kRest = 768;  // bytes of a line beside what it quotes, mostly

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
std::array<char, 16> DecisionId::bytes() const {
  const auto top = static_cast<std::uint64_t>(seq);
  const std::array<std::uint64_t, 2> halves = {(top >> 12) << 16 | 0x7000 | (top & 0xFFF),
                                               std::uint64_t{1} << 63 | (random & kRandomMask)};
  std::array<char, 16> out;
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = static_cast<char>(halves[i / 8] >> (56 - i % 8 * 8) & 0xFF);
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
  const std::string_view action =
      outcome.changed ? std::string_view(outcome.action) : facts.proposed;
  LineWriter line(out, action.size() + facts.proposed.size() + facts.context.size() + kRest);
  member(line, "{\"id\":\"", facts.id);
  member(line, "\",\"result\":\"", to_string(outcome.result));
  member(line, "\",\"action\":", action);
  member(line, ",\"proposed\":", facts.proposed);
  line.put(",\"risk\":");
  line.real(outcome.risk);
  list_member(line, ",\"reasons\":", outcome.reasons, write_reason);
  list_member(line, ",\"monitor\":", outcome.monitor, write_monitor);
  list_member(line, ",\"ledger\":", outcome.uses, write_use);
  member(line, ",\"context\":", facts.context);
  text_member(line, ",\"actor\":{\"id\":", facts.at.actor);
  text_member(line, ",\"role\":", facts.at.role);
  line.put("}");
  if (const Override* o = facts.at.override_by) write_override(line, *o, outcome.overridden);
  text_member(line, ",\"revision\":", facts.revision);
  text_member(line, ",\"run\":", facts.at.run);
  line.put(",\"time\":");
  line.time(facts.at.now);
  line.put(",\"semantics\":");
  line.integer(kSemantics);
  line.put("}");
}

namespace {

// The content of a JSON string token that was validated: without escapes, what stands there.
std::string unquoted(std::string_view token) {
  const bool is_text = token.size() >= 2 && token.front() == '"';
  if (is_text && token.find('\\') == std::string_view::npos)
    return std::string(token.substr(1, token.size() - 2));
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
