#pragma once
// Curves of any form as a mixed-integer program: each channel's range in pieces, one of which it is
// in, and over each piece the least concave function above the curve, by chords and tangents
// (Vielma, Mixed integer linear programming formulation techniques, SIAM Review 57, 2015: the
// disjunctive form, whose relaxation is as tight as can be). Its optimum is never below that of the
// problem. Amounts and returns are in each channel's own units. Pure.

#include "core/optimize/curve.h"
#include "core/optimize/lp.h"
#include "core/optimize/problem.h"
#include "core/optimize/risk_rows.h"

namespace autopilot::optimize {

struct Line {
  double at_zero = 0, slope = 0;
};

struct Piece {
  double low = 0, high = 0;
  std::vector<double> points;  // of tangents
  std::vector<Stretch> hull;   // the least concave function above
  std::vector<Line> lines;     // the least of which is not below it
};

struct PiecedChannel {
  bool may_stop = false;       // it may be in no piece, and get nothing
  std::vector<Piece> pieces;   // rising; none: it gets nothing
  double unit = 1, worth = 1;  // of its amounts and returns in the program
  bool decided() const { return pieces.empty() || (pieces.size() == 1 && !may_stop); }
};

PiecedChannel pieced(const Problem& problem, std::size_t channel, double high);
void add_point(const Curve& curve, Piece& piece, double x);
// In two at x, or at the points of a piecewise curve around it; false where that changes nothing.
bool split(const Curve& curve, PiecedChannel& channel, std::size_t piece, double x);

inline constexpr std::size_t kStopped = static_cast<std::size_t>(-1);

// Where each channel is: its piece (or kStopped), and bounds within that.
struct Placed {
  std::size_t piece = kStopped;
  double low = 0, high = kInfinity;
};

class PieceModel {
 public:
  // `placed`: where channels have to be; null: anywhere. Floors on returns are raised by `margin`,
  // of themselves.
  PieceModel(const Problem& problem, const std::vector<PiecedChannel>& channels,
             const RiskRows& risk, const std::vector<Placed>* placed, double margin = 0);

  const LpModel& model() const { return model_; }
  std::vector<double> spend_at(const std::vector<double>& values) const;
  std::vector<Placed> places_at(const std::vector<double>& values) const;

 private:
  struct Columns {
    std::size_t piece = 0, spend = 0, returned = 0, on = 0;
  };
  void add_rows();
  SpendColumns columns_of(std::size_t channel) const;
  void add_channel(std::size_t i);
  void add_columns(std::size_t i, std::size_t piece, std::size_t choice);
  void add_turnover(std::size_t i);
  void link(std::size_t i, const Columns& columns);
  void entry(std::size_t row, std::size_t column, double value);
  void move(std::size_t row, double by);
  std::size_t row(double low, double high);
  std::size_t column(double low, double high, double cost, bool integer);

  const Problem& problem_;
  const std::vector<PiecedChannel>& channels_;
  const std::vector<Placed>* placed_;
  double raised_;  // floors on returns, times this
  LpModel model_;
  std::vector<std::vector<Columns>> columns_;  // by channel
  std::vector<std::vector<std::size_t>> member_of_;
  std::size_t total_, roi_, return_min_, turnover_;
  std::vector<std::size_t> group_, share_, group_roi_, counted_;
};

}  // namespace autopilot::optimize
