// Approvals where nobody signs: four eyes, numbers, roles, time, single use, and what voids them.
#include "core/state/approvals.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/system.h"
#include "core/state/audit.h"
#include "core/state/check.h"
#include "core/state/plan_file.h"
#include "tests/state/approvals.h"

namespace autopilot::state {
namespace {

using testing::as;
using testing::document;
using testing::error_of;
using testing::person;
using testing::policy;
using testing::says;

class Approving : public testing::ApprovalsTest {};

TEST_F(Approving, a_plan_that_needs_approval_asks_for_it_once_and_changes_nothing) {
  govern();
  const std::string head = store->head().hash;
  const Plan plan = to(2);
  const Error error = refused("apply", [&] { apply_as(ada, plan); });
  EXPECT_EQ(error.kind(), ErrorKind::approval);
  says(error, "this plan needs 1 approval by operator and has none: request ");
  EXPECT_EQ(store->head().hash, head);
  const Waiting first = approvals().with_digest(plan.digest).value();
  ask(ada, plan);
  ask(bob, plan);
  EXPECT_EQ(approvals().with_digest(plan.digest)->request().id, first.request().id);
  EXPECT_EQ(first.request().author.actor, "ada");
}

TEST_F(Approving, an_approved_plan_is_applied_and_its_approval_used) {
  govern();
  const Plan plan = to(2);
  const Waiting waiting = ask(ada, plan);
  approve(bob, waiting);
  EXPECT_EQ(status(waiting), "granted");
  const Applied applied = apply_as(ada, plan);
  EXPECT_EQ(applied.approved_by, std::vector<std::string>{"bob"});
  EXPECT_EQ(value_in_force(), 2);
  EXPECT_EQ(status(waiting), "consumed");
}

TEST_F(Approving, nothing_needs_approval_before_the_settings_are_in_force_or_without_them) {
  settings = R"({"plans":{"when":"true"}})";
  EXPECT_NO_THROW(apply_as(ada, to(1)));
  EXPECT_EQ(error_of([&] { apply_as(ada, to(2)); }).kind(), ErrorKind::approval);
}

TEST_F(Approving, whoever_asks_cannot_approve_under_any_name) {
  govern();
  const Waiting waiting = ask(ada, to(2));
  for (const Who& who :
       {ada, as("bob", "ada"), as("ada", "bob"), Who{"carl", "user:root user:ada"},
        Who{"carl", "user:runner env:GITHUB_ACTOR=ada"}, Who{"ada@example.com", "user:carl"}}) {
    const Error error = refused("approve", [&] { approve(who, waiting); });
    EXPECT_EQ(error.kind(), ErrorKind::denied);
    says(error, "whoever asks cannot approve");
  }
  EXPECT_EQ(status(waiting), "open");
  EXPECT_EQ(error_of([&] { apply_as(ada, to(2)); }).kind(), ErrorKind::approval);
}

TEST_F(Approving, a_request_made_in_another_name_is_still_that_of_whoever_made_it) {
  govern();
  const Waiting waiting = ask(as("release-bot", "ada"), to(2));
  EXPECT_EQ(refused("approve", [&] { approve(ada, waiting); }).kind(), ErrorKind::denied);
  EXPECT_NO_THROW(approve(bob, waiting));
}

TEST_F(Approving, two_approvals_take_two_people) {
  govern(R"(,"rules":[{"approvals":2}])");
  const Plan plan = to(2);
  const Waiting waiting = ask(ada, plan);
  approve(bob, waiting);
  says(refused("approve", [&] { approve(as("eve", "bob"), waiting); }), "bob approved it already");
  says(refused("apply", [&] { apply_as(ada, plan); }), "needs 2 approvals by operator and has 1");
  approve(eve, waiting);
  EXPECT_EQ(apply_as(ada, plan).approved_by, (std::vector<std::string>{"bob", "eve"}));
}

TEST_F(Approving, approving_takes_the_role_that_the_rule_names) {
  settings = R"({"plans":{"when":"true"},"rules":[{"when":"risk >= 0.1","role":"admin"}]})";
  auto documents = set_of(1);
  documents.push_back(document(
      "Access", "main", R"({"roles":{"dg_ai":["ada"],"admin":["bob"],"operator":["eve"]}})"));
  put(documents);
  documents[0] = policy("p", R"({"v":2})");
  const Plan plan = this->plan(documents);
  const Waiting waiting = ask(ada, plan);
  const Error error = refused("approve", [&] { approve(eve, waiting); });
  EXPECT_EQ(error.kind(), ErrorKind::denied);
  says(error, "eve has the role operator, and approving it takes admin");
  says(refused("approve", [&] { approve(person("mallory"), waiting); }), "mallory has no role");
  EXPECT_NO_THROW(approve(bob, waiting));
  EXPECT_NO_THROW(apply_as(ada, plan));
}

TEST_F(Approving, one_changed_value_needs_an_approval_of_its_own) {
  govern();
  approve(bob, ask(ada, to(2)));
  EXPECT_EQ(refused("apply", [&] { apply_as(ada, to(3)); }).kind(), ErrorKind::approval);
  EXPECT_EQ(value_in_force(), 1);
}

TEST_F(Approving, they_survive_what_changes_nothing_of_the_plan) {
  govern();
  const Plan plan = to(2);
  const Waiting waiting = ask(ada, plan);
  approve(bob, waiting);
  auto others = set_of(1);
  others.push_back(policy("q"));
  const Plan other = this->plan(others);
  approve(bob, ask(ada, other));
  apply_as(ada, other);
  auto desired = set_of(2);
  desired.push_back(policy("q"));
  const Plan again = this->plan(desired);
  EXPECT_EQ(again.digest, plan.digest);
  EXPECT_NO_THROW(apply_as(ada, again));
}

TEST_F(Approving, the_very_same_change_a_second_time_needs_a_new_approval) {
  govern();
  const Plan plan = to(2);
  const Waiting first = ask(ada, plan);
  approve(bob, first);
  apply_as(ada, plan);
  const Plan back = to(1);
  approve(bob, ask(ada, back));
  apply_as(ada, back);
  const Waiting second = ask(ada, to(2));
  EXPECT_EQ(to(2).digest, plan.digest);
  EXPECT_NE(second.request().id, first.request().id);
  says(error_of([&] { approve(bob, first); }), "was used by ada");
  EXPECT_EQ(value_in_force(), 1);
}

TEST_F(Approving, an_approval_is_over_at_its_very_end) {
  govern(R"(,"expires":"1h")");
  const Plan plan = to(2);
  const Waiting waiting = ask(ada, plan);
  approve(bob, waiting);
  fakes.clock.time = waiting.request().expires - Duration{1000};
  EXPECT_EQ(status(waiting), "granted");
  fakes.clock.time = waiting.request().expires - Duration::seconds(1);
  const Error error = refused("apply", [&] { apply_as(ada, plan); });  // ticks to the end
  EXPECT_EQ(error.kind(), ErrorKind::approval);
  EXPECT_EQ(status(waiting), "expired");
  EXPECT_NE(approvals().with_digest(plan.digest)->request().id, waiting.request().id);
  says(refused("approve", [&] { approve(bob, waiting); }), "expired at ");
}

TEST_F(Approving, a_rule_says_how_long_a_request_lasts) {
  govern(R"(,"rules":[{"when":"creates > 0","expires":"5m"},{"expires":"2d"}])");
  const Request request = ask(ada, to(2)).request();
  EXPECT_EQ(request.expires - request.created, Duration::seconds(2 * 86400));
  EXPECT_EQ(request.rule, "rules[1]");
}

TEST_F(Approving, a_clock_set_back_before_the_request_refuses_everything) {
  govern();
  const Plan plan = to(2);
  const Waiting waiting = ask(ada, plan);
  approve(bob, waiting);
  fakes.clock.time = waiting.request().created - Duration::seconds(10);
  says(refused("apply", [&] { apply_as(ada, plan); }), "the clock was set back");
  says(refused("approve", [&] { approve(eve, waiting); }), "the clock was set back");
  EXPECT_EQ(value_in_force(), 1);
}

TEST_F(Approving, an_expired_approval_is_not_revived_by_setting_the_clock_back) {
  govern(R"(,"expires":"1h")");
  const Plan plan = to(2);
  const Waiting waiting = ask(ada, plan);
  approve(bob, waiting);
  const Instant then = fakes.clock.time;
  fakes.clock.time = waiting.request().expires + Duration::seconds(600);
  record_refusal(*store, "anything", "time passes", "eve", fakes.clock.time);
  fakes.clock.time = then;
  // Also when it is tried again: the refusals themselves are of the wrong time.
  for (int i = 0; i < 3; ++i)
    says(refused("apply", [&] { apply_as(ada, plan); }), "the clock was set back");
  EXPECT_EQ(value_in_force(), 1);
}

TEST_F(Approving, a_clock_that_is_a_little_slow_is_no_reason) {
  govern();
  const Plan plan = to(2);
  approve(bob, ask(ada, plan));
  record_refusal(*store, "anything", "by a faster clock", "eve",
                 fakes.clock.time + Duration::seconds(290));
  EXPECT_NO_THROW(apply_as(ada, plan));
}

TEST_F(Approving, an_approval_that_was_taken_back_does_not_count) {
  govern();
  const Plan plan = to(2);
  const Waiting waiting = ask(ada, plan);
  approve(bob, waiting);
  EXPECT_EQ(approvals().revoke(waiting, bob), "took back the approval of");
  says(refused("apply", [&] { apply_as(ada, plan); }),
       "that of bob does not count: it was revoked");
  approve(bob, waiting);
  EXPECT_NO_THROW(apply_as(ada, plan));
}

TEST_F(Approving, its_author_withdraws_a_request_and_nobody_else_does) {
  settings = R"({"plans":{"when":"true"}})";
  auto documents = set_of(1);
  documents.push_back(
      document("Access", "main", R"({"roles":{"dg_ai":["ada"],"operator":["bob","eve"]}})"));
  put(documents);
  documents[0] = policy("p", R"({"v":2})");
  const Plan plan = this->plan(documents);
  const Waiting waiting = ask(ada, plan);
  approve(bob, waiting);
  EXPECT_EQ(refused("revoke", [&] { approvals().revoke(waiting, eve); }).kind(), ErrorKind::denied);
  EXPECT_EQ(approvals().revoke(waiting, ada), "withdrew");
  EXPECT_EQ(status(waiting), "revoked");
  says(refused("approve", [&] { approve(eve, waiting); }), "was withdrawn by ada");
  EXPECT_NE(ask(ada, plan).request().id, waiting.request().id);
}

TEST_F(Approving, what_was_rejected_stays_so_until_the_request_would_have_expired) {
  govern(R"(,"expires":"1h")");
  const Plan plan = to(2);
  const Waiting waiting = ask(ada, plan);
  approve(eve, waiting);
  approvals().reject(waiting, bob, "the limit protects the budget");
  EXPECT_EQ(status(waiting), "rejected");
  const Error error = refused("apply", [&] { apply_as(ada, plan); });
  says(error, "was rejected by bob at ");
  says(error, "the limit protects the budget");
  says(refused("approve", [&] { approve(person("carl"), waiting); }), "was rejected by bob");
  EXPECT_EQ(approvals().with_digest(plan.digest)->request().id, waiting.request().id);
  fakes.clock.time = waiting.request().expires;
  EXPECT_NE(ask(ada, plan).request().id, waiting.request().id);
}

TEST_F(Approving, rules_that_became_stricter_hold_for_what_waits_already) {
  govern();
  const Plan plan = to(2);
  const Waiting waiting = ask(ada, plan);
  approve(bob, waiting);
  settings = R"({"plans":{"when":"true"},"rules":[{"approvals":2}]})";
  const Plan stricter = to(1);
  approve(bob, ask(ada, stricter));
  apply_as(ada, stricter);
  EXPECT_EQ(status(waiting), "open");
  says(refused("apply", [&] { apply_as(ada, plan); }), "needs 2 approvals");
}

TEST_F(Approving, changing_who_approves_always_needs_approval) {
  settings = R"({"plans":{"when":"false"}})";
  put(set_of(1));
  EXPECT_NO_THROW(apply_as(ada, to(2)));
  EXPECT_EQ(error_of([&] { apply_as(ada, plan({policy("p", R"({"v":2})")})); }).kind(),
            ErrorKind::approval);
  auto with_access = set_of(2);
  with_access.push_back(document("Access", "main", R"({"roles":{"dg_ai":["ada"]}})"));
  EXPECT_EQ(error_of([&] { apply_as(ada, plan(with_access)); }).kind(), ErrorKind::approval);
}

TEST_F(Approving, a_condition_that_fails_asks_for_more_not_for_less) {
  settings = R"({"plans":{"when":"1 / creates > 5"},
                 "rules":[{"when":"1 / creates > 5"},{"when":"false","approvals":3,"role":"admin"}]})";
  put(set_of(1));
  says(error_of([&] { apply_as(ada, to(2)); }), "needs 3 approvals by admin");
}

