// Signatures made and refused by the real ssh-keygen, with keys made for each test.
#include "core/state/signatures.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "core/base/error.h"
#include "core/base/system.h"
#include "core/state/ssh_signature.h"
#include "tests/fakes.h"
#include "tests/instrumented.h"
#include "tests/state/scratch.h"

namespace autopilot::state {
namespace {

using Why = NotVerified::Why;

class SignaturesTest : public ::testing::Test {
 protected:
  testing::Scratch scratch;
  System system;
  World& world = system.world();
  const Instant now = *parse_rfc3339("2026-06-01T12:00:00Z");
  const std::string bytes = "{\"format\":\"autopilot.approval/v1\"}\n";

  void SetUp() override {
    std::signal(SIGPIPE, SIG_IGN);  // as main does
    if (world.processes.find("ssh-keygen").empty()) GTEST_SKIP() << "ssh-keygen is not installed";
    make_key("alice");
    allow("alice " + public_key("alice"));
  }

  void make_key(const std::string& name, const std::string& type = "ed25519") {
    const auto made = world.processes.capture(
        {"ssh-keygen", "-q", "-t", type, "-N", "", "-C", "", "-f", scratch.path(name)}, "", {});
    ASSERT_TRUE(made.ok()) << made.err;
  }
  std::string public_key(const std::string& name) { return scratch.read(name + ".pub"); }
  std::string signed_by(const std::string& name, const std::string& name_space) {
    return world.processes
        .capture({"ssh-keygen", "-Y", "sign", "-n", name_space, "-f", scratch.path(name)}, bytes,
                 {})
        .out;
  }
  Signature sign_as(const std::string& name) { return sign(world, bytes, scratch.path(name)); }

  void allow(const std::string& lines) {
    scratch.write("signers", lines);
    ::chmod(scratch.path("signers").c_str(), 0644);
  }
  Signers signers() { return {scratch.path("signers"), scratch.path("")}; }

