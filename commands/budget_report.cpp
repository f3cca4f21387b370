#include "commands/budget_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "commands/budget_summary.h"
#include "core/base/text.h"
#include "core/optimize/whole_program.h"

namespace autopilot::commands {
namespace {

using optimize::amount;
using optimize::percent;
using optimize::signed_amount;
using render::Line;
using render::Tone;

constexpr std::size_t kMostRows = 40;      // of channels in the text
constexpr std::size_t kMostBindings = 20;  // likewise
constexpr std::size_t kTableTotals = 9;    // of the frontier in the text

Value number(double value) { return std::isfinite(value) ? Value(value) : Value(); }

std::string goal_word(const optimize::Problem& problem) {
  if (problem.goal == optimize::Goal::most_profit) return "profit";
  return problem.goal == optimize::Goal::least_spend ? "spend" : "return";
}

class PlanReport {
 public:
  explicit PlanReport(const BudgetAnswer& answer)
      : answer_(answer),
        plan_(answer.source.plan),
        problem_(answer.problem),
        found_(answer.solution.allocation),
        why_(answer.explanation) {
    for (const optimize::Channel& c : problem_.channels) now_.push_back(c.current);
    spend_ = optimize::spend_of(found_.spend);
    returned_ = optimize::return_of(problem_, found_.spend);
    returned_now_ = optimize::return_of(problem_, now_);
    spend_now_ = optimize::spend_of(now_);
  }

  render::Report make() {
    headline();
    broken_today();
    proof();
    channels();
    bindings();
    frontier();
    fits();
    policies();
    return std::move(report_);
  }

 private:
  void headline() {
    const bool stopped = found_.status == optimize::Status::stopped;
    const std::string status = stopped ? "BEST FOUND" : "OPTIMAL";
    std::string text = fmt::format("  return {} → {}", amount(returned_now_), amount(returned_));
    const double gain = returned_ - returned_now_;
    text += fmt::format(" ({}{})", signed_amount(gain),
                        returned_now_ > 0 ? ", " + signed_percent(gain / returned_now_) : "");
    text += fmt::format("   spend {} → {}{}", amount(spend_now_), amount(spend_), in_units());
    report_.schema = "autopilot.budget_plan/v1";
    report_.title = "Budget " + plan_.id;
    report_.lead = summary_of(answer_, {spend_now_, returned_now_, spend_, returned_});
    report_.text.emplace_back(render::Paragraph{
        Line({{status, stopped ? Tone::warn : Tone::good}, {text, Tone::strong}})});
    if (problem_.goal == optimize::Goal::most_profit || problem_.price != 0 || problem_.risk.any())
      objective();
    if (stopped && found_.spend == now_)
      report_.text.emplace_back(
          render::Paragraph{Line("Nothing better than today's amounts was found in time.")});
    report_.data = Map{{"budget", plan_.id},
                       {"status", stopped ? "best_found" : "optimal"},
                       {"objective", number(found_.objective)},
                       {"return", number(returned_)},
                       {"return_now", number(returned_now_)},
                       {"spend", number(spend_)},
                       {"spend_now", number(spend_now_)}};
  }
  std::string in_units() const { return plan_.unit.empty() ? "" : " " + plan_.unit; }

  // What was maximised, where that is not the return.
  void objective() {
    if (problem_.goal == optimize::Goal::least_spend) return;
    const double now = optimize::objective_of(problem_, now_);
    report_.text.emplace_back(render::Paragraph{
        fmt::format("{} {} → {} ({})", objective_words(), amount(now), amount(found_.objective),
                    signed_amount(found_.objective - now))});
    report_.data["objective_now"] = number(now);
  }

