#pragma once
// A state under approval: settings in force, people with names and identities, and what they ask,
// approve and apply.

#include <string>
#include <utility>
#include <vector>

#include "core/state/approvals.h"
#include "core/state/audit_search.h"
#include "core/state/plan_approval.h"
#include "core/state/waiting.h"
#include "tests/state/fixture.h"

namespace autopilot::testing {

inline state::Who person(const std::string& name) { return {name, "user:" + name}; }
// `--as name`, said by somebody else.
inline state::Who as(const std::string& name, const std::string& user) {
  return {name, "user:" + user};
}

class ApprovalsTest : public StateTest {
 protected:
  const state::Who ada = person("ada"), bob = person("bob"), eve = person("eve");
  std::string root = scratch.path("");
  std::string settings;

  // `approvals` is JSON of the settings.
  static policy::Document project(const std::string& approvals) {
    return document("Project", "autopilot", R"({"approvals":)" + approvals + "}");
  }
  // Puts settings in force that make every plan wait, and a policy p with the value 1.
  void govern(const std::string& more = "") {
    settings = R"({"plans":{"when":"true"})" + more + "}";
    put(set_of(1));
  }
  std::vector<policy::Document> set_of(int value) const {
    return {policy("p", fmt::format(R"({{"v":{}}})", value)), project(settings)};
  }
  state::Plan to(int value) { return plan(set_of(value)); }

  World& world() { return fakes.world; }
  state::Approvals approvals() { return state::Approvals(*store, world(), root); }

  state::Applied apply_as(const state::Who& who, const state::Plan& p,
                          std::vector<state::ApprovalFile> files = {}) {
    fakes.clock.tick(Duration::seconds(1));
    state::ApplyOptions options{who.actor, "", true};
    options.identity = who.identity;
    options.root = root;
    options.approvals = std::move(files);
    return state::apply(*store, p, options, world());
  }
  // Asks by trying to apply.
  state::Waiting ask(const state::Who& who, const state::Plan& p) {
    EXPECT_EQ(error_of([&] { apply_as(who, p); }).kind(), ErrorKind::approval);
    return approvals().with_digest(p.digest).value();
  }
  void approve(const state::Who& who, const state::Waiting& waiting) {
    fakes.clock.tick(Duration::seconds(1));
    approvals().approve(waiting, who, "", {});
  }
  state::Standing standing(const state::Waiting& waiting) {
    return approvals().standing(approvals().matching(waiting.request().id).at(0));
  }
  std::string status(const state::Waiting& waiting) {
    return std::string(state::to_string(standing(waiting).status));
  }
  int value_in_force() {
    return static_cast<int>(
        store->document("Policy", "p")->content.get("spec")->get("v")->as_int());
  }

  // "kind: operation: why" of the newest entry of the audit.
  std::string newest_audit() {
    const AuditEntry entry = state::recent_audit(*store, 1).at(0);
    const Value body = parse_json(entry.body).value;
    const auto text = [&](const char* key) {
      const Value* value = body.get(key);
      return value != nullptr && value->is_string() ? value->as_string() : std::string();
    };
    return entry.kind + ": " + text("operation") + ": " + text("why");
  }
  // What `f` is refused with; the refusal must be the newest entry of the audit.
  template <class F>
  Error refused(const std::string& operation, F f) {
    const Error error = error_of(f);
    EXPECT_EQ(newest_audit(), "refused: " + operation + ": " + error.what());
    return error;
  }
};

inline bool says(const Error& error, const std::string& part) {
  if (std::string(error.what()).find(part) != std::string::npos) return true;
  ADD_FAILURE() << "\"" << error.what() << "\" does not say \"" << part << "\"";
  return false;
}

}  // namespace autopilot::testing
