#include "core/optimize/pieces.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/optimize/certify.h"
#include "core/optimize/piece_model.h"
#include "core/optimize/quadratic.h"
#include "core/optimize/reach.h"
#include "core/optimize/risk_rows.h"
#include "core/optimize/separable.h"

namespace autopilot::optimize {
namespace {

constexpr int kMostRounds = 200;   // of programs with integers
constexpr int kMostPolishes = 25;  // of linear ones, for one answer of those
constexpr double kClosed = 1e-8;   // gap that ends it
constexpr double kProven = 1e-6;   // gap that is a proof, where nothing more can be done
constexpr double kFits = 1e-8;     // of a limit
constexpr double kOn = 1e-9;       // of what it gets: a channel that is on
constexpr double kMargin = 5e-8;   // of a floor on returns, where rounding would miss it

class Pieces {
 public:
  Pieces(const Problem& problem, const LpSolver& solver, const LinearOptions& options)
      : problem_(problem),
        solver_(solver),
        options_(options),
        high_(reach_of(problem, 1)),
        risk_(problem, typical_amount(problem)) {
    for (std::size_t i = 0; i < high_.size(); ++i) {
      high_[i] = std::max(high_[i], problem.channels[i].min);
      channels_.push_back(pieced(problem, i, high_[i]));
    }
    has_floors_ = has_rows_on_returns(problem);
    least_ = problem.goal == Goal::least_spend;
    best_.solver = "glpk-mip";
    best_.bound = least_ ? -kInfinity : kInfinity;
    best_.status = Status::stopped;
    std::vector<double> current;
    for (const Channel& c : problem.channels) current.push_back(c.current);
    offer(current);
  }

  Allocation solve() {
    for (int round = 0; round < kMostRounds && !stopped(); ++round) {
      const PieceModel model(problem_, channels_, risk_, nullptr);
      const LpAnswer answer = solver_(model.model(), options_.seconds);
      ++best_.rounds;
      if (answer.status == Status::infeasible && !best_.spend.empty()) break;  // by a hair
      if (answer.status == Status::infeasible || answer.status == Status::unbounded) {
        best_.status = answer.status;
        best_.spend.clear();
        if (answer.status == Status::unbounded) best_.unbounded = endless();
        return best_;
      }
      bound(answer.bound);
      if (answer.values.empty()) break;
      const std::vector<double> spend = model.spend_at(answer.values);
      std::vector<Placed> places = model.places_at(answer.values);
      offer(spend);
      add_points(spend, places);
      polish(spend, places);
      if (has_floors_ && !fits(spend) && !closed()) look_above_floors();
      if (closed()) break;
      const bool refined = refine(spend, places);
      if (!refined && points_ == std::exchange(seen_points_, points_)) break;
    }
    if (!best_.spend.empty() && grows_without_end(problem_, best_)) return best_;
    if (!best_.spend.empty() && relative_gap(best_.objective, best_.bound) <= kProven)
      best_.status = Status::optimal;
    return best_;
  }

 private:
  bool stopped() const { return options_.stop && options_.stop(); }
  bool closed() const {
    return !best_.spend.empty() && relative_gap(best_.objective, best_.bound) <= kClosed;
  }
  void bound(double of_program) {
    best_.bound = least_ ? std::max(best_.bound, -of_program) : std::min(best_.bound, of_program);
  }

  bool fits(const std::vector<double>& spend) const {
    return violation_of(problem_, spend) <= kFits;
  }
  // A hair below the return that has to be: a hair more for whoever returns most for it.
  std::vector<double> lifted(std::vector<double> spend) const {
    std::size_t steepest = 0;
    double most = 0;
    for (std::size_t i = 0; i < spend.size(); ++i) {
      const double slope = spend[i] > 0 && spend[i] < high_[i] ? slope_at(curve(i), spend[i]) : 0;
      if (slope > most) {
        most = slope;
        steepest = i;
      }
    }
    const double before = spend[steepest];
    for (double more = 1e-9; most > 0 && more < 10 * kProven && !fits(spend); more *= 2)
      spend[steepest] = std::min(high_[steepest], before * (1 + more));
    return spend;
  }

