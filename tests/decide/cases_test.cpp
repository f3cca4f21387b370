// Runs tests/decide/cases/*.yaml: what the design says about decisions, one case for each sentence.
// cases/README.md says how a case is written.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "core/base/yaml.h"
#include "tests/decide/trial.h"

namespace autopilot::decide::testing {
namespace {

const char* const kFolder = "tests/decide/cases/";

Value read_cases(const std::string& name) {
  std::ifstream file(kFolder + name + ".yaml");
  EXPECT_TRUE(file.good()) << "run the tests from the root of the repository";
  std::stringstream text;
  text << file.rdbuf();
  Diagnostics diagnostics;
  const std::uint32_t source = diagnostics.sources().add(name, text.str());
  YamlBudget budget;
  const std::vector<YamlDocument> documents = parse_yaml(source, budget, diagnostics);
  Value out = documents.empty() ? Value(List{}) : to_value(documents[0].root, diagnostics);
  EXPECT_EQ(faults_of(diagnostics), "") << name;
  return out;
}

// A case with the fields of one of its steps over its own.
class Step {
 public:
  Step(const Value& whole, const Value* step) : whole_(whole), step_(step) {}

  const Value* get(std::string_view key) const {
    const Value* own = step_ != nullptr ? step_->get(key) : nullptr;
    return own != nullptr ? own : whole_.get(key);
  }
  std::string text(std::string_view key, const std::string& fallback) const {
    const Value* v = get(key);
    return v != nullptr ? v->as_string() : fallback;
  }

