// `autopilot whatif` for people.
#include <fmt/format.h>

#include <cmath>

#include "core/base/text.h"
#include "core/decide/line_texts.h"
#include "core/decide/whatif_data.h"

namespace autopilot::decide {
namespace {

using render::Line;
using render::Tone;

constexpr std::size_t kMostRows = 40;  // of a table for people
constexpr Result kResults[] = {Result::allowed, Result::modified, Result::pending, Result::blocked};

Line result_cell(Result result) {
  const std::string text(to_string(result));
  return Line({{text, tone_of(text)}});
}

std::string or_dash(const std::string& text) { return text.empty() ? "-" : text; }

Line number(std::size_t n) { return Line(fmt::format("{}", n)); }

std::string plural(std::size_t n, std::string_view one) {
  return fmt::format("{} {}{}", n, one, n == 1 ? "" : "s");
}

std::array<std::size_t, 4> counts_before(const WhatIf& found) {
  std::array<std::size_t, 4> out{};
  for (const Cell& cell : found.before) ++out[static_cast<std::size_t>(cell.result())];
  return out;
}

void add_counts(std::vector<Line>& row, const std::array<std::size_t, 4>& counts) {
  for (const Result r : kResults) row.push_back(number(counts[static_cast<std::size_t>(r)]));
}

render::Table counts_table(std::vector<std::string> names) {
  render::Table table;
  table.right.assign(names.size(), true);
  table.columns = std::move(names);
  for (const Result r : kResults) {
    table.columns.emplace_back(to_string(r));
    table.right.push_back(true);
  }
  return table;
}

class Describer {
 public:
  Describer(const WhatIfPlan& plan, const Chosen& chosen, const WhatIf& found,
            const WhatIfStory& story)
      : plan_(plan), chosen_(chosen), found_(found), story_(story) {}

  render::Report describe() {
    report_.schema = "autopilot.whatif/v1";
    report_.data = what_if_data(plan_, chosen_, found_, story_);
    if (plan_.sweeps().empty()) {
      single();
    } else {
      grid();
      if (found_.has_frontier) frontier();
    }
    remarks();
    return std::move(report_);
  }

 private:
  void single() {
    const PointOutcome& point = found_.points[0];
    render::Table table{{"policy", "rule", "before", "after", "decisions", "for example"},
                        {},
                        {false, false, false, false, true}};
    render::Lines notes;
    for (const NamedFlip& f : sorted_flips(point.flips, found_)) {
      const std::string id(chosen_.all()[f.group.example].record.id);
      table.rows.push_back({Line(or_dash(f.rule.first)), Line(or_dash(f.rule.second)),
                            result_cell(f.flip.before), result_cell(f.flip.after),
                            number(f.group.count), Line(id)});
      if (!f.group.message.empty())
        notes.lines.push_back(Line({{id + "  ", Tone::dim}, {f.group.message, Tone::plain}}));
    }
    if (!table.rows.empty()) report_.text.push_back(std::move(table));
    if (!notes.lines.empty()) report_.text.push_back(std::move(notes));
    render::Table counts = counts_table({""});
    counts.right[0] = false;
    counts.rows.push_back({Line(story_.base)});
    add_counts(counts.rows.back(), counts_before(found_));
    counts.rows.push_back({Line("what if")});
    add_counts(counts.rows.back(), point.counts);
    report_.text.push_back(std::move(counts));
    report_.text.push_back(
        render::Lines{{Line(fmt::format("{} of {} would come out differently", point.differing,
                                        plural(chosen_.size(), "decision")))}});
  }

  void grid() {
    const std::size_t parameters = plan_.sweeps().size();
    std::vector<std::string> names;
    for (const Sweep& s : plan_.sweeps()) names.push_back(s.what.name());
    render::Table table = counts_table(names);
    table.columns.emplace_back("differ");
    table.right.push_back(true);
    std::vector<Line> before(parameters);
    before[0] = Line({{story_.base, Tone::dim}});
    add_counts(before, counts_before(found_));
    before.emplace_back("");
    table.rows.push_back(std::move(before));
    const std::size_t left_out = parameters == 1 ? add_ranges(table) : add_points(table);
    report_.text.push_back(std::move(table));
    if (left_out > 0) {
      report_.text.push_back(render::Paragraph{
          Line({{fmt::format("{} more rows are left out here; --json has all points.", left_out),
                 Tone::dim}})});
    }
    if (parameters == 1 && found_.points.size() > 2) chart();
  }

  // Neighbouring points with the same counts share a row.
  std::size_t add_ranges(render::Table& table) {
    const std::vector<std::string>& values = plan_.sweeps()[0].values;
    std::size_t rows = 0, left_out = 0;
    for (std::size_t begin = 0, end = 0; begin < values.size(); begin = end) {
      for (end = begin + 1; end < values.size() && same(begin, end);) ++end;
      if (rows++ >= kMostRows) {
        ++left_out;
        continue;
      }
      const std::string name =
          end - begin == 1 ? values[begin]
                           : fmt::format("{} {} {}", values[begin],
                                         plan_.sweeps()[0].numeric ? "to" : "..", values[end - 1]);
      add_row(table, {name}, found_.points[begin]);
    }
    return left_out;
  }

  bool same(std::size_t a, std::size_t b) const {
    return found_.points[a].counts == found_.points[b].counts &&
           found_.points[a].differing == found_.points[b].differing;
  }

  std::size_t add_points(render::Table& table) {
    for (std::size_t p = 0; p < found_.points.size(); ++p) {
      if (p >= kMostRows) return found_.points.size() - p;
      add_row(table, plan_.values(p), found_.points[p]);
    }
    return 0;
  }