  // Limits that today's amounts do not keep to: why a plan may return less than they do.
  void broken_today() {
    constexpr std::size_t kMostNamed = 5;
    const std::vector<std::string> broken = optimize::broken_limits(plan_, now_);
    List list;
    for (const std::string& words : broken) list.emplace_back(words);
    report_.data["broken_now"] = std::move(list);
    if (broken.empty()) return;
    const std::size_t named = std::min(broken.size(), kMostNamed);
    std::string text =
        join({broken.begin(), broken.begin() + static_cast<std::ptrdiff_t>(named)}, "; ");
    if (broken.size() > named) text += fmt::format("; and {} more", broken.size() - named);
    report_.text.emplace_back(render::Paragraph{"Today's amounts do not keep to " + text + "."});
  }

  static std::string signed_percent(double share) {
    constexpr double kSeen = 5e-4;  // what is less is rounded to nothing, which has no sign
    const double seen = std::abs(share) < kSeen ? 0 : share;
    return (seen < 0 ? "" : "+") + percent(seen);
  }

  void proof() {
    const optimize::Certificate& c = answer_.solution.certificate;
    const bool least = problem_.goal == optimize::Goal::least_spend;
    std::string text = "proof: no certificate";
    if (least && std::isfinite(c.bound))
      text = fmt::format("proof: no plan spends less than {} (gap {:.1e})", exact(c.bound), c.gap);
    else if (std::isfinite(c.bound))
      text = fmt::format("proof: no plan has a {} above {} (gap {:.1e})", objective_words(),
                         exact(c.bound), c.gap);
    if (!answer_.source.plan.tier.empty()) text += " once the tiers before are served";
    if (!answer_.solution.is_whole)
      text += fmt::format("; amounts are not multiples of {}: {}", plan_.resolution,
                          problem_.channels.size() > optimize::kMostForProgram
                              ? "too many channels under limits that cross"
                              : "none such were found that keep to the limits");
    text += fmt::format("; {}; solver {}", answer_.solution.problem_class, found_.solver);
    report_.text.emplace_back(render::Paragraph{Line({{text, Tone::dim}})});
    Map& data = report_.data;
    data["bound"] = number(c.bound);
    data["gap"] = number(c.gap);
    data["violation"] = number(c.violation);
    data["residual"] = number(c.residual);
    data["solver"] = found_.solver;
    data["class"] = answer_.solution.problem_class;
    data["rounds"] = found_.rounds;
    data["whole"] = plan_.resolution <= 0 || answer_.solution.is_whole;
  }
  // Two places, or as many as it takes to see something.
  static std::string exact(double bound) {
    return bound == 0 || std::abs(bound) >= 0.1 ? fmt::format("{:.2f}", bound)
                                                : fmt::format("{:.4g}", bound);
  }
  std::string objective_words() const {
    std::string out = goal_word(problem_);
    if (problem_.price != 0) out += fmt::format(" less {} a unit of spend", amount(problem_.price));
    if (problem_.risk.any()) out += " less risk";
    return out;
  }

  // Those that move most, in the order of the document.
  std::vector<std::size_t> shown() const {
    std::vector<std::size_t> out(found_.spend.size());
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = i;
    if (out.size() <= kMostRows) return out;
    const auto moves = [&](std::size_t i) { return std::abs(found_.spend[i] - now_[i]); };
    std::nth_element(out.begin(), out.begin() + kMostRows, out.end(),
                     [&](std::size_t a, std::size_t b) {
                       return moves(a) != moves(b) ? moves(a) > moves(b) : a < b;
                     });
    out.resize(kMostRows);
    std::sort(out.begin(), out.end());
    return out;
  }

