// Values as block-style YAML that our own reader, and YAML 1.1 readers, read back as the same
// Values.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/base/json.h"
#include "core/base/text.h"
#include "core/base/yaml.h"

namespace autopilot {
namespace {

constexpr std::size_t kLineWidth = 100;

bool is_scalar(const Value& value) { return !value.is_list() && !value.is_map(); }

// Words that YAML 1.1 readers take for booleans.
bool is_old_boolean(std::string_view text) {
  static constexpr std::string_view kWords[] = {"y", "n", "yes", "no", "on", "off"};
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return std::find(std::begin(kWords), std::end(kWords), lower) != std::end(kWords);
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

// Whether the string can stand without quotes and still is a string.
bool plain_works(const std::string& text, bool flow) {
  if (text.empty() || text.front() == ' ' || text.back() == ' ' || has_control(text)) return false;
  if (std::string_view("-?:,[]{}#&*!|>'\"%@`=").find(text.front()) != std::string_view::npos)
    return false;
  if (text.back() == ':' || text.find(": ") != std::string::npos ||
      text.find(" #") != std::string::npos)
    return false;
  if (text.rfind("...", 0) == 0 || text.rfind("<<", 0) == 0 || is_old_boolean(text)) return false;
  if (flow && text.find_first_of(",[]{}:?") != std::string::npos) return false;
  // NEL, line and paragraph separators and the BOM are breaks or marks to some readers.
  for (const std::string_view odd : {"\xC2\x85", "\xE2\x80\xA8", "\xE2\x80\xA9", "\xEF\xBB\xBF"}) {
    if (text.find(odd) != std::string::npos) return false;
  }
  YamlNode node;
  node.kind = YamlNode::Kind::scalar;
  node.plain = true;
  node.text = text;
  return scalar_value(node).is_string();
}

void append_quoted(std::string& out, const std::string& text) {
  const bool single =
      text.find_first_of("\"\\") != std::string::npos && text.find('\'') == std::string::npos &&
      !has_control(text) && find_invalid_utf8(text) == std::string_view::npos &&
      text.find("\xC2\x85") == std::string::npos && text.find("\xE2\x80") == std::string::npos &&
      text.find("\xEF\xBB\xBF") == std::string::npos;
  if (single) {
    out += '\'';
    out += text;
    out += '\'';
    return;
  }
  out += '"';
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const std::string_view rest = std::string_view(text).substr(i, 3);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    } else if (rest.substr(0, 2) == "\xC2\x85") {
      out += "\\x85";
      i += 1;
    } else if (rest == "\xE2\x80\xA8" || rest == "\xE2\x80\xA9") {
      out += rest == "\xE2\x80\xA8" ? "\\u2028" : "\\u2029";
      i += 2;
    } else if (rest == "\xEF\xBB\xBF") {
      out += "\\ufeff";
      i += 2;
    } else {
      out += c;
    }
  }
  out += '"';
}

// A literal block keeps lines readable; it cannot hold everything.
bool block_works(const std::string& text) {
  if (text.find('\n') == std::string::npos || text.front() == ' ' || text.front() == '\n' ||
      text.front() == '\t') {
    return false;
  }
  if (text.size() > 1 && text.compare(text.size() - 2, 2, "\n\n") == 0) return false;
  if (text.find(" \n") != std::string::npos || text.find("\t") != std::string::npos ||
      text.back() == ' ')
    return false;
  if (text.find("\xC2\x85") != std::string::npos || text.find("\xE2\x80") != std::string::npos ||
      text.find("\xEF\xBB\xBF") != std::string::npos) {
    return false;
  }
  return std::all_of(text.begin(), text.end(), [](char c) {
    return c == '\n' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F);
  });
}

void append_scalar(std::string& out, const Value& value, bool flow) {
  switch (value.kind()) {
    case Value::Kind::null:
      out += "null";
      return;
    case Value::Kind::string:
      if (plain_works(value.as_string(), flow)) {
        out += value.as_string();
      } else {
        append_quoted(out, value.as_string());
      }
      return;
    case Value::Kind::real:
      if (std::isnan(value.as_double())) {
        out += ".nan";
        return;
      }
      if (std::isinf(value.as_double())) {
        out += value.as_double() > 0 ? ".inf" : "-.inf";
        return;
      }
      append_json(out, value);
      return;
    default:
      append_json(out, value);
  }
}

// A list of scalars on one line, if it is short enough.
bool append_flow_list(std::string& out, const List& list, std::size_t column) {
  if (!std::all_of(list.begin(), list.end(), is_scalar)) return false;
  std::string line = "[";
  for (const Value& item : list) {
    if (line.size() > 1) line += ", ";
    append_scalar(line, item, true);
    if (column + line.size() > kLineWidth) return false;
  }
  out += line;
  out += ']';
  return true;
}

class Writer {
 public:
  std::string write(const Value& value) {
    if (is_scalar(value) || empty(value)) {
      inline_value(value, 0);
    } else if (value.is_map()) {
      map(value.as_map(), 0);
    } else {
      list(value.as_list(), 0);
    }
    if (out_.empty() || out_.back() != '\n') out_ += '\n';
    return std::move(out_);
  }

 private:
  static bool empty(const Value& value) {
    return (value.is_map() && value.as_map().empty()) ||
           (value.is_list() && value.as_list().empty());
  }

  void map(const Map& map, std::size_t indent) {
    bool first = true;
    for (const auto& [key, value] : map) {
      if (!first) out_.append(indent, ' ');
      first = false;
      if (plain_works(key, false)) {
        out_ += key;
      } else {
        append_quoted(out_, key);
      }
      out_ += ':';
      if (value.is_map() && !empty(value)) {
        out_ += '\n';
        out_.append(indent + 2, ' ');
        this->map(value.as_map(), indent + 2);
      } else {
        out_ += ' ';
        inline_value(value, indent);
      }
    }
  }

  // A value after "key: " or "- ": on the same line, or (long lists, blocks) on the next ones. Ends
  // with a newline.
  void inline_value(const Value& value, std::size_t indent) {
    if (value.is_map()) {
      out_ += "{}";
    } else if (value.is_list()) {
      if (append_flow_list(out_, value.as_list(), column())) {
        out_ += '\n';
        return;
      }
      if (!out_.empty()) out_.back() = '\n';
      out_.append(indent + 2, ' ');
      list(value.as_list(), indent + 2);
      return;
    } else if (value.is_string() && block_works(value.as_string())) {
      block(value.as_string(), indent + 2);
      return;
    } else {
      append_scalar(out_, value, false);
    }
    out_ += '\n';
  }

  void list(const List& items, std::size_t indent) {
    bool first = true;
    for (const Value& item : items) {
      if (!first) out_.append(indent, ' ');
      first = false;
      if (item.is_map() && !empty(item)) {
        out_ += "- ";
        map(item.as_map(), indent + 2);
      } else {
        out_ += "- ";
        inline_value(item, indent);
      }
    }
  }

  void block(const std::string& text, std::size_t indent) {
    out_ += text.back() == '\n' ? "|" : "|-";
    for (const std::string_view line :
         split(text.back() == '\n' ? text.substr(0, text.size() - 1) : text, '\n')) {
      out_ += '\n';
      if (!line.empty()) out_.append(indent, ' ');
      out_ += line;
    }
    out_ += '\n';
  }

  std::size_t column() const {
    const std::size_t line = out_.rfind('\n');
    return line == std::string::npos ? out_.size() : out_.size() - line - 1;
  }

  std::string out_;
};

}  // namespace

std::string to_yaml(const Value& value) { return Writer().write(value); }

}  // namespace autopilot