  static void add_row(render::Table& table, const std::vector<std::string>& values,
                      const PointOutcome& point) {
    std::vector<Line> row(values.begin(), values.end());
    add_counts(row, point.counts);
    row.push_back(number(point.differing));
    table.rows.push_back(std::move(row));
  }

  void chart() {
    const Sweep& sweep = plan_.sweeps()[0];
    render::Chart chart{sweep.what.name(), sweep.values.front(), sweep.values.back(), {}};
    for (const Result r : kResults) {
      const std::string name(to_string(r));
      render::Series series{name, tone_of(name), {}};
      for (const PointOutcome& p : found_.points)
        series.values.push_back(static_cast<double>(p.counts[static_cast<std::size_t>(r)]));
      chart.series.push_back(std::move(series));
    }
    report_.text.push_back(std::move(chart));
  }

  void frontier() {
    const std::string& name = plan_.sweeps()[0].what.path;
    render::Table table{{"between", "and", "decisions", "change"}, {}, {true, true, true}};
    for (const Boundary& b : found_.frontier) {
      if (table.rows.size() >= kMostRows) break;
      add_boundary(table, b);
    }
    if (table.rows.empty()) {
      report_.text.push_back(render::Paragraph{Line(
          fmt::format("No outcome changes from one of these values of {} to the next.", name))});
    } else {
      report_.text.push_back(render::Heading{fmt::format("Where outcomes change with {}", name)});
      report_.text.push_back(std::move(table));
    }
    report_.text.push_back(render::Paragraph{Line({{frontier_note(), Tone::dim}})});
  }

  // One row, and a line of it for each rule and change.
  void add_boundary(render::Table& table, const Boundary& boundary) const {
    const auto [low, high] = short_texts(boundary);
    std::size_t decisions = 0;
    std::vector<Line> changes;
    for (const NamedFlip& f : sorted_flips(boundary.flips, found_)) {
      decisions += f.group.count;
      const std::string before(to_string(f.flip.before)), after(to_string(f.flip.after));
      changes.push_back(Line({{fmt::format("{} ", f.group.count), Tone::plain},
                              {before, tone_of(before)},
                              {" -> ", Tone::plain},
                              {after, tone_of(after)},
                              {" by " + rule_text(f.rule), Tone::plain}}));
    }
    for (std::size_t i = 0; i < changes.size(); ++i) {
      table.rows.push_back(
          i == 0 ? std::vector<Line>{Line(low), Line(high), number(decisions), changes[i]}
                 : std::vector<Line>{Line(), Line(), Line(), changes[i]});
    }
  }

  // As many digits as the tolerance is worth: the JSON has them all.
  std::pair<std::string, std::string> short_texts(const Boundary& boundary) const {
    const double low = *number_in(boundary.low), high = *number_in(boundary.high);
    for (int digits = 4; digits < 17; ++digits) {
      const std::string a = fmt::format("{:.{}g}", low, digits);
      const std::string b = fmt::format("{:.{}g}", high, digits);
      const double width = std::strtod(b.c_str(), nullptr) - std::strtod(a.c_str(), nullptr);
      if (a != b && std::fabs(width - (high - low)) <= 0.5 * (high - low)) return {a, b};
    }
    return {boundary.low, boundary.high};
  }

  std::string frontier_note() const {
    const std::size_t left_out =
        found_.frontier.size() > kMostRows ? found_.frontier.size() - kMostRows : 0;
    const auto coarse = static_cast<std::size_t>(std::count_if(
        found_.frontier.begin(), found_.frontier.end(), [](const Boundary& b) { return !b.fine; }));
    std::string note;
    if (left_out > 0)
      note = fmt::format("Up to {} more are left out here; --json has all. ", left_out);
    if (coarse > 0) {
      note += fmt::format(
          "{} told no closer than shown, as there are so many; narrow the range or "
          "choose fewer decisions. ",
          plural(coarse, "change") + (coarse == 1 ? " is" : " are"));
    }
    return note + "Changes that undo each other between two values tried are not seen.";
  }

  static std::string rule_text(const RuleName& rule) {
    if (rule.first.empty()) return or_dash(rule.second);
    return rule.first + "/" + rule.second;
  }

  void remarks() {
    render::Lines lines;
    const auto say = [&](std::string text) {
      lines.lines.push_back(Line({{std::move(text), Tone::dim}}));
    };
    for (const std::string& path : found_.unread)
      say(fmt::format("{} is read by no policy, so it can make no difference.", path));
    for (const Left& l : found_.left_alone)
      say(fmt::format("{} is no number in {}, which {} left as they are.", l.path,
                      plural(l.count, "decision"), l.count == 1 ? "is" : "are"));
    if (found_.unchanged_differing > 0) {
      say(fmt::format(
          "{} already without any change{}",
          plural(found_.unchanged_differing, "decision") +
              (found_.unchanged_differing == 1 ? " comes" : " come") + " out differently",
          story_.base == "recorded" ? ": other policies decide, or limits count from here on."
                                    : ", which is what is compared with."));
    }
    say(fmt::format("Decided under {}. Limits are counted from the first of these decisions on.",
                    story_.policies));
    report_.text.push_back(std::move(lines));
  }

  const WhatIfPlan& plan_;
  const Chosen& chosen_;
  const WhatIf& found_;
  const WhatIfStory& story_;
  render::Report report_;
};

}  // namespace

render::Report describe(const WhatIfPlan& plan, const Chosen& chosen, const WhatIf& found,
                        const WhatIfStory& story) {
  return Describer(plan, chosen, found, story).describe();
}

}  // namespace autopilot::decide