 private:
  const Value& whole_;
  const Value* step_;
};

// A field with its default; null leaves it out.
void put(Map& map, const Step& step, const char* key, Value fallback) {
  const Value* given = step.get(key);
  const Value& value = given != nullptr ? *given : fallback;
  if (!value.is_null()) map[key] = value;
}

std::string line_of(const Step& step) {
  if (const Value* line = step.get("line")) return line->as_string();
  Map action;
  put(action, step, "id", "a1");
  put(action, step, "type", "route.update_weight");
  put(action, step, "algorithm", "bandit");
  put(action, step, "target", {});
  put(action, step, "data", Map{});
  put(action, step, "risk", {});
  Map context;
  for (const char* key : {"metrics", "segment", "features"}) put(context, step, key, {});
  const Value* whole_action = step.get("action");
  const Value* whole_context = step.get("context");
  return to_json(Map{{"action", whole_action != nullptr ? *whole_action : Value(action)},
                     {"context", whole_context != nullptr ? *whole_context : Value(context)}});
}

Setting setting_of(const Step& step) {
  Setting out;
  if (const Value* at = step.get("at")) {
    const std::optional<Instant> instant = parse_rfc3339(at->as_string());
    EXPECT_TRUE(instant.has_value()) << at->as_string();
    out.now = instant.value_or(out.now);
  }
  out.run = step.text("run", out.run);
  out.actor = step.text("actor", out.actor);
  out.role = step.text("role", out.role);
  if (const Value* role = step.get("override")) {
    out.override_by =
        Override{"grace", *policy::parse_role(role->as_string()), "it is an emergency"};
  }
  return out;
}

// "policy/rule effect" for each reason that is (or is not) a monitor policy's.
std::string reasons_of(const Decided& decided, bool monitor) {
  std::string out;
  for (const Value& r : decided.value.get("reasons")->as_list()) {
    if ((r.get("monitor") != nullptr) != monitor) continue;
    out += "- " + r.get("policy")->as_string() + "/" + r.get("rule")->as_string() + " " +
           r.get("effect")->as_string() + "\n";
  }
  return out;
}

std::string lines_of(const Value& texts) {
  std::string out;
  for (const Value& text : texts.as_list()) out += "- " + text.as_string() + "\n";
  return out;
}

std::string monitors_of(const Decided& decided) {
  Map out;
  for (const Value& m : decided.value.get("monitor")->as_list()) {
    out[m.get("policy")->as_string()] = *m.get("result");
  }
  return to_canonical_json(out);
}

const Value* reason_with(const Decided& decided, std::string_view key, const Value& value) {
  for (const Value& r : decided.value.get("reasons")->as_list()) {
    if (r.get(key) != nullptr && *r.get(key) == value) return &r;
  }
  return nullptr;
}

void check_texts(const Step& step, const Decided& decided) {
  if (const Value* has = step.get("has")) {
    const List parts = has->is_list() ? has->as_list() : List{*has};
    for (const Value& part : parts) {
      EXPECT_NE(decided.line.find(part.as_string()), std::string::npos)
          << part.as_string() << "\nis not in " << decided.line;
    }
  }
  for (const char* key : {"message", "values"}) {
    const Value* expected = step.get(key);
    if (expected == nullptr) continue;
    EXPECT_NE(reason_with(decided, key, *expected), nullptr)
        << "no reason has " << to_json(*expected) << "\n"
        << decided.line;
  }
}

void check_step(const Step& step, const Decided& decided) {
  if (const Value* fault = step.get("fault")) {
    EXPECT_NE(decided.fault.find(fault->as_string()), std::string::npos) << decided.fault;
    return;
  }
  ASSERT_EQ(decided.fault, "");
  SCOPED_TRACE(decided.line);
  EXPECT_EQ(decided.result(), step.text("result", "allowed"));
  if (const Value* becomes = step.get("becomes")) {
    EXPECT_EQ(to_canonical_json(decided.data()), to_canonical_json(*becomes));
  }
  if (const Value* risk = step.get("risks")) {
    EXPECT_DOUBLE_EQ(decided.value.get("risk")->as_double(), risk->as_double());
  }
  if (const Value* reasons = step.get("reasons")) {
    EXPECT_EQ(reasons_of(decided, false), lines_of(*reasons));
  }
  if (const Value* reasons = step.get("monitor_reasons")) {
    EXPECT_EQ(reasons_of(decided, true), lines_of(*reasons));
  }
  if (const Value* monitor = step.get("monitor")) {
    EXPECT_EQ(monitors_of(decided), to_canonical_json(*monitor));
  }
  check_texts(step, decided);
  // DESIGN: modified means that the final action differs from the proposed one.
  const bool same = decided.action() == *decided.value.get("proposed");
  if (decided.result() == "modified" || decided.result() == "allowed") {
    EXPECT_EQ(decided.result(), same ? "allowed" : "modified");
  }
}

// The policies of a case as documents, `mode` given to all when it is not empty.
std::string documents_of(const Value& policies, const std::string& mode) {
  std::string out;
  for (const auto& [id, spec] : policies.as_map()) {
    Map with_mode = spec.as_map();
    if (!mode.empty()) with_mode["mode"] = mode;
    out += "---\n" + to_json(Map{{"apiVersion", "autopilot/v1"},
                                 {"kind", "Policy"},
                                 {"metadata", Map{{"id", id}}},
                                 {"spec", std::move(with_mode)}});
    out += '\n';
  }
  return out;
}

std::string project_text(const Value& whole) {
  const Value* project = whole.get("project");
  return project != nullptr ? to_json(*project) : std::string();
}

template <class Work>
void each_step(const Value& whole, Work work) {
  const Value* steps = whole.get("steps");
  if (steps == nullptr) return work(Step(whole, nullptr));
  int number = 0;
  for (const Value& step : steps->as_list()) {
    SCOPED_TRACE("step " + std::to_string(++number));
    work(Step(whole, &step));
  }
}

void check_refused(const Value& whole) {
  Diagnostics diagnostics;
  const policy::Project project = project_of(project_text(whole), diagnostics);
  policies_of(documents_of(*whole.get("policies"), {}), project, diagnostics);
  const std::string& expected = whole.get("invalid")->as_string();
  const std::string faults = faults_of(diagnostics);
  EXPECT_NE(faults.find(expected), std::string::npos) << expected << "\nis not said in\n" << faults;
}

void check_case(const Value& whole) {
  if (whole.get("invalid") != nullptr) return check_refused(whole);
  Trial trial(compile_yaml(documents_of(*whole.get("policies"), {}), project_text(whole)));
  each_step(whole, [&](const Step& step) {
    check_step(step, trial.decide(line_of(step), setting_of(step)));
  });
}

// A policy alone in monitor mode says the same, and nothing comes of it.
bool has_mirror(const Value& whole) {
  const Map& policies = whole.get("policies")->as_map();
  const Value* wanted = whole.get("mirror");
  return policies.size() == 1 && policies.begin()->second.get("mode") == nullptr &&
         whole.get("invalid") == nullptr && (wanted == nullptr || wanted->as_bool());
}

void check_mirror_step(const Step& step, const Decided& decided, const std::string& id) {
  if (step.get("fault") != nullptr) return;
  ASSERT_EQ(decided.fault, "");
  SCOPED_TRACE(decided.line);
  EXPECT_EQ(decided.result(), "allowed");
  EXPECT_EQ(decided.action(), *decided.value.get("proposed"));
  const List& monitors = decided.value.get("monitor")->as_list();
  ASSERT_LE(monitors.size(), 1u);
  const std::string would = monitors.empty() ? "allowed" : monitors[0].get("result")->as_string();
  EXPECT_EQ(would, step.text("result", "allowed"));
  if (!monitors.empty()) {
    EXPECT_EQ(monitors[0].get("policy")->as_string(), id);
  }
  EXPECT_EQ(reasons_of(decided, false), "");
  if (const Value* reasons = step.get("reasons")) {
    EXPECT_EQ(reasons_of(decided, true), lines_of(*reasons));
  }
  check_texts(step, decided);
}

void check_mirror(const Value& whole) {
  const Value& policies = *whole.get("policies");
  const std::string id = policies.as_map().begin()->first;
  Trial trial(compile_yaml(documents_of(policies, "monitor"), project_text(whole)));
  each_step(whole, [&](const Step& step) {
    if (step.get("override") != nullptr) return;
    check_mirror_step(step, trial.decide(line_of(step), setting_of(step)), id);
  });
}

class cases : public ::testing::TestWithParam<const char*> {};

TEST_P(cases, hold_in_enforce_mode) {
  const Value all = read_cases(GetParam());
  EXPECT_FALSE(all.as_list().empty());
  for (const Value& whole : all.as_list()) {
    SCOPED_TRACE(std::string(GetParam()) + ": " + whole.get("it")->as_string());
    check_case(whole);
  }
}

TEST_P(cases, say_the_same_in_monitor_mode_and_change_nothing) {
  const Value all = read_cases(GetParam());
  for (const Value& whole : all.as_list()) {
    if (!has_mirror(whole)) continue;
    SCOPED_TRACE(std::string(GetParam()) + ": " + whole.get("it")->as_string());
    check_mirror(whole);
  }
}

INSTANTIATE_TEST_SUITE_P(of_the_design, cases,
                         ::testing::Values("applicable", "schedule", "rollout", "gates",
                                           "mutations", "conflicts", "risk", "guards", "limits",
                                           "monitor", "errors", "types", "results", "override",
                                           "input", "expressions"),
                         [](const auto& each) { return std::string(each.param); });

}  // namespace
}  // namespace autopilot::decide::testing
