// matches(), and the regex extension: replace, extract, extractAll.

#include <vector>

#include "core/expr/fault.h"
#include "core/expr/functions.h"
#include "core/expr/map.h"
#include "core/expr/regex.h"
#include "core/expr/utf8.h"
#include "core/expr/val_ops.h"

namespace autopilot::expr {
namespace {

// Compiling costs more than matching; programs compile constant patterns when they load.
bool charge_pattern(Scratch& scratch, const Val& text, const Val& pattern) {
  return scratch.charge(std::uint64_t{pattern.size} + 8) && scratch.charge_bytes(text.size);
}

Val pattern_fault(Scratch& scratch, const Regex& regex) {
  return fail(scratch, "invalid regular expression: ", scratch.copy_string(regex.fault()));
}

Val matches(Scratch& scratch, Arguments a) {
  if (!charge_pattern(scratch, a[0], a[1])) return fail_cost(scratch);
  const Regex& regex = scratch.regex(a[1].text());
  return regex.ok() ? Val::of_bool(regex.matches(a[0].text())) : pattern_fault(scratch, regex);
}

// --- replace

// Appends `replacement` with \0 to \9 standing for groups. An error value when it is malformed.
Val append_replacement(Scratch& scratch, std::string& out, const Val& replacement,
                       std::string_view text, const std::vector<Regex::Group>& groups) {
  const std::string_view pattern = replacement.text();
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '\\') {
      out += pattern[i];
      continue;
    }
    const char next = ++i < pattern.size() ? pattern[i] : '\0';
    if (next == '\\') {
      out += '\\';
      continue;
    }
    if (next < '0' || next > '9')
      return fail(scratch, "a backslash in '", replacement, "' needs a digit or a backslash");
    const auto number = static_cast<std::size_t>(next - '0');
    if (number >= groups.size()) {
      return fail(scratch, "'", replacement,
                  "' names a group that the regular expression lacks: ", Val::of_int(next - '0'));
    }
    if (groups[number].begin == std::string_view::npos) continue;
    out += text.substr(groups[number].begin, groups[number].end - groups[number].begin);
  }
  return Val();
}

// Calls `found` with the groups of each match in turn, until it returns false. Empty matches move
// on by a code point, and none is right behind another match.
template <class Found>
void each_match(const Regex& regex, std::string_view text, Found found) {
  std::vector<Regex::Group> groups;
  std::size_t last_end = std::string_view::npos;
  for (std::size_t start = 0; start <= text.size() && regex.search(text, start, groups);) {
    const auto [begin, end] = groups[0];
    if (begin != end || begin != last_end) {
      if (!found(groups)) return;
    }
    last_end = end;
    start = end;
    if (begin != end) continue;
    start += start < text.size() ? width_at(text, start) : 1;
  }
}

Val replace_matches(Scratch& scratch, Arguments a, std::int64_t limit) {
  if (limit == 0) return a[0];
  if (!charge_pattern(scratch, a[0], a[1])) return fail_cost(scratch);
  const Regex& regex = scratch.regex(a[1].text());
  if (!regex.ok()) return pattern_fault(scratch, regex);
  const std::string_view text = a[0].text();
  std::string out;
  std::size_t copied = 0;
  Val failed;
  each_match(regex, text, [&](const std::vector<Regex::Group>& groups) {
    const std::size_t before = out.size();
    out += text.substr(copied, groups[0].begin - copied);
    failed = append_replacement(scratch, out, a[2], text, groups);
    copied = groups[0].end;
    if (!failed.is_error() && !scratch.charge_bytes(out.size() - before))
      failed = fail_cost(scratch);
    return !failed.is_error() && --limit != 0;
  });
  if (failed.is_error()) return failed;
  out += text.substr(copied);
  return scratch.charge_bytes(out.size()) ? scratch.copy_string(out) : fail_cost(scratch);
}

Val replace_every(Scratch& scratch, Arguments a) { return replace_matches(scratch, a, -1); }
Val replace_count(Scratch& scratch, Arguments a) {
  return replace_matches(scratch, a, a[3].integer < 0 ? -1 : a[3].integer);
}

// --- extract

Val group_fault(Scratch& scratch, const Val& pattern) {
  return fail(scratch, "regular expression '", pattern, "' has more than one group");
}

std::string_view wanted(std::string_view text, const std::vector<Regex::Group>& groups) {
  const Regex::Group& group = groups.back();
  return group.begin == std::string_view::npos ? std::string_view()
                                               : text.substr(group.begin, group.end - group.begin);
}

Val extract(Scratch& scratch, Arguments a) {
  if (!charge_pattern(scratch, a[0], a[1])) return fail_cost(scratch);
  const Regex& regex = scratch.regex(a[1].text());
  if (!regex.ok()) return pattern_fault(scratch, regex);
  if (regex.groups() > 1) return group_fault(scratch, a[1]);
  std::vector<Regex::Group> groups;
  if (!regex.search(a[0].text(), 0, groups)) return no_value();
  const std::string_view part = wanted(a[0].text(), groups);
  if (groups.size() > 1 && part.empty()) return no_value();
  return make_optional(scratch.arena(), Val::of_string(part));
}

Val extract_all(Scratch& scratch, Arguments a) {
  if (!charge_pattern(scratch, a[0], a[1])) return fail_cost(scratch);
  const Regex& regex = scratch.regex(a[1].text());
  if (!regex.ok()) return pattern_fault(scratch, regex);
  if (regex.groups() > 1) return group_fault(scratch, a[1]);
  std::vector<Val> parts;
  bool affordable = true;
  each_match(regex, a[0].text(), [&](const std::vector<Regex::Group>& groups) {
    const std::string_view part = wanted(a[0].text(), groups);
    if (groups.size() == 1 || !part.empty()) parts.push_back(Val::of_string(part));
    return affordable = scratch.charge(1);
  });
  if (!affordable) return fail_cost(scratch);
  Val* items = scratch.arena().array<Val>(parts.size());
  std::copy(parts.begin(), parts.end(), items);
  return Val::of_list(make_list(scratch.arena(), items, static_cast<std::uint32_t>(parts.size())));
}

constexpr Tag S = Tag::string;
constexpr Style G = Style::global;

constexpr Builtin kRegex[] = {
    {"matches", G, 2, {S, S}, matches},
    {"matches", Style::member, 2, {S, S}, matches},
    {"regex.replace", G, 3, {S, S, S}, replace_every},
    {"regex.replace", G, 4, {S, S, S, Tag::integer}, replace_count},
    {"regex.extract", G, 2, {S, S}, extract},
    {"regex.extractAll", G, 2, {S, S}, extract_all},
};

}  // namespace

std::span<const Builtin> regex_functions() { return kRegex; }

}  // namespace autopilot::expr
