// Matches: what they take, what a probe tries them with, and how they stand in nginx's
// configuration whatever is in them.
#include "core/deploy/routing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "core/base/json.h"
#include "core/deploy/nginx_config.h"
#include "core/deploy/nginx_names.h"

namespace autopilot::deploy {
namespace {

using How = Matcher::How;

Match match_of(const std::string& json) { return match_from(parse_json_or_throw(json, "match")); }

Carried with_header(const std::string& name, const std::string& value) {
  return {{{name, value}}, {}};
}

TEST(Match, takes_exact_values_beginnings_and_expressions) {
  const Match exact = match_of(R"({"header": "X-Beta", "exact": ["1", "yes"]})");
  EXPECT_TRUE(accepts(exact, with_header("x-beta", "yes")));
  EXPECT_FALSE(accepts(exact, with_header("X-Beta", "Yes")));
  EXPECT_FALSE(accepts(exact, with_header("X-Beta", "yess")));
  EXPECT_FALSE(accepts(exact, {}));
  EXPECT_FALSE(accepts({}, with_header("X-Beta", "1")));
  const Match prefix = match_of(R"({"cookie": "ring", "prefix": "in"})");
  EXPECT_TRUE(accepts(prefix, {{}, {{"ring", "inner"}}}));
  EXPECT_FALSE(accepts(prefix, {{}, {{"Ring", "inner"}}}));
  EXPECT_FALSE(accepts(prefix, with_header("ring", "inner")));
  const Match regex = match_of(R"([{"header": "X-V", "regex": "v2-[0-9]+|next"}])");
  EXPECT_TRUE(accepts(regex, with_header("X-V", "v2-17")));
  EXPECT_TRUE(accepts(regex, with_header("X-V", "next")));
  EXPECT_FALSE(accepts(regex, with_header("X-V", "v2-17b")));
}

TEST(Match, all_of_several_must_fit) {
  const Match both =
      match_of(R"([{"header": "X-Beta", "exact": "1"}, {"cookie": "ring", "prefix": "in"}])");
  EXPECT_TRUE(accepts(both, {{{"X-Beta", "1"}}, {{"ring", "inner"}}}));
  EXPECT_FALSE(accepts(both, with_header("X-Beta", "1")));
  EXPECT_EQ(to_text(both), "header X-Beta is 1 and cookie ring begins with in");
}

TEST(Match, is_kept_as_it_was_and_known_by_its_content) {
  const Match match = match_of(
      R"([{"header": "X-Beta", "exact": ["1", "\"; }"]}, {"cookie": "r", "regex": "a+"}])");
  EXPECT_EQ(match_from(to_value(match)), match);
  EXPECT_EQ(id_of(match).size(), 6u);
  EXPECT_NE(id_of(match), id_of({match[0]}));
  EXPECT_EQ(id_of({}), "");
}

TEST(Match, is_tried_with_every_value_and_near_misses) {
  const Match match = match_of(
      R"([{"header": "X-A", "exact": ["one", "Two"]}, {"cookie": "r", "prefix": "in"},
          {"header": "X-V", "regex": "v[0-9]+"}])");
  const std::vector<Carried> tries = tries_of(match);
  const auto hits = std::count_if(tries.begin(), tries.end(),
                                  [&](const Carried& c) { return accepts(match, c); });
  EXPECT_GE(hits, 2);
  EXPECT_GE(static_cast<std::ptrdiff_t>(tries.size()) - hits, 3 * 3);
  for (const char* value : {"one", "Two"}) {
    EXPECT_TRUE(std::any_of(tries.begin(), tries.end(), [&](const Carried& c) {
      return accepts(match, c) && !c.headers.empty() && c.headers[0].second == value;
    })) << value;
  }
}

TEST(Routing, is_told_in_words) {
  EXPECT_EQ(to_text(Routing(500)), "5% of the traffic");
  EXPECT_EQ(to_text(Routing(0, match_of(R"({"header": "X-Beta", "exact": ["1", "2"]})"), 2000)),
            "0% of the traffic, those whose header X-Beta is 1 or 2, copies of 20%");
}

// ---- nginx

NginxSpec shop() {
  return read_nginx_spec(Map{{"listen", "80"}, {"key", Map{{"cookie", "uid"}}}},
                         {"shop", {{"blue", 8001}, {"green", 8002}}, "/site"});
}

// What nginx makes of a configuration (ngx_conf_read_token): the words of each directive.
std::vector<std::vector<std::string>> directives(const std::string& text) {
  std::vector<std::vector<std::string>> out(1);
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (c == ' ' || c == '\n') {
      ++i;
    } else if (c == '#') {
      i = text.find('\n', i);
    } else if (c == ';' || c == '{' || c == '}') {
      out.back().push_back(std::string(1, c));
      out.emplace_back();
      ++i;
    } else if (c == '"' || c == '\'') {
      std::string word;
      for (++i; text.at(i) != c; ++i) {
        if (text[i] == '\\' && std::string_view("\"'\\").find(text[i + 1]) != std::string::npos)
          ++i;
        word += text[i];
      }
      out.back().push_back(word);
      ++i;
    } else {
      std::string word;
      while (std::string_view(" \n;{").find(text[i]) == std::string::npos) word += text[i++];
      out.back().push_back(word);
    }
  }
  return out;
}

