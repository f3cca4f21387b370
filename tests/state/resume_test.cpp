// Decisions that wait: how they come to be requests, and what becomes of them once approved.
#include "core/state/resume.h"

#include "core/decide/replay.h"
#include "core/state/audit.h"
#include "core/state/policy_sets.h"
#include "tests/state/approvals.h"
#include "tests/state/process.h"

namespace autopilot::testing {
namespace {

using state::Waiting;

constexpr const char* kTwoMan =
    R"({"guards":[{"name":"two-man","approve":"risk > 0.15"},
                  {"name":"bad","deny":"action.data.bad == 1"}],
        "limits":[{"name":"hourly","max":1,"per":"1h"}]})";

class ResumeTest : public ApprovalsTest {
 protected:
  void SetUp() override { put({policy("p", kTwoMan)}); }

  static std::string action(const std::string& rest = "") {
    return R"({"id":"a1","type":"route.update_weight","algorithm":"bandit","data":{"bad":0,)"
           R"("weight":0.5,"old_weight":0.2})" +
           rest + "}";
  }
  decide::RecorderSettings settings_by(const std::string& name) {
    decide::RecorderSettings out = settings_of();
    out.actor = name;
    out.identity = "user:" + name;
    return out;
  }
  std::string decide(const std::string& line, const std::string& by = "cron") {
    fakes.clock.tick(Duration::seconds(1));
    return Process(path, fakes.world, settings_by(by)).decide(line).lines.at(0);
  }
  std::string pending(const std::string& by = "cron") {
    const std::string line = decide(action(), by);
    EXPECT_EQ(result(line), "pending");
    return line;
  }
  static std::string text(const std::string& line, const char* key) {
    return parse_json(line).value.get(key)->as_string();
  }
  static std::string result(const std::string& line) { return text(line, "result"); }

  Waiting waiting_of(const std::string& line) {
    state::Approvals all = approvals();
    return state::request_of_decision(all, line);
  }
  std::string resume(const std::string& line) {
    fakes.clock.tick(Duration::seconds(1));
    state::Approvals all = approvals();
    state::PolicySets sets(*store);
    decide::Recorder recorder(store->database(), fakes.world, sets, settings_by("ops"));
    return state::resume_decision(all, recorder, line, person("ops"));
  }
  bool replays(const std::string& line) {
    state::PolicySets sets(*store);
    decide::Replayer replayer(sets);
    const std::string padded = line + std::string(kPadding, ' ');
    return replayer.replay(std::string_view(padded).substr(0, line.size())) == line;
  }
};

TEST_F(ResumeTest, a_pending_decision_waits_for_approval_without_leaving_a_row) {
  const std::string line = pending();
  decide(R"({"id":"a2","type":"route.pause","algorithm":"bandit","data":{"bad":1}})");
  state::Approvals all = approvals();
  const auto found = state::waiting_requests(all, false, 10);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].request().subject, text(line, "id"));
  EXPECT_EQ(found[0].request().author.actor, "cron");
  EXPECT_EQ(found[0].request().author.identity, "user:cron");
  EXPECT_EQ(store->database().integer("SELECT count(*) FROM request"), 0);
  EXPECT_EQ(found[0].request().id, waiting_of(line).request().id);
  EXPECT_EQ(state::find_request(all, text(line, "id").substr(0, 15)).request().id,
            found[0].request().id);
}

TEST_F(ResumeTest, an_approved_decision_is_taken_anew_and_says_so) {
  const std::string line = pending();
  approve(bob, waiting_of(line));
  const std::string resumed = resume(line);
  EXPECT_EQ(result(resumed), "allowed");
  const Value resumes = *parse_json(resumed).value.get("resumes");
  EXPECT_EQ(resumes.get("id")->as_string(), text(line, "id"));
  EXPECT_EQ(resumes.get("by")->as_list().at(0).as_string(), "bob");
  EXPECT_EQ(text(resumed, "run"), "r1");
  EXPECT_EQ(parse_json(resumed).value.get("actor")->get("id")->as_string(), "cron");
  EXPECT_GT(text(resumed, "time"), text(line, "time"));
  EXPECT_EQ(status(waiting_of(line)), "consumed");
  EXPECT_TRUE(replays(line));
  EXPECT_TRUE(replays(resumed)) << resumed;
  EXPECT_FALSE(state::verify_audit(*store).fault.has_value());
}

TEST_F(ResumeTest, without_approval_nothing_is_decided) {
  const std::string line = pending();
  const std::int64_t before = store->database().integer("SELECT count(*) FROM decision");
  const Error error = refused("decide --resume", [&] { resume(line); });
  EXPECT_EQ(error.kind(), ErrorKind::approval);
  says(error, "this decision needs 1 approval by operator and has none");
  EXPECT_EQ(store->database().integer("SELECT count(*) FROM decision"), before);
}

TEST_F(ResumeTest, whoever_had_it_decided_cannot_approve_it) {
  const std::string line = pending("ada");
  says(refused("approve", [&] { approve(ada, waiting_of(line)); }), "whoever asks cannot approve");
  says(refused("approve", [&] { approve(as("bob", "ada"), waiting_of(line)); }),
       "whoever asks cannot approve");
  const std::string named =
      decide(R"({"action":)" + action() + R"(,"context":{"actor":"bob"}})", "ada");
  says(refused("approve", [&] { approve(bob, waiting_of(named)); }), "whoever asks cannot approve");
  EXPECT_NO_THROW(approve(eve, waiting_of(named)));
}

