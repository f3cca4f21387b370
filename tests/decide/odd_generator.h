#pragma once
// Random histories with things in them that the plain generator never writes, and random edits of
// their policies.

#include <string>
#include <vector>

#include "tests/decide/generator.h"

namespace autopilot::decide::testing {

// Policies beside the random ones that look at what columns find hard: values that change their
// type, lists, objects, whole maps, names that are numbers.
inline const std::vector<std::string> kOdd = {
    R"y("guards":[{"name":"tag","warn":"has(action.data.tags) && action.data.tags.exists(t, t == 'a')"}])y",
    R"y("guards":[{"name":"whole","deny":"size(action.data) > 6"}])y",
    R"y("on_error":"skip","guards":[{"name":"inner","deny":"action.data.inner.x > 0.5"}])y",
    R"y("guards":[{"name":"flag","approve":"has(action.data.flag) && action.data.flag == true"}])y",
    R"y("guards":[{"name":"id","deny":"action.target == '7.50'","message":"{action.target} {metrics.odd}"}])y",
    R"y("on_error":"skip","guards":[{"name":"odd","deny":"metrics.odd > 0.3"}])y",
    R"y("guards":[{"name":"text","deny":"has(metrics.odd) && metrics.odd == 'high'"}])y",
    R"y("guards":[{"name":"all","deny":"metrics.exists(m, m == 'rare')"}])y",
    R"y("guards":[{"name":"note","warn":"has(action.data.note) && action.data.note == 'café'"}])y",
    R"y("guards":[{"name":"who","deny":"actor.id == 'eve' || actor.role == 'viewer'"}])y",
    R"y("mutations":[{"name":"mark","set":{"note":"'seen'","weight":"0.25"}}])y",
    R"y("mutations":[{"name":"list","when":"has(action.data.tags)","set":{"tags":"'z'"}}])y",
    R"y("mutations":[{"name":"inner","when":"has(action.data.inner)","set":{"inner":"1.0"}}])y",
    R"y("limits":[{"name":"by-target","max":2,"per":"1h","key":"action.target"}])y",
    R"y("limits":[{"name":"by-inner","max":1,"per":"run","key":"string(has(action.data.inner))","sum":"risk"}])y",
    R"y("rollout":0.5,"guards":[{"name":"half","deny":"true"}])y",
    R"y("mode":"monitor","guards":[{"name":"m","deny":"true"}],"limits":[{"name":"l","max":3,"per":"1h"}])y",
    // What conditions come to is known ahead only where nothing writes what they read.
    R"y("mutations":[{"name":"cut","field":"weight","clamp":[0.3,0.4]}],"guards":[{"name":"low","deny":"action.data.weight < 0.3"},{"name":"mid","approve":"action.data.weight == 0.4"}])y",
    R"y("gates":[{"name":"heavy","when":"action.data.weight > 0.2"}],"mutations":[{"name":"cut","field":"weight","clamp":[0.0,0.1]}],"guards":[{"name":"few","warn":"metrics.m0 < 0.3"}])y",
    R"y("mode":"monitor","gates":[{"name":"heavy","when":"action.data.weight > 0.35"}],"guards":[{"name":"seen","deny":"metrics.m1 < 0.8"}])y",
    R"y("mode":"monitor","mutations":[{"name":"raise","set":{"budget":"7.5"}}],"guards":[{"name":"raised","approve":"action.data.budget == 7.5"}])y",
    R"y("mutations":[{"name":"first","set":{"budget":"9.0"}},{"name":"second","when":"action.data.budget > 8.0","set":{"weight":"0.1"}}],"guards":[{"name":"risky","approve":"risk > 1.2"}])y",
    R"y("limits":[{"name":"heavy","when":"action.data.weight > 0.3","max":1,"per":"1h"},{"name":"quick","when":"metrics.m0 < 0.5","max":2,"per":"run"}])y",
    R"y("on_error":"skip","mutations":[{"name":"make","when":"has(action.data.inner)","set":{"inner":"1.0"}}],"guards":[{"name":"inner","deny":"has(action.data.inner.x) && action.data.inner.x > 0.5"}])y",
    R"y("guards":[{"name":"name","deny":"action.algorithm == 'bandit' && action.type != 'route.pause'"}])y",
    R"y("on_error":"skip","guards":[{"name":"name","approve":"action.algorithm != 'bandit'"}])y",
    R"y("guards":[{"name":"target","approve":"action.target.startsWith('t') || action.target == action.id"}])y",
    R"y("guards":[{"name":"short","deny":"metrics.m0 < 0.3 || metrics.m1 < 0.2"},{"name":"both","warn":"has(metrics.rare) && metrics.rare > 0.5 && metrics.m1 > 0.1"}])y",
    R"y("on_error":"skip","guards":[{"name":"dyn","deny":"metrics.odd"},{"name":"null","approve":"metrics.none == null"}])y",
    R"y("guards":[{"name":"when","when":"metrics.odd == 'high'","deny":"metrics.m0 > 0.2"}])y",
    R"y("gates":[{"name":"a","when":"metrics.m0 > 0.3"},{"name":"b","when":"metrics.m1 > 0.2"}],"guards":[{"name":"open","for":"route.pause","deny":"segment.geo == 'FR'"},{"name":"asks","require":"budget"}])y",
    R"y("gates":[{"name":"sure","when":"metrics.m0 > 0.1"}],"guards":[{"name":"calm","deny":"has(metrics.m1) && metrics.m1 > 5.0"}])y",
    R"y("on_error":"skip","gates":[{"name":"late","when":"now > timestamp('2027-01-16T00:00:00Z')"}],"guards":[{"name":"run","deny":"run == 'r0' && metrics.m0 < 0.8"}])y",
    R"y("rollout":0.5,"rollout_key":"action.data.old_weight > 0.2 ? 'a' : 'b'","guards":[{"name":"half","deny":"metrics.m1 < 0.5"}])y",
    R"y("guards":[{"name":"each","warn":"has(action.data.tags) && action.data.tags.all(t, t != 'b' && metrics.m0 > 0.2)"}])y",
    R"y("scope":"segment","selector":{"geo":["FR","7"]},"guards":[{"name":"geo","deny":"risk > 0.4"}])y",
};

class OddGenerator : public Generator {
 public:
  using Generator::Generator;

