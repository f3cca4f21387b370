// The graph of a decision names all that its trace has, with the values that were seen.
#include "core/decide/graph.h"

#include <gtest/gtest.h>

#include "tests/decide/trial.h"

namespace autopilot::decide::testing {
namespace {

constexpr char kPolicies[] = R"yaml(
apiVersion: autopilot/v1
kind: Policy
metadata: {id: traffic}
spec:
  gates:
    - {name: busy, when: metrics.visits >= 100}
  mutations:
    - {name: step, for: route.update_weight, field: weight, max_delta: 0.15, from: old_weight}
    - {name: label, for: route.update_weight, set: {a: "'x'", b: metrics.visits}}
  guards:
    - {name: floor, deny: metrics.cvr < 0.02}
    - {name: two-man, approve: risk > 0.35}
    - {name: other, for: route.pause, deny: true}
  limits:
    - {name: hourly, max: 2, per: 1h, key: action.algorithm}
---
apiVersion: autopilot/v1
kind: Policy
metadata: {id: watch}
spec:
  mode: monitor
  guards:
    - {name: low, deny: metrics.cvr < 0.05 && segment.geo == "FR"}
---
apiVersion: autopilot/v1
kind: Policy
metadata: {id: pacer-only}
spec:
  scope: algorithm
  algorithm: pacer
  guards:
    - {name: never, deny: true}
---
apiVersion: autopilot/v1
kind: Policy
metadata: {id: off}
spec:
  enabled: false
  guards:
    - {name: never, deny: true}
)yaml";

struct Drawn {
  render::Graph graph;
  Trace trace;
  Value decision;