  void channels() {
    render::Table table{{"CHANNEL", "NOW", "PLAN", "MOVE", "%", "RETURN", "ROI", "NEXT 1", "WHY"},
                        {},
                        {false, true, true, true, true, true, true, true, false}};
    for (const std::size_t i : shown()) table.rows.push_back(row(i));
    const std::size_t left = found_.spend.size() - table.rows.size();
    if (left > 0) table.rows.push_back({fmt::format("… {} more", left)});
    table.rows.push_back(
        {Line({{"total", Tone::strong}}), amount(spend_now_), amount(spend_),
         signed_amount(std::abs(spend_ - spend_now_) <= 1e-9 * spend_ ? 0 : spend_ - spend_now_),
         share_text(spend_, spend_now_), amount(returned_), roi(returned_, spend_), "", ""});
    table.note =
        "ROI is the return over the spend. NEXT 1 is what one more unit of spend would return; "
        "among "
        "channels that are level it is the same, so that moving money between them gains nothing.";
    report_.text.emplace_back(std::move(table));
    report_.late.push_back({"channels", [&answer = answer_] {
                              List list;
                              const std::size_t n = answer.problem.channels.size();
                              list.reserve(n);
                              for (std::size_t i = 0; i < n; ++i)
                                list.push_back(channel_data(answer, i));
                              return list;
                            }});
  }
  static std::string share_text(double to, double from) {
    return from > 0 ? signed_percent((to - from) / from) : "";
  }
  static std::string roi(double returned, double spend) {
    return spend > 0 ? amount(returned / spend) : "";
  }

  std::vector<Line> row(std::size_t i) const {
    const optimize::ChannelLine& l = why_.channels[i];
    double move = l.plan - l.now;
    if (std::abs(move) <= 1e-9 * std::max(l.plan, l.now)) move = 0;
    const Tone tone = move > 0 ? Tone::added : move < 0 ? Tone::removed : Tone::plain;
    std::string why = l.why;
    if (i < plan_.observed_max.size() && plan_.observed_max[i] > 0 &&
        l.plan > plan_.observed_max[i] * (1 + 1e-9))
      why += fmt::format("; beyond all that was observed ({})", amount(plan_.observed_max[i]));
    return {problem_.channels[i].id,
            amount(l.now),
            amount(l.plan),
            Line({{signed_amount(move), tone}}),
            share_text(l.plan, l.now),
            amount(l.return_plan),
            roi(l.return_plan, l.plan),
            amount(l.marginal),
            why};
  }

  static Value channel_data(const BudgetAnswer& answer, std::size_t i) {
    const optimize::ChannelLine& l = answer.explanation.channels[i];
    Map out;
    out.reserve(10);
    out.append("channel", answer.problem.channels[i].id);
    out.append("current", number(l.now));
    out.append("budget", number(l.plan));
    out.append("change", number(l.plan - l.now));
    out.append("return_now", number(l.return_now));
    out.append("return", number(l.return_plan));
    out.append("marginal", number(l.marginal));
    out.append("worth", number(l.worth));
    out.append("why", l.why);
    return out;
  }

  // "+1,000 of total earns +412".
  std::string what_it_buys(const optimize::Binding& b) const {
    const optimize::Constraint& c = plan_.constraints[b.constraint];
    const bool least = problem_.goal == optimize::Goal::least_spend;
    if (!b.solved) return b.step == 0 ? "" : fmt::format("{} fits nothing", signed_amount(b.step));
    if (least)
      return fmt::format("{} {} {}", signed_amount(b.step), b.gain <= 0 ? "saves" : "costs",
                         amount(std::abs(b.gain)));
    const bool money = c.limit != optimize::Limit::roi && c.limit != optimize::Limit::group_roi &&
                       c.limit != optimize::Limit::group_share;
    if (std::abs(b.gain) <= 1e-6 * std::abs(b.price * b.step))
      return fmt::format("{} alone earns nothing: other limits hold, too", signed_amount(b.step));
    return fmt::format("{}{} {}", signed_amount(b.step), money ? " earns" : " would earn",
                       signed_amount(b.gain));
  }

  static List binding_data(const BudgetAnswer& answer) {
    const optimize::Plan& plan = answer.source.plan;
    List list;
    for (const optimize::Binding& b : answer.explanation.bindings)
      list.emplace_back(Map{{"constraint", words_of(plan, plan.constraints[b.constraint])},
                            {"price", number(b.price)},
                            {"step", number(b.step)},
                            {"gain", b.solved ? number(b.gain) : Value()}});
    return list;
  }

