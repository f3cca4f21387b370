// Approvals where only signatures count, by the real ssh-keygen: what is written into the database
// by hand, replayed, altered or signed with the wrong key is worth nothing.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>

#include "core/base/system.h"
#include "core/state/approval_file.h"
#include "core/state/plan_file.h"
#include "tests/state/approvals.h"

namespace autopilot::state {
namespace {

using testing::error_of;
using testing::person;
using testing::policy;
using testing::says;

class Signed : public testing::ApprovalsTest {
 protected:
  System system;
  // The real programs and files at the time of the test.
  World real{fakes.clock,
             system.world().files,
             fakes.environment,
             fakes.random,
             system.world().processes,
             system.world().http,
             system.world().sockets,
             system.world().children};

  void SetUp() override {
    std::signal(SIGPIPE, SIG_IGN);  // as main does
    if (real.processes.find("ssh-keygen").empty()) GTEST_SKIP() << "ssh-keygen is not installed";
    for (const char* name : {"ada", "bob", "eve"}) make_key(name);
    allow("ada " + public_key("ada") + "bob " + public_key("bob"));
    settings = R"({"plans":{"when":"true"},"require_signatures":true,"allowed_signers":"signers"})";
    put(set_of(1));
  }

  void make_key(const std::string& name) {
    const auto made = real.processes.capture(
        {"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", scratch.path(name)}, "",
        {});
    ASSERT_TRUE(made.ok()) << made.err;
  }
  std::string public_key(const std::string& name) { return scratch.read(name + ".pub"); }
  void allow(const std::string& lines) {
    scratch.write("signers", lines);
    ::chmod(scratch.path("signers").c_str(), 0644);
  }

