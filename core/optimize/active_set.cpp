#include "core/optimize/active_set.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/error.h"

namespace autopilot::optimize {
namespace {

using Vector = std::vector<double>;
using Matrix = std::vector<Vector>;

constexpr double kTiny = 1e-13;

double dot(const Vector& a, const Vector& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

Matrix cholesky(const Matrix& G) {
  const std::size_t n = G.size();
  Matrix L(n, Vector(n, 0));
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      double sum = G[i][j];
      for (std::size_t k = 0; k < j; ++k) sum -= L[i][k] * L[j][k];
      if (i != j) {
        L[i][j] = sum / L[j][j];
        continue;
      }
      if (!(sum > 0))
        throw Error(ErrorKind::invalid, "the covariance is not positive semidefinite");
      L[i][i] = std::sqrt(sum);
    }
  }
  return L;
}

class ActiveSet {
 public:
  ActiveSet(const Matrix& G, const Vector& g, const std::vector<QpRow>& rows)
      : n_(G.size()), rows_(rows), J_(n_, Vector(n_, 0)), R_(n_, Vector(n_, 0)), d_(n_), z_(n_) {
    const Matrix L = cholesky(G);
    invert(L);
    start(L, g);
    active_of_.assign(rows.size(), false);
    scale_.resize(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      double norm = 0;
      for (const auto& [j, v] : rows[i].entries) norm += v * v;
      scale_[i] = std::sqrt(norm);
    }
  }

  QpAnswer solve() {
    QpAnswer out;
    for (std::size_t i = 0; i < rows_.size() && out.feasible; ++i) {
      if (rows_[i].equal) out.feasible = add(i);
    }
    const std::size_t most = 50 * (n_ + rows_.size()) + 1000;
    for (std::size_t k = 0; k < most && out.feasible; ++k) {
      const std::size_t worst = most_violated();
      if (worst == rows_.size()) break;
      out.feasible = add(worst);
    }
    for (int i = 0; i < 2; ++i) settle();
    out.x = x_;
    out.u.assign(rows_.size(), 0);
    for (std::size_t k = 0; k < active_.size(); ++k) out.u[active_[k]] = sign_[k] * u_[k];
    out.steps = steps_;
    return out;
  }

 private:
  // Columns of J are those of the inverse of L'.
  void invert(const Matrix& L) {
    for (std::size_t c = 0; c < n_; ++c) {
      // Row c of the inverse of L' ... solves L' y = e_c from the last.
      Vector& column = J_[c];
      column[c] = 1 / L[c][c];
      for (std::size_t i = c; i-- > 0;) {
        double sum = 0;
        for (std::size_t k = i + 1; k <= c; ++k) sum -= L[k][i] * column[k];
        column[i] = sum / L[i][i];
      }
    }
  }
  void start(const Matrix& L, const Vector& g) {
    Vector y(n_);
    for (std::size_t i = 0; i < n_; ++i) {
      double sum = -g[i];
      for (std::size_t k = 0; k < i; ++k) sum -= L[i][k] * y[k];
      y[i] = sum / L[i][i];
    }
    x_.assign(n_, 0);
    for (std::size_t i = n_; i-- > 0;) {
      double sum = y[i];
      for (std::size_t k = i + 1; k < n_; ++k) sum -= L[k][i] * x_[k];
      x_[i] = sum / L[i][i];
    }
  }

  double slack(std::size_t row) const {
    double sum = -rows_[row].bound;
    for (const auto& [j, v] : rows_[row].entries) sum += v * x_[j];
    return sum;
  }

  std::size_t most_violated() const {
    std::size_t worst = rows_.size();
    double most = 0;
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      if (active_of_[i] || rows_[i].equal || scale_[i] == 0) continue;
      const double size = std::max(1.0, std::abs(rows_[i].bound) / scale_[i]);
      const double miss = -slack(i) / (scale_[i] * size);
      if (miss > std::max(most, kTiny)) {
        most = miss;
        worst = i;
      }
    }
    return worst;
  }

  // Makes the row hold, dropping others on the way. False when it cannot be met.
  bool add(std::size_t row) {
    double s = slack(row);
    const double sign = rows_[row].equal && s > 0 ? -1 : 1;
    s *= sign;
    double u_new = 0;
    for (std::size_t guard = 0; guard < 4 * n_ + 10; ++guard) {
      ++steps_;
      directions(row, sign);
      double normal = 0;
      for (const auto& [j, v] : rows_[row].entries) normal += sign * v * z_[j];
      std::size_t drop = active_.size();
      double t1 = std::numeric_limits<double>::infinity();
      for (std::size_t k = 0; k < active_.size(); ++k) {
        if (rows_[active_[k]].equal || !(r_[k] > 0) || u_[k] / r_[k] >= t1) continue;
        t1 = u_[k] / r_[k];
        drop = k;
      }
      const bool moves = normal > kTiny * dot(d_, d_);
      const double t2 = moves ? -s / normal : std::numeric_limits<double>::infinity();
      const double t = std::min(t1, t2);
      if (std::isinf(t)) return std::abs(s) <= 1e-9 * std::max(1.0, std::abs(rows_[row].bound));
      for (std::size_t k = 0; k < active_.size(); ++k) u_[k] -= t * r_[k];
      u_new += t;
      if (moves) {
        for (std::size_t j = 0; j < n_; ++j) x_[j] += t * z_[j];
        s = sign * slack(row);
      }
      if (t2 <= t1) {
        take(row, sign, u_new);
        return true;
      }
      leave(drop);
    }
    return true;
  }