TEST_F(ResumeTest, an_approval_is_for_one_use) {
  const std::string line = pending();
  approve(bob, waiting_of(line));
  const std::string resumed = resume(line);
  const Error error = refused("decide --resume", [&] { resume(line); });
  says(error, "was used by ops at ");
  says(error, text(resumed, "id"));
}

TEST_F(ResumeTest, an_approval_is_for_one_decision_not_for_its_twin) {
  const std::string first = pending(), second = pending();
  approve(bob, waiting_of(first));
  EXPECT_EQ(error_of([&] { resume(second); }).kind(), ErrorKind::approval);
}

TEST_F(ResumeTest, a_decision_that_does_not_wait_cannot_be_resumed) {
  const std::string line =
      decide(R"({"id":"a2","type":"route.pause","algorithm":"bandit","data":{"bad":1}})");
  EXPECT_EQ(result(line), "blocked");
  says(error_of([&] { resume(line); }), "is blocked: it does not wait for approval");
}

TEST_F(ResumeTest, the_idempotency_key_answers_with_the_new_decision) {
  const std::string keyed = action(R"(,"idempotency_key":"k")");
  const std::string line = decide(keyed);
  EXPECT_EQ(decide(keyed), line);
  approve(bob, waiting_of(line));
  const std::string resumed = resume(line);
  EXPECT_EQ(result(resumed), "allowed");
  EXPECT_EQ(decide(keyed), resumed);
}

TEST_F(ResumeTest, limits_are_checked_anew) {
  const std::string first = pending(), second = pending();
  approve(bob, waiting_of(first));
  approve(bob, waiting_of(second));
  EXPECT_EQ(result(resume(first)), "allowed");
  const std::string late = resume(second);
  EXPECT_EQ(result(late), "blocked");
  EXPECT_TRUE(replays(late));
  EXPECT_EQ(status(waiting_of(second)), "consumed");
}

TEST_F(ResumeTest, policies_in_force_now_decide) {
  const std::string line = pending();
  approve(bob, waiting_of(line));
  put({policy("p", kTwoMan), policy("q", R"({"guards":[{"name":"no","deny":"true"}]})")});
  const std::string resumed = resume(line);
  EXPECT_EQ(result(resumed), "blocked");
  EXPECT_TRUE(replays(resumed));
}

TEST_F(ResumeTest, a_guard_that_nobody_approved_makes_it_wait_again) {
  const std::string line = pending();
  approve(bob, waiting_of(line));
  put({policy("p", kTwoMan), policy("q", R"({"guards":[{"name":"new","approve":"true"}]})")});
  const std::string resumed = resume(line);
  EXPECT_EQ(result(resumed), "pending");
  EXPECT_NE(resumed.find("pending again: it needs approval that was not asked for before"),
            std::string::npos);
  EXPECT_TRUE(replays(resumed));
  approve(bob, waiting_of(resumed));
  EXPECT_EQ(result(resume(resumed)), "allowed");
}

TEST_F(ResumeTest, a_guard_that_asks_for_more_people_makes_it_wait_again) {
  const std::string line = pending();
  approve(bob, waiting_of(line));
  put({policy("p", R"({"guards":[{"name":"two-man","approve":"risk > 0.15","approvals":2}]})")});
  const std::string resumed = resume(line);
  EXPECT_EQ(result(resumed), "pending");
  EXPECT_EQ(approvals().standing(waiting_of(resumed)).need.approvals, 2);
}

TEST_F(ResumeTest, a_risk_that_grew_makes_it_wait_again) {
  const std::string line = pending();
  approve(bob, waiting_of(line));
  put({policy("p", kTwoMan),
       document("Project", "autopilot", R"({"risk":{"route.update_weight":"1.5"}})")});
  const std::string resumed = resume(line);
  EXPECT_EQ(result(resumed), "pending");
  EXPECT_NE(resumed.find("pending again: the risk is 1.5, and 0.7 was approved"), std::string::npos)
      << resumed;
  EXPECT_TRUE(replays(resumed));
}

TEST_F(ResumeTest, an_expired_or_rejected_decision_is_not_resumed) {
  const std::string line = pending(), other = pending();
  approve(bob, waiting_of(line));
  approvals().reject(waiting_of(other), eve, "not now");
  says(refused("decide --resume", [&] { resume(other); }), "was rejected by eve");
  fakes.clock.tick(Duration::seconds(24 * 3600));
  says(refused("decide --resume", [&] { resume(line); }), "expired at ");
}

TEST_F(ResumeTest, rules_say_how_much_a_decision_takes) {
  settings = R"({"rules":[{"when":"kind == 'decision' && risk > 0.5 && algorithm == 'bandit' )"
             R"(&& type == 'route.update_weight' && policies == ['p']",)"
             R"("approvals":2,"role":"admin"}]})";
  put({policy("p", kTwoMan), project(settings)});
  const state::Standing standing = approvals().standing(waiting_of(pending()));
  EXPECT_EQ(standing.need.approvals, 2);
  EXPECT_EQ(standing.need.role, policy::Role::admin);
}

}  // namespace
}  // namespace autopilot::testing
