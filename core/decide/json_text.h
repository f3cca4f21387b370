#pragma once
// Reads one indexed JSON text token by token and checks each. A token is named by its place in the
// index and passed on by value: functions take the token where something begins and return the one
// behind it, so that the place stays in a register. Faults are thrown as JsonStop: only malformed
// input pays for that.

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/json_index.h"
#include "core/base/json_number.h"
#include "core/expr/arena.h"

namespace autopilot::decide {

// Containers within containers. A decision line adds one level, and all of it must be readable as
// JSON again.
inline constexpr int kDeepest = 63;

using Token = const std::uint32_t*;

struct JsonStop {
  std::string message;
  std::uint32_t offset;  // byte in the text
};

class JsonText {
 public:
  // Both must outlive this.
  JsonText(std::string_view text, const JsonIndex& index)
      : text_(text.data()),
        begin_(index.begin()),
        end_(index.end()),
        index_(index),
        has_escapes_(index.has_escapes()) {}

  Token begin() const { return begin_; }
  Token end() const { return end_; }
  const char* place(Token at) const { return text_ + *at; }
  // The first byte of the token; 0 at the end.
  char first(Token at) const { return at < end_ ? text_[*at] : '\0'; }

  // The same without a check. REQUIRES a token here.
  char known_first(Token at) const { return text_[*at]; }

  // Stops unless a whole member of an object can stand here: a key, a colon, a value and what ends
  // it. So these need no further look for the end while each is one token.
  void check_member(Token at) const {
    if (end_ - at < 4) short_member(at);
  }
  // Behind the token `c`, or stops.
  Token expect(Token at, char c) const {
    if (first(at) != c) stop_for(at, c);
    return at + 1;
  }
  // Whether another member or item follows; stops unless a comma or the closing bracket is here.
  bool more(Token at, char closing) const {
    if (at >= end_) stop_for(at, closing);
    return more_here(at, closing);
  }
  bool more_here(Token at, char closing) const {  // the same. REQUIRES a token here
    const char c = known_first(at);
    if (c == ',') return true;
    if (c != closing) stop_for(at, closing);
    return false;
  }
  // From the token `begin` to the one before `behind`, which is one byte long.
  std::string_view between(Token begin, Token behind) const {
    return {place(begin), static_cast<std::size_t>(behind[-1] - *begin) + 1};
  }

  // Each of these checks all of one value and returns the token behind it. `written` becomes the
  // value as it stands in the text.

  // With its quotes; escapes are not checked. REQUIRES a quote here.
  Token string(Token at, std::string_view& written) const {
    const char* const begin = place(at);
    const char* last = text_ + at[1] - 1;
    while (*last != '"') --last;  // over white space: nothing else lies before the next token
    written = {begin, static_cast<std::size_t>(last - begin) + 1};
    return at + 1;
  }
  Token key(Token at, std::string_view& written) const {  // likewise, of a member
    if (first(at) != '"') stop(at, "malformed JSON: expected a key");
    return string(at, written);
  }
  [[gnu::always_inline]] Token number(Token at, std::string_view& written, double& value) const {
    if (may_be_narrow(at)) {
      const NumberText narrow = scan_narrow(place(at), at[1] - *at);
      if (narrow.size > 0) {
        written = {place(at), narrow.size};
        value = short_value(narrow);
        return at + 1;
      }
    }
    return wide_number(at, written, value);
  }
  Token literal(Token at, std::string_view& written) const;  // true, false or null
  // Any value; `depth` counts the containers around it.
  Token skip_checked(Token at, int depth) const;
  // The same for the value of a member that check_member() found room for; stops when nothing
  // follows it.
  Token skip_member(Token at, int depth) const {
    if (!has_escapes_ && known_first(at) == '"') return at + 1;
    return not_last(skip_checked(at, depth));
  }
  // `at` itself; stops at the end.
  Token not_last(Token at) const {
    if (at >= end_) stop_for(at, '}');
    return at;
  }
  // Any value, only its brackets counted: for texts of our own.
  Token skip(Token at, std::string_view& written) const {
    return first(at) == '"' ? string(at, written) : skip_other(at, written);
  }
  // Whether a backslash is anywhere in the text.
  bool has_escapes() const { return has_escapes_; }

  // The content of a string: of the text itself, or of `arena` when it has escapes.
  std::string_view content(std::string_view string, expr::Arena& arena) const {
    const std::string_view inner = string.substr(1, string.size() - 2);
    return has_escapes_ ? unescaped(inner, arena) : inner;
  }

  void check_depth(Token at, int depth) const {  // of a container that begins
    if (depth > kDeepest) too_deep(at);
  }
  [[noreturn]] void stop(Token at, std::string message) const;

 private:
  [[noreturn]] void stop_for(Token at, char wanted) const;
  [[noreturn]] void short_member(Token at) const;
  [[noreturn]] void bad_number(Token at) const;
  [[noreturn]] void too_deep(Token at) const;
  bool may_be_narrow(Token at) const { return at + 1 < end_ && at[1] - *at <= kNarrow; }
  NumberText wide_number(Token at, std::string_view& written) const;
  Token wide_number(Token at, std::string_view& written, double& value) const;
  double long_value(Token at, std::string_view number) const;
  std::string_view unescaped(std::string_view inner, expr::Arena& arena) const;
  void check_escapes(std::string_view string) const;
  Token skip_other(Token at, std::string_view& written) const;
  Token skip_object(Token at, int depth) const;
  Token skip_array(Token at, int depth) const;

  const char* text_;
  Token begin_;
  Token end_;
  const JsonIndex& index_;
  bool has_escapes_;
};

}  // namespace autopilot::decide
