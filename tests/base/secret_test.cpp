// Secrets: what a Secret can't do, how references are read, what the masker finds, and how values
// are fetched.
#include "core/base/secret.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <type_traits>

#include "core/base/base64.h"
#include "core/base/error.h"
#include "core/base/guarded_file.h"
#include "core/base/json.h"
#include "core/base/masker.h"
#include "core/base/processes.h"
#include "core/base/secrets.h"
#include "core/base/value.h"
#include "tests/fakes.h"

namespace autopilot {
namespace {

template <class T>
concept Streams = requires(std::ostream& out, const T& value) {
  out << value;
};

static_assert(!Streams<Secret>);
static_assert(Streams<std::string>, "the concept can be met");
static_assert(!fmt::is_formattable<Secret>::value);
static_assert(!std::is_copy_constructible_v<Secret> && !std::is_copy_assignable_v<Secret>);
static_assert(!std::is_convertible_v<Secret, std::string>);
static_assert(!std::is_convertible_v<Secret, std::string_view>);
static_assert(!std::is_convertible_v<Secret, Value>);
static_assert(!std::is_constructible_v<Value, Secret>);

TEST(Secret, moves_and_leaves_nothing_behind) {
  Secret a{"hunter2"};
  Secret b = std::move(a);
  EXPECT_EQ(b.reveal(), "hunter2");
  EXPECT_TRUE(a.empty());
  a = std::move(b);
  EXPECT_EQ(a.reveal(), "hunter2");
}

TEST(Secret, wiping_clears_what_a_text_has_reserved) {
  std::string text = "a long secret that is on the heap";
  const char* const bytes = text.data();
  text.resize(3);  // the rest is still there
  wipe(text);
  EXPECT_TRUE(text.empty());
  EXPECT_EQ(std::string_view(bytes, 3), std::string_view("\0\0\0", 3));
  EXPECT_EQ(bytes[20], '\0');
}

std::string shown(const SecretText& read) {
  std::string out;
  for (const SecretReference& r : read.references) {
    out += fmt::format("{}..{} {}", r.begin, r.end, r.text());
    for (const std::string& word : r.words) out += fmt::format(" <{}>", word);
    out += "\n";
  }
  for (const SecretFault& f : read.faults)
    out += fmt::format("{}..{} {} ({})\n", f.begin, f.end, f.message, f.help);
  return out;
}

TEST(SecretReference, is_read_with_its_place) {
  const std::pair<const char*, const char*> cases[] = {
      {"", ""},
      {"no secret, $5 and {x}", ""},
      {"${env:A_1}", "0..10 ${env:A_1}\n"},
      {"Bearer ${env:T}!", "7..15 ${env:T}\n"},
      {"${env:A}${file:k/s}", "0..8 ${env:A}\n8..19 ${file:k/s}\n"},
      {"${file:/run/secrets/x}", "0..22 ${file:/run/secrets/x}\n"},
      {"${exec:vault read -field=x y}",
       "0..29 ${exec:vault read -field=x y} <vault> <read> <-field=x> <y>\n"},
      {"${exec:sh -c 'echo \"}\" x'}",
       "0..26 ${exec:sh -c 'echo \"}\" x'} <sh> <-c> <echo \"}\" x>\n"},
      {"${exec:awk {print} f}", "0..21 ${exec:awk {print} f} <awk> <{print}> <f>\n"},
      {"${exec:a '' \"b c\"d}", "0..19 ${exec:a '' \"b c\"d} <a> <> <b cd>\n"},
      {"it's ${env:A} isn't it", "5..13 ${env:A}\n"},
      {"$${env:A} is text", ""},
      {"budget ${data.amount} and ${x}", ""},
      {"${}", ""},
      {"${:x}", ""},
      {"$", ""},
      {"${", ""}};
  for (const auto& [text, expected] : cases) EXPECT_EQ(shown(read_secrets(text)), expected) << text;
}

TEST(SecretReference, faults_have_a_place_and_say_what_to_do) {
  const std::pair<const char*, const char*> cases[] = {
      {"x ${evn:A}", "2..10 there are no secrets of scheme \"evn\" (did you mean env?)\n"},
      {"${ENV:A}", "0..8 there are no secrets of scheme \"ENV\" (did you mean env?)\n"},
      {"${vault:a/b}",
       "0..12 there are no secrets of scheme \"vault\" (known are env, file and exec; $${ stands "
       "for "
       "${ as text)\n"},
      {"a ${env:A", "2..9 the reference to a secret has no } (close it, as in ${env:NAME})\n"},
      {"${env:}", "0..7 env: names nothing (write ${env:NAME} or ${file:PATH})\n"},
      {"${exec: }", "0..9 exec: names nothing (write ${exec:PROGRAM ARGUMENTS})\n"},
      {"${env:$A}",
       "0..9 \"$A\" is no name of an environment variable (letters, digits and underscores, "
       "without "
       "$)\n"},
      {"${file:~/k}",
       "0..11 nothing stands for ~ here (write the whole path, or one from the project's "
       "folder)\n"},
      {"${file:a/../b}",
       "0..14 the path a/../b leads out by .. (write a path from the project's folder on, or an "
       "absolute one)\n"},
      {"${file:a/}", "0..10 \"a/\" is no path of a file ()\n"},
      {"${exec:a 'b}",
       "0..12 a quote in the command opens and never closes (no shell reads the command: quotes "
       "only "
       "keep words together)\n"},
      {"${exec:'' a}", "0..12 the command names no program (write ${exec:PROGRAM ARGUMENTS})\n"},
      {"${exec:a ${env:B}}",
       "0..18 references to secrets don't nest (a program finds its own secrets in its environment "
       "or its files)\n"}};
  for (const auto& [text, expected] : cases) EXPECT_EQ(shown(read_secrets(text)), expected) << text;
}

TEST(SecretReference, whatever_is_cut_short_is_a_fault_or_text) {
  const std::string whole = "a ${env:A} b ${exec:x 'y z'} $${c} ${file:k}";
  for (std::size_t n = 0; n <= whole.size(); ++n) {
    const SecretText read = read_secrets(whole.substr(0, n));
    for (const SecretReference& r : read.references) EXPECT_LE(r.end, n);
    for (const SecretFault& f : read.faults) EXPECT_LE(f.end, n);
  }
  EXPECT_EQ(read_secrets(std::string(100'000, '$') + std::string(100'000, '{')).faults.size(), 0u);
}

class MaskerTest : public ::testing::Test {
 protected:
  Masker masker;
  std::string masked(const std::string& text) { return masker.masked(text); }
};

TEST_F(MaskerTest, without_secrets_nothing_changes) { EXPECT_EQ(masked("as it is"), "as it is"); }

TEST_F(MaskerTest, finds_a_secret_in_all_forms_in_which_programs_write_it) {
  const std::string secret = "p<w&\"d'/ +\xc3\xa9\n=x";
  masker.learn(secret);
  std::string json;
  append_json_string(json, secret);
  EXPECT_EQ(masked("[" + secret + "]"), "[***]");
  EXPECT_EQ(masked(json), "\"***\"");
  EXPECT_EQ(masked("a=p%3Cw%26%22d%27%2F%20%2B%C3%A9%0A%3Dx&b"), "a=***&b");
  EXPECT_EQ(masked("a=p%3cw%26%22d%27%2f+%2b%c3%a9%0a%3dx&b"), "a=***&b");
  EXPECT_EQ(masked("<p>p&lt;w&amp;&quot;d&#39;/ +\xc3\xa9\n=x</p>"), "<p>***</p>");
}

TEST_F(MaskerTest, finds_a_secret_in_base64_wherever_it_stands_in_what_was_encoded) {
  const std::string secret = "correct-horse?>battery";
  masker.learn(secret);
  for (const std::string before : {"", "a", "ab", "user:", "me:me:"}) {
    for (const std::string after : {"", "x", "xy", "@host/path"}) {
      const std::string encoded = to_base64(before + secret + after);
      const std::string out = masked(encoded);
      EXPECT_NE(out.find("***"), std::string::npos) << encoded;
      // What remains of it gives back none of its middle.
      const std::string middle =
          to_base64(before + secret + after).substr(before.size() * 4 / 3 + 4, 12);
      EXPECT_EQ(out.find(middle), std::string::npos) << out;
    }
  }
}

TEST_F(MaskerTest, the_longer_secret_wins_over_its_beginning) {
  masker.learn("abcd");
  masker.learn("abcdefgh");
  EXPECT_EQ(masked("abcdefgh abcd abcdef"), "*** *** ***ef");
}

TEST_F(MaskerTest, short_ones_are_left_alone) {
  masker.learn("abc");
  masker.learn("");
  EXPECT_EQ(masked("abc"), "abc");
}

TEST_F(MaskerTest, lines_of_a_key_are_secrets_of_their_own) {
  masker.learn("-----BEGIN-----\nAAAABBBBCCCC\nDDDDEEEEFFFF\n");
  EXPECT_EQ(masked("  AAAABBBBCCCC\n  DDDDEEEEFFFF"), "  ***\n  ***");
}

TEST_F(MaskerTest, pieces_give_what_the_whole_gives_wherever_they_are_cut) {
  masker.learn("hunter2-hunter3");
  masker.learn("unterwegs");
  masker.learn("abab");
  const std::string whole = "hunter2-hunter2-hunter3 hunterwegs hunter2 ababab abab";
  const std::string expected = masked(whole);
  for (std::size_t i = 0; i <= whole.size(); ++i) {
    for (std::size_t j = i; j <= whole.size(); ++j) {
      std::string buffer, out;
      for (const std::string& piece :
           {whole.substr(0, i), whole.substr(i, j - i), whole.substr(j)}) {
        buffer += piece;
        out += masker.take(buffer);
      }
      out += masked(buffer);
      EXPECT_EQ(out, expected) << i << " " << j;
    }
  }
}

class SecretsTest : public ::testing::Test {
 protected:
  testing::FakeWorld fake;
  Masker masker;
  Secrets secrets{fake.world, masker, "/project"};

