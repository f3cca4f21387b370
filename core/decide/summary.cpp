#include "core/decide/summary.h"

#include <fmt/format.h>

#include "core/base/json.h"
#include "core/decide/line_texts.h"

namespace autopilot::decide {
namespace {

using render::Line;

void count_text(std::string& out, std::size_t count, const char* what) {
  if (count == 0) return;
  if (!out.empty()) out += ", ";
  out += fmt::format("{} {}", count, what);
}

}  // namespace

// What is said besides is in `show`.
std::string main_reason(const Value& decision) {
  const std::string result = text_at(decision, "result");
  const Value* by = decision.get("override");
  const bool overridden = by != nullptr && by->get("used") != nullptr &&
                          by->get("used")->is_bool() && by->get("used")->as_bool();
  const std::string effect = overridden             ? "overridden"
                             : result == "blocked"  ? "block"
                             : result == "pending"  ? "approve"
                             : result == "modified" ? "modify"
                                                    : "warn";
  const Value* reasons = decision.get("reasons");
  if (reasons == nullptr || !reasons->is_list()) return {};
  for (const Value& r : reasons->as_list()) {
    if (r.get("monitor") == nullptr && text_at(r, "effect") == effect)
      return (overridden ? "overridden by " + text_at(*by, "actor") + ": " : "") + why_text(r);
  }
  return {};
}

std::string new_run(World& world) {
  const Instant now = world.clock.now();
  const DecisionId id{(now.seconds * 1000 + now.nanos / 1'000'000) << 12 |
                          static_cast<std::int64_t>(world.random.next() & 0xFFF),
                      world.random.next()};
  return "run-" + id.text();
}

std::string tally_text(const Tally& tally, std::size_t faults, bool dry_run) {
  const std::size_t all = tally.allowed + tally.modified + tally.pending + tally.blocked;
  std::string parts;
  count_text(parts, tally.allowed, "allowed");
  count_text(parts, tally.modified, "modified");
  count_text(parts, tally.pending, "pending");
  count_text(parts, tally.blocked, "blocked");
  std::string out =
      fmt::format("{} action{}{}{}", all, all == 1 ? "" : "s", parts.empty() ? "" : ": ", parts);
  if (tally.repeated > 0) out += fmt::format(" ({} answered from before)", tally.repeated);
  if (faults > 0) out += fmt::format("; {} bad line{}", faults, faults == 1 ? "" : "s");
  if (dry_run) out += "; dry run, nothing recorded";
  return out;
}

render::Report summarise_lines(std::string_view lines) {
  render::Report report{"autopilot.decisions/v1", {}, {}};
  render::Table table{{"result", "action", "target", "why"}, {}, {}};
  while (!lines.empty()) {
    const std::size_t end = lines.find('\n');
    const JsonResult parsed = parse_json(lines.substr(0, end));
    lines.remove_prefix(end + 1);
    const std::string result = text_at(parsed.value, "result");
    const Value* action = parsed.value.get("action");
    table.rows.push_back({Line({{result, tone_of(result)}}), Line(text_at(*action, "type")),
                          Line(target_of(*action)), Line(main_reason(parsed.value))});
  }
  if (!table.rows.empty()) report.text.push_back(std::move(table));
  return report;
}

}  // namespace autopilot::decide
