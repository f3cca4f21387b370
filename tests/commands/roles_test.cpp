// Every command × every role, through the real dispatcher and a state with an Access document.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "cli/app.h"
#include "commands/registry.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/state/audit.h"
#include "core/state/audit_search.h"
#include "tests/state/fixture.h"

namespace autopilot::commands {
namespace {

using policy::Role;

// Words after each command that make it do something, where it asks for any.
const std::map<std::string, std::vector<std::string>> kWords = {
    {"init", {"new"}},
    {"convert", {"rcp.yaml"}},
    {"apply", {"--yes"}},
    {"approvals show", {"abcdef"}},
    {"approve", {"abcdef"}},
    {"reject", {"abcdef", "--reason", "no"}},
    {"revoke", {"abcdef"}},
    {"audit prove", {"1"}},
    {"audit search", {"apply"}},
    {"deploy judge", {"samples.jsonl"}},
    {"optimize simulate", {"--arms", "0.9,0.8", "--rounds", "10", "--runs", "2"}},
    {"deploy start", {"shop", "--version", "v2"}},
    {"deploy run", {"shop"}},
    {"deploy tick", {"shop"}},
    {"deploy status", {"shop"}},
    {"deploy watch", {"shop"}},
    {"deploy promote", {"shop"}},
    {"deploy pause", {"shop"}},
    {"deploy resume", {"shop"}},
    {"deploy abort", {"shop"}},
    {"deploy rollback", {"shop"}},
    {"deploy retry", {"shop"}},
    {"deploy check", {"shop"}},
    {"deploy dora", {"shop"}},
    {"deploy simulate", {"shop", "--metrics", "samples.jsonl"}},
    {"deploy load", {"http://127.0.0.1:9/", "--rate", "1/s", "--for", "1s"}},
    {"deploy smoke", {"smoke.yaml"}},
    {"backtest", {"log.csv", "--target", "uniform"}},
    {"backtest counterfactual", {"scenarios.yaml"}},
    {"eval", {"1 + 1"}},
    {"optimize budget", {"budget.yaml"}},
    {"optimize weights", {"destinations.csv"}},
    {"export", {"-o", "out"}},
    {"run", {"split"}},
    {"show", {"latest"}},
    {"graph", {"latest"}},
    {"replay", {"--all"}},
    {"whatif", {"latest", "--set", "action.data.x=1"}},
    {"policy disable", {"p", "--for", "1h", "--reason", "incident 42"}},
    {"policy enable", {"p"}},
    {"rollout promote", {"p", "--to", "50%"}},
    {"rollout rollback", {"p"}},
    {"rollout resume", {"p"}},
    {"docs man", {"man"}},
    {"docs completions", {"completions"}},
    {"__complete", {"document"}},
};

// Commands that may want more than their row for what they do here.
const std::set<std::string> kBeyond = {"apply"};

struct Actor {
  const char* user;
  std::optional<Role> role;
};
constexpr Actor kActors[] = {{"nobody", {}},
                             {"vera", Role::viewer},
                             {"oscar", Role::operator_},
                             {"ada", Role::admin},
                             {"dora", Role::dg_ai}};

std::vector<std::string> all_names() {
  std::vector<std::string> names;
  for (const cli::Group& group : registry()) {
    for (const cli::Command* command : group.commands) names.emplace_back(command->name);
  }
  return names;
}

class RolesTest : public testing::StateTest {
 protected:
  void SetUp() override {
    fakes.environment.user_name = "dora";
    put_as_dora(
        {testing::document("Access", "main",
                           R"({"roles":{"dg_ai":["dora"],"admin":["ada"],"operator":["oscar"],)"
                           R"("viewer":["vera"]}})"),
         testing::policy("p", R"({"authority":"viewer","rollout":"10%"})")});
    fakes.environment.directory = "/w";
    fakes.files.texts["/w/autopilot.yaml"] = fakes.files.texts["autopilot.yaml"] = "";
    fakes.files.texts["policies/access.yaml"] =
        "apiVersion: autopilot/v1\nkind: Access\nmetadata: {id: main}\nspec: {roles: {dg_ai: "
        "[dora], admin: [ada], operator: [oscar], viewer: [vera]}}\n";
    fakes.files.texts["samples.jsonl"] = R"({"metric":"errors","arm":"canary","bad":1,"total":52})"
                                         "\n";
    fakes.files.texts["policies/p.yaml"] =
        "apiVersion: autopilot/v1\nkind: Policy\nmetadata: {id: p}\nspec: {authority: "
        "viewer, rollout: 10%, guards: [{name: g, deny: metrics.a > 1}]}\n";
  }

  void put_as_dora(const std::vector<policy::Document>& desired) {
    fakes.environment.user_name = "dora";
    apply(plan(desired), "dora", true);
  }

  // Runs one command line in the name of an OS user; its exit code.
  int run(const std::string& command, const std::string& user,
          const std::vector<std::string>& more = {}) {
    std::vector<std::string> words{"--state", path};
    for (const std::string& word : split(command, ' ')) words.push_back(word);
    const auto own = kWords.find(command);
    if (own != kWords.end()) words.insert(words.end(), own->second.begin(), own->second.end());
    words.insert(words.end(), more.begin(), more.end());
    fakes.environment.user_name = user;
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    const int exit = cli::run(fakes.world, words, registry(), roles());
    out = ::testing::internal::GetCapturedStdout();
    err = ::testing::internal::GetCapturedStderr();
    return exit;
  }

