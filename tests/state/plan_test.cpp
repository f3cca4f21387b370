#include "core/state/plan.h"

#include "core/state/plan_contents.h"
#include "tests/state/fixture.h"

namespace autopilot::state {
namespace {

using testing::document;
using testing::error_of;
using testing::policies;
using testing::policy;
using Action = Change::Action;

class PlanTest : public testing::StateTest {
 protected:
  // "create Policy/a, delete Policy/b"
  static std::string summary(const Plan& p) {
    std::string out;
    for (const Change& c : p.changes) {
      out += fmt::format("{}{} {}", out.empty() ? "" : ", ", to_string(c.action), c.name());
    }
    return out;
  }
};

TEST_F(PlanTest, without_a_state_everything_is_created) {
  const Plan p = make_plan(policies(2), nullptr, {});
  EXPECT_EQ(summary(p), "create Policy/p00000, create Policy/p00001");
  EXPECT_FALSE(p.changes[0].base.has_value());
}

TEST_F(PlanTest, is_empty_after_apply) {
  put(policies(3));
  EXPECT_TRUE(plan(policies(3)).empty());
  EXPECT_EQ(plan(policies(3)).unchanged, 3);
}

TEST_F(PlanTest, names_creates_updates_and_deletes_in_order) {
  put({policy("a"), policy("b"), document("Access", "c", "{}")});
  const Plan p =
      plan({policy("b", R"({"mode":"monitor"})"), policy("d"), document("Access", "c", "{}")});
  EXPECT_EQ(summary(p), "delete Policy/a, update Policy/b, create Policy/d");
  EXPECT_EQ(p.unchanged, 1);
  EXPECT_EQ(*p.changes[1].base, policy("b").hash);
  EXPECT_EQ(p.changes[1].before->hash, policy("b").hash);
}

TEST_F(PlanTest, the_order_of_documents_does_not_change_a_byte) {
  put(policies(5));
  std::vector<policy::Document> desired = policies(8, R"({"mode":"monitor"})");
  const std::string text = plan_text(plan(desired));
  testing::FakeRandom random(3);
  for (int i = 0; i < 20; ++i) {
    for (std::size_t k = desired.size() - 1; k > 0; --k)
      std::swap(desired[k], desired[random.next() % (k + 1)]);
    EXPECT_EQ(plan_text(plan(desired)), text);
  }
}

TEST_F(PlanTest, the_order_of_keys_does_not_change_a_byte) {
  const Plan one = plan({policy("a", R"({"mode":"monitor","priority":1})")});
  const Plan two = plan({policy("a", R"({"priority":1.0,"mode":"monitor"})")});
  EXPECT_EQ(plan_text(one), plan_text(two));
}

TEST_F(PlanTest, targets_and_excludes_choose_by_id_or_kind_and_id) {
  const std::vector<policy::Document> desired = {
      policy("traffic-a"), policy("traffic-b"), policy("budget"), document("Access", "main", "{}")};
  const auto chosen = [&](std::vector<std::string> targets, std::vector<std::string> excludes) {
    return summary(plan(desired, {std::move(targets), std::move(excludes)}));
  };
  EXPECT_EQ(chosen({"budget"}, {}), "create Policy/budget");
  EXPECT_EQ(chosen({"Policy/traffic-*"}, {}), "create Policy/traffic-a, create Policy/traffic-b");
  EXPECT_EQ(chosen({"traffic-*"}, {"*-b"}), "create Policy/traffic-a");
  EXPECT_EQ(chosen({}, {"Policy/*"}), "create Access/main");
}

TEST_F(PlanTest, a_target_that_names_nothing_is_an_error_with_a_suggestion) {
  const Error error = error_of([&] { plan({policy("budget")}, {{"Policy/budgte"}, {}}); });
  EXPECT_EQ(error.kind(), ErrorKind::invalid);
  EXPECT_NE(error.hint().find("Policy/budget"), std::string::npos);
}

TEST_F(PlanTest, a_protected_document_is_kept_when_its_file_is_gone) {
  put({policy("a", "{}", true), policy("b")});
  const Plan p = plan({policy("b")});
  EXPECT_TRUE(p.empty());
  ASSERT_EQ(p.kept.size(), 1u);
  EXPECT_EQ(p.kept[0].id, "a");
}

TEST_F(PlanTest, a_protected_document_can_go_after_it_was_unprotected) {
  put({policy("a", "{}", true)});
  put({policy("a", "{}", false)});
  EXPECT_EQ(summary(plan({})), "delete Policy/a");
}

TEST_F(PlanTest, the_blast_radius_counts_updates_and_deletes_but_not_creates) {
  put(policies(10));
  std::vector<policy::Document> desired = policies(10);
  for (int i = 0; i < 50; ++i) desired.push_back(policy(fmt::format("new{}", i)));
  EXPECT_FALSE(plan(desired).radius.exceeded());
  for (std::size_t i = 0; i < 3; ++i) desired[i] = policy(desired[i].id, R"({"mode":"monitor"})");
  EXPECT_FALSE(plan(desired).radius.exceeded()) << "exactly 30 % is allowed";
  desired[3] = policy(desired[3].id, R"({"mode":"monitor"})");
  EXPECT_TRUE(plan(desired).radius.exceeded());
  EXPECT_FALSE(plan(desired, {{}, {}, 0.5, 10}).radius.exceeded());
  EXPECT_FALSE(plan(desired, {{}, {}, 0.3, 11}).radius.exceeded());
}

TEST_F(PlanTest, a_plan_file_reads_back_as_the_same_plan) {
  put({policy("a"), policy("b")});
  const Plan p = plan({policy("b", R"({"x":"é\n"})"), policy("c")});
  const Plan read = parse_plan(plan_text(p), "file", store.get(), {});
  EXPECT_EQ(plan_text(read), plan_text(p));
  EXPECT_EQ(read.digest, p.digest);
  EXPECT_EQ(summary(read), summary(p));
  EXPECT_EQ(read.changes[0].before->hash, policy("a").hash);
}

TEST_F(PlanTest, a_plan_file_is_canonical_json_with_its_digest) {
  const Plan p = plan({policy("a")});
  const Value file = parse_json_or_throw(plan_text(p), "plan");
  EXPECT_EQ(to_canonical_json(file) + "\n", plan_text(p));
  Value without = file;
  without.as_map().erase("digest");
  EXPECT_EQ(to_hex(sha256(to_canonical_json(without))), p.digest);
}

TEST_F(PlanTest, every_changed_byte_of_a_plan_file_is_noticed) {
  const std::string text = plan_text(plan({policy("a", R"({"n":1})"), policy("b")}));
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    std::string changed = text;
    changed[i] = changed[i] == '1' ? '2' : '1';
    const Error error = error_of([&] { parse_plan(changed, "x.plan", nullptr, {}); });
    EXPECT_EQ(error.kind(), ErrorKind::invalid) << "byte " << i << ": " << error.what();
    EXPECT_NE(std::string(error.what()).find("x.plan"), std::string::npos);
  }
}

TEST_F(PlanTest, a_plan_file_that_is_cut_short_is_refused_at_every_length) {
  const std::string text = plan_text(plan({policy("a")}));
  for (std::size_t length = 0; length + 1 < text.size(); ++length) {
    EXPECT_EQ(error_of([&] { parse_plan(text.substr(0, length), "x", nullptr, {}); }).kind(),
              ErrorKind::invalid);
  }
}

TEST_F(PlanTest, other_formats_are_named) {
  const auto what = [](const std::string& text) {
    return std::string(error_of([&] { parse_plan(text, "x", nullptr, {}); }).what());
  };
  EXPECT_NE(
      what(R"({"format":"autopilot.plan/v2","changes":[],"digest":""})").find("autopilot.plan/v2"),
      std::string::npos);
  EXPECT_NE(what(R"({"a":1})").find("no plan"), std::string::npos);
  EXPECT_NE(what("[]").find("no plan"), std::string::npos);
}

// A plan whose digest was computed again after somebody changed it by hand.
std::string forged(const std::string& changes) {
  const Value body = parse_json_or_throw(
      fmt::format(R"({{"changes":{},"format":"{}"}})", changes, kPlanFormat), "forged");
  Value file = body;
  file.as_map().append("digest", to_hex(sha256(to_canonical_json(body))));
  return to_canonical_json(file);
}

TEST_F(PlanTest, a_forged_plan_must_still_make_sense) {
  const std::string a = to_canonical_json(policy("a").content);
  const std::string base = "\"" + policy("a").hash + "\"";
  const auto one = [&](const std::string& action, const std::string& id, const std::string& b,
                       const std::string& content) {
    return fmt::format(R"({{"action":"{}","base":{},"content":{},"id":"{}","kind":"Policy"}})",
                       action, b, content, id);
  };
  const std::string good = one("create", "a", "null", a);
  EXPECT_NO_THROW(parse_plan(forged("[" + good + "]"), "x", nullptr, {}));
  const std::string bad[] = {one("create", "a", base, a),
                             one("update", "a", "null", a),
                             one("delete", "a", base, a),
                             one("update", "a", base, "null"),
                             one("create", "b", "null", a),
                             one("destroy", "a", "null", a),
                             good + "," + good,
                             one("create", "a", "null", "[]")};
  for (const std::string& changes : bad) {
    const Error error =
        error_of([&] { parse_plan(forged("[" + changes + "]"), "x", nullptr, {}); });
    EXPECT_EQ(error.kind(), ErrorKind::invalid) << changes << error.what();
  }
}

TEST_F(PlanTest, a_saved_plan_may_only_hold_valid_documents) {
  const auto verdict = [&](const std::string& spec) {
    return error_of([&] { check_contents(plan({policy("a", spec)}), store.get()); });
  };
  EXPECT_EQ(verdict(R"({"guards":[{"name":"g","deny":"metrics.x < 1"}]})").kind(), ErrorKind::bug);
  EXPECT_EQ(verdict(R"({"mode":"perhaps"})").kind(), ErrorKind::invalid);
  const Error error = verdict(R"({"guards":[{"name":"g","deny":"metrics.x <"}]})");
  EXPECT_EQ(error.kind(), ErrorKind::invalid);
  EXPECT_NE(std::string(error.what()).find("Policy/a"), std::string::npos) << error.what();
}

TEST_F(PlanTest, a_saved_plan_is_judged_by_the_project_that_will_be_applied) {
  const policy::Document narrow = document("Project", "autopilot", R"({"metrics":{"y":"double"}})");
  const policy::Document uses_x =
      policy("a", R"({"guards":[{"name":"g","deny":"metrics.x < 1"}]})");
  EXPECT_EQ(error_of([&] {
              check_contents(plan({narrow, uses_x}), store.get());
            }).kind(),
            ErrorKind::invalid);
  put({narrow});
  EXPECT_EQ(error_of([&] {
              check_contents(plan({narrow, uses_x}), store.get());
            }).kind(),
            ErrorKind::invalid);
  EXPECT_EQ(error_of([&] { check_contents(plan({uses_x}), store.get()); }).kind(), ErrorKind::bug);
}

// Sets of a few documents in a few versions.
std::vector<policy::Document> random_set(testing::FakeRandom& random) {
  std::vector<policy::Document> set;
  for (const char* kind : {"Policy", "Access", "Budget"}) {
    for (int i = 0; i < 8; ++i) {
      const std::uint64_t version = random.next() % 4;
      if (version == 0) continue;
      set.push_back(document(kind, fmt::format("d{}", i), fmt::format(R"({{"v":{}}})", version)));
    }
  }
  return set;
}

TEST_F(PlanTest, applying_a_plan_makes_any_set_the_state) {
  testing::FakeRandom random(11);
  for (int round = 0; round < 60; ++round) {
    std::vector<policy::Document> desired = random_set(random);
    // An Access document decides who may go on: keep it out of the way.
    std::erase_if(desired, [](const policy::Document& d) { return d.kind == "Access"; });
    const Plan p = parse_plan(plan_text(plan(desired)), "x", store.get(), {});
    apply(p, "ada", true);
    EXPECT_TRUE(plan(desired).empty());
    std::vector<std::string> wanted;
    for (const policy::Document& d : desired) wanted.push_back(d.kind + "/" + d.id);
    std::sort(wanted.begin(), wanted.end());
    EXPECT_EQ(names(), wanted);
  }
}

}  // namespace
}  // namespace autopilot::state