  void bindings() {
    render::Table table{
        {"WHAT HOLDS THE PLAN", "PRICE", "A BIT MORE ROOM"}, {}, {false, true, false}};
    for (const optimize::Binding& b : why_.bindings) {
      if (table.rows.size() == kMostBindings) break;
      table.rows.push_back({optimize::words_of(plan_, plan_.constraints[b.constraint]),
                            amount(b.price), what_it_buys(b)});
    }
    if (why_.bindings.size() > table.rows.size())
      table.rows.push_back({fmt::format("… {} more", why_.bindings.size() - table.rows.size())});
    table.note =
        "PRICE is what one unit more of a limit would add, a minimum's below 0; A BIT MORE ROOM is "
        "what solving it again with that much gives.";
    if (!table.rows.empty()) report_.text.emplace_back(std::move(table));
    report_.late.push_back({"binding", [&answer = answer_] { return binding_data(answer); }});
    if (why_.price_high <= 0) return;
    const bool open = why_.price_high >= optimize::kRangeReach * problem_.total_max;
    report_.text.emplace_back(render::Paragraph{
        fmt::format("From a total of {} to {}{} the same channels and groups are at their limits.",
                    amount(why_.price_low), amount(why_.price_high), open ? " at least" : "")});
    report_.data["total_range"] =
        Map{{"from", number(why_.price_low)}, {"to", number(why_.price_high)}};
  }

  void frontier() {
    List list;
    for (const optimize::FrontierPoint& p : why_.frontier)
      list.emplace_back(Map{{"total", number(p.total)},
                            {"spend", number(p.spend)},
                            {"return", number(p.returned)},
                            {"marginal", number(p.marginal)},
                            {"gap", number(p.gap)}});
    report_.data["frontier"] = std::move(list);
    const std::size_t n = why_.frontier.size();
    if (n < 3) return;
    render::Table table{{"TOTAL", "SPEND", "RETURN", "ROI", "NEXT 1", ""},
                        {},
                        {true, true, true, true, true, false}};
    const std::size_t every = std::max<std::size_t>(1, (n - 1) / (kTableTotals - 1));
    render::Chart chart{"return by total",
                        amount(why_.frontier.front().total),
                        amount(why_.frontier.back().total),
                        {{"return", Tone::good, {}}},
                        {},
                        "total to spend" + in_unit(),
                        "return",
                        {}};
    for (std::size_t k = 0; k < n; ++k) {
      const optimize::FrontierPoint& p = why_.frontier[k];
      chart.series[0].values.push_back(rounded(std::max(0.0, p.returned)));
      chart.places.push_back(p.total);
      const bool is_plan = std::abs(p.total - spend_) <= 1e-6 * spend_;
      if (k % every != 0 && !is_plan) continue;
      table.rows.push_back(
          {amount(p.total), amount(p.spend), amount(p.returned), roi(p.returned, p.spend),
           std::isnan(p.marginal) ? "" : amount(p.marginal), is_plan ? "← plan" : ""});
    }
    double gap = 0;
    for (const optimize::FrontierPoint& p : why_.frontier) gap = std::max(gap, p.gap);
    report_.text.emplace_back(render::Heading{"Efficient frontier"});
    report_.text.emplace_back(std::move(table));
    report_.text.emplace_back(render::Paragraph{
        Line({{fmt::format("Each total is proven to return no more (gap at most {:.1e}).", gap),
               Tone::dim}})});
    chart.marks.push_back({"plan " + amount(returned_), spend_, returned_, Tone::good});
    if (spend_now_ >= chart.places.front() && spend_now_ <= chart.places.back())
      chart.marks.push_back({"today " + amount(returned_now_), spend_now_, returned_now_, {}});
    report_.text.emplace_back(std::move(chart));
  }
  std::string in_unit() const { return plan_.unit.empty() ? "" : ", " + plan_.unit; }

  // To four digits: it is drawn.
  static double rounded(double value) { return std::stod(fmt::format("{:.3e}", value)); }

