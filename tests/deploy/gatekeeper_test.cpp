// Approval steps and held-back decisions of rollouts, on the approvals and policies of a real
// state.
#include "core/deploy/gatekeeper.h"

#include "core/deploy/decider.h"
#include "tests/state/approvals.h"

namespace autopilot::deploy {
namespace {

using autopilot::testing::document;
using autopilot::testing::error_of;

class GatekeeperTest : public autopilot::testing::ApprovalsTest {
 protected:
  GatekeeperTest() {
    rollout.id = "shop-2";
    rollout.deployment = "shop";
    rollout.version = "v2";
    rollout.previous = "v1";
    rollout.actor = ada.actor;
    rollout.identity = ada.identity;
    rollout.created = fakes.clock.time;
  }
  std::unique_ptr<Gatekeeper> keeper() { return make_gatekeeper(*store, world(), root, cron); }
  std::unique_ptr<Decider> decider() { return make_decider(*store, world(), root, cron, "admin"); }
  state::Waiting waiting() {
    return approvals().of_subject(state::RequestKind::gate, gate.name).value();
  }
  Agreement look() { return keeper()->look({false, gate.name}); }

  const state::Who cron = {"cron", "user:cron"};
  Rollout rollout;
  Gate gate{"shop-2/3/review", 2, policy::Role::operator_, Duration::seconds(3600)};
};

TEST_F(GatekeeperTest, a_gate_asks_once_in_the_name_of_who_began_and_takes_others) {
  EXPECT_EQ(look().status, Agreement::Status::open);
  keeper()->ask(gate, rollout);
  const std::string id = waiting().request().id;
  keeper()->ask(gate, rollout);
  EXPECT_EQ(waiting().request().id, id);
  EXPECT_EQ(waiting().request().author.actor, "ada");
  EXPECT_EQ(waiting().request().expires - waiting().request().created, gate.timeout);
  EXPECT_EQ(look().why, "0 of 2 approvals by operator; autopilot approve " + state::short_id(id));
  EXPECT_EQ(error_of([&] { approve(ada, waiting()); }).kind(), ErrorKind::denied);
  approve(bob, waiting());
  EXPECT_EQ(look().status, Agreement::Status::open);
  approve(eve, waiting());
  EXPECT_EQ(look().status, Agreement::Status::granted);
  EXPECT_EQ(look().why, "approved by bob, eve");
}

TEST_F(GatekeeperTest, an_approval_is_used_once_and_a_second_process_finds_it_used) {
  gate.approvals = 1;
  keeper()->ask(gate, rollout);
  EXPECT_EQ(error_of([&] { keeper()->use(gate, rollout); }).kind(), ErrorKind::approval);
  approve(bob, waiting());
  keeper()->use(gate, rollout);
  EXPECT_EQ(status(waiting()), "consumed");
  EXPECT_NO_THROW(keeper()->use(gate, rollout));
  EXPECT_EQ(look().status, Agreement::Status::granted);
}

TEST_F(GatekeeperTest, a_rejection_is_a_refusal_with_its_reason) {
  keeper()->ask(gate, rollout);
  approvals().reject(waiting(), bob, "not before the sale");
  EXPECT_EQ(look().status, Agreement::Status::refused);
  EXPECT_EQ(look().why, "rejected by bob: not before the sale");
}

TEST_F(GatekeeperTest, a_decision_that_a_policy_holds_back_is_taken_anew_once_approved) {
  put({document("Policy", "two-man",
                R"({"guards":[{"name":"big","approve":"action.data.weight > 0.1"}]})")});
  Question question;
  question.rollout = "shop-2";
  question.deployment = "shop";
  question.version = "v2";
  question.step = "half";
  question.effect = 4;
  question.weight_bp = 5000;
  question.before_bp = 500;
  question.actor = "ada";
  const Decided held = decider()->decide(question);
  ASSERT_EQ(held.result, "pending") << held.why;
  const Awaited awaited{true, held.id};
  EXPECT_EQ(keeper()->look(awaited).status, Agreement::Status::open);
  EXPECT_EQ(error_of([&] { decider()->resume(question, held.id); }).kind(), ErrorKind::approval);
  approve(bob, state::find_request(*std::make_unique<state::Approvals>(approvals()), held.id));
  EXPECT_EQ(keeper()->look(awaited).status, Agreement::Status::granted);
  const Decided anew = decider()->resume(question, held.id);
  EXPECT_EQ(anew.result, "allowed");
  EXPECT_EQ(anew.weight_bp, 5000);
  EXPECT_NE(anew.id, held.id);
  EXPECT_EQ(decider()->resume(question, held.id).id, anew.id) << "a second process finds it taken";
}

TEST_F(GatekeeperTest, what_a_policy_makes_smaller_is_told_in_whole_basis_points) {
  put({document("Policy", "slow", R"({"mutations":[{"name":"step","for":"deploy.set_weight",
      "field":"weight","max_delta":0.25,"from":"old_weight"}]})")});
  Question question;
  question.rollout = "shop-2";
  question.deployment = "shop";
  question.weight_bp = 10000;
  question.before_bp = 500;
  question.actor = "ada";
  const Decided decided = decider()->decide(question);
  EXPECT_EQ(decided.result, "modified");
  EXPECT_EQ(decided.weight_bp, 3000);
}

}  // namespace
}  // namespace autopilot::deploy
