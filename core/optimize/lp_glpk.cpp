// GLPK, known to this file alone. Its traps: bad arguments abort the process, presolve knows no
// time limit and leaves no prices, a return code of 0 does not mean optimal, equal bounds must be
// FX.
#include <dlfcn.h>
#include <fmt/format.h>
#include <glpk.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "core/base/error.h"
#include "core/optimize/lp.h"
#include "core/optimize/lp_scale.h"

namespace autopilot::optimize {
namespace {

constexpr double kLongest = 2e6;  // seconds: int milliseconds
constexpr int kMostIterations = 5'000'000;
constexpr int kIterationsAnyway = 10'000,
              kIterationsOfEach = 50;  // row or column: beyond, it cycles
constexpr double kMipGap = 1e-9;
constexpr int kSlice = 500;      // iterations between two looks at whether to stop: some 60 ms
constexpr double kWhole = 1e-9;  // what is as good as whole

// The functions in use, from the shared library, which is loaded when first asked for: linked, it
// and what it needs would cost every start of the program.
struct Glpk {
  decltype(&::glp_add_cols) add_cols;
  decltype(&::glp_add_rows) add_rows;
  decltype(&::glp_adv_basis) adv_basis;
  decltype(&::glp_create_prob) create_prob;
  decltype(&::glp_delete_prob) delete_prob;
  decltype(&::glp_get_col_dual) get_col_dual;
  decltype(&::glp_get_col_prim) get_col_prim;
  decltype(&::glp_get_obj_val) get_obj_val;
  decltype(&::glp_get_prim_stat) get_prim_stat;
  decltype(&::glp_get_row_dual) get_row_dual;
  decltype(&::glp_get_status) get_status;
  decltype(&::glp_init_iocp) init_iocp;
  decltype(&::glp_init_smcp) init_smcp;
  decltype(&::glp_intopt) intopt;
  decltype(&::glp_ios_best_node) ios_best_node;
  decltype(&::glp_ios_node_bound) ios_node_bound;
  decltype(&::glp_ios_terminate) ios_terminate;
  decltype(&::glp_load_matrix) load_matrix;
  decltype(&::glp_mip_col_val) mip_col_val;
  decltype(&::glp_mip_obj_val) mip_obj_val;
  decltype(&::glp_mip_status) mip_status;
  decltype(&::glp_scale_prob) scale_prob;
  decltype(&::glp_set_col_bnds) set_col_bnds;
  decltype(&::glp_set_col_kind) set_col_kind;
  decltype(&::glp_set_obj_coef) set_obj_coef;
  decltype(&::glp_set_obj_dir) set_obj_dir;
  decltype(&::glp_set_row_bnds) set_row_bnds;
  decltype(&::glp_simplex) simplex;
  decltype(&::glp_std_basis) std_basis;
  decltype(&::glp_term_out) term_out;
  decltype(&::glp_version) version;
};

template <class F>
void find(void* library, const char* name, F& function) {
  function = reinterpret_cast<F>(::dlsym(library, name));
  if (function == nullptr)
    throw Error(ErrorKind::outside, fmt::format("libglpk.so.40 has no {}", name));
}

Glpk load() {
  void* library = ::dlopen("libglpk.so.40", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr)
    throw Error(ErrorKind::outside, "GLPK, which solves linear programs, cannot be loaded",
                "on Debian: apt-get install libglpk40");
  Glpk out{};
  find(library, "glp_add_cols", out.add_cols);
  find(library, "glp_add_rows", out.add_rows);
  find(library, "glp_adv_basis", out.adv_basis);
  find(library, "glp_create_prob", out.create_prob);
  find(library, "glp_delete_prob", out.delete_prob);
  find(library, "glp_get_col_dual", out.get_col_dual);
  find(library, "glp_get_col_prim", out.get_col_prim);
  find(library, "glp_get_obj_val", out.get_obj_val);
  find(library, "glp_get_prim_stat", out.get_prim_stat);
  find(library, "glp_get_row_dual", out.get_row_dual);
  find(library, "glp_get_status", out.get_status);
  find(library, "glp_init_iocp", out.init_iocp);
  find(library, "glp_init_smcp", out.init_smcp);
  find(library, "glp_intopt", out.intopt);
  find(library, "glp_ios_best_node", out.ios_best_node);
  find(library, "glp_ios_node_bound", out.ios_node_bound);
  find(library, "glp_ios_terminate", out.ios_terminate);
  find(library, "glp_load_matrix", out.load_matrix);
  find(library, "glp_mip_col_val", out.mip_col_val);
  find(library, "glp_mip_obj_val", out.mip_obj_val);
  find(library, "glp_mip_status", out.mip_status);
  find(library, "glp_scale_prob", out.scale_prob);
  find(library, "glp_set_col_bnds", out.set_col_bnds);
  find(library, "glp_set_col_kind", out.set_col_kind);
  find(library, "glp_set_obj_coef", out.set_obj_coef);
  find(library, "glp_set_obj_dir", out.set_obj_dir);
  find(library, "glp_set_row_bnds", out.set_row_bnds);
  find(library, "glp_simplex", out.simplex);
  find(library, "glp_std_basis", out.std_basis);
  find(library, "glp_term_out", out.term_out);
  find(library, "glp_version", out.version);
  return out;
}

const Glpk& glpk() {
  static const Glpk loaded = load();
  return loaded;
}

using Stop = std::function<bool()>;

struct Delete {
  void operator()(glp_prob* problem) const { glpk().delete_prob(problem); }
};
using Handle = std::unique_ptr<glp_prob, Delete>;

int bound_kind(double low, double high) {
  if (low == high) return GLP_FX;
  if (std::isinf(low)) return std::isinf(high) ? GLP_FR : GLP_UP;
  return std::isinf(high) ? GLP_LO : GLP_DB;
}

double finite(double bound) { return std::isinf(bound) ? 0 : bound; }

int milliseconds(double seconds) {
  return static_cast<int>(std::clamp(seconds, 0.001, kLongest) * 1000);
}

Handle loaded(const LpModel& model) {
  Handle problem(glpk().create_prob());
  glp_prob* p = problem.get();
  glpk().set_obj_dir(p, GLP_MAX);
  glpk().set_obj_coef(p, 0, model.constant);
  if (!model.rows.empty()) glpk().add_rows(p, static_cast<int>(model.rows.size()));
  if (!model.columns.empty()) glpk().add_cols(p, static_cast<int>(model.columns.size()));
  for (std::size_t i = 0; i < model.rows.size(); ++i) {
    const auto& [low, high] = model.rows[i];
    glpk().set_row_bnds(p, static_cast<int>(i + 1), bound_kind(low, high), finite(low),
                        finite(high));
  }
  for (std::size_t j = 0; j < model.columns.size(); ++j) {
    const LpColumn& c = model.columns[j];
    const int at = static_cast<int>(j + 1);
    glpk().set_col_bnds(p, at, bound_kind(c.low, c.high), finite(c.low), finite(c.high));
    glpk().set_obj_coef(p, at, c.cost);
    if (c.integer) glpk().set_col_kind(p, at, GLP_IV);
  }
  std::vector<int> rows{0}, columns{0};
  std::vector<double> values{0};
  for (const LpEntry& entry : model.entries) {
    if (entry.value == 0) continue;
    rows.push_back(static_cast<int>(entry.row + 1));
    columns.push_back(static_cast<int>(entry.column + 1));
    values.push_back(entry.value);
  }
  glpk().load_matrix(p, static_cast<int>(values.size() - 1), rows.data(), columns.data(),
                     values.data());
  return problem;
}

Status status_of(int glpk) {
  switch (glpk) {
    case GLP_OPT:
      return Status::optimal;
    case GLP_NOFEAS:
    case GLP_INFEAS:
      return Status::infeasible;
    case GLP_UNBND:
      return Status::unbounded;
    default:
      return Status::stopped;
  }
}

glp_smcp simplex_settings(double seconds, int most_iterations) {
  glp_smcp settings;
  glpk().init_smcp(&settings);
  settings.msg_lev = GLP_MSG_OFF;
  settings.presolve = GLP_OFF;
  settings.meth = GLP_PRIMAL;
  settings.tol_bnd = settings.tol_dj = 1e-9;
  settings.it_lim = most_iterations;
  settings.tm_lim = milliseconds(seconds);
  return settings;
}

// Iterations in slices, where somebody may want to stop in between.
int iterate(glp_prob* p, glp_smcp settings, const Stop& stop) {
  if (!stop) return glpk().simplex(p, &settings);
  const int most = settings.it_lim;
  settings.it_lim = kSlice;
  int code = GLP_EITLIM;
  for (int done = 0; code == GLP_EITLIM && done < most && !stop(); done += kSlice)
    code = glpk().simplex(p, &settings);
  return code;
}

LpAnswer solve_lp(glp_prob* p, const LpModel& model, double seconds, const Stop& stop) {
  glpk().scale_prob(p, GLP_SF_EQ | GLP_SF_2N);
  glpk().adv_basis(p, 0);
  const std::size_t size = model.rows.size() + model.columns.size();
  const glp_smcp settings = simplex_settings(
      seconds, static_cast<int>(std::min<std::size_t>(
                   kMostIterations, kIterationsAnyway + kIterationsOfEach * size)));
  int code = iterate(p, settings, stop);
  if (code != 0 && code != GLP_ETMLIM && !(stop && stop())) {
    // A start that it could not factorise, or from which it goes round: that of the slacks always
    // can be.
    glpk().std_basis(p);
    code = iterate(p, settings, stop);
  }
  // From an advanced start it has been seen to find nothing feasible where there is something.
  if (code == 0 && status_of(glpk().get_status(p)) == Status::infeasible) {
    glpk().std_basis(p);
    code = iterate(p, settings, stop);
  }
  LpAnswer out;
  out.status = status_of(glpk().get_status(p));
  if (code != 0) out.status = Status::stopped;
  if (out.status == Status::infeasible || out.status == Status::unbounded) return out;
  if (glpk().get_prim_stat(p) != GLP_FEAS) return out;
  out.objective = glpk().get_obj_val(p);
  out.bound = out.status == Status::optimal ? out.objective : kInfinity;
  for (std::size_t j = 0; j < model.columns.size(); ++j) {
    out.values.push_back(glpk().get_col_prim(p, static_cast<int>(j + 1)));
    out.reduced_costs.push_back(glpk().get_col_dual(p, static_cast<int>(j + 1)));
  }
  for (std::size_t i = 0; i < model.rows.size(); ++i)
    out.row_prices.push_back(glpk().get_row_dual(p, static_cast<int>(i + 1)));
  return out;
}

LpAnswer solve_mip(glp_prob* p, const LpModel& model, double seconds, const Stop& stop) {
  const LpAnswer relaxed = solve_lp(p, model, seconds, stop);
  LpAnswer out;
  out.status = relaxed.status;
  out.bound = relaxed.bound;
  if (relaxed.status != Status::optimal) return out;
  glp_iocp settings;
  glpk().init_iocp(&settings);
  settings.msg_lev = GLP_MSG_OFF;
  settings.presolve = GLP_OFF;
  settings.tm_lim = milliseconds(seconds);
  settings.mip_gap = kMipGap;
  settings.tol_int = kWhole;
  settings.mir_cuts = settings.gmi_cuts = GLP_ON;
  settings.fp_heur = GLP_ON;
  struct Seen {
    double bound;
    const Stop& stop;
  } seen{relaxed.objective, stop};
  settings.cb_info = &seen;
  settings.cb_func = [](glp_tree* tree, void* info) {
    auto& so_far = *static_cast<Seen*>(info);
    const int best = glpk().ios_best_node(tree);
    if (best > 0) so_far.bound = glpk().ios_node_bound(tree, best);
    if (so_far.stop && so_far.stop()) glpk().ios_terminate(tree);
  };
  int code = glpk().intopt(p, &settings);
  if (code == 0 && glpk().mip_status(p) == GLP_NOFEAS) {
    // A cut may have been wrong by rounding.
    settings.mir_cuts = settings.gmi_cuts = settings.fp_heur = GLP_OFF;
    code = glpk().intopt(p, &settings);
  }
  const int status = glpk().mip_status(p);
  out.status = code == 0 || code == GLP_EMIPGAP ? status_of(status) : Status::stopped;
  if (code == GLP_EMIPGAP && status == GLP_FEAS) out.status = Status::optimal;
  if (status != GLP_OPT && status != GLP_FEAS) return out;
  out.objective = glpk().mip_obj_val(p);
  out.bound = status == GLP_OPT ? out.objective : std::max(seen.bound, out.objective);
  for (std::size_t j = 0; j < model.columns.size(); ++j)
    out.values.push_back(glpk().mip_col_val(p, static_cast<int>(j + 1)));
  return out;
}

}  // namespace

std::string glpk_version() { return glpk().version(); }

LpAnswer solve_with_glpk(const LpModel& model, double seconds) {
  return solve_with_glpk_until(model, seconds, {});
}

LpAnswer solve_with_glpk_until(const LpModel& model, double seconds, const Stop& stop) {
  if (const std::string fault = fault_of(model); !fault.empty())
    throw Error(ErrorKind::bug, "a linear program is malformed: " + fault);
  glpk().term_out(GLP_OFF);
  const Scaled scaled(model);
  const Handle problem = loaded(scaled.model());
  return scaled.restored(model.has_integers()
                             ? solve_mip(problem.get(), scaled.model(), seconds, stop)
                             : solve_lp(problem.get(), scaled.model(), seconds, stop));
}

}  // namespace autopilot::optimize
