#include "core/loop/optimiser.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/loop/linear_model.h"
#include "core/loop/numbering.h"
#include "core/stats/bandit_belief.h"
#include "core/stats/bandit_shares.h"

namespace autopilot::loop {
namespace {

using stats::ArmRewards;
using stats::Posterior;

constexpr double kTail = 0.025;

bool is_linear(const std::string& method) { return method.starts_with("lin_"); }

// The cells as a table: [segment][arm].
struct Table {
  std::vector<std::vector<std::string>> segments;
  std::vector<std::string> arms;
  std::vector<std::vector<Cell>> cells;
};

void merge(Cell& into, const Cell& cell) {
  into.rewards.count += cell.rewards.count;
  into.rewards.sum += cell.rewards.sum;
  into.rewards.square_sum += cell.rewards.square_sum;
  into.has_squares = into.has_squares && cell.has_squares;
  into.least = std::min(into.least, cell.least);
  into.most = std::max(into.most, cell.most);
  if (cell.rewards.alpha > 0) into.rewards.alpha = cell.rewards.alpha;
  if (cell.rewards.beta > 0) into.rewards.beta = cell.rewards.beta;
  if (cell.before) into.before = cell.before;
  if (cell.floor) into.floor = cell.floor;
  if (cell.cap) into.cap = cell.cap;
}

Table table_of(const std::vector<Cell>& cells) {
  Numbering<std::vector<std::string>> segments;
  Numbering<std::string> arms;
  for (const Cell& cell : cells) {
    segments.of(cell.segment);
    arms.of(cell.arm);
  }
  Table out{segments.all(), arms.all(), {}};
  out.cells.assign(out.segments.size(), std::vector<Cell>(out.arms.size()));
  for (const Cell& cell : cells)
    merge(out.cells[segments.of(cell.segment)][arms.of(cell.arm)], cell);
  return out;
}

class Optimiser {
 public:
  Optimiser(const std::vector<Cell>& cells, const OptimiserSpec& spec)
      : table_(table_of(cells)), spec_(spec), scale_(spec.high - spec.low) {
    if (!is_linear(spec.method)) method_ = stats::bandit_named(spec.method).value();
    if (takes_any_reward(spec.method)) scale_ = 0;
    check_rewards();
  }

  std::vector<OptimisedSegment> run() {
    std::optional<LinearModel> model;
    if (is_linear(spec_.method)) model.emplace(table_.segments, table_.arms.size(), spec_.lambda);
    for (std::size_t s = 0; model && s < table_.segments.size(); ++s) {
      for (std::size_t a = 0; a < table_.arms.size(); ++a) {
        model->add(s, a, with_squares(table_.cells[s][a]));
      }
    }
    std::vector<OptimisedSegment> out;
    for (std::size_t s = 0; s < table_.segments.size(); ++s) {
      out.push_back(model ? by_model(*model, s) : by_bandit(s));
    }
    return out;
  }

 private:
  // Within [0, 1], unless the method takes any number.
  ArmRewards scaled(const ArmRewards& r) const {
    if (scale_ == 0 || (spec_.low == 0 && scale_ == 1)) return r;
    ArmRewards out = r;
    out.sum = (r.sum - spec_.low * r.count) / scale_;
    out.square_sum =
        (r.square_sum - 2 * spec_.low * r.sum + spec_.low * spec_.low * r.count) / scale_ / scale_;
    return out;
  }
  // Rewards of 0 and 1 are their own squares.
  ArmRewards with_squares(const Cell& cell) const {
    ArmRewards out = scaled(cell.rewards);
    if (!cell.has_squares) out.square_sum = out.sum;
    return out;
  }
  double unscaled(double mean) const { return scale_ == 0 ? mean : spec_.low + scale_ * mean; }
  double unscaled_loss(double loss) const { return scale_ == 0 ? loss : scale_ * loss; }