  // "from -> to: label" of the edges that begin or end at the node.
  std::vector<std::string> edges(const std::string& title) const {
    std::vector<std::string> out;
    for (const render::GraphEdge& e : graph.edges) {
      const std::string from = graph.nodes[e.from].title(), to = graph.nodes[e.to].title();
      if (from == title || to == title)
        out.push_back(from + " -> " + to + (e.label.empty() ? "" : ": " + e.label));
    }
    return out;
  }
  const render::GraphNode* node(const std::string& title) const {
    for (const render::GraphNode& n : graph.nodes) {
      if (n.title() == title) return &n;
    }
    return nullptr;
  }
};

Drawn draw(const std::string& line, bool brief = false) {
  const auto set = compile_yaml(kPolicies);
  Trial trial(set);
  const Decided decided = trial.decide(line);
  EXPECT_EQ(decided.fault, "");
  OneSet source(set);
  Replayer replayer(source);
  Drawn out;
  const std::string text = padded(decided.line);
  replayer.replay(std::string_view(text).substr(0, decided.line.size()), &out.trace);
  out.decision = decided.value;
  out.graph = decision_graph(out.decision, out.trace, brief);
  return out;
}

std::string line_of(const std::string& type, const std::string& algorithm, const std::string& cvr) {
  return "{\"action\":{\"id\":\"a1\",\"type\":\"" + type + "\",\"algorithm\":\"" + algorithm +
         "\",\"data\":{\"weight\":0.9,\"old_weight\":0.25}},\"context\":{\"metrics\":{\"visits\":"
         "120" +
         cvr + "},\"segment\":{\"geo\":\"FR\"}}}";
}

const std::string kUsual = line_of("route.update_weight", "bandit", ",\"cvr\":0.04");
using Lines = std::vector<std::string>;

TEST(decision_graph, values_stand_on_the_edges) {
  const Drawn drawn = draw(kUsual);
  EXPECT_EQ(drawn.edges("guard floor"),
            (Lines{"policy traffic -> guard floor", "input metrics.cvr -> guard floor: 0.04"}));
  EXPECT_EQ(
      drawn.edges("mutation step"),
      (Lines{"policy traffic -> mutation step", "input action.data.weight -> mutation step: 0.9",
             "mutation step -> result pending: modify weight 0.9 -> 0.4"}));
  EXPECT_EQ(drawn.edges("limit hourly"),
            (Lines{"policy traffic -> limit hourly",
                   "ledger traffic/hourly bandit -> limit hourly: 0 used"}));
  EXPECT_EQ(drawn.edges("guard low"),
            (Lines{"policy watch -> guard low", "input metrics.cvr -> guard low: 0.04",
                   "input segment.geo -> guard low: \"FR\"",
                   "guard low -> result pending: would block"}));
  EXPECT_EQ(drawn.edges("result pending").size(), 6u)
      << "step, two fields of label, two-man, low, the action";
}

TEST(decision_graph, states_tell_what_passed) {
  const Drawn drawn = draw(line_of("route.update_weight", "bandit", ""));
  EXPECT_EQ(drawn.node("gate busy")->state, render::NodeState::pass);
  EXPECT_EQ(drawn.node("guard floor")->state, render::NodeState::error);
  EXPECT_EQ(drawn.node("guard other")->state, render::NodeState::skip);
  EXPECT_EQ(drawn.node("policy off")->state, render::NodeState::skip);
  EXPECT_EQ(drawn.node("result blocked")->state, render::NodeState::fail);
  EXPECT_TRUE(drawn.node("policy watch")->dashed);
  EXPECT_EQ(drawn.edges("guard floor")[1], "input metrics.cvr -> guard floor: missing");
}

TEST(decision_graph, unknown_types_are_blocked_by_the_engine_itself) {
  EXPECT_EQ(draw(line_of("email.send", "bandit", "")).edges("engine action_types"),
            (Lines{"action email.send -> engine action_types",
                   "engine action_types -> result blocked: block"}));
}

TEST(decision_graph, everything_of_the_trace_is_in_it) {
  for (const char* type : {"route.update_weight", "route.pause", "odd"}) {
    for (const char* algorithm : {"bandit", "pacer"}) {
      for (const char* cvr : {"", ",\"cvr\":0.01", ",\"cvr\":0.3"}) {
        const Drawn drawn = draw(line_of(type, algorithm, cvr));
        EXPECT_EQ(drawn.trace.policies.size(), 4u);
        for (const PolicyTrace& p : drawn.trace.policies) {
          EXPECT_NE(drawn.node("policy " + p.id), nullptr);
          for (const TraceStep& s : p.steps)
            EXPECT_NE(drawn.node(std::string(s.kind) + " " + s.name), nullptr) << s.name;
        }
        for (const render::GraphEdge& e : drawn.graph.edges)
          EXPECT_LT(drawn.graph.nodes[e.from].stage, drawn.graph.nodes[e.to].stage);
      }
    }
  }
}

TEST(decision_graph, brief_leaves_out_what_did_not_matter) {
  const Drawn drawn = draw(kUsual, true);
  EXPECT_EQ(drawn.node("policy pacer-only"), nullptr);
  EXPECT_EQ(drawn.node("guard other"), nullptr);
  EXPECT_NE(drawn.node("guard floor"), nullptr);
}

TEST(policies_graph, says_what_each_touches) {
  Diagnostics diagnostics;
  const std::vector<policy::Policy> policies = policies_of(kPolicies, {}, diagnostics);
  const Drawn drawn{policies_graph(policies), {}, {}};
  EXPECT_EQ(drawn.edges("policy traffic"),
            (Lines{"every algorithm -> policy traffic",
                   "policy traffic -> every action type: floor, two-man, hourly",
                   "policy traffic -> action type route.pause: other",
                   "policy traffic -> action type route.update_weight: step, label"}));
  EXPECT_EQ(drawn.edges("algorithm pacer"), Lines{"algorithm pacer -> policy pacer-only"});
  EXPECT_EQ(policies_table(policies).rows.size(), 4u);
}

}  // namespace
}  // namespace autopilot::decide::testing
