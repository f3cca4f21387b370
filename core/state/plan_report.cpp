#include "core/state/plan_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "core/decide/summary.h"
#include "core/state/diff.h"
#include "core/state/plan_lines.h"

namespace autopilot::state {
namespace {

using Action = Change::Action;

Value to_data(const FieldChange& field) {
  Map map{{"path", field.path}};
  if (field.before) map.append("before", *field.before);
  if (field.after) map.append("after", *field.after);
  return map;
}

Value to_data(const Hint& hint) {
  return Map{{"effect", to_string(hint.effect)}, {"path", hint.path}, {"message", hint.message}};
}

Value to_data(const Change& change) {
  List fields;
  if (change.before && change.after) {
    for (const FieldChange& field :
         flatten(diff_tree(change.before->content, change.after->content))) {
      fields.push_back(to_data(field));
    }
  }
  List hints;
  for (const Hint& hint : change.hints) hints.push_back(to_data(hint));
  const policy::Document* whole = change.action == Action::create ? &*change.after : nullptr;
  if (change.action == Action::remove && change.before) whole = &*change.before;
  return Map{{"action", to_string(change.action)},
             {"kind", change.kind},
             {"id", change.id},
             {"base", change.base ? Value(*change.base) : Value()},
             {"hash", change.after ? Value(change.after->hash) : Value()},
             {"fields", std::move(fields)},
             {"content", whole != nullptr ? whole->content : Value()},
             {"hints", std::move(hints)}};
}

Map data_of(const Plan& plan) {
  List changes;
  for (const Change& change : plan.changes) changes.push_back(to_data(change));
  List kept;
  for (const DocumentKey& key : plan.kept)
    kept.push_back(Map{{"kind", key.kind}, {"id", key.id}, {"hash", key.hash}});
  List drift;
  for (const Overlay& overlay : plan.drift) drift.push_back(to_data(overlay));
  const BlastRadius& radius = plan.radius;
  return Map{{"digest", plan.digest},
             {"changes", std::move(changes)},
             {"kept", std::move(kept)},
             {"drift", std::move(drift)},
             {"summary", Map{{"create", plan.count(Action::create)},
                             {"update", plan.count(Action::update)},
                             {"delete", plan.count(Action::remove)},
                             {"unchanged", plan.unchanged}}},
             {"blast_radius", Map{{"existing", radius.existing},
                                  {"affected", radius.affected},
                                  {"share", radius.share()},
                                  {"max_share", radius.max_share},
                                  {"min_documents", radius.min_documents},
                                  {"exceeded", radius.exceeded()}}}};
}

std::string plain_text(const render::Line& line) {
  std::string text;
  for (const render::Run& run : line.runs) text += run.text;
  return text;
}

// A fence longer than any run of backticks inside.
std::string fence_for(const std::string& text) {
  std::size_t longest = 2;
  std::size_t run = 0;
  for (const char c : text) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  return std::string(longest + 1, '`');
}

// Lines of a ```diff block start with the mark, which sites colour.
std::string diff_line(const std::string& line) {
  const std::size_t mark = line.find_first_not_of(' ');
  if (mark == std::string::npos ||
      std::string_view("+-~").find(line[mark]) == std::string_view::npos)
    return "  " + line;
  return (line[mark] == '~' ? '!' : line[mark]) + std::string(mark + 1, ' ') +
         line.substr(mark + 1);
}

std::string section(const Change& change, bool brief) {
  const std::string head = plain_text(headline(change)).substr(2);
  if (brief) return fmt::format("- `{}`\n", head);
  std::string body;
  for (const render::Line& line : detail_lines(change)) body += diff_line(plain_text(line)) + "\n";
  const std::string fence = fence_for(body);
  return fmt::format("<details><summary><code>{}</code></summary>\n\n{}diff\n{}{}\n\n</details>\n",
                     head, fence, body, fence);
}

// Pieces one after the other, in at most `budget` bytes: what is too much is left out of the middle
// and counted.
std::string within(const std::vector<std::string>& sections, std::size_t budget,
                   std::string_view what) {
  std::size_t total = 0;
  for (const std::string& s : sections) total += s.size();
  const auto left_out = [&](std::size_t missing) {
    return fmt::format("\n… {} {}{} in the middle left out …\n\n", missing, what,
                       missing == 1 ? "" : "s");
  };
  std::size_t front = 0, back = 0;  // how many of the first and of the last
  const std::size_t mark = total > budget ? left_out(sections.size()).size() : 0;
  std::size_t rest = budget > mark ? budget - mark : 0;
  while (front + back < sections.size()) {
    const bool at_front = mark == 0 || front <= back;
    const std::size_t next = at_front ? front : sections.size() - 1 - back;
    if (sections[next].size() > rest) break;
    rest -= sections[next].size();
    ++(at_front ? front : back);
  }
  std::string out;
  for (std::size_t i = 0; i < front; ++i) out += sections[i];
  const std::size_t missing = sections.size() - front - back;
  if (missing > 0) out += left_out(missing);
  for (std::size_t i = sections.size() - back; i < sections.size(); ++i) out += sections[i];
  return out;
}

}  // namespace

render::Report describe(const Plan& plan, bool brief, const decide::Impact* impact) {
  render::Report report{kPlanFormat, data_of(plan), {}};
  for (const Change& change : plan.changes) {
    render::Lines lines{{headline(change)}};
    if (!brief) {
      for (render::Line& line : detail_lines(change)) lines.lines.push_back(std::move(line));
    }
    if (brief && !report.text.empty()) {
      std::get<render::Lines>(report.text.back()).lines.push_back(std::move(lines.lines[0]));
    } else {
      report.text.emplace_back(std::move(lines));
    }
  }
  for (const std::string& remark : remarks(plan)) {
    report.text.emplace_back(render::Paragraph{{{{"! " + remark, render::Tone::warn}}}});
  }
  render::Lines totals{{render::Line({{summary_line(plan), render::Tone::strong}})}};
  if (impact != nullptr) {
    report.data["impact"] = decide::impact_data(*impact);
    for (render::Block& block : decide::impact_blocks(*impact, brief))
      report.text.push_back(std::move(block));
    totals.lines.emplace_back(decide::impact_headline(*impact));
  }
  report.text.emplace_back(std::move(totals));
  return report;
}

std::string plan_markdown(const Plan& plan, bool brief, std::size_t max_bytes,
                          const decide::Impact* impact) {
  std::string head = fmt::format("### {}\n\n", summary_line(plan));
  if (impact != nullptr) head += fmt::format("**{}**\n\n", decide::impact_headline(*impact));
  for (const std::string& remark : remarks(plan)) head += fmt::format("> **Note:** {}\n\n", remark);
  const std::string foot = plan.empty() ? "" : fmt::format("\nDigest: `{}`\n", plan.digest);
  std::vector<std::string> sections, groups;
  for (const Change& change : plan.changes) sections.push_back(section(change, brief));
  if (impact != nullptr) groups = decide::impact_markdown(*impact, brief);
  const std::size_t fixed = head.size() + foot.size() + (impact == nullptr ? 0 : 1);
  std::size_t budget = max_bytes == 0 ? SIZE_MAX : max_bytes > fixed ? max_bytes - fixed : 0;
  // What would flip may take half, and what the documents leave.
  std::size_t documents = 0;
  for (const std::string& s : sections) documents += s.size();
  const std::size_t share = budget - std::min(budget / 2, documents);
  const std::string flips = within(groups, share, "group");
  const std::string changes = within(sections, budget - std::min(budget, flips.size()), "document");
  return head + flips + (flips.empty() || changes.empty() ? "" : "\n") + changes + foot;
}

}  // namespace autopilot::state