TEST_F(Approving, a_request_whose_words_were_changed_in_the_database_is_damage) {
  govern();
  const Waiting waiting = ask(ada, to(2));
  Database& database = store->database();
  database.execute("UPDATE request SET body = replace(body, '\"ada\"', '\"eve\"')");
  EXPECT_EQ(error_of([&] { approve(bob, waiting); }).kind(), ErrorKind::storage);
  EXPECT_EQ(error_of([&] { apply_as(ada, to(2)); }).kind(), ErrorKind::storage);
  database.execute("UPDATE request SET body = replace(body, '\"eve\"', '\"ada\"')");
  database.execute("UPDATE request SET content = replace(content, '\"v\":2', '\"v\":3')");
  EXPECT_EQ(error_of([&] { approve(bob, waiting); }).kind(), ErrorKind::storage);
}

TEST_F(Approving, requests_and_verdicts_are_entries_of_the_audit) {
  govern();
  const Plan plan = to(2);
  const Waiting waiting = ask(ada, plan);
  approve(bob, waiting);
  apply_as(ada, plan);
  std::vector<std::string> kinds;
  for (const AuditEntry& entry : recent_audit(*store, 5)) kinds.push_back(entry.kind);
  EXPECT_EQ(kinds, (std::vector<std::string>{"apply", "approval-used", "approve", "refused",
                                             "approval-request"}));
  EXPECT_FALSE(verify_audit(*store).fault.has_value());
}

