#include "core/state/actors.h"

#include "core/state/access.h"
#include "tests/state/fixture.h"

namespace autopilot::state {
namespace {

using policy::Role;
using testing::document;
using testing::error_of;

Access access(const std::string& spec) { return access_from({document("Access", "main", spec)}); }

class Actors : public ::testing::Test {
 protected:
  testing::FakeEnvironment environment;

  Who who(const Access& a, const std::string& as = {}) { return resolve(a, environment, as); }
};

TEST_F(Actors, without_an_access_document_everybody_is_dg_ai_in_any_name) {
  EXPECT_EQ(who({}).actor, "ada");
  EXPECT_EQ(who({}, "bob").actor, "bob");
  EXPECT_EQ(who({}, "bob").identity, "user:ada");
  EXPECT_EQ(Access{}.role_of("anybody"), Role::dg_ai);
}

TEST_F(Actors, an_actor_is_known_by_the_user_that_the_document_names) {
  const Access a = access(R"({"roles":{"admin":["alice"]},"identities":{"alice":{"user":"ada"}}})");
  EXPECT_EQ(who(a).actor, "alice");
  EXPECT_EQ(who(a).identity, "user:ada");
}

TEST_F(Actors, a_user_whose_name_belongs_to_an_actor_known_by_something_else_is_not_that_actor) {
  const Access a =
      access(R"({"roles":{"admin":["ada"]},"identities":{"ada":{"user":["alovelace","al"]}}})");
  EXPECT_EQ(who(a).actor, "user:ada");
  EXPECT_EQ(a.role_of(who(a).actor), std::nullopt);
  environment.user_name = "al";
  EXPECT_EQ(who(a).actor, "ada");
}

TEST_F(Actors, a_key_alone_leaves_the_name_to_the_user) {
  const Access a = access(R"({"roles":{"admin":["ada"]},"identities":{"ada":{"key":"SHA256:x"}}})");
  EXPECT_EQ(who(a).actor, "ada");
  EXPECT_EQ(actor_of_key(a, "SHA256:x"), "ada");
  EXPECT_EQ(actor_of_key(a, "SHA256:y"), "");
}

TEST_F(Actors, a_job_is_known_by_the_variable_that_the_document_names_and_its_value) {
  const Access a = access(
      R"({"roles":{"operator":["bot"]},"identities":{"bot":{"env":"CI_ACTOR","value":"deploy"}}})");
  EXPECT_EQ(who(a).actor, "ada");
  environment.variables["CI_ACTOR"] = "other";
  EXPECT_EQ(who(a).actor, "ada");
  environment.variables["CI_ACTOR"] = "deploy";
  EXPECT_EQ(who(a).actor, "bot");
  EXPECT_EQ(who(a).identity, "user:ada env:CI_ACTOR=deploy");
}

TEST_F(Actors, a_variable_with_a_user_counts_for_that_user_alone) {
  const Access a = access(
      R"({"roles":{"operator":["bot"]},"identities":{"bot":{"user":"runner","env":"CI","value":"1"}}})");
  environment.variables["CI"] = "1";
  EXPECT_EQ(who(a).actor, "ada") << "whoever sets the variable on another machine";
  environment.user_name = "runner";
  EXPECT_EQ(who(a).actor, "bot");
}

TEST_F(Actors, the_identity_that_asks_for_more_wins_and_two_of_one_kind_are_refused) {
  const Access a = access(R"({"roles":{"operator":["x","y","z"]},"identities":{
      "x":{"user":"ada"},"y":{"env":"CI","value":"1"},"z":{"user":"ada","env":"CI","value":"1"}}})");
  EXPECT_EQ(who(a).actor, "x");
  environment.variables["CI"] = "1";
  EXPECT_EQ(who(a).actor, "z");
  environment.user_name = "eve";
  EXPECT_EQ(who(a).actor, "y");
  const Access two = access(R"({"roles":{"operator":["x"]},"identities":{
      "x":{"env":"A","value":"1"},"y":{"env":"B","value":"1"}}})");
  environment.variables = {{"A", "1"}, {"B", "1"}};
  EXPECT_EQ(error_of([&] { who(two); }).kind(), ErrorKind::denied);
}

