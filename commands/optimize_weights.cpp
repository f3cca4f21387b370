// autopilot optimize weights: how to split traffic over destinations.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "cli/command.h"
#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/base/units.h"
#include "core/optimize/plan.h"
#include "core/optimize/weights.h"

namespace autopilot::commands {
namespace {

using optimize::percent;

constexpr char kOptimizeWeightsDetails[] =
    R"(Splits traffic over destinations by what each was seen to do, under bounds, a most per change and segments. The
weights are whole steps of what the provider can do, and their sum is 1 exactly.

FILE is a table, CSV with a first line of names or JSONL, of

  destination,weight,successes,trials,value,min,max,max_delta,segment
  eu-1,40%,312,10000,,5%,60%,10%,eu

weight is today's share; value is what a success is worth (1); min, max and max_delta bound the share (0, 1, and anything).

OBJECTIVES
  mean    the value of a visit, at the best estimate of each rate (Jeffreys)
  lower   at the lower bound of each rate (Wilson, --confidence): what is certain counts
  risk    the mean less --risk times half the variance that is not known away

EXAMPLES
  autopilot optimize weights destinations.csv
  autopilot optimize weights destinations.csv --objective lower --segment eu=20%:60%
  autopilot optimize weights destinations.csv --actions | autopilot decide

EXIT STATUS
  0 weights were found; 1 the bounds leave no room, or the table is wrong.
)";

constexpr double kRounded = 1e-3;  // of the sum of today's weights, as people write them
constexpr double kOff = 1e-6;      // of the sum of weights that were rounded when they were written

double sum_today(const std::vector<optimize::Destination>& destinations) {
  double sum = 0;
  for (const optimize::Destination& d : destinations) sum += d.weight;
  return sum;
}

double share_or_refuse(const std::string& text, std::string_view option) {
  const std::optional<double> share = parse_share(text);
  if (!share)
    throw Error(ErrorKind::usage, fmt::format("{} takes a share such as 5%, not {}", option, text));
  return *share;
}

// "eu=20%:60%"; either end may be left out.
optimize::Segment segment_of(const std::string& text) {
  const std::size_t equals = text.find('='), colon = text.find(':', equals);
  if (equals == std::string::npos || colon == std::string::npos || equals == 0)
    throw Error(ErrorKind::usage, fmt::format("--segment takes NAME=MIN:MAX, not {}", text),
                "--segment eu=20%:60%");
  optimize::Segment out{text.substr(0, equals), 0, 1};
  const std::string low = text.substr(equals + 1, colon - equals - 1),
                    high = text.substr(colon + 1);
  if (!low.empty()) out.min = share_or_refuse(low, "--segment");
  if (!high.empty()) out.max = share_or_refuse(high, "--segment");
  if (out.min > out.max)
    throw Error(ErrorKind::usage, fmt::format("--segment {}: {} is above {}", out.id,
                                              percent(out.min), percent(out.max)));
  return out;
}

class OptimizeWeights : public cli::Invocation {
 public:
  explicit OptimizeWeights(cli::Options& o) {
    o.argument("FILE", file_, "table of destinations; - for standard input", cli::Hint::file, true);
    o.choice("--objective", objective_, {"mean", "lower", "risk"}, "what is best; mean by default");
    o.option("--confidence SHARE", confidence_, "of the intervals; 95% by default");
    o.option("--risk X", risk_, "what variance costs, for --objective risk; 1000 by default");
    o.option("--resolution SHARE", resolution_,
             "the step of the provider's weights; 0.01% by default");
    o.options("--segment NAME=MIN:MAX", segments_, "bounds of a segment's share; may be repeated");
    o.flag("--actions", actions_, "write route.update_weight actions for decide, one a line");
    o.option("--algorithm NAME", algorithm_, "who proposes, in the actions; weights by default");
  }

  cli::Exit run(cli::Context& context) override {
    const optimize::WeightOptions options = settings();
    const std::vector<optimize::Destination> destinations = read(context);
    const optimize::Weighted weighted = optimize::choose_weights(destinations, options);
    if (weighted.status != optimize::Status::optimal) {
      show_infeasible(context, destinations, weighted, options);
      return cli::Exit::no;
    }
    if (actions_)
      write_actions(context, destinations, weighted);
    else
      show(context, destinations, weighted);
    return cli::Exit::ok;
  }

