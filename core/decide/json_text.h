#pragma once
// Reads one indexed JSON text token by token and checks each. A token is named by its place in the
// index and passed on by value: functions take the token where something begins and return the one
// behind it, so that the place stays in a register. Faults are thrown as JsonStop: only malformed
// input pays for that.

#include <cstdint>
#include <string>
#include <string_view>

#include "core/decide/json_index.h"
#include "core/decide/json_number.h"
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

  // Behind the token `c`, or stops.
  Token expect(Token at, char c) const {
    if (first(at) != c) stop_for(at, c);
    return at + 1;
  }
  // Whether another member or item follows; stops unless a comma or the closing bracket is here.
  bool more(Token at, char closing) const {
    const char c = first(at);
    if (c != ',' && c != closing) stop_for(at, closing);
    return c == ',';
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
    const NumberText number = checked_number(at, written);
    value = is_exact(number) ? short_value(number) : long_value(at, written);
    return at + 1;
  }
  Token literal(Token at, std::string_view& written) const;  // true, false or null
  // Any value; `depth` counts the containers around it.
  Token skip_checked(Token at, int depth) const;
  // Any value, only its brackets counted: for texts of our own.
  Token skip(Token at, std::string_view& written) const;

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
  [[noreturn]] void bad_number(Token at) const;
  [[noreturn]] void too_deep(Token at) const;
  [[gnu::always_inline]] NumberText checked_number(Token at, std::string_view& written) const {
    if (at + 1 >= end_) stop_for(at, '}');  // so the digits end within the text
    const NumberText number = scan_number(place(at));
    if (number.size == 0) bad_number(at);
    written = {place(at), number.size};
    return number;
  }
  double long_value(Token at, std::string_view number) const;
  std::string_view unescaped(std::string_view inner, expr::Arena& arena) const;
  void check_escapes(std::string_view string) const;
  Token skip_object(Token at, int depth) const;
  Token skip_array(Token at, int depth) const;

  const char* text_;
  Token begin_;
  Token end_;
  const JsonIndex& index_;
  bool has_escapes_;
};

}  // namespace autopilot::decide
