#include "core/optimize/piece_model.h"

#include <algorithm>
#include <cmath>

namespace autopilot::optimize {
namespace {

constexpr std::size_t kNone = static_cast<std::size_t>(-1);
constexpr double kFar = 1e6;      // of a scale: no optimum lies beyond, where there is no bound
constexpr double kCloser = 100;   // times, to where a curve is steepest
constexpr double kNarrow = 1e-9;  // of its end: a piece that is not split further

// Where the first tangents of a smooth stretch are, of its width.
constexpr double kFirst[] = {0, 1e-3, 0.02, 0.08, 0.2, 0.4, 0.65, 1};

Line tangent(const Curve& curve, double t) {
  const double slope = slope_at(curve, t);
  return {value_at(curve, t) - slope * t, slope};
}

double end_of(const Stretch& stretch, const Curve& curve) {
  if (std::isfinite(stretch.high)) return stretch.high;
  return std::max(1.0, std::max(stretch.low, curve.b)) * kFar;
}

void build(const Curve& curve, Piece& piece) {
  piece.hull = concave_envelope(curve, piece.low, piece.high);
  piece.lines.clear();
  if (piece.hull.empty()) piece.lines.push_back({value_at(curve, piece.low), 0});
  for (const Stretch& s : piece.hull) {
    if (s.straight) {
      piece.lines.push_back({value_at(curve, s.low) - s.slope * s.low, s.slope});
      continue;
    }
    for (const double x : piece.points) {
      if (x >= s.low && x <= s.high) piece.lines.push_back(tangent(curve, x));
    }
  }
  if (!piece.hull.empty() && piece.hull.back().high < piece.high)
    piece.lines.push_back({value_at(curve, piece.hull.back().high), 0});  // flat from there
}

Piece made(const Curve& curve, double low, double high, const std::vector<double>& points) {
  Piece out{low, high, points, {}, {}};
  for (const Stretch& s : concave_envelope(curve, low, high)) {
    if (s.straight) continue;
    const double end = end_of(s, curve);
    for (const double share : kFirst) out.points.push_back(s.low + share * (end - s.low));
    for (double x = end; std::isinf(s.high) && x > s.low + curve.b / 1e3; x /= 10)
      out.points.push_back(x);
  }
  std::erase_if(out.points, [&](double x) {
    return !(x >= low && x <= high) || !std::isfinite(slope_at(curve, x));
  });
  std::sort(out.points.begin(), out.points.end());
  out.points.erase(std::unique(out.points.begin(), out.points.end()), out.points.end());
  build(curve, out);
  return out;
}

bool is_counted(const Problem& problem, std::size_t i) {
  return std::any_of(problem.groups.begin(), problem.groups.end(), [&](const Group& g) {
    return g.max_active && std::binary_search(g.members.begin(), g.members.end(), i);
  });
}

double own_cost(const Problem& problem) {
  return problem.price + (problem.goal == Goal::most_profit ? 1 : 0);
}

}  // namespace

PiecedChannel pieced(const Problem& problem, std::size_t i, double high) {
  const Channel& c = problem.channels[i];
  PiecedChannel out;
  out.may_stop = c.min <= 0 && (c.can_stop() || is_counted(problem, i));
  const double low = std::max(c.min, c.active_min);
  if (low > high) return out;
  out.pieces.push_back(made(c.curve, low, high,
                            c.current > low && c.current < high ? std::vector<double>{c.current}
                                                                : std::vector<double>{}));
  const bool has_points = c.curve.family == Family::piecewise;
  const double scale = has_points ? std::max(c.curve.points.back().x, 0.0) : c.curve.b * 10;
  const double reach = std::isfinite(high) ? high : std::max(low, scale);
  if (std::max(reach, c.current) > 0) out.unit = reach > 0 ? reach : c.current;
  const double worth = std::max(std::abs(value_at(c.curve, out.unit)), c.fixed_cost);
  if (worth > 0 && std::isfinite(worth)) out.worth = worth;
  return out;
}

void add_point(const Curve& curve, Piece& piece, double x) {
  if (!std::isfinite(x)) return;
  if (!std::isfinite(slope_at(curve, x))) {
    if (piece.points.empty()) return;
    x = x + (piece.points.front() - x) / kCloser;  // there is no tangent, but as close as may be
    if (!(x > piece.low * (1 + kNarrow)) || !std::isfinite(slope_at(curve, x))) return;
  }
  const auto at = std::lower_bound(piece.points.begin(), piece.points.end(), x);
  if (at != piece.points.end() && *at == x) return;
  piece.points.insert(at, x);
  build(curve, piece);
}

bool split(const Curve& curve, PiecedChannel& channel, std::size_t k, double x) {
  const Piece piece = channel.pieces[k];
  std::vector<double> cuts;
  if (curve.family == Family::piecewise) {
    for (const Point& p : curve.points) {
      if (p.x <= piece.low || p.x >= piece.high) continue;
      if (p.x <= x) cuts.assign(1, p.x);
      if (p.x > x) {
        cuts.push_back(p.x);
        break;
      }
    }
  } else {
    const double hair = kNarrow * std::max(std::isfinite(piece.high) ? piece.high : x, 1e-300);
    if (x - piece.low > hair && piece.high - x > hair) cuts.push_back(x);
  }
  if (cuts.empty()) return false;
  std::vector<Piece> parts;
  double from = piece.low;
  cuts.push_back(piece.high);
  for (const double to : cuts) {
    parts.push_back(made(curve, from, to, piece.points));
    from = to;
  }
  const auto at = channel.pieces.begin() + static_cast<std::ptrdiff_t>(k);
  channel.pieces.insert(channel.pieces.erase(at), parts.begin(), parts.end());
  return true;
}

PieceModel::PieceModel(const Problem& problem, const std::vector<PiecedChannel>& channels,
                       const RiskRows& risk, const std::vector<Placed>* placed, double margin)
    : problem_(problem),
      channels_(channels),
      placed_(placed),
      raised_(1 + margin),
      columns_(channels.size()) {
  add_rows();
  for (std::size_t i = 0; i < channels.size(); ++i) add_channel(i);
  risk.add(model_, 1, [this](std::size_t i) { return columns_of(i); });
}

SpendColumns PieceModel::columns_of(std::size_t i) const {
  SpendColumns out;
  for (const Columns& at : columns_[i]) out.columns.emplace_back(at.spend, channels_[i].unit);
  return out;
}

std::size_t PieceModel::row(double low, double high) {
  model_.rows.emplace_back(std::min(low, high), high);  // crossed by a hair at most
  return model_.rows.size() - 1;
}
std::size_t PieceModel::column(double low, double high, double cost, bool integer) {
  model_.columns.push_back({low, high, cost, integer});
  return model_.columns.size() - 1;
}
void PieceModel::entry(std::size_t r, std::size_t c, double value) {
  if (r != kNone && value != 0) model_.entries.push_back({r, c, value});
}
// Moves a row's bounds by what is there anyway.
void PieceModel::move(std::size_t r, double by) {
  if (r == kNone) return;
  model_.rows[r].first -= by;
  model_.rows[r].second -= by;
}

void PieceModel::add_rows() {
  const auto floor = [](double x) { return x > 0 ? x : -kInfinity; };
  const Problem& p = problem_;
  total_ =
      p.total_min > 0 || p.total_max < kInfinity ? row(floor(p.total_min), p.total_max) : kNone;
  roi_ = std::isfinite(p.roi_min) ? row(0, kInfinity) : kNone;
  return_min_ = std::isfinite(p.return_min) ? row(p.return_min * raised_, kInfinity) : kNone;
  turnover_ = std::isfinite(p.turnover_max) ? row(-kInfinity, p.turnover_max) : kNone;
  group_.assign(p.groups.size(), kNone);
  share_ = group_roi_ = counted_ = group_;
  member_of_.assign(channels_.size(), {});
  for (std::size_t g = 0; g < p.groups.size(); ++g) {
    const Group& group = p.groups[g];
    for (const std::size_t i : group.members) member_of_[i].push_back(g);
    if (group.min > 0 || group.max < kInfinity) group_[g] = row(floor(group.min), group.max);
    if (group.max_share < kInfinity) share_[g] = row(-kInfinity, 0);
    if (std::isfinite(group.roi_min)) group_roi_[g] = row(0, kInfinity);
    if (group.max_active) counted_[g] = row(-kInfinity, static_cast<double>(*group.max_active));
  }
}

void PieceModel::add_channel(std::size_t i) {
  const PiecedChannel& channel = channels_[i];
  const std::size_t choice =
      channel.decided() || placed_ != nullptr ? kNone : row(channel.may_stop ? 0 : 1, 1);
  for (std::size_t k = 0; k < channel.pieces.size(); ++k) {
    if (placed_ == nullptr || (*placed_)[i].piece == k) add_columns(i, k, choice);
  }
  if (turnover_ != kNone) add_turnover(i);
}

// Amounts, returns and whether it is in the piece: low on <= spend <= high on, and below each line
// returned <= at_zero on + slope spend.
void PieceModel::add_columns(std::size_t i, std::size_t k, std::size_t choice) {
  const Channel& c = problem_.channels[i];
  const PiecedChannel& channel = channels_[i];
  const Piece& piece = channel.pieces[k];
  const bool open = choice != kNone;
  double low = piece.low, high = piece.high;
  if (placed_ != nullptr) {
    low = std::clamp((*placed_)[i].low, low, high);
    high = std::clamp((*placed_)[i].high, low, high);
  }
  const bool least = problem_.goal == Goal::least_spend;
  const double cost = least ? -1 : -own_cost(problem_);
  Columns at;
  at.piece = k;
  at.on = column(open ? 0 : 1, 1, least ? 0 : -c.fixed_cost, open);
  at.spend = column(open ? 0 : low / channel.unit, high / channel.unit, cost * channel.unit, false);
  at.returned = column(-kInfinity, kInfinity, least ? 0 : channel.worth, false);
  if (open) {
    entry(choice, at.on, 1);
    const double most = std::isfinite(high) ? high / channel.unit : kFar;
    const std::size_t above = row(-kInfinity, 0);
    entry(above, at.spend, 1);
    entry(above, at.on, -most);
    if (low > 0) {
      const std::size_t below = row(0, kInfinity);
      entry(below, at.spend, 1);
      entry(below, at.on, -low / channel.unit);
    }
  }
  for (const Line& line : piece.lines) {
    const std::size_t under = row(-kInfinity, 0);
    entry(under, at.returned, 1);
    entry(under, at.on, -line.at_zero / channel.worth);
    entry(under, at.spend, -line.slope * channel.unit / channel.worth);
  }
  link(i, at);
  columns_[i].push_back(at);
}

// What the columns do in the rows that channels share.
void PieceModel::link(std::size_t i, const Columns& at) {
  const Channel& c = problem_.channels[i];
  // What gets nothing anyway has no scale that would fit into the rows of the others.
  const double unit = channels_[i].pieces.back().high > 0 ? channels_[i].unit : 0;
  const double worth = channels_[i].worth;
  const bool counts = at.piece != 0 || channels_[i].pieces[0].high > 0;
  const auto floor = [&](std::size_t r, double least) {
    entry(r, at.returned, worth);
    entry(r, at.spend, -least * raised_ * unit);
    entry(r, at.on, -c.fixed_cost);
  };
  entry(total_, at.spend, unit);
  if (roi_ != kNone) floor(roi_, problem_.roi_min);
  if (return_min_ != kNone) floor(return_min_, 0);
  for (const std::size_t g : member_of_[i]) {
    entry(group_[g], at.spend, unit);
    if (group_roi_[g] != kNone) floor(group_roi_[g], problem_.groups[g].roi_min);
    if (counts) entry(counted_[g], at.on, 1);
  }
  for (std::size_t g = 0; g < share_.size(); ++g) {
    if (share_[g] == kNone) continue;
    const auto& members = problem_.groups[g].members;
    const bool in = std::binary_search(members.begin(), members.end(), i);
    entry(share_[g], at.spend, ((in ? 1.0 : 0.0) - problem_.groups[g].max_share) * unit);
  }
}

// moved >= spend - current, and >= current - spend.
void PieceModel::add_turnover(std::size_t i) {
  const double unit = channels_[i].unit, now = problem_.channels[i].current / unit;
  if (now == 0 && (columns_[i].empty() || channels_[i].pieces.back().high <= 0)) return;
  const std::size_t moved = column(0, kInfinity, 0, false);
  entry(turnover_, moved, unit);
  const std::size_t up = row(-now, kInfinity), down = row(now, kInfinity);
  entry(up, moved, 1);
  entry(down, moved, 1);
  for (const Columns& at : columns_[i]) {
    entry(up, at.spend, -1);
    entry(down, at.spend, 1);
  }
}

std::vector<Placed> PieceModel::places_at(const std::vector<double>& values) const {
  const std::vector<double> spend = spend_at(values);
  std::vector<Placed> out(columns_.size());
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::vector<Piece>& pieces = channels_[i].pieces;
    for (const Columns& at : columns_[i]) {
      if (values[at.on] > 0.5) out[i].piece = at.piece;
    }
    if (out[i].piece == kStopped) continue;
    // Rounding may leave it a hair outside of the piece that was chosen.
    while (out[i].piece > 0 && spend[i] < pieces[out[i].piece].low) --out[i].piece;
    while (out[i].piece + 1 < pieces.size() && spend[i] > pieces[out[i].piece].high) ++out[i].piece;
  }
  return out;
}

std::vector<double> PieceModel::spend_at(const std::vector<double>& values) const {
  std::vector<double> out(columns_.size(), 0);
  for (std::size_t i = 0; i < out.size(); ++i) {
    for (const Columns& at : columns_[i]) {
      if (values[at.on] <= 0.5) continue;
      const std::vector<Piece>& pieces = channels_[i].pieces;
      const Piece& piece = pieces[at.piece];
      const double x = values[at.spend] * channels_[i].unit;
      const double close = 1e-9 * std::max(std::abs(x), 1e-3 * channels_[i].unit);
      out[i] = std::clamp(x, pieces.front().low, pieces.back().high);
      if (std::abs(x - piece.low) <= close) out[i] = piece.low;
      if (std::abs(x - piece.high) <= close) out[i] = piece.high;
    }
  }
  return out;
}

}  // namespace autopilot::optimize
