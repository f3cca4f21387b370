#pragma once
// Random expressions and random rows for them: mostly of the types declared, sometimes absent,
// null, NaN or of a type nobody expects.

#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "core/expr/check.h"
#include "core/expr/map.h"
#include "core/expr/program.h"

namespace autopilot::expr::testing {

class ColumnSamples {
 public:
  explicit ColumnSamples(std::uint64_t seed) : random_(seed) {}

  static Environment environment() {
    const Type text(TypeKind::string), number(TypeKind::real), json(TypeKind::json);
    Environment out;
    out.variables = {
        {"metrics", Type::record({{"a", number}, {"b", number}, {"c", number}}, true)},
        {"segment", Type::record({{"geo", text}, {"labels", Type::list(text)}}, true)},
        {"action", Type::record({{"type", text}, {"tags", Type::map(text, text)}}, false)},
        {"flag", Type(TypeKind::boolean)},
        {"now", Type(TypeKind::timestamp)},
        {"since", Type(TypeKind::timestamp)},
        {"n", Type(TypeKind::integer)},
        {"u", Type(TypeKind::uinteger)},
        {"free", json},
        {"d", Type()}};
    return out;
  }

  static const std::vector<std::string>& usual() {
    static const std::vector<std::string> all = {
        "metrics.a < 0.5",
        "metrics.a < 0.5 && metrics.b >= 2.0 && action.type == 'route' && metrics.c > metrics.b * "
        "0.5 && segment.geo == 'FR'",
        "segment.geo in ['FR', 'BE', 'CH', 'CA', 'LU', 'x']",
        "segment.geo in ['FR', 'BE']",
        "action.type.startsWith('rou') && action.tags['channel'] == 'social'",
        "segment.labels.exists(l, l == 'vip')",
        "segment.labels.all(l, l.size() < 4 || l.startsWith('v'))",
        "segment.labels.exists(l, l == segment.geo)",
        "'vip' in segment.labels && !('bot' in segment.labels)",
        "'channel' in action.tags",
        "has(action.tags.channel) && has(metrics.a) && !has(segment.other)",
        "(metrics.a + metrics.b) / metrics.c > 1.5 ? segment.geo : action.type",
        "metrics.?a.orValue(0.25) * 4.0",
        "metrics.?a.orValue(metrics.b)",
        "now - since > duration('1h') || now < timestamp('2024-01-01T00:00:00Z')",
        "now > since",
        "segment.geo == action.type",
        "segment.geo.matches('^[A-F]') || action.type.contains('out')",
        "segment.geo.lowerAscii() + '-' + action.type",
        "size(segment.labels) > 2 && size(action.type) == 5",
        "['ro', 'pa'].exists(p, action.type.startsWith(p))",
        "segment.labels.map(l, l + segment.geo)",
        "segment.labels.exists_one(l, l == 'vip')",
        "segment.labels.exists(l, ['vip', 'new'].exists(k, k == l))",
        "segment.labels.all(l, l.contains('i'))",
        "segment.labels.exists(l, int(l) > 3)",
        "segment.labels.all(l, int(l) < 3)",
        "flag == true || flag != false && metrics.a > 1.0",
        "flag",
        "flag ? 1.5 : metrics.a",
        "flag ? dyn('yes') : dyn(null)",
        "free.x == 'y' || free == 3.0",
        "d == 1 || d < 2",
        "n + 1 > 3 && n % 2 == 0",
        "action.tags",
        "segment.labels",
        "now",
        "segment.geo",
        "action.tags['channel'].upperAscii() in ['SOCIAL', 'MAIL', 'A', 'B', 'C']",
        "cel.bind(x, metrics.a * 2.0, x * x > metrics.b - x)"};
    return all;
  }

  std::string expression() {
    switch (below(10)) {
      case 0:
        return real(3);
      case 1:
        return text(3);
      case 2:
        return integer(3);
      case 3:
        return any(3);
      default:
        return boolean(4);
    }
  }

  // What the values of the column are like from here on.
  void begin_column(const Path& path) {
    path_ = &path;
    style_ = below(8);
  }

  Val value() {
    const std::size_t dice = below(20);
    if (style_ == 0 && dice < 6) return anything();  // many of other types
    if (style_ == 1) return dice < 10 ? Val() : anything();
    if (style_ == 2 && dice < 5) return dice < 3 ? Val() : Val::of_null();
    if (style_ == 3 && dice == 0) return anything();
    return usual_value(path_->back());
  }

 private:
  std::size_t below(std::size_t end) { return static_cast<std::size_t>(random_() % end); }
  std::string pick(std::initializer_list<const char*> words) {
    return *(words.begin() + below(words.size()));
  }

  // --- expressions

  std::string relation() { return pick({" < ", " <= ", " > ", " >= ", " == ", " != "}); }
  std::string quoted() {
    return pick({"'FR'", "'BE'", "'route'", "'vip'", "''", "'v'", "'3'", "'channel'", "'social'"});
  }
  std::string number() { return pick({"0.5", "1.0", "-2.0", "0.0", "3.0", "1e300", "2.5"}); }

