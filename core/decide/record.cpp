#include "core/decide/record.h"

#include <fmt/format.h>

#include "core/decide/line_writer.h"

namespace autopilot::decide {
namespace {

// `name` with the comma before it and the colon behind it.
template <class Line, std::size_t N>
void member(Line& out, const char (&name)[N], std::string_view json) {
  out.literal(name);
  out.put(json);
}

template <class Line, std::size_t N>
void text_member(Line& out, const char (&name)[N], std::string_view text) {
  out.literal(name);
  out.text(text);
}

template <class Line, std::size_t N>
void micros_member(Line& out, const char (&name)[N], std::int64_t micros) {
  out.literal(name);
  out.micros(micros);
}

template <class Line>
void write_reason(Line& out, const Reason& reason) {
  text_member(out, "{\"policy\":", reason.policy);
  text_member(out, ",\"rule\":", reason.rule);
  text_member(out, ",\"kind\":", reason.kind);
  text_member(out, ",\"effect\":", to_string(reason.effect));
  if (reason.monitor) out.literal(",\"monitor\":true");
  if (reason.approvals > 0) {
    out.literal(",\"approvals\":");
    out.integer(reason.approvals);
  }
  text_member(out, ",\"message\":", reason.message);
  member(out, ",\"values\":", reason.values);
  out.literal("}");
}

template <class Line>
void write_use(Line& out, const Use& use) {
  text_member(out, "{\"policy\":", use.policy);
  text_member(out, ",\"limit\":", use.limit);
  if (use.monitor) out.literal(",\"monitor\":true");
  if (!use.key.empty()) text_member(out, ",\"key\":", use.key);
  out.literal(",\"per\":");
  use.per ? out.duration(*use.per) : out.literal("\"run\"");
  micros_member(out, ",\"used\":", use.used);
  micros_member(out, ",\"amount\":", use.amount);
  micros_member(out, ",\"max\":", use.max);
  out.literal("}");
}

template <class Line>
void write_monitor(Line& out, const MonitorOutcome& outcome) {
  text_member(out, "{\"policy\":", outcome.policy);
  text_member(out, ",\"result\":", to_string(outcome.result));
  out.literal("}");
}

template <class Line, std::size_t N, class Items, class Write>
void list_member(Line& out, const char (&name)[N], const Items& items, Write write) {
  out.literal(name);
  out.literal("[");
  bool first = true;
  for (const auto& item : items) {
    if (!first) out.literal(",");
    first = false;
    write(out, item);
  }
  out.literal("]");
}

template <class Line>
void write_override(Line& out, const Override& override_by, bool used) {
  text_member(out, ",\"override\":{\"actor\":", override_by.actor);
  text_member(out, ",\"role\":", policy::to_string(override_by.role));
  text_member(out, ",\"reason\":", override_by.reason);
  member(out, ",\"used\":", used ? "true}" : "false}");
}

template <class Line>
void write_resumes(Line& out, const Resumption& resumes) {
  text_member(out, ",\"resumes\":{\"id\":", resumes.id);
  text_member(out, ",\"request\":", resumes.request);
  out.literal(",\"risk\":");
  out.real(resumes.risk);
  list_member(out, ",\"by\":", resumes.by,
              [](Line& line, const std::string& name) { line.text(name); });
  list_member(out, ",\"rules\":", resumes.rules, [](Line& line, const ApprovedRule& rule) {
    text_member(line, "{\"policy\":", rule.policy);
    text_member(line, ",\"rule\":", rule.rule);
    line.literal(",\"approvals\":");
    line.integer(rule.approvals);
    line.literal("}");
  });
  out.literal("}");
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

namespace {

// The canonical line. `action` is the final one.
template <class Line>
void write_line(Line& line, const LineFacts& facts, std::string_view action,
                const Outcome& outcome) {
  member(line, "{\"id\":\"", facts.id);
  member(line, "\",\"result\":\"", to_string(outcome.result));
  member(line, "\",\"action\":", action);
  member(line, ",\"proposed\":", facts.proposed);
  line.literal(",\"risk\":");
  line.real(outcome.risk);
  list_member(line, ",\"reasons\":", outcome.reasons, write_reason<Line>);
  list_member(line, ",\"monitor\":", outcome.monitor, write_monitor<Line>);
  list_member(line, ",\"ledger\":", outcome.uses, write_use<Line>);
  member(line, ",\"context\":", facts.context);
  text_member(line, ",\"actor\":{\"id\":", facts.at.actor);
  text_member(line, ",\"role\":", facts.at.role);
  line.literal("}");
  if (const Override* o = facts.at.override_by) write_override(line, *o, outcome.overridden);
  if (facts.at.resumes != nullptr) write_resumes(line, *facts.at.resumes);
  text_member(line, ",\"revision\":", facts.revision);
  text_member(line, ",\"run\":", facts.at.run);
  line.literal(",\"time\":");
  line.time(facts.at.now);
  line.literal(",\"semantics\":");
  line.integer(kSemantics);
  line.literal("}");
}

std::string_view final_action(const LineFacts& facts, const Outcome& outcome) {
  return outcome.changed ? std::string_view(outcome.action) : facts.proposed;
}

}  // namespace

void append_line(std::string& out, const LineFacts& facts, const Outcome& outcome) {
  const std::string_view action = final_action(facts, outcome);
  LineWriter line(out, action.size() + facts.proposed.size() + facts.context.size() + kRest);
  write_line(line, facts, action, outcome);
}

bool is_line(std::string_view line, const LineFacts& facts, const Outcome& outcome,
             LineMatcher& matcher) {
  matcher.begin(line);
  write_line(matcher, facts, final_action(facts, outcome), outcome);
  return matcher.matches();
}

}  // namespace autopilot::decide