  AuditEntry last() { return state::recent_audit(*store, 1).at(0); }

  std::string out, err;
};

TEST(RolesTable, every_command_has_one_row_and_every_row_a_command) {
  const std::vector<std::string> names = all_names();
  std::multiset<std::string> rows;
  for (const cli::RoleRow& row : roles()) rows.emplace(row.command);
  for (const std::string& name : names) {
    EXPECT_EQ(rows.count(name), 1u)
        << "the command \"" << name << "\" needs one row in commands/roles.cpp: its least role, {} "
        << "when it needs no state. Words that it must have go into kWords here.";
  }
  for (const std::string& row : rows) {
    EXPECT_TRUE(std::find(names.begin(), names.end(), row) != names.end())
        << "commands/roles.cpp has a row for " << row << ", which is no command";
  }
}

TEST_F(RolesTest, every_command_is_refused_exactly_below_its_role_and_each_refusal_is_audited) {
  for (const std::string& name : all_names()) {
    const std::optional<Role> least = cli::find_role(roles(), name)->least;
    for (const Actor& actor : kActors) {
      SCOPED_TRACE(fmt::format("{} by {}", name, actor.user));
      const bool allowed = !least || (actor.role && *actor.role >= *least);
      const std::int64_t before = last().seq;
      const int exit = run(name, actor.user);
      EXPECT_NE(exit, 2) << "the words in kWords don't suit the command: " << err;
      EXPECT_NE(exit, 70) << err;
      if (allowed) {
        EXPECT_TRUE(exit != 7 || kBeyond.contains(name)) << err;
        EXPECT_EQ(err.find(fmt::format("; {} takes", name)), std::string::npos) << err;
        continue;
      }
      EXPECT_EQ(exit, 7) << err;
      EXPECT_EQ(out, "");
      EXPECT_NE(err.find(fmt::format("{} takes {}", name, to_string(*least))), std::string::npos)
          << err;
      const AuditEntry entry = last();
      EXPECT_EQ(entry.seq, before + 1);
      EXPECT_EQ(entry.kind, "refused");
      EXPECT_EQ(entry.actor, actor.user);
      const Value body = parse_json_or_throw(entry.body, "body");
      EXPECT_EQ(body.get("operation")->as_string(), name);
      EXPECT_EQ(body.get("identity")->as_string(), std::string("user:") + actor.user);
    }
  }
}

TEST_F(RolesTest, a_refusal_names_who_would_be_allowed) {
  ASSERT_EQ(run("decide", "vera"), 7);
  EXPECT_EQ(err,
            "autopilot: vera has the role viewer; decide takes operator\n"
            "  hint: dora (dg_ai), ada (admin), oscar (operator) may\n");
}

TEST_F(RolesTest, a_name_that_may_not_be_taken_is_refused_and_audited) {
  ASSERT_EQ(run("plan", "vera", {"--as", "dora"}), 7);
  EXPECT_NE(err.find("vera may not act as dora"), std::string::npos) << err;
  const AuditEntry entry = last();
  EXPECT_EQ(entry.kind, "refused");
  EXPECT_EQ(entry.actor, "vera");
  EXPECT_NE(entry.body.find(R"("operation":"--as dora")"), std::string::npos) << entry.body;
  EXPECT_EQ(run("plan", "vera", {"--as", "vera"}), 0) << "one's own name is no other's: " << err;
}

TEST_F(RolesTest, on_behalf_of_somebody_both_are_audited) {
  put_as_dora({testing::document(
                   "Access", "main",
                   R"({"roles":{"dg_ai":["dora"],"operator":["oscar"]},"impersonate":["bot"]})"),
               testing::policy("p")});
  ASSERT_EQ(run("state lock", "bot", {"--as", "oscar"}), 0) << err;
  EXPECT_EQ(last().actor, "oscar");
  EXPECT_NE(last().body.find(R"("identity":"user:bot")"), std::string::npos) << last().body;
  ASSERT_EQ(run("audit list", "bot", {"--as", "oscar"}), 0) << err;
  EXPECT_NE(out.find("oscar (user:bot)"), std::string::npos) << out;
}

TEST_F(RolesTest, without_access_the_openness_is_said_once_and_never_when_quiet) {
  put_as_dora({testing::policy("p")});
  const auto said = [&] { return err.find("There is no Access document") != std::string::npos; };
  EXPECT_EQ(run("plan", "eve"), 0) << err;
  EXPECT_FALSE(said()) << "a look changes nothing";
  EXPECT_EQ(run("state lock", "eve", {"-q"}), 0) << err;
  EXPECT_FALSE(said());
  EXPECT_EQ(run("state lock", "eve"), 0) << err;
  EXPECT_TRUE(said()) << err;
  EXPECT_EQ(run("state unlock", "eve"), 0) << err;
  EXPECT_FALSE(said()) << err;
}

}  // namespace
}  // namespace autopilot::commands
