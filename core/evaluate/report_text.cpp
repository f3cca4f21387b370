#include "core/evaluate/report_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/base/text.h"

namespace autopilot::evaluate {
namespace {

using render::Line;
using render::Run;
using render::Tone;

std::string signed_percent(double share) {
  if (std::isnan(share)) return "";
  return fmt::format("{:+.3g}%", share * 100);
}

// Where there is nothing to be a share of.
std::string signed_number(double value) { return fmt::format("{:+.4g}", value + 0.0); }

std::string p_text(double p) { return p < 1e-4 ? "<0.0001" : fmt::format("{:.2g}", p); }

// Never "-0.0".
std::string z_text(double z) { return fmt::format("{:.1f}", std::abs(z) < 0.05 ? 0.0 : z); }

std::string count_text(double count) {
  return count < 999.5 ? fmt::format("{:.3g}", count) : fmt::format("{:.0f}", count);
}

// Two digits of a parameter: --json has all of them.
std::string short_name(const stats::OpeEstimator& e) {
  if (!stats::has_parameter(e.kind) || !std::isfinite(e.parameter)) return name_of(e);
  return fmt::format("{}@{:.2g}", stats::to_string(e.kind), e.parameter);
}

Tone tone_of(Trust trust) {
  return trust == Trust::yes ? Tone::good : trust == Trust::doubt ? Tone::warn : Tone::bad;
}

class BacktestText {
 public:
  BacktestText(const Answer& answer, const BacktestStory& story)
      : log_(answer.log),
        backtest_(answer.backtest),
        is_filter_(answer.target->is_filter()),
        story_(story) {}

  std::vector<render::Block> blocks() {
    headline();
    if (!is_refused(backtest_, story_)) {
      estimates();
      segments();
    }
    diagnosis();
    verdict();
    return std::move(blocks_);
  }

 private:
  void say(Line line) { blocks_.emplace_back(render::Paragraph{std::move(line)}); }

  void headline() {
    std::string names;
    for (const std::string& path : story_.paths)
      names += (names.empty() ? "" : ", ") + shown_path(path);
    const std::string what =
        backtest_.baseline == "logged" ? "what was logged" : backtest_.baseline;
    say(Line({{backtest_.target, Tone::strong},
              {fmt::format(" against {}: {} row{} of {}, {} action{}{}, mean reward {}", what,
                           log_.rows->rows(), log_.rows->rows() == 1 ? "" : "s", names,
                           log_.actions(), log_.actions() == 1 ? "" : "s",
                           log_.positions() > 1 ? fmt::format(" at {} positions", log_.positions())
                                                : std::string(),
                           number_text(backtest_.logged)),
               Tone::plain}}));
  }

  std::string level() const { return fmt::format("{:.4g}%", 100 * (1 - story_.alpha)); }

  void estimates() {
    first_intervals();
    further_intervals();
    std::string notes;
    if (!backtest_.model.empty()) notes += fmt::format("Model: {}. ", backtest_.model);
    for (const Estimated& e : backtest_.estimates) {
      if (e.refits == 0) continue;
      notes += fmt::format(
          "The interval of dm is by the error over {} resamples, its model fitted anew in each; "
          "what the model gets wrong is not in it. ",
          e.refits);
    }
    for (const auto& [why, names] : left_out())
      notes += fmt::format("No interval of {}: {}. ", join(names, ", "), why);
    if (!notes.empty()) say(Line({{std::string(trim(notes)), Tone::dim}}));
  }

  // What most people want: the bootstrap's intervals, or the delta method's without resamples.
  void first_intervals() {
    render::Table table{{"ESTIMATOR", "VALUE", level() + (is_resampled() ? " BOOTSTRAP" : " DELTA"),
                         "UPLIFT", level(), "P"},
                        {},
                        {false, true}};
    for (const Estimated& e : backtest_.estimates) table.rows.push_back(row(e));
    blocks_.emplace_back(std::move(table));
  }

