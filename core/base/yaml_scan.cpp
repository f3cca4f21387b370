#include "core/base/yaml_scan.h"

#include <algorithm>

#include "core/base/text.h"

namespace autopilot::yaml_scan {
namespace {

constexpr auto npos = std::string_view::npos;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_break(char c) { return c == '\n' || c == '\r'; }

std::size_t line_end(std::string_view text, std::size_t at) {
  const std::size_t end = text.find('\n', at);
  return end == npos ? text.size() : end;
}

bool is_control(char c) {
  const auto b = static_cast<unsigned char>(c);
  return (b < 0x20 && b != '\t' && b != '\n' && b != '\r') || b == 0x7F;
}

bool starts_document(std::string_view text, std::size_t at) {
  return text.substr(at, 3) == "---" && (at + 3 == text.size() || is_space(text[at + 3]));
}

// Spaces at the start of the line at `at`; npos for a line of white space only.
std::size_t indent_of_line(std::string_view text, std::size_t at) {
  std::size_t i = at;
  while (i < text.size() && text[i] == ' ') ++i;
  return i == text.size() || is_break(text[i]) ? npos : i - at;
}

std::size_t single_quoted_end(std::string_view text, std::size_t at) {
  for (std::size_t i = at + 1; i < text.size(); ++i) {
    if (text[i] != '\'') continue;
    if (i + 1 >= text.size() || text[i + 1] != '\'') return i + 1;
    ++i;
  }
  return npos;
}

std::size_t double_quoted_end(std::string_view text, std::size_t at) {
  for (std::size_t i = at + 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      return i + 1;
    }
  }
  return npos;
}

// Content lines go on while they are blank or indented deeper than the collection around them.
std::size_t block_scalar_end(std::string_view text, std::size_t at, std::size_t indent) {
  std::size_t end = line_end(text, at);
  std::size_t first = npos;
  for (std::size_t line = end + 1; line < text.size(); line = line_end(text, line) + 1) {
    const std::size_t here = indent_of_line(text, line);
    if (here == npos) continue;
    if (first == npos) first = here;
    if (here < first && here <= indent) break;
    if (here <= indent && indent > 0) break;
    if (starts_document(text, line)) break;
    end = line_end(text, line);
  }
  while (end > at && is_break(text[end - 1])) --end;
  return end;
}

std::size_t plain_end(std::string_view text, std::size_t at, std::string_view value) {
  if (text.substr(at, value.size()) == value) return at + value.size();
  std::size_t i = at;
  for (std::size_t j = 0; j < value.size() && i < text.size();) {
    if (is_space(value[j])) {
      while (j < value.size() && is_space(value[j])) ++j;
      while (i < text.size() && is_space(text[i])) ++i;
    } else if (text[i++] != value[j++]) {
      return i;
    }
  }
  return i;
}

}  // namespace

std::optional<Fault> find_bad_bytes(std::string_view text) {
  const std::string_view head = text.substr(0, 2);
  if (head == "\xFF\xFE" || head == "\xFE\xFF") {
    return Fault{0, 2, "bad-encoding", "the text is UTF-16", "save it as UTF-8"};
  }
  const auto control = std::find_if(text.begin(), text.end(), is_control);
  const auto at = static_cast<std::size_t>(control - text.begin());
  const std::size_t invalid = find_invalid_utf8(text);
  if (invalid < at) {
    return Fault{invalid, 1, "bad-encoding", "the text is not valid UTF-8", "save it as UTF-8"};
  }
  if (control == text.end()) return std::nullopt;
  if (*control == '\0') return Fault{at, 1, "bad-character", "NUL byte", "remove it"};
  return Fault{at, 1, "bad-character", "control character, which YAML does not allow",
               "remove it, or write it as an escape in double quotes"};
}

std::vector<Range> split_documents(std::string_view text) {
  std::vector<Range> parts;
  std::size_t begin = 0;
  for (std::size_t at = text.find("\n---"); at != npos; at = text.find("\n---", at + 1)) {
    if (!starts_document(text, at + 1)) continue;
    parts.push_back({begin, at + 1});
    begin = at + 1;
  }
  parts.push_back({begin, text.size()});
  return parts;
}

namespace {

// Ends where yaml-cpp ends them, which may be before a space.
std::size_t property_end(std::string_view text, std::size_t at) {
  constexpr std::string_view kNotInAnchor = "[]{}, \t\r\n";
  constexpr std::string_view kTag =
      "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-#;/?:@&=+$_.~*'()!%";
  std::size_t end = npos;
  if (text[at] == '&') {
    end = text.find_first_of(kNotInAnchor, at + 1);
  } else if (text.substr(at, 2) == "!<") {
    end = text.find('>', at);
    if (end != npos) ++end;
  } else {
    end = text.find_first_not_of(kTag, at + 1);
  }
  return std::min(end, text.size());
}

}  // namespace