  state::Approvals desk() { return state::Approvals(*store, real, root); }
  Applied apply_signed(const Plan& plan, std::vector<ApprovalFile> files = {}) {
    ApplyOptions options{"ada", "", true};
    options.identity = "user:ada";
    options.root = root;
    options.approvals = std::move(files);
    return state::apply(*store, plan, options, real);
  }
  Waiting asked(const Plan& plan) {
    EXPECT_EQ(error_of([&] { apply_signed(plan); }).kind(), ErrorKind::approval);
    return desk().with_digest(plan.digest).value();
  }
  Signature by(const std::string& key, const Waiting& waiting, const std::string& actor) {
    return sign(real, signed_bytes(waiting.request(), actor), scratch.path(key));
  }
  std::string foreign(const std::string& key, const Waiting& waiting, const std::string& actor) {
    return real.processes
        .capture({"ssh-keygen", "-Y", "sign", "-n", "file", "-f", scratch.path(key)},
                 signed_bytes(waiting.request(), actor), {})
        .out;
  }
  void approve_signed(const std::string& name, const Waiting& waiting) {
    desk().approve(waiting, person(name), "", by(name, waiting, name));
  }
  ApprovalFile file(const std::string& name, const Waiting& waiting) {
    return parse_approval_file(
        approval_file_text(waiting.request(), name, "looks fine", by(name, waiting, name)),
        name + ".json");
  }
  // As somebody would who can write the file of the state.
  void insert_by_hand(const Waiting& waiting, const std::string& signature) {
    Approval row;
    row.request = waiting.request().id;
    row.who = {"bob", "key:bob"};
    row.role = "dg_ai";
    row.time = fakes.clock.now();
    row.signature = signature;
    row.principal = "bob";
    row.fingerprint = "SHA256:anything";
    WriteTransaction transaction(store->database());
    RequestRows(store->database()).add(row);
    transaction.commit();
  }
  // Refused when it is given and, written into the database by hand, when it is used.
  void expect_worthless(const std::string& signature, const std::string& why) {
    const Plan plan = to(2);
    const Waiting waiting = asked(plan);
    const Error given = refused(
        "approve", [&] { desk().approve(waiting, person("bob"), "", Signature{signature}); });
    EXPECT_EQ(given.kind(), ErrorKind::denied);
    says(given, why);
    insert_by_hand(waiting, signature);
    const Error used = refused("apply", [&] { apply_signed(plan); });
    EXPECT_EQ(used.kind(), ErrorKind::approval);
    says(used, why);
    EXPECT_EQ(value_in_force(), 1);
  }
};

TEST_F(Signed, a_signed_approval_counts_as_its_keys_owner) {
  const Plan plan = to(2);
  const Waiting waiting = asked(plan);
  desk().approve(waiting, testing::as("whoever", "ada"), "", by("bob", waiting, "whoever"));
  EXPECT_EQ(apply_signed(plan).approved_by, std::vector<std::string>{"bob"});
  EXPECT_EQ(value_in_force(), 2);
}

TEST_F(Signed, a_key_that_an_access_document_gives_to_an_actor_has_that_actors_role) {
  allow("bob@example.com " + public_key("bob"));
  settings =
      R"({"plans":{"when":"true"},"require_signatures":true,"allowed_signers":"signers","rules":[{"role":"admin"}]})";
  const std::string fingerprint =
      real.processes.capture({"ssh-keygen", "-l", "-f", scratch.path("bob.pub")}, "", {})
          .out.substr(4, 50);
  auto documents = set_of(1);
  documents.push_back(testing::document(
      "Access", "main",
      fmt::format(
          R"({{"roles":{{"dg_ai":["ada"],"admin":["bob"]}},"identities":{{"bob":{{"key":"{}"}}}}}})",
          fingerprint)));
  const Plan first = plan(documents);
  const Waiting governing = asked(first);
  desk().approve(governing, person("bob"), "", by("bob", governing, "bob"));
  apply_signed(first);
  documents[0] = policy("p", R"({"v":2})");
  const Plan second = plan(documents);
  const Waiting waiting = asked(second);
  desk().approve(waiting, person("bob"), "", by("bob", waiting, "bob"));
  EXPECT_EQ(apply_signed(second).approved_by, std::vector<std::string>{"bob"});
}

TEST_F(Signed, without_a_signature_nothing_counts) {
  expect_worthless("", "it is not signed, and require_signatures is set");
}

TEST_F(Signed, text_that_is_no_signature_counts_for_nothing) {
  expect_worthless("-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n",
                   "(malformed)");
}

TEST_F(Signed, a_signature_of_other_bytes_counts_for_nothing) {
  expect_worthless(sign(real, "something else\n", scratch.path("bob")).armored, "(altered)");
}

TEST_F(Signed, a_signature_for_another_purpose_counts_for_nothing) {
  const Waiting waiting = asked(to(2));
  expect_worthless(foreign("bob", waiting, "bob"), "(foreign-namespace)");
}

TEST_F(Signed, a_key_that_nobody_allowed_counts_for_nothing) {
  const Waiting waiting = asked(to(2));
  expect_worthless(by("eve", waiting, "bob").armored, "(unknown-key)");
}

TEST_F(Signed, a_key_whose_time_is_over_counts_for_nothing) {
  const Waiting waiting = asked(to(2));
  allow("bob valid-before=\"20200101\" " + public_key("bob"));
  expect_worthless(by("bob", waiting, "bob").armored, "(expired-key)");
}

TEST_F(Signed, a_key_that_expired_since_no_longer_counts) {
  const Plan plan = to(2);
  approve_signed("bob", asked(plan));
  allow("bob valid-before=\"20200101\" " + public_key("bob"));
  says(refused("apply", [&] { apply_signed(plan); }), "(expired-key)");
}

TEST_F(Signed, allowed_signers_behind_a_link_counts_for_nothing) {
  const Waiting waiting = asked(to(2));
  const std::string signature = by("bob", waiting, "bob").armored;
  ::rename(scratch.path("signers").c_str(), scratch.path("elsewhere").c_str());
  ASSERT_EQ(::symlink(scratch.path("elsewhere").c_str(), scratch.path("signers").c_str()), 0);
  expect_worthless(signature, "(bad-signers)");
}

TEST_F(Signed, whoever_asks_cannot_sign_for_it_under_another_name) {
  const Waiting waiting = asked(to(2));
  says(refused("approve",
               [&] { desk().approve(waiting, person("bob"), "", by("ada", waiting, "bob")); }),
       "whoever asks cannot approve");
  says(refused("approve", [&] { desk().approve(waiting, ada, "", by("ada", waiting, "ada")); }),
       "whoever asks cannot approve");
}

TEST_F(Signed, one_key_in_two_names_is_one_approval) {
  settings =
      R"({"plans":{"when":"true"},"require_signatures":true,"allowed_signers":"signers","rules":[{"approvals":2}]})";
  const Plan stricter = to(1);
  approve_signed("bob", asked(stricter));
  apply_signed(stricter);
  const Waiting waiting = asked(to(2));
  approve_signed("bob", waiting);
  says(refused("approve",
               [&] { desk().approve(waiting, person("carl"), "", by("bob", waiting, "carl")); }),
       "bob approved it already");
}

TEST_F(Signed, an_approval_moved_to_another_request_counts_for_nothing) {
  const Plan other = to(3), plan = to(2);
  approve_signed("bob", asked(other));
  const Waiting waiting = asked(plan);
  store->database().execute("UPDATE approval SET request = '" + waiting.request().id + "'");
  says(refused("apply", [&] { apply_signed(plan); }), "(altered)");
}

TEST_F(Signed, an_approval_whose_actor_was_changed_counts_for_nothing) {
  const Plan plan = to(2);
  approve_signed("bob", asked(plan));
  store->database().execute("UPDATE approval SET actor = 'carl'");
  says(refused("apply", [&] { apply_signed(plan); }), "(altered)");
}

TEST_F(Signed, a_request_made_open_again_by_hand_needs_the_approval_it_had_no_more) {
  const Plan plan = to(2);
  const Waiting waiting = asked(plan);
  approve_signed("bob", waiting);
  store->database().execute("UPDATE request SET expires = expires + 999999999999");
  fakes.clock.time = waiting.request().expires;  // as its body, which is what was signed, says
  const Error error = refused("apply", [&] { apply_signed(plan); });
  EXPECT_EQ(error.kind(), ErrorKind::approval);
  EXPECT_EQ(value_in_force(), 1);
}

TEST_F(Signed, an_approval_signed_elsewhere_comes_as_a_file_and_is_used_with_the_plan) {
  const Plan plan = to(2);
  const Waiting waiting = asked(plan);
  EXPECT_EQ(apply_signed(plan, {file("bob", waiting)}).approved_by,
            std::vector<std::string>{"bob"});
  says(error_of([&] { desk().approve(waiting, person("eve"), "", {}); }), "was used by ada");
}

TEST_F(Signed, a_file_for_something_else_or_with_other_words_is_refused) {
  const Plan plan = to(2);
  const Waiting waiting = asked(plan), other = asked(to(3));
  says(refused("apply", [&] { apply_signed(plan, {file("bob", other)}); }),
       "it is for something else than this plan");
  ApprovalFile altered = file("bob", waiting);
  altered.actor = "carl";
  says(refused("apply", [&] { apply_signed(plan, {altered}); }),
       "it says something else than the request that it names");
  ApprovalFile unknown = file("bob", waiting);
  unknown.request = "00000000000000000000000000000000";
  says(refused("apply", [&] { apply_signed(plan, {unknown}); }), "the state knows no request");
  says(refused("apply", [&] { apply_signed(plan, {file("ada", waiting)}); }),
       "whoever asks cannot approve");
  EXPECT_EQ(value_in_force(), 1);
}

TEST_F(Signed, a_file_whose_approval_was_revoked_cannot_be_brought_again) {
  settings =
      R"({"plans":{"when":"true"},"require_signatures":true,"allowed_signers":"signers","rules":[{"approvals":2}]})";
  const Plan stricter = to(1);
  approve_signed("bob", asked(stricter));
  apply_signed(stricter);
  const Plan plan = to(2);
  const Waiting waiting = asked(plan);
  const ApprovalFile kept = file("bob", waiting);
  approve_signed("bob", waiting);
  desk().revoke(waiting, person("bob"));
  says(refused("apply", [&] { apply_signed(plan, {kept}); }), "bob revoked it");
}

TEST_F(Signed, the_same_file_does_not_serve_a_second_time) {
  const Plan plan = to(2);
  const ApprovalFile kept = file("bob", asked(plan));
  apply_signed(plan, {kept});
  const Plan back = to(1);
  apply_signed(back, {file("bob", asked(back))});
  asked(to(2));
  says(refused("apply", [&] { apply_signed(to(2), {kept}); }), "was used by ada");
  EXPECT_EQ(value_in_force(), 1);
}

TEST_F(Signed, files_that_are_no_approvals_are_said_to_be_none) {
  for (const char* text : {"", "{", "[]", "{}", R"({"format":"autopilot.approval-file/v2"})",
                           R"({"format":"autopilot.approval-file/v1","approval":3})",
                           R"({"format":"autopilot.approval-file/v1","approval":{}})"}) {
    EXPECT_EQ(error_of([&] { parse_approval_file(text, "x.json"); }).kind(), ErrorKind::invalid)
        << text;
  }
}

}  // namespace
}  // namespace autopilot::state
