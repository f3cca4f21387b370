// A match as maps of nginx's. Its exact values in maps ignore case, so that all values are regular
// expressions; each is one quoted word, and what is not a letter or digit stands in it as \xHH.
#include <fmt/format.h>

#include <set>

#include "core/deploy/nginx_names.h"

namespace autopilot::deploy {
namespace {

std::string expression_of(const Matcher& matcher, const std::string& value) {
  switch (matcher.how) {
    case Matcher::How::exact:
      return fmt::format("~^{}\\z", literal(value));
    case Matcher::How::prefix:
      return "~^" + literal(value);
    case Matcher::How::regex:
      return fmt::format("~^(?:{})\\z", value);
  }
  return {};
}

std::string matcher_map(const Matcher& matcher, const std::string& name) {
  std::string out = fmt::format(
      "map {} {} {{\n  default 0;\n",
      matcher.is_cookie ? "$cookie_" + matcher.name : header_variable(matcher.name), name);
  for (const std::string& value : matcher.values)
    out += fmt::format("  {} 1;\n", word_of(expression_of(matcher, value)));
  return out + "}\n";
}

std::string maps_of(const NginxSpec& spec, const Match& match) {
  std::string out, all, every;
  for (std::size_t i = 0; i < match.size(); ++i) {
    const std::string name = fmt::format("{}_{}", match_variable(spec, match), i);
    out += matcher_map(match[i], name);
    all += name;
    every += '1';
  }
  return out + fmt::format("map \"{}\" {} {{\n  default 0;\n  {} 1;\n}}\n", all,
                           match_variable(spec, match), word_of(every));
}

// Where those go who don't match.
std::string others_of(const NginxSpec& spec, const NginxState& state) {
  return state.bp > 0 ? share_variable(spec, state) : pool_name(spec, 1 - state.canary);
}

}  // namespace

std::string match_maps(const NginxSpec& spec, const std::vector<NginxState>& states) {
  std::string out;
  std::set<std::string> written, chosen;  // a state with copies and one without choose alike
  for (const NginxState& state : states) {
    if (state.match.empty()) continue;
    if (written.insert(id_of(state.match)).second) out += maps_of(spec, state.match);
    if (!chosen.insert(choice_variable(spec, state)).second) continue;
    out += fmt::format("map {} {} {{\n  1 {};\n  default {};\n}}\n",
                       match_variable(spec, state.match), choice_variable(spec, state),
                       pool_name(spec, state.canary), others_of(spec, state));
  }
  return out;
}

// What a request's pool is set to in this state.
std::string pool_of(const NginxSpec& spec, const NginxState& state) {
  if (state.is_final()) return pool_name(spec, state.canary);
  if (!state.match.empty()) return choice_variable(spec, state);
  return others_of(spec, state);
}

}  // namespace autopilot::deploy
