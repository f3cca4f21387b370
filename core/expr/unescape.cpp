#include "core/expr/unescape.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <string>

namespace autopilot::expr {
namespace {

constexpr std::uint32_t kLastCodePoint = 0x10FFFF;

bool is_surrogate(std::uint32_t c) { return c >= 0xD800 && c <= 0xDFFF; }

void append_utf8(std::string& out, std::uint32_t c) {
  const auto byte = [&](std::uint32_t b) { out += static_cast<char>(b); };
  if (c < 0x80) {
    byte(c);
  } else if (c < 0x800) {
    byte(0xC0 | c >> 6);
    byte(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    byte(0xE0 | c >> 12);
    byte(0x80 | (c >> 6 & 0x3F));
    byte(0x80 | (c & 0x3F));
  } else {
    byte(0xF0 | c >> 18);
    byte(0x80 | (c >> 12 & 0x3F));
    byte(0x80 | (c >> 6 & 0x3F));
    byte(0x80 | (c & 0x3F));
  }
}

int digit_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 99;
}

// Takes one byte over. Line ends inside a literal are \n whatever the file has, as in the other
// implementations.
void append_plain(std::string& out, std::string_view body, std::size_t& at) {
  const char c = body[at++];
  out += c == '\r' ? '\n' : c;
  if (c == '\r' && at < body.size() && body[at] == '\n') ++at;
}

std::string plain_text(std::string_view body) {
  std::string out;
  out.reserve(body.size());
  for (std::size_t at = 0; at < body.size();) append_plain(out, body, at);
  return out;
}

// Reads one string body. `offset` is the place of the body's first byte in the source.
class Unescaper {
 public:
  Unescaper(std::string_view body, std::uint32_t offset, bool bytes, Fault& fault)
      : body_(body), offset_(offset), bytes_(bytes), fault_(fault) {}

  std::optional<std::string> run() {
    std::string out;
    out.reserve(body_.size());
    while (at_ < body_.size()) {
      if (body_[at_] == '\\') {
        if (!escape(out)) return std::nullopt;
      } else {
        append_plain(out, body_, at_);
      }
    }
    return out;
  }

 private:
  bool escape(std::string& out) {
    const std::size_t begin = at_++;
    const char c = at_ < body_.size() ? body_[at_++] : '\0';
    constexpr std::string_view kNames = "abfnrtv\\?\"'`";
    constexpr std::string_view kValues = "\a\b\f\n\r\t\v\\?\"'`";
    if (const auto i = kNames.find(c); i != std::string_view::npos) {
      out += kValues[i];
      return true;
    }
    switch (c) {
      case 'x':
      case 'X':
        return code(out, begin, 2, 16, 0);
      case 'u':
        return unicode(out, begin, 4);
      case 'U':
        return unicode(out, begin, 8);
      case '0':
      case '1':
      case '2':
      case '3':
        return code(out, begin, 2, 8, static_cast<std::uint32_t>(c - '0'));
      default:
        return refuse(begin, "unknown escape", "write \\\\ for a backslash, or r\"…\"");
    }
  }

  bool unicode(std::string& out, std::size_t begin, int digits) {
    if (bytes_)
      return refuse(begin, "bytes take no unicode escape", "write \\x and two hex digits");
    return code(out, begin, digits, 16, 0);
  }

  // Reads `digits` digits after the value so far; one byte of bytes, one code point of a string.
  bool code(std::string& out, std::size_t begin, int digits, int base, std::uint32_t value) {
    for (int i = 0; i < digits; ++i) {
      const int digit = at_ < body_.size() ? digit_value(body_[at_]) : 99;
      if (digit >= base) {
        return refuse(begin, "incomplete escape",
                      fmt::format("{} {} digits must follow", digits, base == 8 ? "octal" : "hex"));
      }
      value = value * static_cast<std::uint32_t>(base) + static_cast<std::uint32_t>(digit);
      ++at_;
    }
    if (bytes_) {
      out += static_cast<char>(value);
      return true;
    }
    if (value > kLastCodePoint || is_surrogate(value)) {
      return refuse(begin, "this escape is no code point", "the last one is \\U0010FFFF");
    }
    append_utf8(out, value);
    return true;
  }

