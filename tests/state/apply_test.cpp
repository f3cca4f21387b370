#include "core/state/apply.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/system.h"
#include "core/state/audit_search.h"
#include "core/state/check.h"
#include "core/state/lock.h"
#include "tests/state/fixture.h"

namespace autopilot::state {
namespace {

using testing::document;
using testing::error_of;
using testing::policies;
using testing::policy;

class ApplyTest : public testing::StateTest {
 protected:
  std::vector<AuditEntry> audit() { return recent_audit(*store, 100); }
  void put_access(const std::string& roles) {
    put({document("Access", "main", fmt::format(R"({{"roles":{}}})", roles))});
  }
};

TEST_F(ApplyTest, makes_a_revision_that_names_its_set) {
  const Applied applied = apply(plan(policies(2)));
  EXPECT_EQ(applied.revision.seq, 1);
  EXPECT_EQ(applied.revision.hash, revision_hash(store->keys()));
  EXPECT_EQ(applied.revision.parent, empty_revision_hash());
  EXPECT_EQ(applied.revision.created, 2);
  EXPECT_EQ(applied.revision.actor, "ada");
}

TEST_F(ApplyTest, an_empty_plan_makes_no_revision) {
  put(policies(2));
  EXPECT_EQ(apply(plan(policies(2))).revision.seq, 1);
  EXPECT_EQ(audit().size(), 1u);
}

TEST_F(ApplyTest, the_same_set_has_the_same_revision_whatever_the_way_there) {
  put(policies(2));
  const std::string hash = store->head().hash;
  put(policies(3));
  EXPECT_NE(store->head().hash, hash);
  put(policies(2));
  EXPECT_EQ(store->head().hash, hash);
  EXPECT_EQ(store->head().seq, 3);
}

TEST_F(ApplyTest, a_stale_plan_names_each_document_with_versions_and_who_changed_it) {
  put({policy("a"), policy("b"), policy("c")});
  const Plan old =
      plan({policy("a", R"({"v":1})"), policy("b", R"({"v":1})"), policy("c"), policy("new")});
  apply(plan({policy("a", R"({"v":2})"), policy("b"), policy("c"), policy("new", R"({"v":3})")}),
        "bob");
  const Error error = error_of([&] { apply(old); });
  EXPECT_EQ(error.kind(), ErrorKind::stale);
  const std::string what = error.what();
  EXPECT_NE(what.find("2 of its 3 documents"), std::string::npos) << what;
  EXPECT_NE(what.find("Policy/a: planned from version " + policy("a").hash.substr(0, 12) +
                      ", now version " + policy("a", R"({"v":2})").hash.substr(0, 12) +
                      " (written by bob at 2026-"),
            std::string::npos)
      << what;
  EXPECT_NE(what.find("Policy/new: planned from no such document, now version"), std::string::npos)
      << what;
  EXPECT_EQ(what.find("Policy/b"), std::string::npos) << what;
}

TEST_F(ApplyTest, a_plan_is_stale_when_its_document_is_gone) {
  put({policy("a"), policy("b")});
  const Plan old = plan({policy("a", R"({"v":1})"), policy("b")});
  apply(plan({policy("b")}), "bob");
  const std::string what = error_of([&] { apply(old); }).what();
  EXPECT_NE(what.find("now none (deleted by bob at"), std::string::npos) << what;
}

TEST_F(ApplyTest, a_plan_applies_when_only_other_documents_changed) {
  put({policy("a"), policy("b")});
  const Plan saved = plan({policy("a", R"({"v":1})"), policy("b")});
  apply(plan({policy("a"), policy("b", R"({"v":9})")}), "bob");
  EXPECT_NO_THROW(apply(saved));
  EXPECT_EQ(store->document("Policy", "b")->hash, policy("b", R"({"v":9})").hash);
}

TEST_F(ApplyTest, a_plan_applies_once) {
  const Plan once = plan({policy("a")});
  apply(once);
  const Error error = error_of([&] { apply(once); });
  EXPECT_EQ(error.kind(), ErrorKind::stale);
  EXPECT_NE(std::string(error.what()).find("as the plan wants it already"), std::string::npos);
}

TEST_F(ApplyTest, a_refusal_changes_nothing_and_is_audited) {
  put({policy("a")});
  const Plan old = plan({policy("a", R"({"v":1})")});
  put({policy("a", R"({"v":2})")});
  const std::string head = store->head().hash;
  EXPECT_THROW(apply(old, "eve"), Error);
  EXPECT_EQ(store->head().hash, head);
  EXPECT_EQ(audit()[0].kind, "refused");
  EXPECT_EQ(audit()[0].actor, "eve");
  EXPECT_NE(audit()[0].body.find("stale"), std::string::npos);
}

TEST_F(ApplyTest, a_large_plan_wants_to_be_meant) {
  put(policies(10));
  const Plan large = plan(policies(10, R"({"v":1})"));
  const Error error = error_of([&] { apply(large); });
  EXPECT_EQ(error.kind(), ErrorKind::invalid);
  EXPECT_NE(std::string(error.what()).find("10 of 10"), std::string::npos);
  EXPECT_NE(error.hint().find("--allow-large"), std::string::npos);
  EXPECT_EQ(audit()[0].kind, "refused");
  EXPECT_NO_THROW(apply(large, "ada", true));
}

TEST_F(ApplyTest, a_plan_by_hand_cannot_delete_what_is_protected) {
  put({policy("a", "{}", true)});
  const policy::Document present = *store->document("Policy", "a");
  Plan forged;
  forged.changes.push_back(
      {Change::Action::remove, "Policy", "a", present.hash, present, std::nullopt, {}});
  EXPECT_EQ(error_of([&] { apply(forged); }).kind(), ErrorKind::invalid);
  EXPECT_EQ(names().size(), 1u);
}

TEST_F(ApplyTest, a_role_must_reach_the_authority_of_old_and_new) {
  struct Case {
    const char* role;
    const char* before;  // authority, null for a create
    const char* after;   // null for a delete
    bool allowed;
  };
  const Case cases[] = {
      {"operator", nullptr, "operator", true}, {"operator", nullptr, "admin", false},
      {"admin", nullptr, "admin", true},       {"admin", nullptr, "dg_ai", false},
      {"admin", "dg_ai", "viewer", false},     {"admin", "viewer", "dg_ai", false},
      {"admin", "dg_ai", nullptr, false},      {"operator", "operator", nullptr, true},
      {"viewer", "viewer", "viewer", true},    {"dg_ai", "dg_ai", nullptr, true},
  };
  int n = 0;
  for (const Case& c : cases) {
    const testing::Scratch folder;
    store = Store::open_or_create(folder.path("state.db"));
    const auto with = [&](const char* authority, int version) {
      return policy("p", fmt::format(R"({{"authority":"{}","v":{}}})", authority, version));
    };
    const bool top = std::string(c.role) == "dg_ai";
    const std::string roles = top ? R"({"dg_ai":["ada","bob"]})"
                                  : fmt::format(R"({{"dg_ai":"ada","{}":["bob"]}})", c.role);
    std::vector<policy::Document> set = {
        document("Access", "main", fmt::format(R"({{"roles":{}}})", roles))};
    std::vector<policy::Document> before = set;
    if (c.before != nullptr) before.push_back(with(c.before, 1));
    put(before);
    if (c.after != nullptr) set.push_back(with(c.after, 2));
    const ErrorKind kind = error_of([&] { apply(plan(set), "bob"); }).kind();
    EXPECT_EQ(kind, c.allowed ? ErrorKind::bug : ErrorKind::denied) << "case " << n;
    ++n;
  }
}

TEST_F(ApplyTest, other_kinds_take_admin) {
  put_access(R"({"dg_ai":"ada","operator":["bob"]})");
  std::vector<policy::Document> desired = store->documents();
  desired.push_back(document("Budget", "b", "{}"));
  const Error error = error_of([&] { apply(plan(desired), "bob"); });
  EXPECT_EQ(error.kind(), ErrorKind::denied);
  EXPECT_NE(std::string(error.what()).find("Budget/b takes admin"), std::string::npos)
      << error.what();
  EXPECT_EQ(audit()[0].kind, "refused");
}

TEST_F(ApplyTest, somebody_without_a_role_changes_nothing) {
  put_access(R"({"dg_ai":"ada"})");
  std::vector<policy::Document> desired = store->documents();
  desired.push_back(policy("p", R"({"authority":"viewer"})"));
  EXPECT_EQ(error_of([&] { apply(plan(desired), "eve"); }).kind(), ErrorKind::denied);
}

TEST_F(ApplyTest, the_message_and_time_are_kept) {
  apply(plan({policy("a")}));
  state::apply(*store, plan({policy("b")}), {"bob", "why not", false}, fakes.world);
  reopen();
  EXPECT_EQ(store->head().message, "why not");
  EXPECT_EQ(store->head().actor, "bob");
  EXPECT_EQ(store->head().time, fakes.clock.time);
}

TEST_F(ApplyTest, somebody_elses_lock_refuses_it) {
  take_lock(store->database(), fakes.world, {"bob", 4242, Duration::seconds(60), "deploying"});
  const Error error = error_of([&] { apply(plan({policy("a")})); });
  EXPECT_EQ(error.kind(), ErrorKind::locked);
  for (const char* part : {"bob", "4242", "testhost", "since 2026", "until 2026", "deploying"}) {
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
  }
  EXPECT_NE(error.hint().find("unlock --force"), std::string::npos);
  EXPECT_NO_THROW(apply(plan({policy("a")}), "bob"));
}

TEST_F(ApplyTest, a_lock_that_is_over_is_passed_with_a_note) {
  take_lock(store->database(), fakes.world, {"bob", 0, Duration::seconds(60), ""});
  fakes.clock.tick(Duration::seconds(60));
  const Applied applied = apply(plan({policy("a")}));
  EXPECT_NE(applied.note.find("bob"), std::string::npos);
  EXPECT_FALSE(read_lock(store->database()).has_value());
  EXPECT_EQ(audit()[1].kind, "lock-over");
}

// Applies alternating sets for ever, in a process of its own.
[[noreturn]] void apply_for_ever(const std::string& path) {
  System system;
  const auto store = Store::open(path);
  for (int i = 0;; ++i) {
    const auto desired = policies(40, i % 2 == 0 ? R"({"v":1})" : R"({"v":2})");
    state::apply(*store, make_plan(desired, store.get(), {}), {"ada", "", true}, system.world());
  }
}

TEST_F(ApplyTest, killing_it_at_any_moment_leaves_the_old_or_the_new_state) {
  put(policies(40));
  store.reset();
  testing::FakeRandom random(5);
  std::int64_t last = 0;
  // On a busy machine some are killed before they begin: then more of them.
  for (int round = 0; round < 25 || (last <= 5 && round < 1000); ++round) {
    const pid_t child = ::fork();
    if (child == 0) apply_for_ever(path);
    ::usleep(static_cast<useconds_t>(2000 + random.next() % 20000));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    const auto after = Store::open(path);
    for (const CheckResult& check : check_state(*after, false)) {
      EXPECT_TRUE(check.findings.empty()) << check.name << ": " << check.findings[0];
    }
    std::set<std::string> specs;
    for (const policy::Document& d : after->documents())
      specs.insert(to_json(*d.content.get("spec")));
    EXPECT_EQ(specs.size(), 1u);
    EXPECT_GE(after->head().seq, last);
    last = after->head().seq;
  }
  EXPECT_GT(last, 5) << "the kills came too early to prove anything";
}

}  // namespace
}  // namespace autopilot::state
