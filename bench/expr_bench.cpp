// What one condition costs: ours, the best lambda a person would write, and LuaJIT called once per
// decision. CPU time, 1,024 seeded records, the median of several rounds. All three must agree on
// how many records are true.

#include <time.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "bench/expr_samples.h"
#include "core/expr/expression.h"
#include "core/expr/program.h"

#ifdef HAVE_LUAJIT
extern "C" {
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
}
#endif

namespace autopilot {
namespace {

using bench::Record;
using bench::Tag2;

constexpr int kRecords = 1024;
constexpr int kRounds = 11;
constexpr int kLoops = 200;

struct Case {
  bench::Condition condition;
  std::string lua;
  bool (*lambda)(const Record&);
};

// --- hand-written conditions

// Twenty names in a table of 64, placed by size and ends: what one writes when a list is hot.
struct CampaignTable {
  std::array<std::string_view, 64> slots;
  static std::size_t place(std::string_view s) {
    return (s.size() * 7 + static_cast<unsigned char>(s.back()) * 13 +
            static_cast<unsigned char>(s.front()) * 5) &
           63;
  }
  CampaignTable() {
    for (const std::string_view name : bench::kCampaigns) {
      std::size_t at = place(name);
      while (!slots[at].empty()) at = (at + 1) & 63;
      slots[at] = name;
    }
  }
  bool holds(std::string_view s) const {
    for (std::size_t at = place(s); !slots[at].empty(); at = (at + 1) & 63) {
      if (slots[at] == s) return true;
    }
    return false;
  }
};
const CampaignTable kTable;

bool lambda1(const Record& r) { return r.cvr < 0.02; }
bool lambda2(const Record& r) {
  return r.cvr < 0.04 && r.visits >= 200 && r.type == "route.update_weight" &&
         r.spend > r.budget * 0.5 && r.geo == "FR";
}
bool lambda3(const Record& r) { return kTable.holds(r.campaign); }
bool lambda4(const Record& r) {
  if (!r.target.starts_with("route-")) return false;
  for (const Tag2& tag : r.tags) {
    if (tag.key == "channel") return tag.value == "social";
  }
  return false;
}
bool lambda5(const Record& r) {
  return std::any_of(r.labels.begin(), r.labels.end(),
                     [](const std::string& s) { return s == "vip-gold"; });
}

std::vector<Case> cases() {
  const std::vector<bench::Condition> all = bench::conditions();
  return {
      {all[0], "return function(r) return r.metrics.cvr < 0.02 end", lambda1},
      {all[1],
       "return function(r) return r.metrics.cvr < 0.04 and r.metrics.visits >= 200 and "
       "r.action.type == \"route.update_weight\" and r.metrics.spend > r.metrics.budget * 0.5 and "
       "r.segment.geo == \"FR\" end",
       lambda2},
      {all[2],
       bench::campaign_list("local set = {} for _, v in ipairs{", ", ", "}") +
           " do set[v] = true end return function(r) return set[r.segment.campaign] == true end",
       lambda3},
      {all[3],
       "return function(r) return string.sub(r.action.target, 1, 6) == \"route-\" and "
       "r.action.data.tags[\"channel\"] == \"social\" end",
       lambda4},
      {all[4],
       "return function(r) for _, l in ipairs(r.segment.labels) do if l == \"vip-gold\" then "
       "return true end end return false end",
       lambda5},
  };
}

// --- measuring

double cpu_nanos() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_nsec);
}

// One round: nanoseconds per record; counts the trues of one pass.
template <class Evaluate>
double one_round(Evaluate evaluate, int loops, int& trues) {
  trues = 0;
  for (int i = 0; i < kRecords; ++i) trues += evaluate(i);
  int sum = 0;
  const double start = cpu_nanos();
  for (int loop = 0; loop < loops; ++loop) {
    for (int i = 0; i < kRecords; ++i) sum += evaluate(i);
  }
  const double spent = cpu_nanos() - start;
  if (sum != trues * loops) std::abort();
  return spent / loops / kRecords;
}

double median(std::vector<double> figures) {
  std::sort(figures.begin(), figures.end());
  return figures[figures.size() / 2];
}

#ifdef HAVE_LUAJIT
class Lua {
 public:
  explicit Lua(const std::vector<Record>& records) : state_(luaL_newstate()) {
    luaL_openlibs(state_);
    for (const Record& r : records) {
      push(r);
      rows_.push_back(luaL_ref(state_, LUA_REGISTRYINDEX));
    }
  }
  ~Lua() { lua_close(state_); }

  void load(const std::string& source) {
    if (luaL_dostring(state_, source.c_str()) != 0) {
      std::fprintf(stderr, "%s\n", lua_tostring(state_, -1));
      std::abort();
    }
    function_ = luaL_ref(state_, LUA_REGISTRYINDEX);
  }
  bool operator()(int i) {
    lua_rawgeti(state_, LUA_REGISTRYINDEX, function_);
    lua_rawgeti(state_, LUA_REGISTRYINDEX, rows_[static_cast<std::size_t>(i)]);
    lua_call(state_, 1, 1);
    const bool result = lua_toboolean(state_, -1) != 0;
    lua_pop(state_, 1);
    return result;
  }

