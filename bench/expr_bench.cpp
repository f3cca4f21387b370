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

#include "core/expr/expression.h"
#include "core/expr/map.h"
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

constexpr int kRecords = 1024;
constexpr int kRounds = 11;
constexpr int kLoops = 200;

struct Tag2 {
  std::string_view key, value;
};

struct Record {
  double cvr, visits, spend, budget;
  std::string type, geo, target, campaign;
  std::array<std::string, 10> labels;
  std::array<Tag2, 4> tags;
};

const std::array<const char*, 20> kCampaigns = {
    "cmp-spring-01", "cmp-spring-02", "cmp-summer-01", "cmp-summer-02",  "cmp-autumn-01",
    "cmp-autumn-02", "cmp-winter-01", "cmp-winter-02", "brand-fr",       "brand-be",
    "brand-ch",      "brand-ca",      "retarget-7d",   "retarget-30d",   "lookalike-1",
    "lookalike-2",   "video-a",       "video-b",       "search-generic", "search-brand"};

struct Case {
  const char* name;
  std::string cel;
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
    for (const std::string_view name : kCampaigns) {
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

std::string campaign_list(const char* before, const char* between, const char* after) {
  std::string out = before;
  for (const char* name : kCampaigns)
    out += (out == before ? "" : between) + ("\"" + std::string(name) + "\"");
  return out + after;
}

std::vector<Case> cases() {
  return {
      {"E1 compare", "metrics.cvr < 0.02", "return function(r) return r.metrics.cvr < 0.02 end",
       lambda1},
      {"E2 five clauses",
       "metrics.cvr < 0.04 && metrics.visits >= 200 && action.type == \"route.update_weight\" && "
       "metrics.spend > "
       "metrics.budget * 0.5 && segment.geo == \"FR\"",
       "return function(r) return r.metrics.cvr < 0.04 and r.metrics.visits >= 200 and "
       "r.action.type == "
       "\"route.update_weight\" and r.metrics.spend > r.metrics.budget * 0.5 and r.segment.geo == "
       "\"FR\" end",
       lambda2},
      {"E3 in list of 20", "segment.campaign in " + campaign_list("[", ", ", "]"),
       campaign_list("local set = {} for _, v in ipairs{", ", ", "}") +
           " do set[v] = true end return function(r) return set[r.segment.campaign] == true end",
       lambda3},
      {"E4 prefix and map",
       "action.target.startsWith(\"route-\") && action.data.tags[\"channel\"] == \"social\"",
       "return function(r) return string.sub(r.action.target, 1, 6) == \"route-\" and "
       "r.action.data.tags[\"channel\"] "
       "== \"social\" end",
       lambda4},
      {"E5 exists over 10", "segment.labels.exists(l, l == \"vip-gold\")",
       "return function(r) for _, l in ipairs(r.segment.labels) do if l == \"vip-gold\" then "
       "return true end end "
       "return false end",
       lambda5},
  };
}

// --- records

class Dice {
 public:
  double real() { return static_cast<double>(next() >> 11) / 9007199254740992.0; }
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(next() % n); }

 private:
  std::uint64_t next() {  // splitmix64
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
  }
  std::uint64_t state_ = 20261120;
};

Record make_record(Dice& dice) {
  static const std::array<const char*, 4> kTypes = {"route.update_weight", "route.pause",
                                                    "budget.shift", "destination.pause"};
  static const std::array<const char*, 5> kGeos = {"FR", "BE", "CH", "CA", "LU"};
  static const std::array<const char*, 6> kLabels = {"new",    "returning", "vip-silver",
                                                     "mobile", "desktop",   "trial"};
  static const std::array<const char*, 3> kChannels = {"social", "search", "email"};
  Record r;
  r.cvr = dice.real() * 0.06;
  r.visits = std::floor(dice.real() * 1000);
  r.budget = 100 + dice.real() * 900;
  r.spend = r.budget * dice.real();
  r.type = kTypes[dice.below(2) == 0 ? 0 : dice.below(4)];
  r.geo = kGeos[dice.below(2) == 0 ? 0 : dice.below(5)];
  r.target = (dice.below(2) == 0 ? "route-" : "dest-") + std::to_string(dice.below(1000));
  r.campaign =
      dice.below(2) == 0 ? kCampaigns[dice.below(20)] : "other-" + std::to_string(dice.below(100));
  for (std::string& label : r.labels) label = kLabels[dice.below(6)];
  if (dice.below(4) == 0) r.labels[dice.below(10)] = "vip-gold";
  r.tags = {Tag2{"team", "growth"}, Tag2{"device", "mobile"},
            Tag2{"channel", kChannels[dice.below(3)]}, Tag2{"version", "2"}};
  return r;
}

expr::Type record_of(std::vector<expr::Type::Field> fields) {
  return expr::Type::record(std::move(fields), false);
}

expr::Environment environment() {
  using expr::Type;
  using expr::TypeKind;
  const Type text(TypeKind::string), number(TypeKind::real);
  expr::Environment out;
  out.variables["metrics"] =
      record_of({{"cvr", number}, {"visits", number}, {"spend", number}, {"budget", number}});
  out.variables["segment"] =
      record_of({{"geo", text}, {"campaign", text}, {"labels", Type::list(text)}});
  out.variables["action"] = record_of(
      {{"type", text}, {"target", text}, {"data", record_of({{"tags", Type::map(text, text)}})}});
  return out;
}

expr::Val slot_value(const expr::Path& path, const Record& r, expr::Arena& arena) {
  using expr::Val;
  const std::string& name = path.back();
  if (name == "cvr") return Val::of_double(r.cvr);
  if (name == "visits") return Val::of_double(r.visits);
  if (name == "spend") return Val::of_double(r.spend);
  if (name == "budget") return Val::of_double(r.budget);
  if (name == "type") return Val::of_string(r.type);
  if (name == "geo") return Val::of_string(r.geo);
  if (name == "target") return Val::of_string(r.target);
  if (name == "campaign") return Val::of_string(r.campaign);
  if (name == "labels") {
    Val* items = arena.array<Val>(r.labels.size());
    std::transform(r.labels.begin(), r.labels.end(), items,
                   [](const std::string& s) { return Val::of_string(s); });
    return Val::of_list(expr::make_list(arena, items, static_cast<std::uint32_t>(r.labels.size())));
  }
  auto* entries = arena.array<expr::MapEntry>(r.tags.size());
  std::transform(r.tags.begin(), r.tags.end(), entries, [](const Tag2& t) {
    return expr::MapEntry{Val::of_string(t.key), Val::of_string(t.value)};
  });
  return Val::of_map(expr::make_map(arena, entries, static_cast<std::uint32_t>(r.tags.size())));
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
  const expr::CheckedExpr checked = expr::parse_and_check(c.cel, environment());
  if (!checked.ok()) {
    std::fprintf(stderr, "%s: %s\n", c.name, checked.faults[0].message.c_str());
    std::exit(1);
  }
  expr::SlotTable slots;
  const expr::Program program = expr::compile(checked, slots);
  expr::Arena arena;
  const auto width = static_cast<std::size_t>(slots.size());
  std::vector<expr::Val> inputs(width * kRecords);
  for (std::size_t i = 0; i < kRecords; ++i) {
    for (std::size_t s = 0; s < width; ++s)
      inputs[i * width + s] = slot_value(slots.paths()[s], records[i], arena);
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
      std::fprintf(stderr, "%s: %d, %d and %d are true\n", c.name, our_trues, lambda_trues,
                   lua_trues);
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
  Dice dice;
  std::vector<Record> records;
  for (int i = 0; i < kRecords; ++i) records.push_back(make_record(dice));
  std::printf("%-20s %8s %10s %8s %10s %8s\n", "condition", "ours ns", "lambda ns", "ratio",
              "luajit ns", "speed-up");
  Row product{1, 1, 1};
  const std::vector<Case> all = cases();
  for (const Case& c : all) {
    const Row row = measure(c, records);
    print_row(c.name, row);
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
