#include "core/deploy/routing.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/base/units.h"
#include "core/expr/regex.h"
#include "core/policy/header_pattern.h"

namespace autopilot::deploy {
namespace {

struct Way {
  Matcher::How how;
  const char* field;
  const char* words;
};
constexpr Way kWays[] = {{Matcher::How::exact, "exact", "is "},
                         {Matcher::How::prefix, "prefix", "begins with "},
                         {Matcher::How::regex, "regex", "matches "}};

const Way& way_of(Matcher::How how) {
  return *std::find_if(std::begin(kWays), std::end(kWays),
                       [&](const Way& way) { return way.how == how; });
}

Matcher matcher_from(const Value& spec) {
  Matcher out;
  out.is_cookie = spec.get("cookie") != nullptr;
  const Value* name = spec.get(out.is_cookie ? "cookie" : "header");
  if (name != nullptr && name->is_string()) out.name = name->as_string();
  for (const Way& way : kWays) {
    const Value* values = spec.get(way.field);
    if (values == nullptr) continue;
    out.how = way.how;
    if (values->is_string()) out.values.push_back(values->as_string());
    if (!values->is_list()) continue;
    for (const Value& one : values->as_list()) out.values.push_back(one.as_string());
  }
  return out;
}

Value to_value(const Matcher& matcher) {
  List values(matcher.values.begin(), matcher.values.end());
  return Map{{matcher.is_cookie ? "cookie" : "header", matcher.name},
             {way_of(matcher.how).field, std::move(values)}};
}

bool is_same_header(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

std::string carried_value(const Matcher& matcher, const Carried& carried) {
  for (const auto& [name, value] : matcher.is_cookie ? carried.cookies : carried.headers) {
    if (matcher.is_cookie ? name == matcher.name : is_same_header(name, matcher.name)) return value;
  }
  return {};
}

bool fits(const Matcher& matcher, const std::string& value) {
  return !value.empty() &&
         std::any_of(matcher.values.begin(), matcher.values.end(), [&](const std::string& one) {
           if (matcher.how == Matcher::How::exact) return value == one;
           if (matcher.how == Matcher::How::prefix) return value.rfind(one, 0) == 0;
           return expr::Regex(fmt::format("^(?:{})$", one)).matches(value);
         });
}

// A value that the `index`th of the matcher's takes.
std::string sample_of(const Matcher& matcher, std::size_t index) {
  const std::string& value = matcher.values[index % matcher.values.size()];
  if (matcher.how == Matcher::How::exact) return value;
  if (matcher.how == Matcher::How::prefix) return value + "1";
  return policy::read_header_pattern(value).example;
}

std::string other_case(std::string text) {
  for (char& c : text) {
    const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (is_letter) c = static_cast<char>(c ^ 0x20);
  }
  return text;
}

void carry(Carried& carried, const Matcher& matcher, std::string value) {
  (matcher.is_cookie ? carried.cookies : carried.headers)
      .emplace_back(matcher.name, std::move(value));
}

// All matchers with their `index`th value; of the one at `odd` another, or none at all for "".
Carried carrying(const Match& match, std::size_t index, std::size_t odd, const std::string& value) {
  Carried out;
  for (std::size_t i = 0; i < match.size(); ++i) {
    std::string own = i == odd ? value : sample_of(match[i], index);
    if (!own.empty()) carry(out, match[i], std::move(own));
  }
  return out;
}

}  // namespace

Match match_from(const Value& spec) {
  Match out;
  if (spec.is_map()) out.push_back(matcher_from(spec));
  if (spec.is_list()) {
    for (const Value& one : spec.as_list()) out.push_back(matcher_from(one));
  }
  return out;
}

Value to_value(const Match& match) {
  List out;
  for (const Matcher& matcher : match) out.push_back(to_value(matcher));
  return out;
}

std::string to_text(const Match& match) {
  std::vector<std::string> all;
  for (const Matcher& matcher : match) {
    all.push_back(fmt::format("{} {} {}{}", matcher.is_cookie ? "cookie" : "header", matcher.name,
                              way_of(matcher.how).words, join(matcher.values, " or ")));
  }
  return join(all, " and ");
}

std::string id_of(const Match& match) {
  return match.empty() ? "" : to_hex(sha256(to_json(to_value(match)))).substr(0, 6);
}

std::string to_text(const Routing& routing) {
  std::string out = fmt::format("{} of the traffic", format_share(routing.weight_bp / 10000.0));
  if (!routing.match.empty()) out += ", those whose " + to_text(routing.match);
  if (routing.mirror_bp > 0)
    out += fmt::format(", copies of {}", format_share(routing.mirror_bp / 10000.0));
  return out;
}

bool accepts(const Match& match, const Carried& carried) {
  return !match.empty() && std::all_of(match.begin(), match.end(), [&](const Matcher& matcher) {
    return fits(matcher, carried_value(matcher, carried));
  });
}

std::vector<Carried> tries_of(const Match& match) {
  std::vector<Carried> out;
  std::size_t most = 0;
  for (const Matcher& matcher : match) most = std::max(most, matcher.values.size());
  constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  for (std::size_t i = 0; i < most; ++i) out.push_back(carrying(match, i, kNone, ""));
  for (std::size_t odd = 0; odd < match.size(); ++odd) {
    out.push_back(carrying(match, 0, odd, ""));
    for (std::size_t i = 0; i < match[odd].values.size(); ++i) {
      const std::string sample = sample_of(match[odd], i);
      for (const std::string& value :
           {sample + "x", "x" + sample, sample.substr(0, sample.size() - 1), other_case(sample)}) {
        if (value != sample) out.push_back(carrying(match, i, odd, value));
      }
    }
  }
  return out;
}

}  // namespace autopilot::deploy