  std::string resolve(const std::string& text) {
    return std::string(secrets.resolve(text).reveal());
  }
  Error error_of(const std::string& text) {
    try {
      resolve(text);
    } catch (const Error& e) {
      return e;
    }
    return Error(ErrorKind::bug, "nothing was thrown");
  }
  void answer(Captured captured) {
    fake.processes.answer = [captured](const testing::FakeProcesses::Call&) { return captured; };
  }
};

TEST_F(SecretsTest, values_stand_where_their_references_stood) {
  fake.environment.variables["TOKEN"] = "tok";
  fake.files.texts["/project/keys/a"] = "file value\r\n";
  fake.files.texts["/run/s"] = "absolute\n\n";
  answer({Captured::End::exited, 0, "from vault\n", "chatter"});
  EXPECT_EQ(resolve("Bearer ${env:TOKEN}"), "Bearer tok");
  EXPECT_EQ(resolve("${file:keys/a}|${file:/run/s}"), "file value|absolute\n");
  EXPECT_EQ(resolve("${exec:vault read 'a b'}${env:TOKEN}"), "from vaulttok");
  EXPECT_EQ(resolve("plain $${env:TOKEN} ${data.x}"), "plain ${env:TOKEN} ${data.x}");
  ASSERT_EQ(fake.processes.captured.size(), 1u);
  EXPECT_EQ(fake.processes.captured[0].words, (std::vector<std::string>{"vault", "read", "a b"}));
  EXPECT_TRUE(fake.processes.captured[0].limits.pass.empty()) << "a clean environment";
}

TEST_F(SecretsTest, memory_is_private_before_the_first_value_and_values_are_masked) {
  fake.environment.variables["TOKEN"] = "hunter2";
  resolve("nothing here");
  EXPECT_FALSE(fake.processes.memory_is_private);
  resolve("${env:TOKEN}");
  EXPECT_TRUE(fake.processes.memory_is_private);
  EXPECT_EQ(masker.masked("it is hunter2"), "it is ***");
}

TEST_F(SecretsTest, a_program_runs_once_for_all_who_ask) {
  answer({Captured::End::exited, 0, "value", ""});
  EXPECT_EQ(resolve("${exec:p} ${exec:p}"), "value value");
  EXPECT_EQ(resolve("${exec:p}"), "value");
  EXPECT_EQ(fake.processes.captured.size(), 1u);
}

TEST_F(SecretsTest, a_failure_names_the_reference_and_nothing_that_was_printed) {
  EXPECT_STREQ(error_of("${env:NOPE}").what(),
               "the secret ${env:NOPE}: the environment variable is not set");
  EXPECT_EQ(error_of("${env:NOPE}").kind(), ErrorKind::outside);
  fake.environment.variables["EMPTY"] = "";
  EXPECT_STREQ(error_of("${env:EMPTY}").what(), "the secret ${env:EMPTY}: it is empty");
  EXPECT_EQ(error_of("${file:nowhere}").kind(), ErrorKind::outside);
  fake.files.texts["/project/open"] = "x";
  fake.files.unguarded.insert("/project/open");
  EXPECT_EQ(error_of("${file:open}").kind(), ErrorKind::denied);
  EXPECT_EQ(error_of("${evn:X}").kind(), ErrorKind::invalid);
  const std::pair<Captured, const char*> ends[] = {
      {{Captured::End::exited, 2, "hunter2", "hunter2"}, "ended with exit code 2"},
      {{Captured::End::killed, 9, "hunter2", ""}, "was ended by signal 9"},
      {{Captured::End::timed_out, 0, "hunter2", ""}, "gave no answer within 30s"},
      {{Captured::End::too_long, 0, "hunter2", ""}, "prints more than a secret is long"},
      {{Captured::End::not_started, 2, "", ""}, "cannot be started"}};
  for (const auto& [end, expected] : ends) {
    answer(end);
    const Error e = error_of("${exec:vault x}");
    EXPECT_NE(std::string(e.what()).find(expected), std::string::npos) << e.what();
    EXPECT_EQ((std::string(e.what()) + e.hint()).find("hunter2"), std::string::npos) << e.what();
  }
}

TEST(SecretFile, must_be_private_regular_and_short) {
  namespace fs = std::filesystem;
  const fs::path folder = fs::path(::testing::TempDir()) / fmt::format("secret-{}", ::getpid());
  fs::create_directories(folder);
  ::chmod(folder.c_str(), 0700);
  const std::string path = (folder / "s").string();
  std::ofstream(path) << "hunter2\n";
  const auto why = [&](const std::string& of) -> std::string {
    try {
      return "=" + read_guarded_file(of, folder.string(), Guard::from_readers);
    } catch (const Error& e) {
      return e.what();
    }
  };
  ::chmod(path.c_str(), 0600);
  EXPECT_EQ(why(path), "=hunter2\n");
  ::chmod(path.c_str(), 0400);
  EXPECT_EQ(why(path), "=hunter2\n");
  for (const mode_t mode : {0640, 0604, 0620, 0644}) {
    ::chmod(path.c_str(), mode);
    EXPECT_EQ(why(path)[0], path[0]) << "the message begins with the path: " << why(path);
    EXPECT_EQ(why(path).find("hunter2"), std::string::npos);
  }
  ::chmod(path.c_str(), 0600);
  fs::create_symlink(path, folder / "link");
  EXPECT_NE(why((folder / "link").string()).find("symbolic link"), std::string::npos);
  EXPECT_NE(why(folder.string() + "/..").find(".."), std::string::npos);
  std::ofstream(folder / "long") << std::string(kLongestSecret + 1, 'x');
  ::chmod((folder / "long").c_str(), 0600);
  EXPECT_NE(why((folder / "long").string()).find("more than 64 KiB"), std::string::npos);
  fs::remove_all(folder);
}

TEST(SecretFile, private_memory_leaves_no_core_dump) {
  EXPECT_EXIT(
      {
        system_processes()->keep_memory_private();
        rlimit core{};
        ::getrlimit(RLIMIT_CORE, &core);
        ::_exit(core.rlim_cur == 0 && core.rlim_max == 0 && ::prctl(PR_GET_DUMPABLE) == 0 ? 0 : 1);
      },
      ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace autopilot