  static std::string interval(const std::pair<double, double>& of) {
    if ((of.first == 0 && of.second == 0) || std::isnan(of.first)) return "";
    return fmt::format("{} … {}", amount(of.first), amount(of.second));
  }
  static Value interval_data(const std::pair<double, double>& of) {
    return List{number(of.first), number(of.second)};
  }

  void fits() {
    List list;
    render::Table table{{"FITTED", "CURVE", "SEEN", "FIT", "SIZE (95 %)", "SCALE", "NEXT 1 (95 %)"},
                        {},
                        {false, false, true, true, false, false, false}};
    std::vector<Line> warnings;
    for (const FittedChannel& f : answer_.source.fitted) {
      const std::string& id = plan_.open.channels[f.channel].id;
      const std::string family(optimize::to_string(f.fit.curve.family));
      List told;
      for (const std::string& warning : f.fit.warnings) {
        warnings.emplace_back(
            std::vector<render::Run>{{"warning: ", Tone::warn}, {id + ": " + warning, {}}});
        told.emplace_back(warning);
      }
      table.rows.push_back({id, family, std::to_string(f.fit.observations),
                            percent(f.fit.share_explained), interval(f.fit.size),
                            interval(f.fit.scale), interval(f.fit.marginal)});
      list.emplace_back(Map{{"channel", id},
                            {"curve", family},
                            {"a", number(f.fit.curve.a)},
                            {"scale", number(f.fit.curve.b)},
                            {"shape", number(f.fit.curve.s)},
                            {"observations", f.fit.observations},
                            {"explained", number(f.fit.share_explained)},
                            {"size_95", interval_data(f.fit.size)},
                            {"scale_95", interval_data(f.fit.scale)},
                            {"shape_95", interval_data(f.fit.shape)},
                            {"marginal_95", interval_data(f.fit.marginal)},
                            {"warnings", std::move(told)}});
    }
    if (!table.rows.empty()) report_.text.emplace_back(std::move(table));
    if (!warnings.empty()) report_.text.emplace_back(render::Lines{std::move(warnings)});
    report_.data["fitted"] = std::move(list);
  }

  void policies() {
    if (!answer_.step) return;
    const PolicyStep& step = *answer_.step;
    List refused;
    render::Table table{{"POLICIES WOULD BLOCK", "POLICY", "BECAUSE"}, {}, {}};
    for (const Refusal& r : step.refusals) {
      if (table.rows.size() < kMostRows) table.rows.push_back({r.channel, r.policy, r.message});
      refused.emplace_back(
          Map{{"channel", r.channel}, {"policy", r.policy}, {"message", r.message}});
    }
    report_.data["policies"] = Map{{"blocked", std::move(refused)}, {"allowed_share", step.share}};
    if (step.refusals.empty()) return;
    report_.text.emplace_back(std::move(table));
    const double there = optimize::return_of(problem_, step.spend);
    std::string text = fmt::format(
        "The policies in force do not allow this plan. The nearest step that they allow goes {} of "
        "the way and returns {} ({}): --allowed takes it.",
        percent(step.share), amount(there), signed_amount(there - returned_now_));
    if (step.share <= 0)
      text = "The policies in force do not allow this plan, nor any step towards it.";
    report_.text.emplace_back(render::Paragraph{Line({{text, Tone::warn}})});
  }

