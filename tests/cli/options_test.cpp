#include "cli/options.h"

#include <gtest/gtest.h>

#include "core/base/error.h"

namespace autopilot::cli {
namespace {

using Words = std::vector<std::string>;

// One of each kind.
struct Sample {
  std::string path = "default";
  Words rest;
  bool brief = false;
  std::string out;
  std::optional<std::string> run;
  std::int64_t count = 7;
  std::optional<Duration> wait;
  Words targets;
  std::string color = "auto";

  void declare(Options& o) {
    o.argument("PATH", path, "a path", Hint::file);
    o.arguments("REST", rest, "more");
    o.flag("-b,--brief", brief, "say less");
    o.option("-o,--out FILE", out, "where to", Hint::file);
    o.option("--run", run, "run id");
    o.option("-n,--count", count, "how many");
    o.option("--wait", wait, "how long");
    o.options("--target ID", targets, "which");
    o.choice("--color", color, {"auto", "always", "never"}, "when");
  }
  void parse(const Words& words) {
    Options o;
    declare(o);
    o.parse(words);
  }
};

Sample parsed(const Words& words) {
  Sample sample;
  sample.parse(words);
  return sample;
}

struct Refusal {
  std::string message, hint;
};

Refusal refused(const Words& words) {
  try {
    parsed(words);
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::usage);
    return {e.what(), e.hint()};
  }
  return {"accepted", ""};
}

TEST(Options, what_is_not_said_keeps_its_value) {
  const Sample s = parsed({});
  EXPECT_EQ(s.path, "default");
  EXPECT_EQ(s.count, 7);
  EXPECT_FALSE(s.brief);
  EXPECT_EQ(s.run, std::nullopt);
  EXPECT_EQ(s.color, "auto");
}

TEST(Options, every_spelling_of_a_value_is_understood) {
  for (const Words& words : {Words{"-o", "x"}, Words{"-ox"}, Words{"--out", "x"}, Words{"--out=x"},
                             Words{"-bo", "x"}, Words{"-box"}}) {
    EXPECT_EQ(parsed(words).out, "x") << words[0];
  }
}

TEST(Options, values_may_be_empty_or_look_like_options) {
  EXPECT_EQ(parsed({"--out=", "p"}).out, "");
  EXPECT_EQ(parsed({"--out=", "p"}).path, "p");
  EXPECT_EQ(parsed({"--out", "", "p"}).path, "p");
  EXPECT_EQ(parsed({"--out", "-x"}).out, "-x");
  EXPECT_EQ(parsed({"--out", "--brief"}).out, "--brief");
  EXPECT_FALSE(parsed({"--out", "--brief"}).brief);
  EXPECT_EQ(parsed({"--out=--brief"}).out, "--brief");
  EXPECT_EQ(parsed({"--out=a=b"}).out, "a=b");
  EXPECT_EQ(parsed({"--out", "[a,b]"}).out, "[a,b]");
  EXPECT_EQ(parsed({"--run", ""}).run, "");
}

TEST(Options, arguments_fill_in_order_and_the_rest_takes_what_is_left) {
  const Sample s = parsed({"a", "-b", "b", "--out", "o", "c"});
  EXPECT_EQ(s.path, "a");
  EXPECT_EQ(s.rest, (Words{"b", "c"}));
  EXPECT_TRUE(s.brief);
}

TEST(Options, a_single_dash_is_an_argument_and_two_end_the_options) {
  EXPECT_EQ(parsed({"-"}).path, "-");
  const Sample s = parsed({"--", "--brief", "-x", "--"});
  EXPECT_EQ(s.path, "--brief");
  EXPECT_EQ(s.rest, (Words{"-x", "--"}));
  EXPECT_FALSE(s.brief);
}

TEST(Options, odd_words_are_arguments_as_they_are) {
  EXPECT_EQ(parsed({"[1,2]"}).path, "[1,2]");
  EXPECT_EQ(parsed({"a b"}).path, "a b");
  EXPECT_EQ(parsed({"x=y"}).path, "x=y");
  EXPECT_EQ(parsed({"/out"}).path, "/out");
  EXPECT_EQ(parsed({"++", "b"}).path, "++");
  EXPECT_EQ(parsed({"é"}).path, "é");
  EXPECT_EQ(parsed({""}).path, "");
}

TEST(Options, the_last_of_a_single_option_wins_and_repeated_ones_add_up) {
  EXPECT_EQ(parsed({"--out", "a", "--out", "b"}).out, "b");
  EXPECT_EQ(parsed({"--target", "a", "--target=b"}).targets, (Words{"a", "b"}));
  EXPECT_EQ(parsed({"--target", "a", "p"}).path, "p");
  EXPECT_TRUE(parsed({"-b", "--brief"}).brief);
}

TEST(Options, numbers_are_whole_and_not_negative) {
  EXPECT_EQ(parsed({"-n", "0"}).count, 0);
  EXPECT_EQ(parsed({"-n9223372036854775807"}).count, 9223372036854775807);
  for (const char* text : {"-1", "1.5", "x", "", "1x", " 1", "9223372036854775808"}) {
    EXPECT_EQ(refused({"--count", text}).message,
              "--count: \"" + std::string(text) + "\" is not a whole number of 0 or more");
  }
}

TEST(Options, durations_have_a_unit) {
  EXPECT_EQ(parsed({"--wait", "5m"}).wait, Duration::seconds(300));
  EXPECT_EQ(refused({"--wait", "5"}).message, "--wait: \"5\" is not a duration");
  EXPECT_EQ(refused({"--wait", "5"}).hint, "write a number and a unit, such as 30s, 5m, 2h or 7d");
}

TEST(Options, choices_are_checked_with_a_suggestion) {
  EXPECT_EQ(parsed({"--color", "never"}).color, "never");
  EXPECT_EQ(refused({"--color", "nevr"}).message,
            "--color: \"nevr\" is none of auto, always, never");
  EXPECT_EQ(refused({"--color", "nevr"}).hint, "did you mean never?");
}

TEST(Options, mistakes_are_named) {
  EXPECT_EQ(refused({"--brif"}).message, "unknown option --brif");
  EXPECT_EQ(refused({"--brif"}).hint, "did you mean --brief?");
  EXPECT_EQ(refused({"--brif=1"}).message, "unknown option --brif");
  EXPECT_EQ(refused({"-x"}).message, "unknown option -x");
  EXPECT_EQ(refused({"--bri"}).message, "unknown option --bri");  // no guessing by prefix
  EXPECT_EQ(refused({"--brief=yes"}).message, "--brief takes no value");
  EXPECT_EQ(refused({"--out"}).message, "--out needs a value");
  EXPECT_EQ(refused({"-o"}).message, "--out needs a value");
}

TEST(Options, arguments_that_are_required_or_too_many_are_named) {
  Options one;
  std::string value;
  one.argument("DIR", value, "folder", Hint::directory, true);
  EXPECT_THROW(one.parse({}), Error);
  try {
    one.parse({"a", "b"});
    FAIL();
  } catch (const Error& e) {
    EXPECT_STREQ(e.what(), "unexpected argument b");
  }
}

TEST(Options, declarations_can_be_read_back) {
  Options o;
  Sample s;
  s.declare(o);
  std::string seen;
  for (const OptionInfo& info : o.declared()) seen += info.names + "|" + info.metavar + " ";
  EXPECT_EQ(
      seen,
      "PATH| REST| -b,--brief| -o,--out|FILE --run|VALUE -n,--count|N --wait|DURATION --target|ID "
      "--color|WHICH ");
}

}  // namespace
}  // namespace autopilot::cli
