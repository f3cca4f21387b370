// The strings extension. Positions count code points.

#include <algorithm>
#include <string>
#include <vector>

#include "core/expr/fault.h"
#include "core/expr/functions.h"
#include "core/expr/map.h"
#include "core/expr/utf8.h"
#include "core/expr/val_ops.h"

namespace autopilot::expr {
namespace {

constexpr std::size_t kNowhere = std::string_view::npos;

Val text_result(Scratch& scratch, std::string_view text) {
  return scratch.charge_bytes(text.size()) ? scratch.copy_string(text) : fail_cost(scratch);
}

Val position_fault(Scratch& scratch, const Val& position) {
  return fail(scratch, "index out of range: ", position);
}

// The byte of code point number `position`, or kNowhere when that is not in [0, length].
std::size_t byte_at(std::string_view text, std::int64_t position) {
  if (position < 0) return kNowhere;
  return byte_of(text, static_cast<std::uint64_t>(position));
}

Val char_at(Scratch& scratch, Arguments a) {
  if (!scratch.charge(a[0].size / 64)) return fail_cost(scratch);
  const std::string_view text = a[0].text();
  const std::size_t at = byte_at(text, a[1].integer);
  if (at == kNowhere) return position_fault(scratch, a[1]);
  return Val::of_string(at == text.size() ? std::string_view()
                                          : text.substr(at, width_at(text, at)));
}

Val position_of(std::string_view text, std::size_t byte) {
  if (byte == kNowhere) return Val::of_int(-1);
  return Val::of_int(static_cast<std::int64_t>(count_code_points(text.substr(0, byte))));
}

Val index_of_from(Scratch& scratch, Arguments a) {
  const std::string_view text = a[0].text();
  if (a[2].integer < 0) return position_fault(scratch, a[2]);
  if (!scratch.charge_bytes(text.size())) return fail_cost(scratch);
  const std::size_t from = byte_at(text, a[2].integer);
  if (from == kNowhere) return a[1].size == 0 ? size_of(scratch, a[0]) : Val::of_int(-1);
  return position_of(text, text.find(a[1].text(), from));
}

Val index_of(Scratch& scratch, Arguments a) {
  if (!scratch.charge_bytes(a[0].size)) return fail_cost(scratch);
  return position_of(a[0].text(), a[0].text().find(a[1].text()));
}

Val last_index_of(Scratch& scratch, Arguments a) {
  if (!scratch.charge_bytes(a[0].size)) return fail_cost(scratch);
  return position_of(a[0].text(), a[0].text().rfind(a[1].text()));
}

Val last_index_of_from(Scratch& scratch, Arguments a) {
  const std::string_view text = a[0].text();
  if (a[2].integer < 0) return position_fault(scratch, a[2]);
  if (!scratch.charge_bytes(text.size())) return fail_cost(scratch);
  const std::size_t from = byte_at(text, a[2].integer);
  if (a[1].size == 0) return from == kNowhere ? size_of(scratch, a[0]) : a[2];
  if (from == kNowhere || from == text.size()) return Val::of_int(-1);
  return position_of(text, text.rfind(a[1].text(), from));
}

// --- cutting

Val substring_from(Scratch& scratch, Arguments a) {
  if (!scratch.charge(a[0].size / 64)) return fail_cost(scratch);
  const std::size_t at = byte_at(a[0].text(), a[1].integer);
  return at == kNowhere ? position_fault(scratch, a[1]) : Val::of_string(a[0].text().substr(at));
}

Val substring(Scratch& scratch, Arguments a) {
  if (!scratch.charge(a[0].size / 64)) return fail_cost(scratch);
  if (a[1].integer > a[2].integer) {
    return fail(scratch, "the substring's start ", a[1], " is after its end ", a[2]);
  }
  const std::size_t begin = byte_at(a[0].text(), a[1].integer);
  if (begin == kNowhere) return position_fault(scratch, a[1]);
  const std::size_t end = byte_at(a[0].text(), a[2].integer);
  if (end == kNowhere) return position_fault(scratch, a[2]);
  return Val::of_string(a[0].text().substr(begin, end - begin));
}

Val trim(Scratch& scratch, Arguments a) {
  if (!scratch.charge(a[0].size / 64)) return fail_cost(scratch);
  std::string_view text = a[0].text();
  while (!text.empty() && is_white_space(decode_at(text, 0))) text.remove_prefix(width_at(text, 0));
  while (!text.empty()) {
    std::size_t last = text.size() - 1;
    while (last > 0 && is_continuation(text[last])) --last;
    if (!is_white_space(decode_at(text, last))) break;
    text = text.substr(0, last);
  }
  return Val::of_string(text);
}

// --- changing

template <char first, char last, int change>
Val change_case(Scratch& scratch, Arguments a) {
  std::string text(a[0].text());
  for (char& c : text) {
    if (c >= first && c <= last) c = static_cast<char>(c + change);
  }
  return text_result(scratch, text);
}

Val reverse_text(Scratch& scratch, Arguments a) {
  const std::string_view text = a[0].text();
  if (!scratch.charge_bytes(text.size())) return fail_cost(scratch);
  char* out = scratch.arena().array<char>(text.size()) + text.size();
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t width = width_at(text, at);
    out -= width;
    std::copy_n(text.data() + at, width, out);
    at += width;
  }
  return Val::of_string({out, text.size()});
}

// An empty `from` matches before every code point and at the end.
Val replace_some(Scratch& scratch, const Val& subject, std::string_view from, std::string_view to,
                 std::int64_t limit) {
  const std::string_view text = subject.text();
  if (limit == 0) return subject;
  std::string out;
  std::size_t at = 0;
  for (; limit != 0; --limit) {
    const std::size_t found = text.find(from, at);
    if (found == kNowhere) break;
    out.append(text.substr(at, found - at)).append(to);
    at = found + from.size();
    if (!scratch.charge((found - at + to.size()) / 64 + 1)) return fail_cost(scratch);
    if (!from.empty()) continue;
    if (at == text.size()) break;
    const std::size_t width = width_at(text, at);
    out.append(text.substr(at, width));
    at += width;
  }
  out.append(text.substr(std::min(at, text.size())));
  return text_result(scratch, out);
}

Val replace_all(Scratch& scratch, Arguments a) {
  return replace_some(scratch, a[0], a[1].text(), a[2].text(), -1);
}
Val replace_first(Scratch& scratch, Arguments a) {
  return replace_some(scratch, a[0], a[1].text(), a[2].text(), a[3].integer);
}

Val quote(Scratch& scratch, Arguments a) {
  std::string text;
  append_quoted(text, a[0].text());
  return text_result(scratch, text);
}

// --- lists of strings

// At most `limit` parts, all when negative; an empty separator splits into code points.
Val split_some(Scratch& scratch, std::string_view text, std::string_view separator,
               std::int64_t limit) {
  std::vector<Val> parts;
  std::size_t at = 0;
  if (!scratch.charge_bytes(text.size())) return fail_cost(scratch);
  const bool single = separator.empty();
  while (limit != 0) {
    const bool last = limit > 0 && static_cast<std::int64_t>(parts.size()) == limit - 1;
    if (single && at >= text.size()) break;
    const std::size_t end = last     ? kNowhere
                            : single ? at + width_at(text, at)
                                     : text.find(separator, at);
    if (!scratch.charge(1)) return fail_cost(scratch);
    parts.push_back(Val::of_string(text.substr(at, end - at)));
    if (end == kNowhere) break;
    at = end + separator.size();
  }
  Val* items = scratch.arena().array<Val>(parts.size());
  std::copy(parts.begin(), parts.end(), items);
  return Val::of_list(make_list(scratch.arena(), items, static_cast<std::uint32_t>(parts.size())));
}

Val split_all(Scratch& scratch, Arguments a) {
  return split_some(scratch, a[0].text(), a[1].text(), -1);
}
Val split_first(Scratch& scratch, Arguments a) {
  return split_some(scratch, a[0].text(), a[1].text(), a[2].integer);
}

Val join_with(Scratch& scratch, const ListRep& list, std::string_view separator) {
  std::string out;
  for (std::uint32_t i = 0; i < list.size; ++i) {
    const Val& item = list.items[i];
    if (item.tag != Tag::string) {
      return fail(scratch, "join() needs strings, but the list has a value of type ",
                  Val::of_string(type_name(item)));
    }
    if (!scratch.charge_bytes(item.size + separator.size())) return fail_cost(scratch);
    if (i > 0) out.append(separator);
    out.append(item.text());
  }
  return text_result(scratch, out);
}

Val join_plain(Scratch& scratch, Arguments a) { return join_with(scratch, *a[0].list, {}); }
Val join_separated(Scratch& scratch, Arguments a) {
  return join_with(scratch, *a[0].list, a[1].text());
}

constexpr Tag S = Tag::string, I = Tag::integer;
constexpr Style M = Style::member;

constexpr Builtin kText[] = {
    {"charAt", M, 2, {S, I}, char_at},
    {"indexOf", M, 2, {S, S}, index_of},
    {"indexOf", M, 3, {S, S, I}, index_of_from},
    {"lastIndexOf", M, 2, {S, S}, last_index_of},
    {"lastIndexOf", M, 3, {S, S, I}, last_index_of_from},
    {"substring", M, 2, {S, I}, substring_from},
    {"substring", M, 3, {S, I, I}, substring},
    {"trim", M, 1, {S}, trim},
    {"lowerAscii", M, 1, {S}, change_case<'A', 'Z', 'a' - 'A'>},
    {"upperAscii", M, 1, {S}, change_case<'a', 'z', 'A' - 'a'>},
    {"reverse", M, 1, {S}, reverse_text},
    {"replace", M, 3, {S, S, S}, replace_all},
    {"replace", M, 4, {S, S, S, I}, replace_first},
    {"split", M, 2, {S, S}, split_all},
    {"split", M, 3, {S, S, I}, split_first},
    {"join", M, 1, {Tag::list}, join_plain},
    {"join", M, 2, {Tag::list, S}, join_separated},
    {"strings.quote", Style::global, 1, {S}, quote},
};

}  // namespace

std::span<const Builtin> text_functions() { return kText; }

}  // namespace autopilot::expr
