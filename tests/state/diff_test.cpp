#include "core/state/diff.h"

#include "tests/state/fixture.h"

namespace autopilot::state {
namespace {

// "path: before -> after" of each field, "·" where there is none.
std::string changes(const std::string& before, const std::string& after) {
  const Value a = parse_json_or_throw(before, "before");
  const Value b = parse_json_or_throw(after, "after");
  std::string out;
  for (const FieldChange& f : flatten(diff_tree(a, b))) {
    out += fmt::format("{}: {} -> {}\n", f.path, f.before ? to_json(*f.before) : "·",
                       f.after ? to_json(*f.after) : "·");
  }
  return out;
}

struct Case {
  const char* before;
  const char* after;
  const char* expected;
};

TEST(Diff, finds_each_kind_of_change) {
  const Case cases[] = {
      {R"({"a":1,"b":{"c":2}})", R"({"b":{"c":2},"a":1})", ""},
      {R"({"a":1})", R"({"a":1.0})", ""},
      {R"({"a":1})", R"({"a":2})", "a: 1 -> 2\n"},
      {R"({"a":1})", R"({"a":"1"})", "a: 1 -> \"1\"\n"},
      {R"({"a":1})", R"({"b":1})", "a: 1 -> ·\nb: · -> 1\n"},
      {R"({"a":null})", R"({})", "a: null -> ·\n"},
      {R"({"a":{"b":1}})", R"({"a":{"b":2,"c":3}})", "a.b: 1 -> 2\na.c: · -> 3\n"},
      {R"({"a":[1,2]})", R"({"a":[1,3,4]})", "a[1]: 2 -> 3\na[2]: · -> 4\n"},
      {R"({"a":[1,2]})", R"({"a":[1]})", "a[1]: 2 -> ·\n"},
      {R"({"a":[1]})", R"({"a":[]})", "a: [1] -> []\n"},
      {R"({"a":{"b":1}})", R"({"a":[1]})", "a: {\"b\":1} -> [1]\n"},
      {R"({"l":[{"name":"x","m":1},{"name":"y","m":1}]})",
       R"({"l":[{"name":"x","m":1},{"name":"y","m":2}]})", "l[y].m: 1 -> 2\n"},
      {R"({"l":[{"name":"x","m":1},{"name":"y"}]})", R"({"l":[{"name":"y"}]})",
       "l[x]: {\"name\":\"x\",\"m\":1} -> ·\n"},
      {R"({"l":[{"name":"y"}]})", R"({"l":[{"name":"x"},{"name":"y"}]})",
       "l[x]: · -> {\"name\":\"x\"}\n"},
      {R"({"l":[{"name":"x"},{"name":"y"}]})", R"({"l":[{"name":"y"},{"name":"x"}]})",
       "l[]: [\"x\",\"y\"] -> [\"y\",\"x\"]\n"},
      {R"({"l":[{"name":"x","m":1},{"name":"x","m":2}]})",
       R"({"l":[{"name":"x","m":1},{"name":"x","m":3}]})", "l[1].m: 2 -> 3\n"},
      {R"({"l":[{"m":1}]})", R"({"l":[{"m":2}]})", "l[0].m: 1 -> 2\n"},
      {R"({"a.b":1})", R"({"a.b":2})", "[\"a.b\"]: 1 -> 2\n"},
      {R"({"a":{"":1}})", R"({"a":{"":2}})", "a[\"\"]: 1 -> 2\n"},
      {R"({"l":[{"name":"a]b","m":1}]})", R"({"l":[{"name":"a]b","m":2}]})",
       "l[\"a]b\"].m: 1 -> 2\n"},
  };
  for (const Case& c : cases)
    EXPECT_EQ(changes(c.before, c.after), c.expected) << c.before << c.after;
}

TEST(Diff, the_order_of_keys_changes_nothing_in_the_answer) {
  EXPECT_EQ(changes(R"({"a":1,"b":{"x":1,"y":2}})", R"({"b":{"y":3,"x":0},"a":2})"),
            changes(R"({"b":{"y":2,"x":1},"a":1})", R"({"a":2,"b":{"x":0,"y":3}})"));
}

// A random small value: numbers, strings, lists (some of named maps) and maps.
Value random_value(testing::FakeRandom& random, int depth) {
  const auto pick = [&](std::uint64_t n) { return random.next() % n; };
  switch (depth <= 0 ? pick(2) : pick(5)) {
    case 0:
      return static_cast<long>(pick(3));
    case 1:
      return std::string(1, static_cast<char>('a' + pick(3)));
    case 2: {
      List list;
      for (std::uint64_t i = pick(4); i > 0; --i) list.push_back(random_value(random, depth - 1));
      return list;
    }
    case 3: {
      List list;
      for (const char* name : {"x", "y", "z"}) {
        if (pick(2) == 0)
          list.push_back(Map{{"name", name}, {"v", random_value(random, depth - 2)}});
      }
      if (pick(2) == 0) std::reverse(list.begin(), list.end());
      return list;
    }
    default: {
      Map map;
      for (const char* key : {"k", "l", "m"}) {
        if (pick(2) == 0) map.append(key, random_value(random, depth - 1));
      }
      return map;
    }
  }
}

TEST(Diff, is_empty_exactly_for_equal_values) {
  testing::FakeRandom random(7);
  int equal = 0;
  for (int i = 0; i < 3000; ++i) {
    const Value a = random_value(random, 3);
    const Value b = i % 3 == 0 ? a : random_value(random, 3);
    equal += a == b;
    EXPECT_EQ(flatten(diff_tree(a, b)).empty(), to_canonical_json(a) == to_canonical_json(b))
        << to_json(a) << " " << to_json(b);
  }
  EXPECT_GT(equal, 1000);
}

TEST(Diff, names_every_path_once) {
  testing::FakeRandom random(8);
  for (int i = 0; i < 2000; ++i) {
    const Value a = random_value(random, 4);
    const Value b = random_value(random, 4);
    std::set<std::string> seen;
    for (const FieldChange& f : flatten(diff_tree(a, b))) {
      EXPECT_TRUE(seen.insert(f.path).second) << f.path << " of " << to_json(a) << to_json(b);
    }
  }
}

}  // namespace
}  // namespace autopilot::state