  // What rounding left of the active rows, by the least change: R' w = what is missing, x += J w.
  void settle() {
    const std::size_t q = active_.size();
    Vector w(q);
    for (std::size_t c = 0; c < q; ++c) {
      double sum = -sign_[c] * slack(active_[c]);
      for (std::size_t i = 0; i < c; ++i) sum -= R_[c][i] * w[i];
      w[c] = sum / R_[c][c];
    }
    for (std::size_t c = 0; c < q; ++c) {
      for (std::size_t j = 0; j < n_; ++j) x_[j] += w[c] * J_[c][j];
    }
  }

  void directions(std::size_t row, double sign) {
    std::fill(d_.begin(), d_.end(), 0);
    for (std::size_t c = 0; c < n_; ++c) {
      double sum = 0;
      for (const auto& [j, v] : rows_[row].entries) sum += v * J_[c][j];
      d_[c] = sign * sum;
    }
    const std::size_t q = active_.size();
    std::fill(z_.begin(), z_.end(), 0);
    for (std::size_t c = q; c < n_; ++c) {
      if (d_[c] == 0) continue;
      for (std::size_t j = 0; j < n_; ++j) z_[j] += J_[c][j] * d_[c];
    }
    r_.assign(q, 0);
    for (std::size_t i = q; i-- > 0;) {
      double sum = d_[i];
      for (std::size_t k = i + 1; k < q; ++k) sum -= R_[k][i] * r_[k];
      r_[i] = sum / R_[i][i];
    }
  }

  // Turns columns a and b of J so that (va, vb) becomes (length, 0).
  void turn(std::size_t a, std::size_t b, double c, double s) {
    Vector &p = J_[a], &q = J_[b];
    for (std::size_t j = 0; j < n_; ++j) {
      const double pa = p[j], qa = q[j];
      p[j] = c * pa + s * qa;
      q[j] = c * qa - s * pa;
    }
  }

  void take(std::size_t row, double sign, double u) {
    const std::size_t q = active_.size();
    for (std::size_t j = n_ - 1; j > q; --j) {
      if (d_[j] == 0) continue;
      const double length = std::hypot(d_[j - 1], d_[j]);
      turn(j - 1, j, d_[j - 1] / length, d_[j] / length);
      d_[j - 1] = length;
      d_[j] = 0;
    }
    for (std::size_t i = 0; i <= q; ++i) R_[q][i] = d_[i];  // columns of R
    active_.push_back(row);
    sign_.push_back(sign);
    u_.push_back(u);
    active_of_[row] = true;
  }

  void leave(std::size_t k) {
    active_of_[active_[k]] = false;
    const auto erase = [k](auto& list) {
      list.erase(list.begin() + static_cast<std::ptrdiff_t>(k));
    };
    erase(active_);
    erase(sign_);
    erase(u_);
    const std::size_t q = active_.size();
    for (std::size_t c = k; c < q; ++c) R_[c].swap(R_[c + 1]);
    for (std::size_t j = k; j < q; ++j) {
      const double a = R_[j][j], b = R_[j][j + 1];
      if (b == 0) continue;
      const double length = std::hypot(a, b), co = a / length, si = b / length;
      for (std::size_t c = j; c < q; ++c) {
        const double p = R_[c][j], v = R_[c][j + 1];
        R_[c][j] = co * p + si * v;
        R_[c][j + 1] = co * v - si * p;
      }
      turn(j, j + 1, co, si);
    }
  }

  std::size_t n_;
  const std::vector<QpRow>& rows_;
  Matrix J_;  // by columns
  Matrix R_;  // by columns: R_[c][i] is row i of column c
  Vector d_, z_, r_, x_, u_, sign_, scale_;
  std::vector<std::size_t> active_;
  std::vector<bool> active_of_;
  std::size_t steps_ = 0;
};

}  // namespace

QpAnswer solve_qp(const Matrix& G, const Vector& g, const std::vector<QpRow>& rows) {
  return ActiveSet(G, g, rows).solve();
}

}  // namespace autopilot::optimize
