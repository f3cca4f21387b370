#include "core/loop/actuator.h"

#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/base/json.h"
#include "tests/fakes.h"

namespace autopilot::loop {
namespace {

using autopilot::testing::FakeHttp;
using autopilot::testing::FakeWorld;

class ActuatorTest : public ::testing::Test {
 protected:
  std::unique_ptr<Actuator> make(const std::string& spec) {
    algorithm.id = "split";
    algorithm.arms = {{"a", {}, {}, 0, ""}, {"b", {}, {}, 0, ""}};
    algorithm.actuator = parse_json_or_throw(spec, "spec");
    return make_actuator(algorithm, {fakes.world, secrets, "/shop"});
  }
  std::string refusal(Actuator& actuator) {
    try {
      actuator.set(order);
    } catch (const Error& e) {
      return e.what();
    }
    return "";
  }

  FakeWorld fakes;
  Masker masker;
  Secrets secrets{fakes.world, masker, "/shop"};
  Algorithm algorithm;
  const Order order{"split", 7, "split/7", {{Segment(), {{"a", 2500}, {"b", 7500}}}}};
};

TEST_F(ActuatorTest, a_file_holds_shares_and_budgets) {
  const auto file = make(R"({"provider":"file","path":"out/weights.json","total":200})");
  EXPECT_TRUE(file->current().empty());
  file->set(order);
  const Value written = parse_json_or_throw(fakes.files.texts.at("/shop/out/weights.json"), "");
  EXPECT_EQ(written.get("weights")->get("a")->as_double(), 0.25);
  EXPECT_EQ(written.get("budgets")->get("b")->as_double(), 150);
  EXPECT_TRUE(file->verify(order).holds);
  EXPECT_EQ(file->current(), order.shares);
  fakes.files.texts["/shop/out/weights.json"] = R"({"weights":{"a":0.5,"b":0.5}})";
  EXPECT_EQ(file->verify(order).why, "a has 50%, not 25%");
  fakes.files.texts["/shop/out/weights.json"] = "rubbish";
  EXPECT_TRUE(file->current().empty());
}

TEST_F(ActuatorTest, a_file_holds_the_shares_of_each_segment) {
  algorithm.segment = {"geo", "device"};
  const auto file = make(R"({"provider":"file","path":"w.json"})");
  const Order by_segment{
      "split",
      7,
      "split/7",
      {{{"FR", "mobile"}, {{"a", 2500}, {"b", 7500}}}, {{"", "tv"}, {{"a", 10000}, {"b", 0}}}}};
  file->set(by_segment);
  const Value written = parse_json_or_throw(fakes.files.texts.at("/shop/w.json"), "");
  EXPECT_EQ(written.get("weights"), nullptr);
  const Value& second = written.get("segments")->as_list().at(1);
  EXPECT_EQ(to_json(*second.get("segment")), R"({"geo":"FR","device":"mobile"})");
  EXPECT_EQ(second.get("weights")->get("b")->as_double(), 0.75);
  EXPECT_EQ(file->current(), by_segment.shares);
  EXPECT_TRUE(file->verify(by_segment).holds);
  Order moved = by_segment;
  moved.shares[{"FR", "mobile"}]["a"] = 2000;
  EXPECT_EQ(file->verify(moved).why, "geo=FR, device=mobile: a has 25%, not 20%");
  moved.shares[{"BE", "tv"}] = {{"a", 5000}, {"b", 5000}};
  EXPECT_EQ(file->verify(moved).why, "geo=BE, device=tv: no weights from 0 to 1 are read back");
}

TEST_F(ActuatorTest, a_command_reads_the_shares_with_a_key) {
  fakes.processes.answer = [&](const auto& call) {
    return Captured{Captured::End::exited, 0,
                    call.words[0] == "./read" ? R"({"weights":{"a":0.25,"b":0.75}})" : "", ""};
  };
  const auto exec = make(R"({"provider":"exec","set":["./set"],"read":["./read"]})");
  exec->set(order);
  const Value input = parse_json_or_throw(fakes.processes.captured.at(0).input, "input");
  EXPECT_EQ(input.get("key")->as_string(), "split/7");
  EXPECT_TRUE(exec->verify(order).holds);
}

TEST_F(ActuatorTest, a_webhook_is_told_with_an_idempotency_key) {
  fakes.environment.variables["TOKEN"] = "s3cret";
  fakes.http.answer = [](const HttpRequest&) { return FakeHttp::says(204, ""); };
  const auto hook = make(
      R"({"provider":"webhook","url":"https://ads.example/x","headers":{"Authorization":"Bearer ${env:TOKEN}"}})");
  hook->set(order);
  const HttpRequest& request = fakes.http.requests.at(0);
  const std::vector<std::pair<std::string, std::string>> headers{
      {"Content-Type", "application/json"},
      {"Idempotency-Key", "split/7"},
      {"Authorization", "Bearer s3cret"}};
  EXPECT_EQ(request.headers, headers);
  EXPECT_TRUE(hook->verify(order).holds);
  fakes.http.answer = [](const HttpRequest&) { return FakeHttp::says(500, ""); };
  EXPECT_EQ(refusal(*hook), "https://ads.example/x answers with status 500");
}

// Servers' weights as `show servers state` prints them.
std::string servers_state(int a, int b1, int b2) {
  std::string out = "1\n# srv_name srv_op_state srv_admin_state srv_uweight extra\n";
  out += "a 2 0 " + std::to_string(a) + " x\nb1 2 0 " + std::to_string(b1) + " x\nb2 2 0 " +
         std::to_string(b2) + " x\n";
  return out;
}

TEST_F(ActuatorTest, haproxy_gets_the_closest_weights) {
  std::map<std::string, int> weights{{"a", 1}, {"b1", 1}, {"b2", 2}};
  fakes.sockets.answer = [&](const std::string&, std::string_view text) -> SocketAnswer {
    if (text.starts_with("show cli level")) return {"admin\n", ""};
    if (text.starts_with("show stat"))
      return {"# pxname,svname,algo\nsplit,BACKEND,roundrobin\n", ""};
    if (text.starts_with("show servers")) {
      return {servers_state(weights["a"], weights["b1"], weights["b2"]), ""};
    }
    const std::string words(text.substr(text.find('/') + 1));
    weights[words.substr(0, words.find(' '))] = std::stoi(words.substr(words.find(' ')));
    return {"\n", ""};
  };
  const auto haproxy = make(R"({"provider":"haproxy","socket":"/s","servers":{"b":["b1","b2"]}})");
  EXPECT_EQ(haproxy->current(), order.shares);
  haproxy->set(order);
  EXPECT_EQ(weights, (std::map<std::string, int>{{"a", 170}, {"b1", 255}, {"b2", 255}}));
  EXPECT_TRUE(haproxy->verify(order).holds);
  weights["a"] = 9;
  EXPECT_EQ(haproxy->verify(order).why, "server split/a has weight 9, not 170");
}

TEST_F(ActuatorTest, a_proxy_that_does_not_answer_is_named) {
  const auto haproxy = make(R"({"provider":"haproxy","socket":"/s"})");
  EXPECT_EQ(refusal(*haproxy), "cannot connect to /s: no such file or directory");
}

}  // namespace
}  // namespace autopilot::loop