  // Beyond these a posterior is a point, or nothing, and its integrals have no digits left.
  static void check_count(const std::string& whose, const char* what, double count, double least) {
    constexpr double kMost = 1e15;
    if (count >= least && count <= kMost) return;
    throw Error(ErrorKind::invalid,
                fmt::format("{}{}{} of {:g} {} beyond what can be told apart: {:g} to {:g}", whose,
                            whose.empty() ? "" : ": ", what, count, *what == 't' ? "are" : "is",
                            least, kMost));
  }
  void check_prior(const std::string& whose, double alpha, double beta) const {
    constexpr double kLeast = 1e-9;
    check_count(whose, "a prior", alpha, kLeast);
    check_count(whose, "a prior", beta, kLeast);
  }

  void check_rewards() const {
    check_prior("", spec_.settings.alpha, spec_.settings.beta);
    for (const auto& row : table_.cells) {
      for (std::size_t a = 0; a < row.size(); ++a) check_cell(table_.arms[a], row[a]);
    }
  }

  void check_cell(const std::string& arm, const Cell& cell) const {
    const ArmRewards r = scaled(cell.rewards);
    if (!std::isfinite(r.count) || !std::isfinite(r.sum) || !std::isfinite(r.square_sum)) {
      throw Error(ErrorKind::invalid, fmt::format("arm {}: its rewards are too large", arm));
    }
    check_count("arm " + arm, "trials", cell.rewards.count, 0);
    if (cell.rewards.alpha > 0) check_prior("arm " + arm, cell.rewards.alpha, spec_.settings.beta);
    if (cell.rewards.beta > 0) check_prior("arm " + arm, spec_.settings.alpha, cell.rewards.beta);
    if (needs_squares() && !cell.has_squares) {
      throw Error(ErrorKind::invalid,
                  fmt::format("arm {}: {} needs the column square_sum", arm, spec_.method),
                  method_ == stats::Bandit::ucb_tuned
                      ? "the sum of the squares of its rewards"
                      : "or say the rewards' standard deviation with --noise");
    }
    if (scale_ == 0) return;
    const auto refuse = [&](const std::string& what) {
      throw Error(ErrorKind::invalid,
                  fmt::format("arm {}: {} not within {} to {}", arm, what, spec_.low, spec_.high),
                  "--range LOW,HIGH says what a reward can be; gaussian takes any number");
    };
    const double slack = 1e-9 * (1 + r.count);
    if (r.sum < -slack || r.sum > r.count + slack) {
      refuse(fmt::format("rewards that add up to {} in {} trials are", cell.rewards.sum,
                         cell.rewards.count));
    }
    const double grain = 1e-9 * scale_;
    for (const double mean : {cell.least, cell.most}) {
      if (std::isfinite(mean) && (mean < spec_.low - grain || mean > spec_.high + grain))
        refuse(fmt::format("a row earns {} a trial, which is", mean));
    }
    // Squares of numbers from 0 to 1 are no more than these.
    if (cell.has_squares && r.square_sum > r.sum + slack)
      refuse(fmt::format("by the squares, of which the sum is {}, rewards are",
                         cell.rewards.square_sum));
  }

  bool needs_squares() const {
    const bool zero_or_one = spec_.low == 0 && spec_.high == 1;
    if (is_linear(spec_.method)) return spec_.settings.noise <= 0 && !zero_or_one;
    if (method_ == stats::Bandit::gaussian) return spec_.settings.noise <= 0 && !zero_or_one;
    return method_ == stats::Bandit::ucb_tuned && !zero_or_one;
  }

  stats::ShareBounds bounds_of(const std::vector<Cell>& row) const {
    stats::ShareBounds out;
    out.min_count = spec_.min_count;
    for (const Cell& cell : row) {
      out.floor.push_back(cell.floor.value_or(spec_.floor));
      out.cap.push_back(cell.cap.value_or(std::max(spec_.cap, cell.floor.value_or(0))));
    }
    const std::string why = stats::fault_of(out, row.size());
    if (!why.empty()) {
      throw Error(ErrorKind::invalid, fmt::format("the bounds of {} arms: {}", row.size(), why));
    }
    return out;
  }