TEST(NginxMatch, no_value_is_more_than_one_word_of_the_configuration) {
  std::mt19937 random(11);  // NOLINT: the same texts each time
  const std::string letters = "a1\"'\\;{}$#~ ()[]|*+?^.=\x80\xff";
  const std::size_t count =
      directives(nginx_text(shop(), nginx_states({Routing(0, {{false, "X-A", How::exact, {"a"}},
                                                              {true, "b", How::prefix, {"b"}}})}))
                     .config)
          .size();
  for (int i = 0; i < 500; ++i) {
    std::string value;
    for (std::size_t n = 1 + random() % 12; value.size() < n;)
      value += letters[random() % letters.size()];
    const Match match{{false, "X-A", How::exact, {value}}, {true, "b", How::prefix, {value}}};
    const std::string text = nginx_text(shop(), nginx_states({Routing(0, match)})).config;
    EXPECT_EQ(directives(text).size(), count) << value;
    const std::string literal_value = literal(value);
    EXPECT_EQ(literal_value.find_first_not_of(
                  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789\\"),
              std::string::npos)
        << value;
    EXPECT_NE(
        text.find("\"~^" + word_of(literal_value).substr(1, word_of(literal_value).size() - 2)),
        std::string::npos);
  }
}

TEST(NginxMatch, an_expression_is_one_word_and_stays_what_it_is) {
  const std::string regex = R"([$;{}#"]+\\\d "x\$)";
  const Match match{{false, "X-A", How::regex, {regex}}};
  const auto all = directives(nginx_text(shop(), nginx_states({Routing(0, match)})).config);
  EXPECT_TRUE(std::any_of(all.begin(), all.end(), [&](const std::vector<std::string>& words) {
    return words == std::vector<std::string>{"~^(?:" + regex + ")\\z", "1", ";"};
  }));
}

TEST(NginxState, flags_name_weight_match_and_copies) {
  const NginxSpec spec = shop();
  const Match match{{false, "X-A", How::exact, {"1"}}};
  EXPECT_EQ(flag_name(spec, state_of(spec, {"green", "blue", 0, match})),
            "green-0-m" + id_of(match));
  EXPECT_EQ(flag_name(spec, state_of(spec, {"green", "blue", 500, match, 2000})),
            "green-500-m" + id_of(match) + "-s2000");
  EXPECT_EQ(flag_name(spec, state_of(spec, {"green", "blue", 0, {}, 2000})), "green-0-s2000");
  // Final is final.
  EXPECT_EQ(flag_name(spec, state_of(spec, {"green", "blue", 10000, match, 5})), "green-10000");
  EXPECT_EQ(flag_name(spec, state_of(spec, {"green", "blue", 0})), "blue-10000");
  const auto flag = flag_named(spec, "green-500-m012abc-s2000");
  ASSERT_TRUE(flag);
  EXPECT_EQ(flag->canary, 1u);
  EXPECT_EQ(flag->bp, 500);
  EXPECT_EQ(flag->match_id, "012abc");
  EXPECT_EQ(flag->mirror_bp, 2000);
  for (const char* odd :
       {"", "green", "green-", "green-x", "green-99999", "lime-500", "copies.log", "green-500-",
        "green-500-x1", "green-500-s", "green-500-s1-m1", ".green-5"})
    EXPECT_FALSE(flag_named(spec, odd)) << odd;
}

// nginx's variables_hash_bucket_size of 64 takes names of up to 46 characters.
TEST(NginxState, names_of_variables_are_short_enough_for_nginx_however_long_those_of_the_slots) {
  const NginxSpec spec =
      read_nginx_spec(Map{{"listen", "80"}, {"key", "request_id"}},
                      {"a-deployment-with-a-very-long-name",
                       {{"a-slot-with-a-long-name", 1}, {"another-long-name-of-a-slot", 2}},
                       "/s"});
  const Match match{{false, "X-A", How::exact, {"1"}}};
  const std::string text =
      nginx_text(spec, nginx_states({Routing(9999, match, 10000), Routing(9999)})).config;
  for (std::size_t at = 0; (at = text.find("$ap_", at)) != std::string::npos; ++at) {
    const std::size_t end = text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_", at + 1);
    EXPECT_LE(end - at - 1, 46u) << text.substr(at, end - at);
  }
}

TEST(NginxState, without_matches_and_copies_the_configuration_looks_once) {
  const std::string plain = nginx_text(shop(), nginx_states({500})).config;
  EXPECT_EQ(plain.find("mirror"), std::string::npos);
  const std::size_t first = plain.find("-f /site/flags/shop/green-500)");
  EXPECT_EQ(plain.find("-f /site/flags/shop/green-500)", first + 1), std::string::npos);
}

}  // namespace
}  // namespace autopilot::deploy