TEST_F(Actors, another_name_takes_permission_where_roles_are_given) {
  const char* spec = R"({{"roles":{{"admin":["ada","bob"]}},"impersonate":{}}})";
  EXPECT_EQ(error_of([&] { who(access(fmt::format(fmt::runtime(spec), "[]")), "bob"); }).kind(),
            ErrorKind::denied);
  EXPECT_EQ(who(access(fmt::format(fmt::runtime(spec), "[]")), "ada").actor, "ada");
  EXPECT_EQ(who(access(fmt::format(fmt::runtime(spec), R"(["ada"])")), "bob").actor, "bob");
  EXPECT_EQ(who(access(fmt::format(fmt::runtime(spec), R"(["*"])")), "bob").actor, "bob");
  EXPECT_EQ(
      error_of([&] { who(access(fmt::format(fmt::runtime(spec), R"(["bob"])")), "bob"); }).kind(),
      ErrorKind::denied);
}

TEST_F(Actors, whoever_became_another_user_remains_the_same_person) {
  const Who before = who({});
  environment.user_name = "root";
  environment.variables["SUDO_USER"] = "ada";
  const Who root = who({}, "bob");
  EXPECT_EQ(root.identity, "user:root user:ada");
  EXPECT_TRUE(may_be_same(before, root));
  EXPECT_FALSE(may_be_same({"bob", "user:bob"}, {"eve", "user:eve"}));
}

TEST_F(Actors, who_may_names_a_handful_the_highest_first) {
  const Access a = access(
      R"({"roles":{"dg_ai":["z"],"admin":["d","c"],"operator":["h","g","f","e"],"viewer":["v"]}})");
  EXPECT_EQ(who_may(a, Role::admin), "z (dg_ai), c (admin), d (admin) may");
  EXPECT_EQ(who_may(a, Role::operator_),
            "z (dg_ai), c (admin), d (admin), e (operator), f (operator) and 2 more may");
  EXPECT_EQ(who_may(access(R"({"roles":{"viewer":["v"]}})"), Role::admin),
            "nobody has the role admin or a higher one");
}

class Lockout : public testing::StateTest {
 protected:
  std::string refusal(const std::string& spec) {
    const Error e = error_of([&] { apply(plan({document("Access", "main", spec)})); });
    return e.kind() == ErrorKind::invalid ? e.what() : "";
  }
};

TEST_F(Lockout, an_access_that_nobody_could_change_again_is_refused) {
  EXPECT_NE(refusal(R"({"roles":{"admin":["ada"]}})").find("nobody would have the role dg_ai"),
            std::string::npos);
  EXPECT_EQ(store->head().seq, 0);
  EXPECT_EQ(refusal(R"({"roles":{"dg_ai":["ada"]}})"), "");
}

TEST_F(Lockout, an_access_that_takes_the_appliers_own_dg_ai_is_refused) {
  EXPECT_NE(refusal(R"({"roles":{"dg_ai":["adah"]}})").find("ada, who is dg_ai now, would have no"),
            std::string::npos);
  EXPECT_NE(refusal(R"({"roles":{"dg_ai":["ada"]},"identities":{"ada":{"user":"al"}}})")
                .find("out of reach"),
            std::string::npos);
}

TEST_F(Lockout, it_may_be_meant) {
  const Plan p = plan({document("Access", "main", R"({"roles":{"dg_ai":["eve"]}})")});
  ApplyOptions options{"ada", "", false, true};
  EXPECT_NO_THROW(state::apply(*store, p, options, fakes.world));
}

TEST_F(Lockout, removing_the_last_access_document_locks_nobody_out) {
  put({document("Access", "main", R"({"roles":{"dg_ai":["ada"]}})")});
  EXPECT_NO_THROW(put({}));
}

TEST_F(Lockout, nobody_gives_roles_who_has_not_the_highest_one) {
  put({document("Access", "main", R"({"roles":{"dg_ai":["ada"],"admin":["bob"]}})")});
  const Plan p = plan({document("Access", "main", R"({"roles":{"dg_ai":["ada","bob"]}})")});
  const Error e = error_of([&] { apply(p, "bob"); });
  EXPECT_EQ(e.kind(), ErrorKind::denied);
  EXPECT_NE(std::string(e.what()).find("Access/main takes dg_ai: ada (dg_ai) may"),
            std::string::npos)
      << e.what();
}

TEST_F(Lockout, while_nobody_has_dg_ai_admin_may_give_it) {
  ApplyOptions meant{"ada", "", true, true};
  state::apply(*store, plan({document("Access", "main", R"({"roles":{"admin":["ada"]}})")}), meant,
               fakes.world);
  EXPECT_NO_THROW(put({document("Access", "main", R"({"roles":{"dg_ai":["ada"]}})")}));
}

}  // namespace
}  // namespace autopilot::state