 private:
  void set(const char* key, std::string_view value) {
    lua_pushlstring(state_, value.data(), value.size());
    lua_setfield(state_, -2, key);
  }
  void set(const char* key, double value) {
    lua_pushnumber(state_, value);
    lua_setfield(state_, -2, key);
  }
  void push(const Record& r) {
    lua_newtable(state_);
    lua_newtable(state_);
    set("cvr", r.cvr);
    set("visits", r.visits);
    set("spend", r.spend);
    set("budget", r.budget);
    lua_setfield(state_, -2, "metrics");
    lua_newtable(state_);
    set("geo", std::string_view(r.geo));
    set("campaign", std::string_view(r.campaign));
    lua_newtable(state_);
    for (std::size_t i = 0; i < r.labels.size(); ++i) {
      lua_pushlstring(state_, r.labels[i].data(), r.labels[i].size());
      lua_rawseti(state_, -2, static_cast<int>(i) + 1);
    }
    lua_setfield(state_, -2, "labels");
    lua_setfield(state_, -2, "segment");
    lua_newtable(state_);
    set("type", std::string_view(r.type));
    set("target", std::string_view(r.target));
    lua_newtable(state_);
    lua_newtable(state_);
    for (const Tag2& tag : r.tags) set(std::string(tag.key).c_str(), tag.value);
    lua_setfield(state_, -2, "tags");
    lua_setfield(state_, -2, "data");
    lua_setfield(state_, -2, "action");
  }

  lua_State* state_;
  std::vector<int> rows_;
  int function_ = 0;
};
#endif

struct Row {
  double ours = 0, lambda = 0, luajit = 0;
};

Row measure(const Case& c, const std::vector<Record>& records) {
  const expr::CheckedExpr checked = expr::parse_and_check(c.condition.cel, bench::environment());
  if (!checked.ok()) {
    std::fprintf(stderr, "%s: %s\n", c.condition.name, checked.faults[0].message.c_str());
    std::exit(1);
  }
  expr::SlotTable slots;
  const expr::Program program = expr::compile(checked, slots);
  expr::Arena arena;
  const auto width = static_cast<std::size_t>(slots.size());
  std::vector<expr::Val> inputs(width * kRecords);
  for (std::size_t i = 0; i < kRecords; ++i) {
    for (std::size_t s = 0; s < width; ++s)
      inputs[i * width + s] = bench::slot_value(slots.paths()[s], records[i], arena);
  }
  expr::Scratch scratch;
  const auto ours = [&](int i) {
    scratch.reset();
    return program.evaluate(&inputs[static_cast<std::size_t>(i) * width], scratch).is_true();
  };
  bool (*volatile indirect)(const Record&) = c.lambda;
  const auto by_hand = [&, call = indirect](int i) {
    return call(records[static_cast<std::size_t>(i)]);
  };
#ifdef HAVE_LUAJIT
  Lua lua(records);
  lua.load(c.lua);
#endif
  std::vector<double> our_figures, lambda_figures, lua_figures;
  for (int round = 0; round < kRounds; ++round) {
    int our_trues = 0, lambda_trues = 0;
    our_figures.push_back(one_round(ours, kLoops, our_trues));
    lambda_figures.push_back(one_round(by_hand, kLoops, lambda_trues));
    int lua_trues = lambda_trues;
#ifdef HAVE_LUAJIT
    lua_figures.push_back(one_round(std::ref(lua), kLoops / 4, lua_trues));
#endif
    if (our_trues != lambda_trues || lua_trues != lambda_trues) {
      std::fprintf(stderr, "%s: %d, %d and %d are true\n", c.condition.name, our_trues,
                   lambda_trues, lua_trues);
      std::exit(1);
    }
  }
  return {median(our_figures), median(lambda_figures),
          lua_figures.empty() ? 0 : median(lua_figures)};
}

void print_row(const char* name, const Row& row) {
  std::printf("%-20s %8.1f %10.1f %8.2f", name, row.ours, row.lambda, row.ours / row.lambda);
  if (row.luajit > 0) std::printf(" %10.1f %8.2f", row.luajit, row.luajit / row.ours);
  std::printf("\n");
}

void run() {
  bench::Dice dice;
  std::vector<Record> records;
  for (int i = 0; i < kRecords; ++i) records.push_back(bench::make_record(dice));
  std::printf("%-20s %8s %10s %8s %10s %8s\n", "condition", "ours ns", "lambda ns", "ratio",
              "luajit ns", "speed-up");
  Row product{1, 1, 1};
  const std::vector<Case> all = cases();
  for (const Case& c : all) {
    const Row row = measure(c, records);
    print_row(c.condition.name, row);
    product.ours *= row.ours;
    product.lambda *= row.lambda;
    product.luajit *= row.luajit;
  }
  const double share = 1.0 / static_cast<double>(all.size());
  print_row("geometric mean", {std::pow(product.ours, share), std::pow(product.lambda, share),
                               std::pow(product.luajit, share)});
}

}  // namespace
}  // namespace autopilot

int main() { autopilot::run(); }