  void offer(const std::vector<double>& spend) {
    if (!fits(spend)) {
      if (std::isfinite(problem_.return_min) && violation_of(problem_, spend) <= 10 * kProven) {
        const std::vector<double> more = lifted(spend);
        if (fits(more)) offer(more);
      }
      return;
    }
    const double objective = objective_of(problem_, spend);
    if (!best_.spend.empty() &&
        (least_ ? objective >= best_.objective : objective <= best_.objective))
      return;
    best_.spend = spend;
    best_.objective = objective;
  }

  const Curve& curve(std::size_t i) const { return problem_.channels[i].curve; }

  // Where a chord is above the curve: its stretch; null elsewhere.
  const Stretch* chord_above(std::size_t i, const Placed& place, double x) const {
    if (place.piece == kStopped) return nullptr;
    const Piece& piece = channels_[i].pieces[place.piece];
    const double above = envelope_at(curve(i), piece.hull, x) - value_at(curve(i), x);
    if (!(above > 1e-3 * kClosed * size() / static_cast<double>(high_.size()))) return nullptr;
    for (const Stretch& s : piece.hull) {
      if (x <= s.high) return s.straight ? &s : nullptr;
    }
    return nullptr;
  }
  // Of the objective, or of what is returned where that is spend.
  double size() const {
    return std::max(least_ && std::isfinite(problem_.return_min) ? std::abs(problem_.return_min)
                                                                 : std::abs(best_.objective),
                    1e-300);
  }

  bool add_points(const std::vector<double>& spend, const std::vector<Placed>& places) {
    bool added = risk_.add_tangents(spend);
    points_ += added ? 1 : 0;
    for (std::size_t i = 0; i < spend.size(); ++i) {
      if (places[i].piece == kStopped || is_straight(curve(i))) continue;
      Piece& piece = channels_[i].pieces[places[i].piece];
      const std::size_t before = piece.points.size();
      add_point(curve(i), piece, spend[i]);
      added |= piece.points.size() > before;
      points_ += piece.points.size() - before;
    }
    return added;
  }

  // The best within the pieces that were chosen, where no integers are left. Where a chord is above
  // the curve, then also with the channel at that end of it which is nearer.
  void polish(const std::vector<double>& at, const std::vector<Placed>& places) {
    if (solve_within(at, places)) return;
    const std::vector<double> spend = settle(places);
    if (spend.empty()) return;
    if (has_floors_ && !fits(spend)) settle(places, kMargin);
    for (const double least : {0.5, 0.999, 0.001}) {
      std::vector<Placed> held = places;
      bool any = false;
      for (std::size_t i = 0; i < spend.size(); ++i) {
        if (places[i].piece == kStopped) continue;
        any |= chord_above(i, places[i], spend[i]) != nullptr;
        hold(i, spend[i], least, held[i]);
      }
      if (stopped()) return;
      if (!solve_within(spend, held) && any) settle(held);
      if (!any) return;
    }
  }

  // Keeps a channel whose curve is not concave there to the part that its amount is in, or to the
  // end that is nearer where that is a chord.
  void hold(std::size_t i, double x, double least, Placed& place) const {
    const Piece& piece = channels_[i].pieces[place.piece];
    if (is_concave(curve(i), piece.low, piece.high)) return;
    for (const Stretch& s : piece.hull) {
      if (x > s.high && &s != &piece.hull.back()) continue;
      const bool up = !s.straight || x >= s.low + least * (s.high - s.low);
      if (!up)
        place.high = s.low;
      else
        place.low = s.straight ? s.high : s.low;
      return;
    }
  }