 private:
  optimize::WeightOptions settings() {
    optimize::WeightOptions out;
    if (objective_ == "lower") out.objective = optimize::RateObjective::lower;
    if (objective_ == "risk") out.objective = optimize::RateObjective::risk;
    out.confidence = share_or_refuse(confidence_, "--confidence");
    if (out.confidence <= 0 || out.confidence >= 1)
      throw Error(ErrorKind::usage, "--confidence takes a share between 0 and 100%");
    const JsonResult risk = parse_json(risk_);
    if (!risk.ok || !risk.value.is_number() || risk.value.as_double() < 0)
      throw Error(ErrorKind::usage, fmt::format("--risk takes a number from 0, not {}", risk_));
    out.risk = risk.value.as_double();
    const double step = share_or_refuse(resolution_, "--resolution");
    steps_ = step > 0 ? std::llround(1 / step) : 0;
    if (steps_ < 1 || std::abs(static_cast<double>(steps_) * step - 1) > 1e-9)
      throw Error(
          ErrorKind::usage,
          fmt::format("--resolution {} does not go into 1 a whole number of times", resolution_));
    out.resolution = 1 / static_cast<double>(steps_);
    for (const std::string& segment : segments_) out.segments.push_back(segment_of(segment));
    return out;
  }

  std::vector<optimize::Destination> read(cli::Context& context) const {
    Files& files = context.world.files;
    const std::string text = file_ == "-" ? files.read_all_stdin() : files.read(file_);
    const std::uint32_t source =
        context.diagnostics.sources().add(file_ == "-" ? "<standard input>" : file_, text);
    auto out = optimize::read_destinations(text, source, context.diagnostics);
    context.show_diagnostics();
    if (!context.diagnostics.ok()) throw Error(ErrorKind::invalid, "the table has faults");
    if (out.empty()) throw Error(ErrorKind::invalid, "there is no destination in the table");
    return out;
  }

  // A weight in as many digits as its step has, so that the sum is 1 as it is written, too.
  std::string exact(std::int64_t units) const {
    int places = 0;
    for (std::int64_t scale = 1; scale % steps_ != 0 && places < 12; ++places) scale *= 10;
    return fmt::format("{:.{}f}", static_cast<double>(units) / static_cast<double>(steps_), places);
  }
  Value weight(std::int64_t units) const {
    return Real{static_cast<double>(units) / static_cast<double>(steps_), exact(units)};
  }

  std::string why(const optimize::Channel& c, double share) const {
    constexpr double kHair = 1e-9;
    const double step = 1 / static_cast<double>(steps_);
    if (c.max > c.min && share + step > c.max + kHair) return "at its most";
    if (c.min > 0 && share - step < c.min - kHair) return "at its least";
    return share < step ? "nothing: others are better" : "";
  }

  // "0.05 → 0.06 (+20.00%)".
  static std::string compared(double before, double after) {
    std::string out = fmt::format("{} → {}", optimize::amount(before), optimize::amount(after));
    if (before > 0) out += fmt::format(" ({:+.2f}%)", 100 * (after / before - 1));
    return out;
  }

  // What was maximised, where that is not the mean: it may have cost some of that.
  std::string by_objective(const std::vector<optimize::Destination>& destinations,
                           const optimize::Weighted& weighted) const {
    if (objective_ == "mean") return "";
    std::vector<double> now, then;
    for (std::size_t i = 0; i < destinations.size(); ++i) {
      now.push_back(destinations[i].weight);
      then.push_back(static_cast<double>(weighted.units[i]) / static_cast<double>(steps_));
    }
    return fmt::format(
        "{} it is {}. ", objective_ == "lower" ? "At the lower bounds" : "Less what risk costs",
        compared(objective_of(weighted.problem, now), objective_of(weighted.problem, then)));
  }