  bool refuse(std::size_t begin, std::string message, std::string help) {
    std::size_t end = std::min(at_, body_.size());
    while (end < body_.size() && (static_cast<unsigned char>(body_[end]) & 0xC0) == 0x80) ++end;
    fault_ = {offset_ + static_cast<std::uint32_t>(begin),
              offset_ + static_cast<std::uint32_t>(end), std::move(message), std::move(help)};
    return false;
  }

  std::string_view body_;
  std::uint32_t offset_;
  bool bytes_;
  Fault& fault_;
  std::size_t at_ = 0;
};

std::optional<Literal> text_value(const Token& token, Fault& fault) {
  const bool bytes = token.kind == TokenKind::bytes;
  std::string_view body = token.text;
  std::size_t prefix = body.find_first_of("\"'");
  const bool raw = prefix > 0 && (body[prefix - 1] | 0x20) == 'r';
  const std::string_view triple = body.substr(prefix, 3);
  const std::size_t quotes =
      body.size() - prefix >= 6 && (triple == "\"\"\"" || triple == "'''") ? 3 : 1;
  prefix += quotes;
  body = body.substr(prefix, body.size() - prefix - quotes);

  std::string content;
  if (raw || body.find('\\') == std::string_view::npos) {
    content = body.find('\r') == std::string_view::npos ? std::string(body) : plain_text(body);
  } else {
    const auto offset = token.begin + static_cast<std::uint32_t>(prefix);
    auto unescaped = Unescaper(body, offset, bytes, fault).run();
    if (!unescaped) return std::nullopt;
    content = std::move(*unescaped);
  }
  if (bytes) return Literal(Bytes{std::move(content)});
  return Literal(std::move(content));
}

struct Digits {
  std::string_view text;
  int base;
};

Digits digits_of(std::string_view text) {
  if (text.size() > 2 && text[0] == '0' && text[1] == 'x') return {text.substr(2), 16};
  return {text, 10};
}

std::optional<std::uint64_t> magnitude(std::string_view text) {
  const Digits digits = digits_of(text);
  std::uint64_t value = 0;
  const char* end = digits.text.data() + digits.text.size();
  const auto result = std::from_chars(digits.text.data(), end, value, digits.base);
  if (result.ec != std::errc() || result.ptr != end) return std::nullopt;
  return value;
}

std::optional<Literal> out_of_range(const Token& token, std::string_view type, std::string help,
                                    Fault& fault) {
  fault = {token.begin, token.end, fmt::format("{} does not fit {}", token.text, type),
           std::move(help)};
  return std::nullopt;
}

std::optional<Literal> integer_value(const Token& token, bool negative, Fault& fault) {
  constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  const auto value = magnitude(token.text);
  if (!value || *value > kMost + (negative ? 1 : 0)) {
    return out_of_range(token, "int", "write it as a double (with .0) or as a uint (with u)",
                        fault);
  }
  // Two's complement: also right for the smallest int, whose magnitude has no positive counterpart.
  return Literal(static_cast<std::int64_t>(negative ? 0 - *value : *value));
}

std::optional<Literal> real_value(const Token& token, bool negative, Fault& fault) {
  double value = 0;
  const char* end = token.text.data() + token.text.size();
  const auto result = std::from_chars(token.text.data(), end, value);
  // result_out_of_range is both "too small", which is zero or subnormal, and "too large".
  if (result.ec == std::errc::result_out_of_range) {
    value = std::strtod(std::string(token.text).c_str(), nullptr);
  }
  if (std::isinf(value)) return out_of_range(token, "double", {}, fault);
  return Literal(negative ? -value : value);
}

}  // namespace

std::optional<Literal> literal_value(const Token& token, bool negative, Fault& fault) {
  switch (token.kind) {
    case TokenKind::integer:
      return integer_value(token, negative, fault);
    case TokenKind::uinteger: {
      const Token digits{token.kind, token.begin, token.end,
                         token.text.substr(0, token.text.size() - 1)};
      const auto value = magnitude(digits.text);
      if (!value) return out_of_range(token, "uint", {}, fault);
      return Literal(*value);
    }
    case TokenKind::real:
      return real_value(token, negative, fault);
    default:
      return text_value(token, fault);
  }
}

}  // namespace autopilot::expr
