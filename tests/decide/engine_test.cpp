// The engine under load: what is bounded stays bounded, and nothing of one decision leaks into the
// next.
#include "core/decide/engine.h"

#include <gtest/gtest.h>

#include "tests/decide/trial.h"

namespace autopilot::decide::testing {
namespace {

std::string policy(const std::string& id, const std::string& spec) {
  return "---\napiVersion: autopilot/v1\nkind: Policy\nmetadata: {id: " + id + "}\nspec: {" + spec +
         "}\n";
}

std::string list_of(int count) {
  std::string out = "[0";
  for (int i = 1; i < count; ++i) out += "," + std::to_string(i);
  return out + "]";
}

TEST(engine, blocks_what_costs_too_much_to_evaluate_and_goes_on) {
  Trial trial(policy(
      "p",
      R"y(guards: [{name: costly, deny: "action.data.xs.exists(x, action.data.xs.exists(y, x + y < 0.0))"}])y"));
  const auto line = [](int count) {
    return R"({"type":"route.pause","data":{"xs":)" + list_of(count) + "}}";
  };
  EXPECT_EQ(trial.decide(line(10)).result(), "allowed");
  const Decided costly = trial.decide(line(3000));
  EXPECT_EQ(costly.result(), "blocked");
  EXPECT_NE(costly.line.find(R"("kind":"error")"), std::string::npos);
  EXPECT_EQ(trial.decide(line(10)).result(), "allowed");
}

TEST(engine, decides_for_more_algorithms_than_its_index_keeps) {
  Trial trial(
      policy("p", "scope: algorithm, algorithm: a4999, guards: [{name: stop, deny: 'true'}]") +
      policy("q", "guards: [{name: all, warn: 'true'}]"));
  for (int i = 0; i < 5000; ++i) {
    const Decided decided =
        trial.decide(R"({"type":"route.pause","algorithm":"a)" + std::to_string(i) + R"("})");
    ASSERT_EQ(decided.result(), i == 4999 ? "blocked" : "allowed") << i;
  }
  EXPECT_EQ(trial.decide(R"({"type":"route.pause","algorithm":"a0"})").result(), "allowed");
}

TEST(engine, forgets_one_action_before_the_next) {
  Trial trial(policy(
      "p",
      R"(guards: [{name: g, deny: "action.data.x > 1 || metrics.m > 1 || segment.s == 'x'"}])"));
  const std::string full =
      R"({"action":{"type":"route.pause","algorithm":"a","data":{"x":1}},"context":{"metrics":{"m":1},"segment":{"s":"y"}}})";
  EXPECT_EQ(trial.decide(full).result(), "allowed");
  EXPECT_EQ(trial.decide(R"({"type":"route.pause"})").result(), "blocked");
  EXPECT_EQ(trial.decide(full).result(), "allowed");
  EXPECT_NE(trial.decide("{").fault, "");
  EXPECT_EQ(trial.decide(full).result(), "allowed");
}

TEST(engine, keeps_texts_while_it_decodes_an_action_again_and_again) {
  Trial trial(
      policy("a", R"y(priority: 3, mutations: [{set: {note: "action.data.note + '!'"}},
                                               {set: {copy: action.data.note}}])y") +
      policy("b", R"y(priority: 2, mutations: [{set: {n: size(action.data)}},
                                               {set: {last: "action.data.map(k, k).join('+')"}}])y") +
      policy("c",
             R"y(guards: [{name: g, warn: "action.data.note == 'hi!' && action.data.copy == 'hi!'",
                      message: "{action.data.note} {action.data.last} {segment.geo} {action.target}"}])y"));
  const Decided decided = trial.decide(
      R"y({"action":{"id":"t\u00e9","type":"route.pause","data":{"note":"hi"}},
           "context":{"segment":{"geo":"\u00cele"}}})y");
  EXPECT_EQ(decided.result(), "modified");
  EXPECT_EQ(to_canonical_json(decided.data()),
            R"({"copy":"hi!","last":"note+copy+n","n":2,"note":"hi!"})");
  EXPECT_NE(decided.line.find("hi! note+copy+n Île té"), std::string::npos) << decided.line;
}

TEST(engine, has_the_same_answer_for_a_hundred_policies_in_any_mode) {
  std::string yaml;
  for (int i = 0; i < 100; ++i) {
    yaml +=
        policy("p" + std::to_string(i),
               "mode: " + std::string(i % 3 == 0 ? "monitor" : "enforce") +
                   ", guards: [{name: g, for: " + (i % 2 == 0 ? "route.pause" : "budget.shift") +
                   ", warn: action.data.x > " + std::to_string(i) + "}]");
  }
  Trial trial(yaml);
  const Decided decided = trial.decide(R"({"type":"route.pause","data":{"x":49.5}})");
  // Even numbers up to 48 warn: 25 of them, 9 of which (0, 6, …, 48) only watch.
  int warned = 0, watched = 0;
  for (const Value& r : decided.value.get("reasons")->as_list()) {
    (r.get("monitor") != nullptr ? watched : warned) += 1;
  }
  EXPECT_EQ(warned, 16);
  EXPECT_EQ(watched, 9);
  EXPECT_EQ(decided.value.get("monitor")->as_list().size(), 17u);  // 0, 6, …, 96
}

}  // namespace
}  // namespace autopilot::decide::testing