  void show(cli::Context& context, const std::vector<optimize::Destination>& destinations,
            const optimize::Weighted& weighted) const {
    render::Report report{"autopilot.weights/v1", {}, {}};
    const bool valued = std::any_of(destinations.begin(), destinations.end(),
                                    [](const optimize::Destination& d) { return d.value != 1; });
    render::Table table{
        {"DESTINATION", "NOW", "WEIGHT", "CHANGE", valued ? "A VISIT" : "RATE", "INTERVAL", "WHY"},
        {},
        {false, true, true, true, true, false, false}};
    List list;
    for (std::size_t i = 0; i < destinations.size(); ++i) {
      const optimize::Destination& d = destinations[i];
      const optimize::Rate& rate = weighted.rates[i];
      const double share = static_cast<double>(weighted.units[i]) / static_cast<double>(steps_);
      const std::string reason = why(weighted.problem.channels[i], share);
      table.rows.push_back(
          {d.id, format_share(d.weight), format_share(share),
           fmt::format("{:+.2f}", 100 * (share - d.weight)), optimize::amount(rate.mean),
           fmt::format("{} … {}", optimize::amount(rate.low), optimize::amount(rate.high)),
           reason});
      list.emplace_back(Map{{"destination", d.id},
                            {"old_weight", d.weight},
                            {"weight", weight(weighted.units[i])},
                            {"rate", rate.mean},
                            {"rate_low", rate.low},
                            {"rate_high", rate.high},
                            {"why", reason}});
    }
    report.text.emplace_back(std::move(table));
    report.text.emplace_back(
        render::Paragraph{fmt::format("A visit is worth {}. {}The weights sum to 1 in steps of {}.",
                                      compared(weighted.before, weighted.after),
                                      by_objective(destinations, weighted), resolution_)});
    warn_untried(destinations, weighted, report);
    if (const double today = sum_today(destinations); std::abs(today - 1) > kRounded)
      report.text.emplace_back(render::Paragraph{fmt::format(
          "warning: today's weights sum to {}, not to 1: what a visit is worth now, and "
          "how far max_delta leads, are of the weights as they are written",
          percent(today))});
    report.data = Map{{"objective", objective_},
                      {"value_now", weighted.before},
                      {"value", weighted.after},
                      {"gap", weighted.solution.certificate.gap},
                      {"steps", steps_},
                      {"sum_now", sum_today(destinations)},
                      {"destinations", std::move(list)}};
    context.show(report);
  }

  // What was never tried has the mean of its prior alone, which is a guess.
  void warn_untried(const std::vector<optimize::Destination>& destinations,
                    const optimize::Weighted& weighted, render::Report& report) const {
    if (objective_ == "lower") return;
    std::vector<std::string> untried;
    for (std::size_t i = 0; i < destinations.size(); ++i) {
      if (destinations[i].trials == 0 && weighted.units[i] > 0)
        untried.push_back(destinations[i].id);
    }
    if (untried.empty()) return;
    constexpr std::size_t kMostNamed = 5;
    const std::size_t more = untried.size() - std::min(untried.size(), kMostNamed);
    untried.resize(untried.size() - more);
    report.text.emplace_back(render::Paragraph{fmt::format(
        "warning: {}{} was never tried: what it earns is a guess. max bounds what it gets; "
        "--objective lower counts what is certain",
        join(untried, ", "), more > 0 ? fmt::format(" and {} more", more) : std::string())});
  }

  // What all can have at least and at most, with each segment within its bounds.
  static std::string odd_sum(const std::vector<optimize::Destination>& destinations,
                             const optimize::Weighted& weighted,
                             const optimize::WeightOptions& options) {
    double least = 0, most = 0;
    std::map<std::string, std::pair<double, double>> room;
    for (std::size_t i = 0; i < destinations.size(); ++i) {
      const optimize::Channel& c = weighted.problem.channels[i];
      auto& [low, high] = room[destinations[i].segment];
      low += c.min;
      high += c.max;
    }
    std::vector<std::string> low_words, high_words;
    for (auto& [id, range] : room) {
      for (const optimize::Segment& s : options.segments) {
        if (s.id != id) continue;
        range = {std::max(range.first, s.min), std::min(range.second, s.max)};
      }
      const std::string name = id.empty() ? "the rest" : id;
      low_words.push_back(fmt::format("{} {}", name, percent(range.first)));
      high_words.push_back(fmt::format("{} {}", name, percent(range.second)));
      least += range.first;
      most += range.second;
    }
    if (least > 1 + kOff)
      return fmt::format("what the segments have to have sums to {}: {}", percent(least),
                         join(low_words, ", "));
    if (most < 1 - kOff)
      return fmt::format("what the segments can have sums to {} only: {}", percent(most),
                         join(high_words, ", "));
    return "";
  }