  std::string boolean(int depth) {
    if (depth <= 0) return leaf();
    const std::string x = "(" + boolean(depth - 1) + ")";
    switch (below(9)) {
      case 0:
        return x + " && " + boolean(depth - 1);
      case 1:
        return x + " || (" + boolean(depth - 1) + ")";
      case 2:
        return "!" + x;
      case 3:
        return x + " ? " + boolean(depth - 1) + " : " + boolean(depth - 1);
      case 4:
        return real(depth - 1) + relation() + real(depth - 1);
      case 5:
        return text(depth - 1) + relation() + text(depth - 1);
      case 6:
        return integer(depth - 1) + relation() + integer(depth - 1);
      case 7:
        return any(depth - 1) + relation() + any(depth - 1);
      default:
        return leaf();
    }
  }

  std::string leaf() {
    switch (below(20)) {
      case 0:
        return real(0) + relation() + number();
      case 1:
        return "metrics.a" + relation() + "metrics.b * " + number();
      case 2:
        return text(0) + relation() + quoted();
      case 3:
        return text(0) + " in ['FR', 'vip', '3', 'route', 'a', 'b']";
      case 4:
        return text(1) + " in [" + quoted() + ", " + quoted() + "]";
      case 5:
        return text(1) + pick({".startsWith(", ".endsWith(", ".contains("}) + quoted() + ")";
      case 6:
        return text(1) + ".matches('^[A-Z]|3$')";
      case 7:
        return pick({"has(metrics.a)", "has(segment.geo)", "has(action.tags.channel)",
                     "has(free.x)", "has(metrics.zzz)"});
      case 8:
        return "flag";
      case 9:
        return "segment.labels" + pick({".exists(l, ", ".all(l, ", ".exists_one(l, "}) + body() +
               ")";
      case 10:
        return quoted() + " in segment.labels";
      case 11:
        return "action.tags[" + quoted() + "] == " + text(0);
      case 12:
        return quoted() + " in action.tags";
      case 13:
        return pick({"now", "since"}) + relation() +
               pick({"now", "since", "timestamp(1700000000)"});
      case 14:
        return "free" + pick({".x", "['x']", "[0]", ""}) + relation() +
               pick({"1.0", "'y'", "true", "null", "[1.0]"});
      case 15:
        return "d" + relation() + pick({"1", "2u", "1.5", "'3'", "d", "null", "timestamp(5)"});
      case 16:
        return "metrics.a in [1.0, 2.5, 0.5, 3.0, -2.0]";
      case 17:
        return "flag " + pick({"==", "!="}) + " " + pick({"true", "false", "flag"});
      case 18:
        return "n" + relation() + pick({"0", "3", "u", "n", "2.5"});
      default:
        return text(0) + relation() + text(0);
    }
  }

  // Of a loop over labels.
  std::string body() {
    return pick({"l == 'vip'", "l != 'a'", "l.size() < 3", "int(l) > 2", "l == segment.geo",
                 "l.startsWith('v') && l < 'w'", "l in ['vip', 'a', 'b', 'c', 'd']",
                 "l.matches('^v')", "l == 'vip' || metrics.a > 1.0", "int(l) == 3 || l > 'b'",
                 "[1, 2].exists(k, string(k) == l)", "segment.labels.exists(m, m < l)", "true",
                 "l.contains('i')"});
  }

  std::string real(int depth) {
    if (depth <= 0) return pick({"metrics.a", "metrics.b", "metrics.c", "1.5", "double(n)"});
    switch (below(8)) {
      case 0:
        return "(" + real(depth - 1) + pick({" + ", " - ", " * ", " / "}) + real(depth - 1) + ")";
      case 1:
        return "(" + boolean(depth - 1) + " ? " + real(depth - 1) + " : " + real(depth - 1) + ")";
      case 2:
        return "metrics.?a.orValue(" + real(depth - 1) + ")";
      case 3:
        return "-" + real(0);
      case 4:
        return "math.greatest(" + real(0) + ", " + real(depth - 1) + ")";
      case 5:
        return "cel.bind(v, " + real(depth - 1) + ", v * v)";
      default:
        return real(0);
    }
  }

  std::string text(int depth) {
    if (depth <= 0)
      return pick({"segment.geo", "action.type", "segment.geo", "'FR'", "action.tags.channel"});
    switch (below(9)) {
      case 0:
        return "(" + text(depth - 1) + " + " + text(depth - 1) + ")";
      case 1:
        return "(" + boolean(depth - 1) + " ? " + text(depth - 1) + " : " + text(depth - 1) + ")";
      case 2:
        return text(depth - 1) + pick({".lowerAscii()", ".trim()", ".replace('a', 'bb')"});
      case 3:
        return "string(" + real(depth - 1) + ")";
      case 4:
        return "action.tags[" + quoted() + "]";
      case 5:
        return text(depth - 1) + ".substring(" + pick({"0", "1", "n"}) + ")";
      default:
        return text(0);
    }
  }