  OptimisedSegment by_bandit(std::size_t s) const {
    const std::vector<Cell>& row = table_.cells[s];
    std::vector<ArmRewards> arms;
    for (const Cell& cell : row) {
      arms.push_back(with_squares(cell));
    }
    const stats::Shares shares =
        stats::shares_of(method_, arms, spec_.settings, bounds_of(row), spec_.batch);
    stats::BanditSettings settings = spec_.settings;
    const bool unplayed =
        std::any_of(arms.begin(), arms.end(), [](const ArmRewards& r) { return r.count <= 0; });
    if (unplayed) settings.noise = 0;
    return describe(s, stats::beliefs(method_, arms, settings), shares);
  }

  OptimisedSegment by_model(const LinearModel& model, std::size_t s) const {
    const std::vector<Posterior> beliefs = model.beliefs(s, spec_.settings.noise);
    stats::Shares shares;
    shares.best = stats::best_arm(beliefs);
    shares.wanted = spec_.method == "lin_ts" ? shares.best.probability
                                             : model.ucb_shares(s, spec_.width, spec_.batch);
    shares.share = stats::bounded_shares(shares.wanted, bounds_of(table_.cells[s]));
    return describe(s, beliefs, shares);
  }

  OptimisedSegment describe(std::size_t s, const std::vector<Posterior>& beliefs,
                            const stats::Shares& shares) const {
    for (std::size_t a = 0; a < table_.arms.size(); ++a) {
      if (std::isfinite(shares.best.probability[a] + shares.wanted[a])) continue;
      throw Error(ErrorKind::invalid,
                  fmt::format("arm {}: its rewards cannot be compared with those of the others: "
                              "they are of another size, or known too well",
                              table_.arms[a]));
    }
    OptimisedSegment out;
    out.values = table_.segments[s];
    out.expected_best = unscaled(shares.best.expected_best);
    const std::vector<int> points = stats::basis_points(shares.share);
    std::vector<std::vector<double>> ranks;
    if (spec_.ranks > 0) ranks = stats::rank_probabilities(beliefs, spec_.ranks);
    double before = 0;
    bool all_known = true;
    for (std::size_t a = 0; a < table_.arms.size(); ++a) {
      const Cell& cell = table_.cells[s][a];
      OptimisedArm arm;
      arm.arm = table_.arms[a];
      arm.count = cell.rewards.count;
      arm.mean = unscaled(beliefs[a].mean());
      arm.low = unscaled(beliefs[a].quantile(kTail));
      arm.high = unscaled(beliefs[a].quantile(1 - kTail));
      arm.best = shares.best.probability[a];
      arm.loss = unscaled_loss(shares.best.expected_loss[a]);
      arm.before = cell.before;
      arm.wanted = shares.wanted[a];
      arm.after_bp = points[a];
      if (!ranks.empty()) arm.ranks = ranks[a];
      all_known = all_known && cell.before.has_value();
      before += cell.before.value_or(0) * arm.mean;
      out.value_after += points[a] / 1e4 * arm.mean;
      out.arms.push_back(std::move(arm));
    }
    if (all_known) out.value_before = before;
    return out;
  }

  Table table_;
  const OptimiserSpec& spec_;
  double scale_;  // 0: rewards are taken as they are
  stats::Bandit method_ = stats::Bandit::thompson;
};

}  // namespace

const std::vector<std::string>& optimiser_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> out;
    for (const std::string_view name : stats::bandit_names()) out.emplace_back(name);
    out.insert(out.end(), {"lin_ts", "lin_ucb"});
    return out;
  }();
  return names;
}

bool takes_any_reward(const std::string& method) {
  return is_linear(method) || method == "gaussian";
}

std::vector<OptimisedSegment> optimise(const std::vector<Cell>& cells, const OptimiserSpec& spec) {
  if (cells.empty()) throw Error(ErrorKind::invalid, "there are no arms to choose from");
  return Optimiser(cells, spec).run();
}

}  // namespace autopilot::loop
