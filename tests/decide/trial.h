#pragma once
// Policies in a nutshell for tests: YAML in, decisions out, each one taken in every way that must
// not matter (with and without the index, with and without a trace, once more from its own record).

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/diagnostic.h"
#include "core/base/json.h"
#include "core/decide/ledger.h"
#include "core/decide/record.h"
#include "core/decide/recorder.h"
#include "core/decide/replay.h"
#include "core/decide/values.h"
#include "core/policy/loader.h"
#include "tests/fakes.h"

namespace autopilot::decide::testing {

inline std::string padded(std::string text) {
  text.append(kPadding, ' ');
  return text;
}

// The revision of every set that a trial makes.
inline constexpr std::string_view kRevision = "00112233445566778899aabbccddeeff";

class OneSet final : public PolicySource {
 public:
  explicit OneSet(std::shared_ptr<const CompiledSet> set) : set_(std::move(set)) {}
  std::shared_ptr<const CompiledSet> current(Instant) override { return set_; }
  bool settle(Instant) override { return false; }
  std::shared_ptr<const CompiledSet> at(std::string_view) override { return set_; }

 private:
  std::shared_ptr<const CompiledSet> set_;
};

// What an action is decided in.
struct Setting {
  Instant now = *parse_rfc3339("2026-11-20T10:00:00Z");  // a Friday
  std::string run = "r1";
  std::string actor = "ada";
  std::string role = "operator";
  std::optional<Override> override_by;
};

struct Decided {
  std::string fault;  // not empty: the line was no action, and the rest says nothing
  std::string line;
  Value value;  // the line, parsed

  std::string result() const { return value.get("result")->as_string(); }
  const Value& action() const { return *value.get("action"); }
  const Value& data() const { return *action().get("data"); }
};

// All messages of the faults, one a line; "" when there are none.
inline std::string faults_of(const Diagnostics& diagnostics) {
  std::string out;
  for (const Diagnostic& d : diagnostics.all()) {
    if (d.severity == Severity::error) out += d.message + " (" + d.help + ")\n";
  }
  return out;
}

inline policy::Project project_of(const std::string& yaml, Diagnostics& diagnostics) {
  autopilot::testing::FakeFiles files;
  if (!yaml.empty()) files.texts["autopilot.yaml"] = yaml;
  return policy::load_project("autopilot.yaml", files, diagnostics);
}

inline std::vector<policy::Policy> policies_of(const std::string& yaml,
                                               const policy::Project& project,
                                               Diagnostics& diagnostics) {
  std::vector<policy::Policy> out;
  for (const policy::Document& document :
       policy::load_text("policies.yaml", yaml, project, diagnostics)) {
    if (document.kind == "Policy") out.push_back(policy::policy_from(document));
  }
  return out;
}

inline std::shared_ptr<const CompiledSet> compile_yaml(const std::string& yaml,
                                                       const std::string& project_yaml = {}) {
  Diagnostics diagnostics;
  const policy::Project project = project_of(project_yaml, diagnostics);
  std::vector<policy::Policy> policies = policies_of(yaml, project, diagnostics);
  EXPECT_EQ(faults_of(diagnostics), "");
  return std::make_shared<const CompiledSet>(std::string(kRevision), project, std::move(policies));
}

// All of an outcome but what people read.
inline std::string tellings(const Outcome& outcome) {
  std::string out;
  for (const Reason& r : outcome.reasons) {
    for (const std::string_view part :
         {r.policy, r.rule, r.kind, to_string(r.effect), r.other, r.field})
      out += std::string(part) + " ";
    out += std::to_string(r.approvals) + (r.monitor ? " monitor\n" : "\n");
  }
  for (const Use& u : outcome.uses) {
    out += std::string(u.policy) + " " + std::string(u.limit) + " " + u.key + " " +
           std::to_string(u.used) + " " + std::to_string(u.amount) + "\n";
  }
  for (const MonitorOutcome& m : outcome.monitor)
    out += std::string(m.policy) + " would " + std::string(to_string(m.result)) + "\n";
  for (const FieldChange& c : outcome.changes)
    out += std::string(c.field) + " = " + val_json(c.value) + "\n";
  return out;
}

// Decides one line after the other on one ledger, as the recorder does.
class Trial {
 public:
  explicit Trial(std::shared_ptr<const CompiledSet> set)
      : set_(std::move(set)),
        engine_(*set_),
        plain_(*set_),
        brief_(*set_),
        source_(set_),
        replayer_(source_) {
    plain_.use_index = false;
    brief_.writes_texts = false;
  }
  explicit Trial(const std::string& yaml) : Trial(compile_yaml(yaml)) {}

  Decided decide(const std::string& line, const Setting& setting = {}) {
    Decided out;
    const Circumstances at = circumstances(setting);
    const std::string id = DecisionId{++count_ << 20, 7}.text();
    Outcome outcome;
    out.line = take(engine_, line, at, id, outcome, nullptr, out.fault);
    if (!out.fault.empty()) return out;
    compare(line, at, id, out.line);
    consume(outcome, at, count_, ledger_);
    out.value = parse_json_or_throw(out.line, "a decision");
    const std::string recorded = padded(out.line);
    const std::string_view view(recorded.data(), out.line.size());
    EXPECT_EQ(replayer_.replay(view), out.line) << "replayed";
    EXPECT_EQ(replayer_.difference(view), nullptr) << out.line;
    return out;
  }

  const CompiledSet& set() const { return *set_; }

 private:
  static Circumstances circumstances(const Setting& setting) {
    return {setting.now, setting.run, setting.actor, setting.role,
            setting.override_by ? &*setting.override_by : nullptr};
  }

  std::string take(Engine& engine, const std::string& line, const Circumstances& at,
                   const std::string& id, Outcome& outcome, Trace* trace, std::string& fault) {
    const std::string text = padded(line);
    Input input;
    InputFault why;
    if (!engine.read(std::string_view(text).substr(0, line.size()), {}, input, why)) {
      fault = why.message;
      return {};
    }
    engine.decide(input, at, ledger_, outcome, trace);
    std::string out;
    append_line(out, {id, input.proposed, input.context, set_->revision(), at}, outcome);
    return out;
  }

  void compare(const std::string& line, const Circumstances& at, const std::string& id,
               const std::string& expected) {
    Outcome outcome;
    Trace trace;
    std::string fault;
    EXPECT_EQ(take(plain_, line, at, id, outcome, nullptr, fault), expected) << "without index";
    EXPECT_EQ(take(engine_, line, at, id, outcome, &trace, fault), expected) << "with a trace";
    EXPECT_EQ(fault, "");
    Outcome brief;
    take(brief_, line, at, id, brief, nullptr, fault);
    expect_same_but_texts(brief, outcome);
  }

  // Deciding without texts: all but what people read.
  static void expect_same_but_texts(const Outcome& brief, const Outcome& full) {
    EXPECT_EQ(brief.result, full.result) << "without texts";
    EXPECT_EQ(brief.risk, full.risk);
    EXPECT_EQ(brief.changed, full.changed);
    EXPECT_EQ(brief.overridden, full.overridden);
    EXPECT_EQ(brief.action, "");
    EXPECT_EQ(tellings(brief), tellings(full));
  }

  std::shared_ptr<const CompiledSet> set_;
  Engine engine_;
  Engine plain_;
  Engine brief_;
  MemoryLedger ledger_;
  OneSet source_;
  Replayer replayer_;
  std::int64_t count_ = 0;
};

}  // namespace autopilot::decide::testing