  Verification check(const Signature& signature) { return check(signature, bytes); }
  Verification check(const Signature& signature, std::string_view of) {
    return verify(world, of, signature, signers(), now);
  }
  // Why not, or "" when it is verified.
  std::string why(const Verification& v) {
    const auto* no = std::get_if<NotVerified>(&v);
    return no == nullptr ? "" : to_string(no->why);
  }
};

TEST_F(SignaturesTest, what_was_signed_is_verified_and_says_who) {
  for (const char* type : {"ed25519", "ecdsa", "rsa"}) {
    make_key(type, type);
    allow(std::string(type) + "@example.com " + public_key(type));
    const Verification v = check(sign_as(type));
    ASSERT_EQ(why(v), "") << type;
    EXPECT_EQ(std::get<Verified>(v).principal, std::string(type) + "@example.com");
    EXPECT_NE(
        world.processes
            .capture({"ssh-keygen", "-l", "-f", scratch.path(std::string(type) + ".pub")}, "", {})
            .out.find(std::get<Verified>(v).fingerprint + " "),
        std::string::npos);
  }
}

TEST_F(SignaturesTest, altered_bytes_are_refused) {
  const Signature signature = sign_as("alice");
  EXPECT_EQ(why(check(signature, bytes + " ")), "altered");
  EXPECT_EQ(why(check(signature, "")), "altered");
}

TEST_F(SignaturesTest, an_altered_signature_is_refused_wherever_it_was_altered) {
  const std::string armored = sign_as("alice").armored;
  for (std::size_t at = 0; at < armored.size(); at += testing::is_instrumented() ? 12 : 3) {
    Signature altered{armored};
    altered.armored[at] = altered.armored[at] == 'A' ? 'B' : 'A';
    EXPECT_NE(why(check(altered)), "") << at;
  }
}

TEST_F(SignaturesTest, a_foreign_namespace_is_refused) {
  const Verification v = check({signed_by("alice", "git")});
  EXPECT_EQ(why(v), "foreign-namespace");
  EXPECT_EQ(std::get<NotVerified>(v).what,
            "it was made for the namespace \"git\", not for autopilot");
}

TEST_F(SignaturesTest, an_unknown_key_is_refused_by_its_fingerprint) {
  make_key("eve");
  const Verification v = check(sign_as("eve"));
  EXPECT_EQ(why(v), "unknown-key");
  EXPECT_EQ(std::get<NotVerified>(v).fingerprint.substr(0, 7), "SHA256:");
}

TEST_F(SignaturesTest, a_key_counts_only_within_its_time_and_that_is_utc) {
  struct Case {
    const char* options;
    const char* found;
  };
  const Case cases[] = {
      {"valid-before=\"20260601\"", "expired-key"},
      {"valid-before=\"20260601115959\"", "expired-key"},
      {"valid-before=\"20260601120001\"", ""},
      {"valid-after=\"20260601120001\"", "expired-key"},
      {"valid-after=\"20260601,valid-before=20260602\"", "unknown-key"},  // one broken line
      {"valid-after=\"20260601\",valid-before=\"20260602\"", ""},
  };
  const Signature signature = sign_as("alice");
  for (const Case& c : cases) {
    allow(std::string("alice ") + c.options + " " + public_key("alice"));
    EXPECT_EQ(why(check(signature)), c.found) << c.options;
  }
}

TEST_F(SignaturesTest, a_key_must_stand_for_one_person) {
  const Signature signature = sign_as("alice");
  for (const char* names : {"alice,bob", "*", "ali?e", "*@example.com,!eve@example.com"}) {
    allow(std::string(names) + " " + public_key("alice"));
    EXPECT_EQ(why(check(signature)), "refused-key") << names;
  }
}

TEST_F(SignaturesTest, a_key_for_other_namespaces_is_refused) {
  allow("alice namespaces=\"git,file\" " + public_key("alice"));
  EXPECT_EQ(why(check(sign_as("alice"))), "refused-key");
  allow("alice namespaces=\"git,autopilot\" " + public_key("alice"));
  EXPECT_EQ(why(check(sign_as("alice"))), "");
}

TEST_F(SignaturesTest, lines_that_are_no_keys_vouch_for_nobody) {
  allow("");
  EXPECT_EQ(why(check(sign_as("alice"))), "unknown-key");
  allow("what is this\n\n# a comment\nalice " + public_key("alice"));
  EXPECT_EQ(why(check(sign_as("alice"))), "");
}

TEST_F(SignaturesTest, what_is_no_signature_is_malformed) {
  const std::string armored = sign_as("alice").armored;
  for (const std::string& text :
       {std::string(), std::string("hello"), armored.substr(0, armored.size() / 2),
        std::string("-----BEGIN SSH SIGNATURE-----\n-----END SSH SIGNATURE-----\n"),
        std::string("-----BEGIN SSH SIGNATURE-----"), std::string(1 << 20, 'A'),
        "-----BEGIN SSH SIGNATURE-----\n!" + armored.substr(30)}) {
    EXPECT_EQ(why(check({text})), "malformed") << text.substr(0, 60);
  }
}

TEST_F(SignaturesTest, a_file_that_others_could_have_turned_vouches_for_nobody) {
  const Signature signature = sign_as("alice");
  const auto refused = [&](const std::string& path) {
    const Verification v =
        verify(world, bytes, signature, {scratch.path(path), scratch.path("")}, now);
    return why(v) == "bad-signers" ? std::get<NotVerified>(v).what.substr(scratch.path(path).size())
                                   : why(v);
  };
  ASSERT_EQ(::symlink("signers", scratch.path("link").c_str()), 0);
  EXPECT_EQ(refused("link"), " is not to be trusted: link is a symbolic link");
  ::mkdir(scratch.path("keys").c_str(), 0755);
  scratch.write("keys/signers", scratch.read("signers"));
  EXPECT_EQ(refused("keys/signers"), "");
  ASSERT_EQ(::symlink("keys", scratch.path("elsewhere").c_str()), 0);
  EXPECT_EQ(refused("elsewhere/signers"), " is not to be trusted: elsewhere is a symbolic link");
  EXPECT_EQ(refused("keys/../keys/signers"), " is not to be trusted: it leads out of its folder");
  ::chmod(scratch.path("keys").c_str(), 0777);
  EXPECT_NE(refused("keys/signers").find("/keys is writable for everybody"), std::string::npos);
  ::chmod(scratch.path("keys").c_str(), 01777);
  EXPECT_EQ(refused("keys/signers"), "");
  ::chmod(scratch.path("signers").c_str(), 0664);
  EXPECT_NE(refused("signers").find("/signers is writable for a group"), std::string::npos);
  ::chmod(scratch.path("signers").c_str(), 0644);
  ASSERT_EQ(::mkfifo(scratch.path("pipe").c_str(), 0600), 0);
  EXPECT_EQ(refused("pipe"), " is not to be trusted: it is no regular file");
  EXPECT_EQ(refused("keys"), " is not to be trusted: it is no regular file");
  EXPECT_EQ(why(verify(world, bytes, signature, {scratch.path("none"), scratch.path("")}, now)),
            "bad-signers");
  if (::geteuid() != 0) return;  // only root gives files away
  ASSERT_EQ(::chown(scratch.path("signers").c_str(), 12345, 12345), 0);
  EXPECT_NE(refused("signers").find("/signers belongs to another user (uid 12345)"),
            std::string::npos);
}

TEST_F(SignaturesTest, nothing_is_left_behind) {
  testing::Scratch temporary;
  ::setenv("TMPDIR", temporary.path("").c_str(), 1);
  check(sign_as("alice"));
  check({"hello"});
  ::unsetenv("TMPDIR");
  EXPECT_EQ(temporary.names(), std::vector<std::string>{});
}

// In the foreground: one that leaves for the background may still be in the group of the command
// that started it when that ends, and end with it.
pid_t start_agent(const std::string& socket) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  ::close(STDOUT_FILENO);
  ::execlp("ssh-agent", "ssh-agent", "-D", "-a", socket.c_str(), nullptr);
  ::_exit(127);
}

TEST_F(SignaturesTest, an_agent_signs_for_a_public_key_file) {
  if (world.processes.find("ssh-agent").empty()) GTEST_SKIP() << "ssh-agent is not installed";
  const std::string socket = scratch.path("agent");
  CaptureLimits limits;
  limits.set = {{"SSH_AUTH_SOCK", socket}};
  const pid_t agent = start_agent(socket);
  const auto answers = [&] {  // 2: cannot be reached
    return world.processes.capture({"ssh-add", "-l"}, "", limits).status != 2;
  };
  for (int tries = 0; tries < 500 && !answers(); ++tries) ::usleep(10'000);
  const auto added = world.processes.capture({"ssh-add", "-q", scratch.path("alice")}, "", limits);
  ::unlink(scratch.path("alice").c_str());
  ::setenv("SSH_AUTH_SOCK", socket.c_str(), 1);
  std::string found = added.err;
  try {
    found += why(check(sign_as("alice.pub")));
  } catch (const Error& error) {
    found += error.what();
  }
  ::unsetenv("SSH_AUTH_SOCK");
  ::kill(agent, SIGTERM);
  ::waitpid(agent, nullptr, 0);
  EXPECT_EQ(found, "");
}

TEST_F(SignaturesTest, a_key_that_cannot_sign_is_named) {
  const auto fault = [&](const std::string& key) -> std::string {
    try {
      sign(world, bytes, scratch.path(key));
    } catch (const Error& error) {
      return error.what();
    }
    return "none";
  };
  EXPECT_EQ(fault("nobody"), "there is no key " + scratch.path("nobody"));
  EXPECT_NE(fault("signers").find("ssh-keygen could not sign with"), std::string::npos);
  const auto made = world.processes.capture(
      {"ssh-keygen", "-q", "-t", "ed25519", "-N", "secret", "-f", scratch.path("locked")}, "", {});
  ASSERT_TRUE(made.ok());
  EXPECT_NE(fault("locked").find("passphrase"), std::string::npos) << fault("locked");
}

TEST(Signatures, without_ssh_keygen_say_which_package_has_it) {
  testing::FakeWorld fakes;
  fakes.files.texts["/k"] = "";
  try {
    sign(fakes.world, "x", "/k");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::outside);
    EXPECT_EQ(error.hint(), "install it: the package openssh-client");
  }
}

TEST(Signatures, the_key_is_the_one_said_or_set_or_usual) {
  testing::FakeWorld fakes;
  fakes.environment.variables["HOME"] = "/home/ada";
  EXPECT_THROW(signing_key(fakes.world, ""), Error);
  fakes.files.texts["/home/ada/.ssh/id_rsa"] = "";
  EXPECT_EQ(signing_key(fakes.world, ""), "/home/ada/.ssh/id_rsa");
  fakes.files.texts["/home/ada/.ssh/id_ed25519.pub"] = "";
  EXPECT_EQ(signing_key(fakes.world, ""), "/home/ada/.ssh/id_ed25519.pub");
  fakes.environment.variables["AUTOPILOT_SIGNING_KEY"] = "/keys/token.pub";
  EXPECT_EQ(signing_key(fakes.world, ""), "/keys/token.pub");
  EXPECT_EQ(signing_key(fakes.world, "mine"), "mine");
}

TEST(Signatures, the_sign_command_gets_the_agent_and_the_verify_command_does_not) {
  testing::FakeWorld fakes;
  fakes.files.texts["/k"] = "";
  fakes.processes.answer = [](const auto&) { return Captured{}; };
  EXPECT_THROW(sign(fakes.world, "x", "/k"), Error);
  const auto& call = fakes.processes.captured.back();
  EXPECT_EQ(call.words, (std::vector<std::string>{"ssh-keygen", "-q", "-Y", "sign", "-n",
                                                  "autopilot", "-f", "/k"}));
  EXPECT_EQ(call.limits.pass.front(), "SSH_AUTH_SOCK");
  EXPECT_FALSE(call.limits.at_terminal);
  EXPECT_EQ(call.input, "x");
}

}  // namespace
}  // namespace autopilot::state