TEST_F(Approving, the_audit_tells_what_was_changed_in_requests_and_approvals) {
  govern();
  const Waiting waiting = ask(ada, to(2));
  approve(bob, waiting);
  for (const char* change :
       {"UPDATE approval SET note = 'x'", "UPDATE approval SET revoked = 1",
        "UPDATE request SET status = 'consumed'", "UPDATE request SET expires = expires + 1",
        "DELETE FROM approval",
        "INSERT INTO approval SELECT 7, request, 'eve', 'user:eve', role, verdict, note, time, "
        "signature, fingerprint, principal, revoked FROM approval LIMIT 1"}) {
    const std::string copy = scratch.path("copy.db");
    store->database().copy_to(copy);
    const auto tampered = Store::open(copy);
    tampered->database().execute(change);
    EXPECT_TRUE(verify_audit(*tampered).fault.has_value()) << change;
  }
  EXPECT_FALSE(verify_audit(*store).fault.has_value());
}

TEST_F(Approving, a_gate_is_asked_approved_and_used_once) {
  settings = R"({"rules":[{"when":"kind == 'gate' && gate == 'canary-25'","approvals":2},{}]})";
  put(set_of(1));
  Map facts{{"kind", "gate"}, {"gate", "canary-25"}, {"approvals", 0}};
  const ApprovalSubject gate{RequestKind::gate, "canary-25", R"({"build":"sha256:1"})", facts};
  const Need need = need_of(approvals().settings(), gate.facts);
  EXPECT_EQ(need.approvals, 2);
  const Waiting waiting = approvals().ask(gate, need, ada);
  const auto use = [&] {
    WriteTransaction transaction(store->database());
    const Consumed consumed = approvals().consume(waiting, Map{{"gate", "canary-25"}}, ada);
    transaction.commit();
    return consumed.by.size();
  };
  EXPECT_EQ(error_of(use).kind(), ErrorKind::approval);
  approve(bob, waiting);
  approve(eve, waiting);
  EXPECT_EQ(use(), 2u);
  says(error_of(use), "was used by ada");
}