std::size_t skip_properties(std::string_view text, std::size_t at) {
  while (at < text.size() && (text[at] == '!' || text[at] == '&')) {
    at = property_end(text, at);
    while (at < text.size() && (is_space(text[at]) || text[at] == '#')) {
      at = text[at] == '#' ? line_end(text, at) : at + 1;
    }
  }
  return at;
}

std::size_t scalar_end(std::string_view text, std::size_t at, std::string_view value,
                       std::size_t indent) {
  if (at >= text.size()) return text.size();
  switch (text[at]) {
    case '\'':
      return single_quoted_end(text, at);
    case '"':
      return double_quoted_end(text, at);
    case '|':
    case '>':
      return block_scalar_end(text, at, indent);
    default:
      return plain_end(text, at, value);
  }
}

std::size_t flow_end(std::string_view text, std::size_t at) {
  while (at < text.size() && text[at] != ']' && text[at] != '}') {
    at = text[at] == '#' ? line_end(text, at) : at + 1;
  }
  return std::min(at + 1, text.size());
}

std::size_t bracket_depth(std::string_view text, std::size_t at) {
  std::size_t depth = 0, most = 0;
  for (; at < text.size(); ++at) {
    if (text[at] == '[' || text[at] == '{') most = std::max(most, ++depth);
    if ((text[at] == ']' || text[at] == '}') && depth > 0) --depth;
  }
  return most;
}

std::size_t column_of(std::string_view text, std::size_t at) {
  const std::size_t before = at == 0 ? npos : text.rfind('\n', at - 1);
  return before == npos ? at : at - before - 1;
}

namespace {

// Bytes of source that one escape in double quotes takes: \n 2, \x41 4, \u0041 6, \U00000041 10.
std::size_t escape_length(char c) {
  switch (c) {
    case 'x':
      return 4;
    case 'u':
      return 6;
    case 'U':
      return 10;
    default:
      return 2;
  }
}

std::size_t utf8_length(std::string_view value, std::size_t at) {
  std::size_t n = 1;
  while (at + n < value.size() && (static_cast<unsigned char>(value[at + n]) & 0xC0) == 0x80) ++n;
  return n;
}

// Walks source and decoded text together; white space that was folded or re-indented is stepped
// over as a run.
class Walker {
 public:
  Walker(std::string_view text, std::size_t at, std::size_t end, std::string_view value)
      : text_(text), at_(at), end_(end), value_(value) {
    quote_ = text[at] == '"' || text[at] == '\'' ? text[at] : '\0';
    if (quote_ != '\0') ++at_;
    if (text[at] == '|' || text[at] == '>') at_ = std::min(line_end(text, at) + 1, end);
  }

  std::vector<std::size_t> walk() {
    for (std::size_t j = 0; j < value_.size() && at_ < end_;) {
      const std::size_t step = quote_ == '"' && text_[at_] == '\\' ? escape(j) : character(j);
      if (step == 0) break;
      j += step;
    }
    offsets_.push_back(std::min(at_, end_));
    return std::move(offsets_);
  }

 private:
  std::size_t escape(std::size_t j) {
    const char c = at_ + 1 < end_ ? text_[at_ + 1] : '\\';
    if (is_break(c)) {  // an escaped line break and the indentation after it stand for nothing
      ++at_;
      while (at_ < end_ && is_space(text_[at_])) ++at_;
      return character(j);
    }
    const std::size_t bytes = utf8_length(value_, j);
    offsets_.insert(offsets_.end(), bytes, at_);
    at_ += escape_length(c);
    return bytes;
  }

  std::size_t character(std::size_t j) {
    if (at_ < end_ && text_[at_] == value_[j] && !is_space(value_[j])) {
      offsets_.push_back(at_);
      at_ += quote_ == '\'' && value_[j] == '\'' ? 2 : 1;
      return 1;
    }
    if (!is_space(value_[j])) {  // indentation of a block, or a fold that decodes to nothing
      if (at_ >= end_ || !is_space(text_[at_])) return 0;
      while (at_ < end_ && is_space(text_[at_])) ++at_;
      return at_ < end_ && text_[at_] == value_[j] ? character(j) : 0;
    }
    return white(j);
  }

  // One space or tab for one, or a line break with the indentation around it for what it folded to.
  std::size_t white(std::size_t j) {
    offsets_.push_back(at_);
    if (text_[at_] == value_[j]) {
      ++at_;
      return 1;
    }
    while (at_ < end_ && is_space(text_[at_])) ++at_;
    return 1;
  }

  std::string_view text_;
  std::size_t at_;
  std::size_t end_;
  std::string_view value_;
  char quote_ = '\0';
  std::vector<std::size_t> offsets_;
};

}  // namespace

std::vector<std::size_t> scalar_offsets(std::string_view text, std::size_t at, std::size_t end,
                                        std::string_view value) {
  if (at >= text.size()) return {at};
  return Walker(text, at, end, value).walk();
}

}  // namespace autopilot::yaml_scan