  const BudgetAnswer& answer_;
  const optimize::Plan& plan_;
  const optimize::Problem& problem_;
  const optimize::Allocation& found_;
  const optimize::Explanation& why_;
  std::vector<double> now_;
  double spend_ = 0, spend_now_ = 0, returned_ = 0, returned_now_ = 0;
  render::Report report_;
};

// What a limit would have to be.
std::string repaired(const optimize::Plan& plan, const optimize::Repair& repair) {
  const optimize::Constraint& changed = plan.constraints[repair.constraint];
  const double was = optimize::as_written(changed, changed.value);
  const double value = optimize::as_written(changed, repair.value);
  const char* verb = value > was ? "raise" : "lower";
  const std::string before = optimize::words_of(plan, plan.constraints[repair.constraint]);
  const bool share = changed.limit == optimize::Limit::group_share;
  return fmt::format("{} {} to {}", verb, before, share ? percent(value) : amount(value));
}

}  // namespace

render::Report describe_plan(const BudgetAnswer& answer) { return PlanReport(answer).make(); }

render::Report describe_conflict(const BudgetSource& source, const optimize::Solution& solution,
                                 const optimize::Conflict& conflict, bool unsure) {
  const optimize::Plan& plan = source.plan;
  render::Report report{"autopilot.budget_plan/v1", {}, {}};
  report.title = "Budget " + plan.id;
  report.lead = "There is no plan: limits of this budget contradict each other.";
  List constraints, repairs;
  std::vector<Line> lines, ways;
  for (const std::size_t k : conflict.constraints) {
    const std::string words = optimize::words_of(plan, plan.constraints[k]);
    lines.emplace_back("  " + words);
    constraints.emplace_back(words);
  }
  for (const optimize::Repair& repair : conflict.repairs) {
    const std::string words = repaired(plan, repair);
    ways.emplace_back(std::vector<render::Run>{
        {"  " + words, ways.empty() ? Tone::good : Tone::plain},
        {ways.empty() && conflict.repairs.size() > 1 ? "   (the least change)" : "", Tone::dim}});
    repairs.emplace_back(Map{
        {"constraint", optimize::words_of(plan, plan.constraints[repair.constraint])},
        {"value", number(optimize::as_written(plan.constraints[repair.constraint], repair.value))},
        {"words", words}});
  }
  report.text.emplace_back(render::Paragraph{Line(
      {{"INFEASIBLE", Tone::bad},
       {unsure ? "  these limits cannot hold together; whether fewer of them could was not found "
                 "out in time:"
               : "  these limits cannot hold together, and any of them left out they could:",
        {}}})});
  report.text.emplace_back(render::Lines{std::move(lines)});
  if (!ways.empty()) {
    report.text.emplace_back(render::Paragraph{
        Line(conflict.repairs.size() > 1 ? "Any one of these would do:" : "This would do:")});
    report.text.emplace_back(render::Lines{std::move(ways)});
  } else {
    report.text.emplace_back(
        render::Paragraph{Line("No single one of them, moved alone, is enough.")});
  }
  report.data = Map{{"budget", plan.id},
                    {"status", "infeasible"},
                    {"class", solution.problem_class},
                    {"minimal", !unsure},
                    {"conflict", std::move(constraints)},
                    {"repairs", std::move(repairs)}};
  return report;
}

render::Report describe_unbounded(const BudgetSource& source, const optimize::Solution& solution) {
  render::Report report{"autopilot.budget_plan/v1", {}, {}};
  report.title = "Budget " + source.plan.id;
  report.lead = "There is no best plan: the return has no end.";
  std::vector<std::string> names;
  List list;
  for (const std::size_t i : solution.allocation.unbounded) {
    const std::string& id = source.plan.open.channels[i].id;
    if (names.size() < 5) names.push_back(id);
    list.emplace_back(id);
  }
  const std::size_t more = list.size() - names.size();
  const std::string which = names.empty() ? "a channel" : join(names, ", ");
  report.text.emplace_back(render::Paragraph{Line(
      {{"UNBOUNDED", Tone::bad},
       {fmt::format(
            "  {}{} {}, without end.", which, more > 0 ? fmt::format(" and {} more", more) : "",
            list.size() == 1 ? "earns more the more it gets" : "earn more the more they get"),
        {}}})});
  report.text.emplace_back(render::Paragraph{
      Line("Give the budget a total, or the channel a max, or a curve that saturates.")});
  report.data = Map{{"budget", source.plan.id},
                    {"status", "unbounded"},
                    {"class", solution.problem_class},
                    {"channels", std::move(list)}};
  return report;
}

}  // namespace autopilot::commands
