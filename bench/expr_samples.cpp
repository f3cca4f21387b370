#include "bench/expr_samples.h"

#include <algorithm>
#include <cmath>

#include "core/expr/map.h"

namespace autopilot::bench {

std::string campaign_list(const char* before, const char* between, const char* after) {
  std::string out = before;
  for (const char* name : kCampaigns)
    out += (out == before ? "" : between) + ("\"" + std::string(name) + "\"");
  return out + after;
}

std::vector<Condition> conditions() {
  return {
      {"E1 compare", "metrics.cvr < 0.02"},
      {"E2 five clauses",
       "metrics.cvr < 0.04 && metrics.visits >= 200 && action.type == \"route.update_weight\" && "
       "metrics.spend > metrics.budget * 0.5 && segment.geo == \"FR\""},
      {"E3 in list of 20", "segment.campaign in " + campaign_list("[", ", ", "]")},
      {"E4 prefix and map",
       "action.target.startsWith(\"route-\") && action.data.tags[\"channel\"] == \"social\""},
      {"E5 exists over 10", "segment.labels.exists(l, l == \"vip-gold\")"},
  };
}

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

namespace {
expr::Type record_of(std::vector<expr::Type::Field> fields) {
  return expr::Type::record(std::move(fields), false);
}

}  // namespace

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

}  // namespace autopilot::bench