  // Those kinds that any estimate has.
  void further_intervals() {
    struct Kind {
      const char* name;
      Stated Estimated::*stated;
    };
    std::vector<Kind> kinds;
    for (const Kind& kind :
         {Kind{" DELTA", &Estimated::delta}, Kind{" BERNSTEIN", &Estimated::bernstein},
          Kind{" ANYTIME", &Estimated::anytime}}) {
      const bool is_first = kind.stated == &Estimated::delta && !is_resampled();
      const bool is_any = std::any_of(backtest_.estimates.begin(), backtest_.estimates.end(),
                                      [&](const Estimated& e) { return shows(e.*kind.stated); });
      if (is_any && !is_first) kinds.push_back(kind);
    }
    render::Table table{{"ESTIMATOR"}, {}, {}};
    for (const Kind& kind : kinds) table.columns.push_back(level() + kind.name);
    for (const Estimated& e : backtest_.estimates) {
      std::vector<Line> cells{short_name(e.estimator)};
      bool has_any = false;
      for (const Kind& kind : kinds) {
        cells.emplace_back(stated(e.*kind.stated));
        has_any = has_any || shows(e.*kind.stated);
      }
      if (has_any) table.rows.push_back(std::move(cells));
    }
    if (!table.rows.empty()) blocks_.emplace_back(std::move(table));
  }

  bool is_resampled() const {
    return std::any_of(backtest_.estimates.begin(), backtest_.estimates.end(),
                       [](const Estimated& e) { return e.bootstrap.interval.has_value(); });
  }

  // Estimators without a normal interval, by the reason.
  std::vector<std::pair<std::string, std::vector<std::string>>> left_out() const {
    std::vector<std::pair<std::string, std::vector<std::string>>> out;
    for (const Estimated& e : backtest_.estimates) {
      if (is_tested(e)) continue;
      auto at = std::find_if(out.begin(), out.end(),
                             [&](const auto& o) { return o.first == e.delta.why_not; });
      if (at == out.end()) at = out.insert(out.end(), {e.delta.why_not, {}});
      at->second.push_back(short_name(e.estimator));
    }
    return out;
  }

  bool shows(const Stated& s) const {
    return s.is_sound() || (story_.is_forced && s.interval.has_value());
  }
  std::string stated(const Stated& s) const {
    const bool is_known = shows(s) && std::isfinite(s.interval->low + s.interval->high);
    return is_known ? interval_text(*s.interval) : std::string("-");
  }

  std::vector<Line> row(const Estimated& e) const {
    std::string relative, ends, p;
    if (e.uplift) {
      const Uplift& u = *e.uplift;
      const bool is_relative = std::isfinite(u.relative);
      const bool is_sound = shows(e.delta) || is_tested(e);
      relative = is_relative ? signed_percent(u.relative) : signed_number(u.difference);
      if (is_sound && is_relative && u.relative_interval)
        ends = fmt::format("{} to {}", signed_percent(u.relative_interval->low),
                           signed_percent(u.relative_interval->high));
      if (is_sound && !is_relative)
        ends = fmt::format("{} to {}", signed_number(u.difference_interval.low),
                           signed_number(u.difference_interval.high));
      p = shows(e.delta) || is_tested(e) ? p_text(e.uplift->p) : "-";
    }
    return {short_name(e.estimator),
            number_text(e.value),
            stated(is_resampled() ? e.bootstrap : e.delta),
            relative,
            ends,
            p};
  }

  bool is_shown(const Segment& s) const { return !s.is_refused || story_.is_forced; }

  void segments() {
    if (backtest_.segments.empty()) return;
    render::Table table{{"SEGMENT", "ROWS", "EFFECTIVE", "VALUE", "CHANGE", "HOLM"},
                        {},
                        {false, true, true, true, true}};
    constexpr std::size_t kMostRefused = 10;  // told one by one: --json has all
    std::size_t refused = 0;
    for (const Segment& s : backtest_.segments) {
      if (!is_shown(s) && ++refused > kMostRefused) continue;
      std::vector<Line> cells{s.name, fmt::format("{}", s.rows), count_text(s.effective)};
      if (is_shown(s)) {
        cells.insert(cells.end(),
                     {Line(number_text(s.value)), Line(fmt::format("{:+.4g}", s.difference)),
                      Line(p_text(s.holm))});
      } else {
        cells.push_back(Line({{"refused", Tone::warn}}));
        cells.resize(table.columns.size(), "");
      }
      table.rows.push_back(std::move(cells));
    }
    if (refused > kMostRefused)
      table.rows.push_back({fmt::format("… {} more", refused - kMostRefused), "", "",
                            Line({{"refused", Tone::warn}}), "", ""});
    blocks_.emplace_back(std::move(table));
    segment_intervals();
    say(Line({{fmt::format("Segments by {}, {}. Refused: fewer than 100 effective rows, or one row "
                           "with more than 5% of the weight.",
                           short_name(backtest_.segment_estimator),
                           "HOLM and BH are p-values corrected for being many"),
               Tone::dim}}));
  }