TEST_F(Approving, a_plan_file_carries_its_request_and_keeps_its_digest) {
  govern();
  Plan plan = to(2);
  const std::string without = plan.digest;
  plan.request = ask(ada, plan).stored.body;
  const Plan read = parse_plan(plan_text(plan), "x.plan", store.get(), {});
  EXPECT_EQ(read.digest, without);
  EXPECT_EQ(parse_body(read.request, "x.plan").id, ask(ada, plan).request().id);
}

TEST_F(Approving, what_waits_is_found_by_the_beginning_of_its_id_or_digest) {
  govern();
  const Request request = ask(ada, to(2)).request();
  state::Approvals all = approvals();
  EXPECT_EQ(find_request(all, request.id.substr(0, 8)).request().id, request.id);
  EXPECT_EQ(find_request(all, request.digest.substr(0, 8)).request().id, request.id);
  EXPECT_EQ(error_of([&] { find_request(all, "abc"); }).kind(), ErrorKind::usage);
  EXPECT_EQ(error_of([&] { find_request(all, "ffffffffffff"); }).kind(), ErrorKind::invalid);
  EXPECT_EQ(error_of([&] { find_request(all, "' OR 1=1 --"); }).kind(), ErrorKind::invalid);
}

TEST_F(Approving, the_list_leaves_out_what_is_over_unless_asked) {
  govern(R"(,"expires":"1h")");
  ask(ada, to(2));
  state::Approvals all = approvals();
  EXPECT_EQ(waiting_requests(all, false, 10).size(), 1u);
  fakes.clock.tick(Duration::seconds(3600));
  EXPECT_EQ(waiting_requests(all, false, 10).size(), 0u);
  EXPECT_EQ(waiting_requests(all, true, 10).size(), 1u);
}

