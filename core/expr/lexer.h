#pragma once
// CEL source text → tokens, one at a time (cel-spec, "Lexis"). Finds where literals end; unescape.h
// decodes them.

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/expr/ast.h"

namespace autopilot::expr {

enum class TokenKind : std::uint8_t {
  end,
  fault,        // see Lexer::fault()
  name,         // also reserved words and `in`, `true`, `false`, `null`
  quoted_name,  // `a.b` with its backticks
  integer,
  uinteger,
  real,
  string,
  bytes,
  symbol,  // operators and punctuation, by text
};

struct Token {
  TokenKind kind = TokenKind::end;
  std::uint32_t begin = 0;  // [begin, end): bytes of the source
  std::uint32_t end = 0;
  std::string_view text;
};

class Lexer {
 public:
  // The source must outlive the lexer and its tokens, and be shorter than 4 GiB.
  explicit Lexer(std::string_view source) : source_(source) {}

  Token next();
  const Fault& fault() const { return fault_; }  // of the last token of kind fault

 private:
  void skip_blanks();
  Token number(std::size_t begin);
  Token text(std::size_t begin);
  Token quoted_name(std::size_t begin);
  Token symbol(std::size_t begin);
  Token token(TokenKind kind, std::size_t begin);
  Token refuse(std::size_t begin, std::size_t end, std::string message, std::string help);
  char peek(std::size_t ahead = 0) const;
  std::size_t prefix_length(std::size_t begin) const;

  std::string_view source_;
  std::size_t at_ = 0;
  Fault fault_;
};

}  // namespace autopilot::expr