  std::string integer(int depth) {
    switch (below(depth <= 0 ? 3 : 7)) {
      case 0:
        return "n";
      case 1:
        return "size(segment.labels)";
      case 2:
        return "3";
      case 3:
        return "(" + integer(depth - 1) + pick({" + ", " / ", " % ", " * ", " - "}) +
               integer(depth - 1) + ")";
      case 4:
        return "size(" + text(depth - 1) + ")";
      case 5:
        return "int(" + text(depth - 1) + ")";
      default:
        return "(" + boolean(depth - 1) + " ? " + integer(depth - 1) + " : 7)";
    }
  }

  std::string any(int depth) {
    switch (below(depth <= 0 ? 4 : 11)) {
      case 0:
        return "d";
      case 1:
        return "free";
      case 2:
        return "free.x";
      case 3:
        return "dyn(" + real(0) + ")";
      case 4:
        return "[" + text(depth - 1) + ", dyn(" + real(depth - 1) + ")]";
      case 5:
        return "{'k': " + any(depth - 1) + "}";
      case 6:
        return "segment.labels.map(l, l + 'x')";
      case 7:
        return "segment.labels.filter(l, " + body() + ")";
      case 8:
        return "(" + boolean(depth - 1) + " ? dyn(" + real(0) + ") : dyn(" + text(0) + "))";
      case 9:
        return "action.?type.optMap(t, t + '!').orValue('none')";
      default:
        return pick({"now", "action.tags", "segment.labels", "since - now", "type(d)",
                     "optional.of(d)", "metrics.?a", "[1, 2][n]"});
    }
  }

  // --- rows

  Val usual_value(const std::string& name) {
    if (name == "a" || name == "b" || name == "c") return usual_real();
    if (name == "flag") return Val::of_bool(below(2) == 0);
    if (name == "now" || name == "since") return usual_time();
    if (name == "n") return usual_integer();
    if (name == "u") return Val::of_uint(below(5));
    if (name == "labels") return usual_list();
    if (name == "tags") return usual_map();
    if (name == "free" || name == "d" || name == "x") return anything();
    return usual_text();
  }
  Val usual_real() {
    static constexpr double kReals[] = {
        0.5, 1.0, -2.0,  0.0,    -0.0,
        3.0, 2.5, 1e300, -1e300, std::numeric_limits<double>::infinity()};
    if (below(15) == 0) return Val::of_double(std::nan(""));
    return Val::of_double(kReals[below(std::size(kReals))]);
  }
  Val usual_integer() {
    static constexpr std::int64_t kIntegers[] = {0,
                                                 1,
                                                 3,
                                                 -1,
                                                 7,
                                                 std::numeric_limits<std::int64_t>::max(),
                                                 std::numeric_limits<std::int64_t>::min()};
    return Val::of_int(kIntegers[below(std::size(kIntegers))]);
  }
  Val usual_time() {
    return Val::of_timestamp(1'700'000'000 + static_cast<std::int64_t>(below(4)) * 1800,
                             static_cast<std::uint32_t>(below(3)));
  }
  Val usual_text() {
    static const std::string kTexts[] = {"FR",
                                         "BE",
                                         "route",
                                         "vip",
                                         "",
                                         "v",
                                         "3",
                                         "channel",
                                         "a",
                                         "\xc3\xa9t\xc3\xa9",
                                         "7",
                                         std::string(200, 'i'),
                                         std::string(1500, 'z'),
                                         "social"};
    const std::size_t at = below(std::size(kTexts) * 2);
    if (at >= std::size(kTexts)) return Val::of_string(kTexts[at % 4]);
    return Val::of_string(kTexts[at]);
  }
  Val usual_list() {
    const std::size_t size = below(12) == 0 ? 20 : below(5);
    Val* items = arena_.array<Val>(size);
    for (std::size_t i = 0; i < size; ++i) items[i] = usual_text();
    if (style_ == 3 && size > 0 && below(40) == 0) items[0] = anything();
    return Val::of_list(make_list(arena_, items, static_cast<std::uint32_t>(size)));
  }
  Val usual_map() {
    static constexpr const char* kKeys[] = {"team", "channel", "FR", "vip", "x"};
    MapBuilder builder(4, arena_);
    const std::size_t from = below(3);
    for (std::size_t i = 0, size = below(4); i < size; ++i)
      builder.add(arena_, Val::of_string(kKeys[(from + i) % 5]), usual_text());
    if (style_ == 3 && below(40) == 0) builder.add(arena_, Val::of_int(3), usual_text());
    return Val::of_map(builder.finish(arena_));
  }
  Val anything() {
    switch (below(14)) {
      case 0:
        return {};
      case 1:
        return Val::of_null();
      case 2:
        return Val::of_bool(below(2) == 0);
      case 3:
        return usual_integer();
      case 4:
        return Val::of_uint(below(4));
      case 5:
      case 6:
        return usual_real();
      case 7:
      case 8:
        return usual_text();
      case 9:
        return Val::of_bytes("FR");
      case 10:
        return usual_list();
      case 11:
        return usual_map();
      case 12:
        return usual_time();
      default:
        return Val::of_duration(3);
    }
  }

  std::mt19937_64 random_;
  Arena arena_;
  const Path* path_ = nullptr;
  std::size_t style_ = 0;
};

}  // namespace autopilot::expr::testing