  void segment_intervals() {
    render::Table table{
        {"SEGMENT", level() + " DELTA", "BASELINE", "P", "BH"}, {}, {false, false, true}};
    for (const Segment& s : backtest_.segments) {
      if (!is_shown(s)) continue;
      table.rows.push_back({s.name, interval_text(s.interval), number_text(s.baseline), p_text(s.p),
                            p_text(s.benjamini_hochberg)});
    }
    if (!table.rows.empty()) blocks_.emplace_back(std::move(table));
  }

  void diagnosis() {
    const Diagnosis& d = backtest_.diagnosis;
    render::Table table{{}, {}, {}};
    const auto fact = [&](const char* name, std::string value) {
      table.rows.push_back({Line({{name, Tone::dim}}), std::move(value)});
    };
    fact("effective rows", fmt::format("{} of {} ({:.3g}%)", count_text(d.effective), d.rows,
                                       100 * d.effective / d.rows));
    fact("effective rewards", count_text(d.effective_rewards));
    // Those of a filter need not be 1 on average.
    fact("weights",
         fmt::format("mean {:.4g} ± {:.2g}{}, largest {:.4g}", d.mean_weight, d.mean_weight_error,
                     is_filter_ ? "" : fmt::format(" (z {})", z_text(d.mean_weight_z())),
                     d.most_weight));
    fact("weight tail",
         fmt::format(
             "largest row {:.3g}%, largest 1% of rows {:.3g}%{}", 100 * d.largest_share,
             100 * d.top_share,
             d.tail_index > 0 ? fmt::format(", tail index {:.3g}", d.tail_index) : std::string()));
    fact("overlap", fmt::format("{:.3g}% of the target was never logged, {:.3g}% of the rows it "
                                "would not have chosen",
                                100 * d.unseen, 100 * d.unused));
    fact("propensities",
         fmt::format("smallest {:.4g}, mean of 1/p {:.4g} of {} action{}{}", d.least_propensity,
                     d.inverse_propensity, log_.actions(), log_.actions() == 1 ? "" : "s",
                     !d.worst.action.empty()
                         ? fmt::format(", worst calibration {}{} z {} (p {})", d.worst.action,
                                       d.worst.position.empty() ? "" : " at " + d.worst.position,
                                       z_text(d.worst.z), p_text(d.calibration_p))
                         : std::string()));
    if (backtest_.played) fact("learned from", to_text(*backtest_.played));
    if (log_.unit != Log::kNone)
      fact("units", log_.has_repeated_units()
                        ? fmt::format("{} rows each, kept together", count_text(log_.rows_per_unit))
                        : std::string("one row each"));
    blocks_.emplace_back(std::move(table));
  }

  void verdict() {
    for (const Finding& f : backtest_.findings)
      say(Line({{f.trust == Trust::no ? "against it: " : "doubt: ", tone_of(f.trust)},
                {f.text, Tone::plain}}));
    const Trust trust = backtest_.trust;
    const char* const text = trust == Trust::yes     ? "trust it"
                             : trust == Trust::doubt ? "trust it with the doubts above"
                             : story_.is_forced      ? "don't trust it: shown because of --force"
                                                     : "don't trust it: no estimates are shown";
    say(Line({{text, tone_of(trust)}}));
  }

  const Log& log_;
  const Backtest& backtest_;
  bool is_filter_;
  const BacktestStory& story_;
  std::vector<render::Block> blocks_;
};

}  // namespace

std::string number_text(double value) {
  return std::isnan(value) ? std::string("-") : fmt::format("{:.4g}", value);
}

std::string interval_text(const stats::Interval& i) {
  return fmt::format("{:.4g} to {:.4g}", i.low, i.high);
}

std::vector<render::Block> backtest_blocks(const Answer& answer, const BacktestStory& story) {
  return BacktestText(answer, story).blocks();
}

}  // namespace autopilot::evaluate
