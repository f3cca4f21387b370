#include "core/policy/header_pattern.h"

#include <fmt/format.h>

#include <optional>

#include "core/expr/regex.h"

namespace autopilot::policy {
namespace {

constexpr std::size_t kLongest = 256;
constexpr int kMostUnbounded = 4;  // the time that PCRE takes grows with the power of their number
constexpr int kMostRepeats = 255;
constexpr int kDeepest = 16;

bool is_alnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// What one piece of the pattern comes to.
struct Piece {
  std::string example;
  bool varies = false;  // has a repetition or alternatives within
};

class Reader {
 public:
  explicit Reader(std::string_view pattern) : text_(pattern) {}

  HeaderPattern read() {
    if (text_.empty()) return {"it is empty", {}};
    if (text_.size() > kLongest)
      return {fmt::format("it has more than {} characters", kLongest), {}};
    for (const char c : text_) {
      if (c < ' ' || c > '~') return {"it has a character that is not printable ASCII", {}};
    }
    const Piece all = alternatives(0);
    if (fault_.empty() && at_ < text_.size()) fault("a ) closes nothing");
    return {fault_, fault_.empty() ? all.example : ""};
  }

 private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool more() const { return fault_.empty() && at_ < text_.size(); }
  void fault(std::string why) {
    if (fault_.empty()) fault_ = std::move(why);
  }

  Piece alternatives(int depth) {
    if (depth > kDeepest) fault("its groups are too deep");
    Piece first = sequence(depth);
    while (more() && peek() == '|') {
      ++at_;
      const Piece next = sequence(depth);
      if (first.example.empty()) first.example = next.example;
      first.varies = true;
    }
    return first;
  }

  Piece sequence(int depth) {
    Piece out;
    while (more() && peek() != '|' && peek() != ')') {
      const bool is_group = peek() == '(';
      Piece piece = atom(depth);
      repeat(piece, is_group);
      out.example += piece.example;
      out.varies |= piece.varies;
    }
    return out;
  }

  Piece atom(int depth) {
    const char c = text_[at_++];
    switch (c) {
      case '(':
        return group(depth);
      case '[':
        return one_of(character_class());
      case '\\':
        return escape();
      case '.':
        return {"a"};
      case '^':
      case '$':
        fault(fmt::format("{} has no place: the whole value is matched", c));
        return {};
      case '*':
      case '+':
      case '?':
        fault(fmt::format("{} repeats nothing", c));
        return {};
      case '{':
      case '}':
      case ']':
        fault(fmt::format("{0} must be written \\{0}", c));
        return {};
      default:
        return {std::string(1, c)};
    }
  }

  Piece group(int depth) {
    if (peek() == '?' && text_.substr(at_, 2) != "?:") {
      fault("groups have no names, options or conditions: write ( or (?:");
      return {};
    }
    if (peek() == '?') at_ += 2;
    Piece inner = alternatives(depth + 1);
    if (peek() != ')') fault("a ( is not closed");
    if (more()) ++at_;
    return inner;
  }

  Piece escape() {
    const char c = peek();
    if (!more()) {
      fault("it ends with a backslash");
      return {};
    }
    ++at_;
    if (!is_alnum(c)) return {std::string(1, c)};
    if (std::string_view("dwsDWS").find(c) == std::string_view::npos) {
      fault(fmt::format("\\{} is not among \\d \\w \\s \\D \\W \\S", c));
      return {};
    }
    return one_of({'\\', c});
  }

  // The class as it stands, from its bracket on.
  std::string character_class() {
    const std::size_t begin = at_ - 1;
    if (peek() == '^') ++at_;
    const std::size_t first = at_;
    while (at_ < text_.size() && (text_[at_] != ']' || at_ == first)) {
      if (text_[at_] == '[') fault("a [ within a class must be written \\[");
      if (text_[at_] == '\\') ++at_;
      ++at_;
    }
    if (at_ >= text_.size()) {
      fault("a [ is not closed");
      return {};
    }
    ++at_;
    return std::string(text_.substr(begin, at_ - begin));
  }

  // A printable character that the class takes.
  Piece one_of(const std::string& set) {
    if (!fault_.empty()) return {};
    const expr::Regex regex(set);
    if (!regex.ok()) {
      fault(fmt::format("{} is no class of characters", set));
      return {};
    }
    constexpr std::string_view kFirst = "a0A-_";
    std::string candidates(kFirst);
    for (char c = ' '; c <= '~'; ++c) candidates += c;
    for (const char c : candidates) {
      if (regex.matches(std::string(1, c))) return {std::string(1, c)};
    }
    fault(fmt::format("{} takes no printable character", set));
    return {};
  }

  // (a+)+ and (a|ab)* are what a text can make slow without end.
  void repeat(Piece& piece, bool is_group) {
    int least = 1, most = 1;
    if (!more() || !quantifier(least, most)) return;
    const bool is_unbounded = most < 0;
    if (is_group && piece.varies && (is_unbounded || most > 1))
      fault("a repeated group has a repetition or alternatives within");
    if (is_unbounded && ++unbounded_ > kMostUnbounded)
      fault(fmt::format("it has more than {} repetitions without an end", kMostUnbounded));
    if (peek() == '?' || peek() == '+' || peek() == '*' || peek() == '{')
      fault("a repetition is repeated");
    const std::string once = piece.example;
    piece.example.clear();
    for (int i = 0; i < least; ++i) piece.example += once;
    piece.varies = true;
  }

  // True when one stood there. `most` is -1 without an end.
  bool quantifier(int& least, int& most) {
    const char c = peek();
    if (c == '{') return counted(least, most);
    if (c != '*' && c != '+' && c != '?') return false;
    ++at_;
    least = c == '+' ? 1 : 0;
    most = c == '?' ? 1 : -1;
    return true;
  }

  bool counted(int& least, int& most) {
    ++at_;
    const std::optional<int> from = number();
    std::optional<int> to = from;
    if (from && peek() == ',') {
      ++at_;
      to = peek() == '}' ? std::optional(-1) : number();
    }
    if (!from || !to || peek() != '}' || (*to >= 0 && *to < *from) || *to == 0) {
      fault("{ } holds a number, or two with a comma");
      return false;
    }
    ++at_;
    least = *from;
    most = *to;
    return true;
  }

  std::optional<int> number() {
    int value = 0;
    const std::size_t begin = at_;
    while (peek() >= '0' && peek() <= '9' && value <= kMostRepeats)
      value = value * 10 + (text_[at_++] - '0');
    if (at_ == begin || value > kMostRepeats) return std::nullopt;
    return value;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int unbounded_ = 0;
  std::string fault_;
};

}  // namespace

HeaderPattern read_header_pattern(std::string_view pattern) { return Reader(pattern).read(); }

}  // namespace autopilot::policy