  void show_infeasible(cli::Context& context,
                       const std::vector<optimize::Destination>& destinations,
                       const optimize::Weighted& weighted,
                       const optimize::WeightOptions& options) const {
    double least = 0, most = 0;
    for (const optimize::Channel& c : weighted.problem.channels) {
      least += c.min;
      most += c.max;
    }
    std::string text = "the bounds, changes and segments leave no room for weights that sum to 1";
    // Without steps there is a split.
    if (weighted.solution.allocation.status == optimize::Status::optimal)
      text += fmt::format(" in whole steps of {}", resolution_);
    if (const std::string odd = odd_sum(destinations, weighted, options); !odd.empty()) text = odd;
    if (least > 1) text = fmt::format("the least shares sum to {}", percent(least));
    if (most < 1) text = fmt::format("the greatest shares sum to {} only", percent(most));
    for (std::size_t i = 0; i < destinations.size(); ++i) {
      const optimize::Channel& c = weighted.problem.channels[i];
      if (c.min > c.max)
        text = fmt::format("{}: max_delta leads no further than {}, its bounds begin at {}", c.id,
                           percent(std::min(c.min, c.max)), percent(std::max(c.min, c.max)));
    }
    for (const optimize::Segment& s : options.segments) {
      double low = 0, high = 0;
      for (std::size_t i = 0; i < destinations.size(); ++i) {
        if (destinations[i].segment != s.id) continue;
        low += weighted.problem.channels[i].min;
        high += weighted.problem.channels[i].max;
      }
      if (high < s.min || low > s.max)
        text = fmt::format("segment {}: its destinations can have {} to {}, it must have {} to {}",
                           s.id, percent(low), percent(high), percent(s.min), percent(s.max));
    }
    render::Report report{"autopilot.weights/v1", {}, {}};
    report.data = Map{{"status", "infeasible"}, {"why", text}, {"destinations", List{}}};
    report.text.emplace_back(
        render::Paragraph{render::Line({{"INFEASIBLE", render::Tone::bad}, {"  " + text, {}}})});
    context.show(report);
  }

  void write_actions(cli::Context& context, const std::vector<optimize::Destination>& destinations,
                     const optimize::Weighted& weighted) const {
    std::string out;
    for (std::size_t i = 0; i < destinations.size(); ++i) {
      const optimize::Destination& d = destinations[i];
      const double share = static_cast<double>(weighted.units[i]) / static_cast<double>(steps_);
      if (std::abs(share - d.weight) < 0.5 / static_cast<double>(steps_)) continue;
      out += to_json(Map{{"type", "route.update_weight"},
                         {"algorithm", algorithm_},
                         {"target", d.id},
                         {"data", Map{{"destination_id", d.id},
                                      {"weight", weight(weighted.units[i])},
                                      {"old_weight", d.weight}}}}) +
             "\n";
    }
    context.write(out);
  }

  std::string file_;
  std::string objective_ = "mean", confidence_ = "95%", risk_ = "1000", resolution_ = "0.01%";
  std::vector<std::string> segments_;
  bool actions_ = false;
  std::string algorithm_ = "weights";
  std::int64_t steps_ = 10000;
};

}  // namespace

extern const cli::Command optimize_weights{"optimize weights",
                                           "Split traffic over destinations",
                                           kOptimizeWeightsDetails,
                                           cli::bind<OptimizeWeights>,
                                           {"text", "json", "markdown"}};

}  // namespace autopilot::commands