  // The best there is in these places, by whom they are concave for; false where they are not, or
  // nothing fits.
  bool solve_within(const std::vector<double>& at, const std::vector<Placed>& places) {
    Problem within = problem_;
    for (Group& g : within.groups) g.max_active.reset();
    for (std::size_t i = 0; i < places.size(); ++i) {
      Channel& c = within.channels[i];
      c.active_min = 0;
      const bool off =
          places[i].piece == kStopped || (channels_[i].may_stop && c.fixed_cost > 0 && at[i] <= 0);
      if (off) {
        c.min = c.max = c.fixed_cost = 0;
        continue;
      }
      const Piece& piece = channels_[i].pieces[places[i].piece];
      c.min = std::clamp(places[i].low, piece.low, piece.high);
      c.max = std::clamp(places[i].high, c.min, piece.high);
      if (c.fixed_cost > 0) c.min = std::min(std::max(c.min, kOn * at[i]), c.max);
      if (!is_concave(c.curve, c.min, c.max)) return false;
    }
    const Allocation found = best_of_concave(within);
    if (found.spend.empty() || found.status == Status::unbounded) return false;
    offer(found.spend);
    add_points(found.spend, places);
    return true;
  }
  Allocation best_of_concave(const Problem& within) const {
    if (is_separable(within)) return solve_separable(within);
    if (is_quadratic(within) && within.channels.size() <= kMostDense)
      return solve_quadratic(within, options_.stop);
    return solve_linear(within, solver_, options_);
  }

  // Rounding may leave the answer a hair below a floor, at the end of its piece.
  void look_above_floors() {
    const PieceModel model(problem_, channels_, risk_, nullptr, kMargin);
    const LpAnswer answer = solver_(model.model(), options_.seconds);
    if (answer.values.empty()) return;
    offer(model.spend_at(answer.values));
    settle(model.places_at(answer.values), kMargin);
  }

  // The amounts in the end; none when nothing fits.
  std::vector<double> settle(const std::vector<Placed>& places, double margin = 0) {
    std::vector<double> spend;
    for (int round = 0; round < kMostPolishes && !stopped(); ++round) {
      const PieceModel model(problem_, channels_, risk_, &places, margin);
      const LpAnswer answer = solver_(model.model(), options_.seconds);
      if (answer.values.empty()) break;
      spend = model.spend_at(answer.values);
      offer(spend);
      const double program = least_ ? -answer.objective : answer.objective;
      const bool met =
          relative_gap(objective_of(problem_, spend), program) <= 0.1 * kClosed && fits(spend);
      if (met || !add_points(spend, places)) break;
    }
    return spend;
  }

  // Splits the pieces whose chords are above the curve where the program's answer is.
  bool refine(const std::vector<double>& spend, const std::vector<Placed>& places) {
    bool any = false;
    for (std::size_t i = 0; i < spend.size(); ++i) {
      if (chord_above(i, places[i], spend[i]) != nullptr)
        any |= split(curve(i), channels_[i], places[i].piece, spend[i]);
    }
    return any;
  }

  std::vector<std::size_t> endless() const {
    std::vector<std::size_t> out;
    for (std::size_t i = 0; i < channels_.size(); ++i) {
      if (std::isinf(high_[i]) && !channels_[i].pieces.empty()) out.push_back(i);
    }
    return out;
  }

  const Problem& problem_;
  const LpSolver& solver_;
  const LinearOptions& options_;
  std::vector<double> high_;
  RiskRows risk_;
  std::vector<PiecedChannel> channels_;
  bool least_ = false, has_floors_ = false;
  std::size_t points_ = 0, seen_points_ = 0;  // of tangents, that were added
  Allocation best_;
};

}  // namespace

Allocation solve_pieces(const Problem& problem, const LpSolver& solver,
                        const LinearOptions& options) {
  return Pieces(problem, solver, options).solve();
}

}  // namespace autopilot::optimize
