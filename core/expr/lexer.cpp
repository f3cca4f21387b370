#include "core/expr/lexer.h"

#include <fmt/format.h>

#include <array>
#include <string>

namespace autopilot::expr {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_name_part(char c) { return is_name_start(c) || is_digit(c); }
bool is_quoted_part(char c) {
  return is_name_part(c) || c == '.' || c == '-' || c == '/' || c == ' ';
}

constexpr std::array<std::string_view, 6> kTwoCharacters = {"==", "!=", "<=", ">=", "&&", "||"};
constexpr std::string_view kOneCharacter = "<>[]{}().,-!?:+*/%";

constexpr std::string_view kDurationUnits = "hms";

struct Mistake {
  std::string_view text;
  std::string_view help;
};
// What people bring along from other languages.
constexpr Mistake kMistakes[] = {
    {"=", "compare with =="},
    {"&", "write && for \"and\""},
    {"|", "write || for \"or\""},
    {"#", "comments start with //"},
    {";", "an expression has one part; combine conditions with && or ||"},
    {"$", "variables have no prefix"}};

}  // namespace

char Lexer::peek(std::size_t ahead) const {
  return at_ + ahead < source_.size() ? source_[at_ + ahead] : '\0';
}

Token Lexer::token(TokenKind kind, std::size_t begin) {
  return {kind, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(at_),
          source_.substr(begin, at_ - begin)};
}

Token Lexer::refuse(std::size_t begin, std::size_t end, std::string message, std::string help) {
  fault_ = {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end), std::move(message),
            std::move(help)};
  at_ = end;
  return token(TokenKind::fault, begin);
}

void Lexer::skip_blanks() {
  while (at_ < source_.size()) {
    const char c = source_[at_];
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f') {
      ++at_;
    } else if (c == '/' && peek(1) == '/') {
      const std::size_t line_end = source_.find('\n', at_);
      at_ = line_end == std::string_view::npos ? source_.size() : line_end;
    } else {
      return;
    }
  }
}

// Length of the string prefix (b, r, br in any case) before a quote, or npos when no string starts
// here.
std::size_t Lexer::prefix_length(std::size_t begin) const {
  const auto at = [&](std::size_t i) {
    return begin + i < source_.size() ? source_[begin + i] : '\0';
  };
  const auto is = [](char c, char lower) { return (c | 0x20) == lower; };
  std::size_t length = 0;
  if (is(at(length), 'b')) ++length;
  if (is(at(length), 'r')) ++length;
  return at(length) == '"' || at(length) == '\'' ? length : std::string_view::npos;
}

Token Lexer::next() {
  skip_blanks();
  const std::size_t begin = at_;
  if (at_ == source_.size()) return token(TokenKind::end, begin);
  const char c = source_[at_];
  if (prefix_length(begin) != std::string_view::npos) return text(begin);
  if (is_name_start(c)) {
    while (is_name_part(peek())) ++at_;
    return token(TokenKind::name, begin);
  }
  if (is_digit(c) || (c == '.' && is_digit(peek(1)))) return number(begin);
  if (c == '`') return quoted_name(begin);
  return symbol(begin);
}

Token Lexer::number(std::size_t begin) {
  TokenKind kind = TokenKind::integer;
  if (peek() == '0' && peek(1) == 'x' && is_hex(peek(2))) {
    at_ += 2;
    while (is_hex(peek())) ++at_;
  } else {
    while (is_digit(peek())) ++at_;
    if (peek() == '.' && is_digit(peek(1))) {
      kind = TokenKind::real;
      ++at_;
      while (is_digit(peek())) ++at_;
    }
    const std::size_t sign = peek(1) == '+' || peek(1) == '-' ? 1 : 0;
    if ((peek() == 'e' || peek() == 'E') && is_digit(peek(1 + sign))) {
      kind = TokenKind::real;
      at_ += 1 + sign;
      while (is_digit(peek())) ++at_;
    }
  }
  if (kind == TokenKind::integer && (peek() == 'u' || peek() == 'U')) {
    kind = TokenKind::uinteger;
    ++at_;
  }
  if (!is_name_part(peek())) return token(kind, begin);
  const bool unit = kind == TokenKind::integer || kind == TokenKind::real;
  const bool duration = unit && kDurationUnits.find(peek()) != std::string_view::npos;
  while (is_name_part(peek())) ++at_;
  const std::string_view found = source_.substr(begin, at_ - begin);
  return refuse(begin, at_, fmt::format("malformed number {}", found),
                duration ? fmt::format("write duration(\"{}\")", found)
                         : "digits stand alone: no unit, no underscore");
}

Token Lexer::text(std::size_t begin) {
  const std::size_t prefix = prefix_length(begin);
  const bool is_bytes = prefix > 0 && (source_[begin] | 0x20) == 'b';
  const bool raw = prefix > 0 && (source_[begin + prefix - 1] | 0x20) == 'r';
  at_ = begin + prefix;
  const char quote = source_[at_];
  const std::string_view triple = source_.substr(at_, 3);
  const bool is_triple = triple == "\"\"\"" || triple == "'''";
  at_ += is_triple ? 3 : 1;
  while (at_ < source_.size()) {
    const char c = source_[at_];
    if (c == '\\' && !raw) {
      at_ += 2;
    } else if (is_triple ? source_.substr(at_, 3) == triple : c == quote) {
      at_ += is_triple ? 3 : 1;
      return token(is_bytes ? TokenKind::bytes : TokenKind::string, begin);
    } else if (!is_triple && (c == '\n' || c == '\r')) {
      break;
    } else {
      ++at_;
    }
  }
  return refuse(begin, std::min(at_, source_.size()), "this string does not end",
                is_triple ? fmt::format("close it with {}", triple)
                          : fmt::format("close it with {} on the same line", quote));
}

Token Lexer::quoted_name(std::size_t begin) {
  ++at_;
  while (is_quoted_part(peek())) ++at_;
  if (peek() == '`' && at_ > begin + 1) {
    ++at_;
    return token(TokenKind::quoted_name, begin);
  }
  return refuse(begin, at_, "malformed quoted name",
                "between backticks stand letters, digits, spaces and _ . - /");
}

Token Lexer::symbol(std::size_t begin) {
  for (const std::string_view two : kTwoCharacters) {
    if (source_.substr(begin, 2) == two) {
      at_ += 2;
      return token(TokenKind::symbol, begin);
    }
  }
  if (kOneCharacter.find(source_[begin]) != std::string_view::npos) {
    ++at_;
    return token(TokenKind::symbol, begin);
  }
  std::size_t end = begin + 1;
  while (end < source_.size() && (static_cast<unsigned char>(source_[end]) & 0xC0) == 0x80) ++end;
  const std::string_view found = source_.substr(begin, end - begin);
  std::string help;
  for (const Mistake& mistake : kMistakes) {
    if (found == mistake.text) help = mistake.help;
  }
  const bool control = static_cast<unsigned char>(found[0]) < 0x20 || found[0] == 0x7f;
  return refuse(begin, end,
                control ? fmt::format("unexpected control character 0x{:02x}", found[0])
                        : fmt::format("unexpected character '{}'", found),
                std::move(help));
}

}  // namespace autopilot::expr
