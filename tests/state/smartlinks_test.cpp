// The source system's policies and actions, decided: one expectation for each action line, worked
// out by hand from what testdata/smartlinks/README.md says its fields mean.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "core/policy/loader.h"
#include "tests/state/fixture.h"
#include "tests/state/process.h"

namespace autopilot::testing {
namespace {

struct Expected {
  const char* id;
  const char* result;
  double value;         // of the final weight or budget; -1: none
  double risk;          // within 1e-9
  const char* reasons;  // "policy/rule effect", separated by blanks; monitor ones with a ~
};

// g global-safety, t traffic-optimizer-production, b budget-arbitrage-production, h
// thompson-bandit-canary, m mobile-france-watch. Policies of one priority come in order of their
// ids: b g h t.
const std::vector<Expected> kExpected = {
    {"act-001", "allowed", 0.25, 0.2, ""},
    {"act-002", "pending", 0.34, 0.38, "g/two-man-rule:approve"},
    {"act-003", "pending", 0.3 + 0.15, 0.4, "t/max-delta-weight:modify g/two-man-rule:approve"},
    {"act-004", "modified", 0.01, 0.18, "t/clamp-weight:modify"},
    {"act-005", "modified", 0.8, 0.3, "t/clamp-weight:modify"},
    {"act-006", "allowed", 0.12, 0.14, ""},
    {"act-007", "allowed", 0.4, 0.1, ""},
    {"act-008", "allowed", 0.2, 0.2, ""},
    // No old weight: the step, both delta guards and the required fields, each blocks.
    {"act-009", "blocked", 0.3, 2,
     "t/max-delta-weight:block g/weight-delta-max:block g/two-man-rule:approve "
     "t/required-fields:block t/weight-delta-max:block"},
    // Too little volume: the gate keeps the optimizer's own policy out.
    {"act-010", "allowed", 0.28, 0.26, ""},
    // The second gate's metric is missing.
    {"act-011", "blocked", 0.28, 0.26, "t/gates[1]:block"},
    {"act-012", "allowed", 0.3, 0.3, "~m/weight-delta-max:block"},
    {"act-012", "allowed", 0.3, 0.3, "~m/weight-delta-max:block"},  // act-013, the same key
    {"act-014", "allowed", 0.1, 0.1, ""},
    // 0.3 is 0.1 + 0.2 for the global guard, and more than 0.1 away for the bandit's.
    {"act-015", "blocked", 0.3, 0.5, "g/two-man-rule:approve h/weight-delta-max:block"},
    {"act-016", "blocked", 0.5, 0.9,
     "g/weight-delta-max:block g/two-man-rule:approve h/weight-delta-max:block"},
    {"act-017", "allowed", 1100, 0.25, ""},
    {"act-018", "blocked", 1160, 0.34, "b/budget-shift-max-percent:block b/two-man-rule:approve"},
    {"act-019", "blocked", 1500, 0.85,
     "b/budget-shift-max-percent:block b/two-man-rule:approve g/budget-shift-max-percent:block "
     "g/two-man-rule:approve"},
    {"act-020", "blocked", 10, 1.225,
     "b/clamp-budget:modify b/budget-shift-max-percent:block b/two-man-rule:approve "
     "g/budget-shift-max-percent:block g/two-man-rule:approve"},
    {"act-021", "modified", 5000, 0.1625, "b/clamp-budget:modify"},
    {"act-022", "allowed", 520, 0.16, ""},
    {"act-023", "allowed", 520, 0.16, "b/require-explain:warn g/require-explain:warn"},
    {"act-024", "allowed", -1, 0.2, ""},
    {"act-025", "allowed", -1, 0.2, ""},
    {"act-026", "blocked", -1, 0.2, "g/pause-dest-max-per-day:block"},
    {"act-027", "blocked", -1, 0.2, "g/pause-dest-max-per-day:block"},
    {"act-028", "blocked", -1, 0.1, "/action_types:block"},
};

std::string read_file(const std::string& name) {
  std::ifstream file("testdata/smartlinks/" + name);
  EXPECT_TRUE(file.good()) << "run the tests from the root of the repository";
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  std::stringstream stream(text);
  for (std::string line; std::getline(stream, line);) out.push_back(line);
  return out;
}

std::string short_name(const std::string& id) {
  if (id == "thompson-bandit-canary") return "h";
  return id.substr(0, id.empty() ? 0 : 1);
}

std::string reasons_of(const Value& decision) {
  std::string out;
  for (const Value& r : decision.get("reasons")->as_list()) {
    if (!out.empty()) out += ' ';
    if (r.get("monitor") != nullptr) out += '~';
    out += short_name(r.get("policy")->as_string()) + "/" + r.get("rule")->as_string() + ":" +
           r.get("effect")->as_string();
  }
  return out;
}

double value_of(const Value& decision) {
  const Value* data = decision.get("action")->get("data");
  for (const char* field : {"weight", "budget"}) {
    if (data->get(field) != nullptr) return data->get(field)->as_double();
  }
  return -1;
}

class SmartlinksTest : public StateTest {
 protected:
  void SetUp() override {
    Diagnostics diagnostics;
    put(policy::load_text("policies.yaml", read_file("policies.yaml"), {}, diagnostics));
    for (const Diagnostic& d : diagnostics.all()) ADD_FAILURE() << d.message;
    settings.input_time = true;
  }
  decide::RecorderSettings settings = settings_of();
  const std::vector<std::string> lines = lines_of(read_file("actions.jsonl"));
};

TEST_F(SmartlinksTest, every_action_gets_the_answer_that_its_policies_mean) {
  const Said said = Process(path, fakes.world, settings).decide(lines);
  EXPECT_EQ(said.faults.size(), 0u);
  ASSERT_EQ(said.decisions.size(), kExpected.size());
  for (std::size_t i = 0; i < kExpected.size(); ++i) {
    const Expected& e = kExpected[i];
    const Value& d = said.decisions[i];
    SCOPED_TRACE(said.lines[i]);
    EXPECT_EQ(d.get("action")->get("id")->as_string(), e.id);
    EXPECT_EQ(d.get("result")->as_string(), e.result);
    EXPECT_EQ(value_of(d), e.value);
    EXPECT_NEAR(d.get("risk")->as_double(), e.risk, 1e-9);
    EXPECT_EQ(reasons_of(d), e.reasons);
  }
}

TEST_F(SmartlinksTest, a_repeated_key_returns_the_first_line) {
  const Said said = Process(path, fakes.world, settings).decide(lines);
  EXPECT_EQ(said.lines[12], said.lines[11]);
  EXPECT_EQ(store->database().integer("SELECT count(*) FROM decision"), 27);
}

TEST_F(SmartlinksTest, sending_all_again_returns_all_again) {
  const Said first = Process(path, fakes.world, settings).decide(lines);
  fakes.clock.tick(Duration::seconds(86400));
  EXPECT_EQ(Process(path, fakes.world, settings).decide(lines).text, first.text);
}

TEST_F(SmartlinksTest, the_watch_only_policy_blocks_nothing) {
  const Said said = Process(path, fakes.world, settings).decide(lines);
  for (const Value& d : said.decisions) {
    const bool watched = d.get("action")->get("id")->as_string() == "act-012";
    EXPECT_EQ(to_json(*d.get("monitor")),
              watched ? R"([{"policy":"mobile-france-watch","result":"blocked"}])" : "[]");
  }
}

}  // namespace
}  // namespace autopilot::testing