  bool chance(std::size_t n) { return below(n) == 0; }

  std::string odd_policies() {
    std::string out;
    for (std::size_t i = 0; i < kOdd.size(); ++i) {
      if (!chance(6)) continue;
      out +=
          "---\n{\"apiVersion\":\"autopilot/v1\",\"kind\":\"Policy\",\"metadata\":{\"id\":\"odd" +
          std::to_string(i) + "\"},\"spec\":{\"priority\":" + std::to_string(98 + below(4)) + "," +
          kOdd[i] + "}}\n";
    }
    return out;
  }

  // A line with things in it that the plain generator never writes.
  std::string odd_line(const Action& a) {
    std::string line = line_of(a);
    const auto into = [&](const std::string& key, const std::string& members) {
      const std::size_t at = line.find("\"" + key + "\":{");
      if (at == std::string::npos) return;
      const std::size_t open = at + key.size() + 4;
      line.insert(open, members + (line[open] == '}' ? "" : ","));
    };
    const auto one_of = [&](const std::vector<std::string>& texts) {
      return texts[below(texts.size())];
    };
    if (chance(3))
      into("data",
           "\"tags\":" + one_of({R"y(["a","b"])y", "[]", R"y(["z"])y", R"y([1,"a"])y", "null"}));
    if (chance(4))
      into("data", "\"inner\":" + one_of({R"({"x":0.7})", R"({"x":0.50,"y":[1]})", "0.75", "{}"}));
    if (chance(4)) into("data", "\"flag\":" + one_of({"true", "false", "null", "\"yes\""}));
    if (chance(4))
      into("data", "\"note\":" + one_of({R"y("caf\u00e9")y", R"("a\nb")", "\"é\"", "\"\""}));
    if (chance(4))
      into("data", "\"more\":" + one_of({"1e2", "-0", "100.00", "12345678901234567890", "1e-7"}));
    if (chance(3))
      into("metrics", "\"odd\":" + one_of({"0.4", "\"high\"", R"({"a":1})", "[0.1]", "true"}));
    if (chance(8)) into("metrics", "\"rare\":1");
    if (chance(4)) into("segment", "\"geo2\":" + one_of({"7", "\"7\"", "null"}));
    if (chance(3)) {
      const std::size_t at = line.find("\"target\":\"");
      const std::size_t end = line.find('"', at + 10) + 1;
      line.replace(at, end - at, "\"target\":" + one_of({"7.50", "7.5", "\"7.50\"", "8", "1e1"}));
    }
    if (chance(6)) {
      const std::size_t at = line.find("\"target\":");
      line.erase(at, line.find(',', at) + 1 - at);
    }
    if (chance(6)) {
      const std::size_t at = line.find("\"algorithm\":\"") + 12;
      line.replace(at, line.find('"', at + 1) + 1 - at, one_of({"null", "\"\""}));
    }
    if (chance(5)) into("metrics", "\"none\":" + one_of({"null", "1"}));
    if (chance(3)) line.replace(line.find("\"algorithm\""), 11, "\"algo_key\"");
    if (chance(3)) line.replace(line.find("\"segment\""), 9, "\"segment_data\"");
    return line;
  }

  Setting odd_setting(const Action& a) {
    Setting out = setting_of(a);
    if (chance(6)) out.actor = "eve";
    if (chance(8)) out.override_by = Override{"zoe", policy::Role::admin, "because"};
    out.now.nanos = static_cast<std::int32_t>(below(1000)) * 1'000'000;
    return out;
  }
};

// The policies of a history with some of them left out, put in or changed.
inline std::string edited(OddGenerator& random, const std::vector<oracle::Policy>& base) {
  std::vector<oracle::Policy> policies = random.policies();
  for (std::size_t i = 0; i < base.size(); ++i) {
    if (random.chance(4)) continue;
    if (i < policies.size()) {
      if (!random.chance(4)) policies[i] = base[i];
    } else {
      policies.push_back(base[i]);
    }
  }
  return yaml_of(policies) + random.odd_policies();
}

}  // namespace autopilot::decide::testing