// Applies approved plans for ever, in a process of its own: asked by ada, approved by bob.
[[noreturn]] void apply_for_ever(const std::string& path, const std::string& settings) {
  System system;
  const auto store = Store::open(path);
  for (int i = 0;; ++i) {
    const Plan plan =
        make_plan({policy("p", fmt::format(R"({{"v":{}}})", i % 2)),
                   document("Project", "autopilot", R"({"approvals":)" + settings + "}")},
                  store.get(), {});
    if (plan.empty()) continue;
    ApplyOptions options{"ada", "", true};
    options.identity = "user:ada";
    try {
      state::apply(*store, plan, options, system.world());
    } catch (const Error&) {
      state::Approvals approvals(*store, system.world(), "");
      approvals.approve(approvals.with_digest(plan.digest).value(), person("bob"), "", {});
      state::apply(*store, plan, options, system.world());
    }
  }
}

TEST_F(Approving, killing_apply_at_any_moment_uses_the_approval_and_applies_or_does_neither) {
  fakes.clock.time = *parse_rfc3339("2020-01-01T00:00:00Z");  // before the real clock
  govern();
  const std::int64_t first = store->head().seq;
  store.reset();
  testing::FakeRandom random(7);
  std::int64_t applied = 0;
  for (int round = 0; round < 20 || (applied <= 5 && round < 1000); ++round) {
    const pid_t child = ::fork();
    if (child == 0) apply_for_ever(path, settings);
    ::usleep(static_cast<useconds_t>(2000 + random.next() % 30000));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    const auto after = Store::open(path);
    applied = after->head().seq - first;
    ASSERT_EQ(applied,
              after->database().integer("SELECT count(*) FROM request WHERE status = 'consumed'"));
  }
  EXPECT_GT(applied, 5) << "the kills came too early to prove anything";
  const auto after = Store::open(path);
  for (const CheckResult& check : check_state(*after, false))
    EXPECT_TRUE(check.findings.empty()) << check.name << ": " << check.findings[0];
}

}  // namespace
}  // namespace autopilot::state
