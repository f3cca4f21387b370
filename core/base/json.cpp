#include "core/base/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "core/base/error.h"

namespace autopilot {
namespace {

// Builds a Value from nlohmann's SAX events; stops at the first fault.
class Builder {
 public:
  explicit Builder(JsonResult& result) : result_(result) {}

  bool null() { return put(Value()); }
  bool boolean(bool b) { return put(Value(b)); }
  bool number_integer(std::int64_t i) { return put(Value(static_cast<long long>(i))); }
  bool number_unsigned(std::uint64_t u) { return put(Value(static_cast<unsigned long long>(u))); }
  bool number_float(double d, const std::string& text) {
    if (!std::isfinite(d)) return fail("number out of range");
    return put(Value(Real{d, text}));
  }
  bool string(std::string& s) { return put(Value(std::move(s))); }
  bool binary(nlohmann::json::binary_t&) { return fail("binary data"); }
  bool start_object(std::size_t) { return open(Value(Map{})); }
  bool start_array(std::size_t) { return open(Value(List{})); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }
  bool key(std::string& k) {
    if (seen_before(k)) return fail(fmt::format("key \"{}\" appears twice", k));
    key_ = std::move(k);
    return true;
  }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception& e) {
    if (!result_.fault.message.empty()) return false;
    result_.fault.offset = position == 0 ? 0 : position - 1;
    result_.fault.message = shorten(e.what());
    return false;
  }

 private:
  // "[json.exception.parse_error.101] parse error at line 1, column 3: syntax error …" → the last
  // part.
  static std::string shorten(std::string what) {
    const std::size_t at = what.find(": ");
    return at == std::string::npos ? what : what.substr(at + 2);
  }
  bool fail(std::string message) {
    result_.fault.message = std::move(message);
    return false;
  }
  Value* place(Value value) {
    if (stack_.empty()) {
      result_.value = std::move(value);
      return &result_.value;
    }
    Value& top = *stack_.back();
    if (top.is_list()) {
      top.as_list().push_back(std::move(value));
      return &top.as_list().back();
    }
    top.as_map().append(std::move(key_), std::move(value));
    return &(top.as_map().end() - 1)->second;
  }
  bool put(Value value) {
    place(std::move(value));
    return true;
  }
  bool open(Value value) {
    if (stack_.size() >= static_cast<std::size_t>(kJsonMaxDepth)) {
      return fail(fmt::format("nested deeper than {} levels", kJsonMaxDepth));
    }
    // Only the innermost container grows, so pointers to the outer ones stay valid.
    stack_.push_back(place(std::move(value)));
    keys_.emplace_back();
    return true;
  }
  bool close() {
    stack_.pop_back();
    keys_.pop_back();
    return true;
  }
  // Looking through a map is quadratic for the whole of it, so large ones get an index.
  bool seen_before(const std::string& key) {
    const Map& map = stack_.back()->as_map();
    if (map.size() < kIndexed) return map.contains(key);
    std::unordered_set<std::string>& index = keys_.back();
    if (index.empty()) {
      for (const Map::Entry& entry : map) index.insert(entry.first);
    }
    return !index.insert(key).second;
  }

  static constexpr std::size_t kIndexed = 32;

  JsonResult& result_;
  std::vector<Value*> stack_;
  std::vector<std::unordered_set<std::string>>
      keys_;  // parallel to the stack; used in large maps only
  std::string key_;
};

void append_number(std::string& out, const Value& value, bool canonical) {
  if (value.kind() == Value::Kind::integer) {
    fmt::format_to(std::back_inserter(out), "{}", value.as_int());
  } else if (value.kind() == Value::Kind::unsigned_integer) {
    fmt::format_to(std::back_inserter(out), "{}", value.as_uint());
  } else if (!canonical && !value.as_real().text.empty()) {
    out += value.as_real().text;
  } else {
    append_double(out, value.as_real().value);
  }
}

struct Style {
  bool canonical = false;
  int indent = 0;  // 0 = compact
};

void append_break(std::string& out, const Style& style, int depth) {
  if (style.indent == 0) return;
  out += '\n';
  out.append(static_cast<std::size_t>(style.indent * depth), ' ');
}

void append(std::string& out, const Value& value, const Style& style, int depth);

void append_list(std::string& out, const List& list, const Style& style, int depth) {
  out += '[';
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (i > 0) out += ',';
    append_break(out, style, depth + 1);
    append(out, list[i], style, depth + 1);
  }
  if (!list.empty()) append_break(out, style, depth);
  out += ']';
}

void append_map(std::string& out, const Map& map, const Style& style, int depth) {
  std::vector<const Map::Entry*> entries;
  entries.reserve(map.size());
  for (const Map::Entry& e : map) entries.push_back(&e);
  if (style.canonical) {
    std::sort(entries.begin(), entries.end(), [](auto* a, auto* b) { return a->first < b->first; });
  }
  out += '{';
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (i > 0) out += ',';
    append_break(out, style, depth + 1);
    append_json_string(out, entries[i]->first);
    out += style.indent == 0 ? ":" : ": ";
    append(out, entries[i]->second, style, depth + 1);
  }
  if (!entries.empty()) append_break(out, style, depth);
  out += '}';
}

void append(std::string& out, const Value& value, const Style& style, int depth) {
  switch (value.kind()) {
    case Value::Kind::null:
      out += "null";
      return;
    case Value::Kind::boolean:
      out += value.as_bool() ? "true" : "false";
      return;
    case Value::Kind::string:
      append_json_string(out, value.as_string());
      return;
    case Value::Kind::list:
      append_list(out, value.as_list(), style, depth);
      return;
    case Value::Kind::map:
      append_map(out, value.as_map(), style, depth);
      return;
    default:
      append_number(out, value, style.canonical);
      return;
  }
}

std::string render(const Value& value, const Style& style) {
  std::string out;
  append(out, value, style, 0);
  return out;
}

}  // namespace

JsonResult parse_json(std::string_view text) {
  JsonResult result;
  Builder builder(result);
  result.ok = nlohmann::json::sax_parse(text.begin(), text.end(), &builder);
  return result;
}

Value parse_json_or_throw(std::string_view text, std::string_view what) {
  JsonResult result = parse_json(text);
  if (result.ok) return std::move(result.value);
  SourceMap sources;
  const std::uint32_t id = sources.add(std::string(what), std::string(text));
  const auto at = static_cast<std::uint32_t>(result.fault.offset);
  throw Error(ErrorKind::invalid,
              fmt::format("{}: {}", place(sources, Span{id, at, at}), result.fault.message));
}

std::string to_json(const Value& value) { return render(value, {}); }
void append_json(std::string& out, const Value& value) { append(out, value, {}, 0); }
std::string to_pretty_json(const Value& value) { return render(value, {false, 2}); }
std::string to_canonical_json(const Value& value) { return render(value, {true, 0}); }

namespace {

constexpr std::uint64_t kOnes = 0x0101010101010101u;

// Not 0 when one of eight bytes is a quote, a backslash or a control character.
std::uint64_t special_bytes(const char* text) {
  std::uint64_t word = 0;
  std::memcpy(&word, text, 8);
  const auto zeros = [](std::uint64_t w) { return (w - kOnes) & ~w & (kOnes << 7); };
  return zeros(word ^ kOnes * '"') | zeros(word ^ kOnes * '\\') | zeros(word & kOnes * 0xE0);
}

// Likewise of less than eight: the last bytes come twice.
std::uint64_t special_bytes(std::string_view text) {
  std::array<char, 8> bytes;
  bytes.fill(' ');
  if (text.size() >= 4) {
    std::memcpy(bytes.data(), text.data(), 4);
    std::memcpy(bytes.data() + 4, text.data() + text.size() - 4, 4);
  } else if (!text.empty()) {
    bytes[0] = text.front();
    bytes[1] = text[text.size() / 2];
    bytes[2] = text.back();
  }
  return special_bytes(bytes.data());
}

}  // namespace

// Eight bytes at a time, the last eight again where the size is no multiple.
bool is_plain_json(std::string_view text) {
  if (text.size() < 8) return special_bytes(text) == 0;
  std::uint64_t found = special_bytes(text.data() + text.size() - 8);
  for (std::size_t i = 0; i + 8 < text.size(); i += 8) found |= special_bytes(text.data() + i);
  return found == 0;
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  if (is_plain_json(text)) {
    out += text;
    out += '"';
    return;
  }
  std::size_t clean = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text, clean, i - clean);
    clean = i + 1;
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\r':
        out += "\\r";
        break;
      default:
        fmt::format_to(std::back_inserter(out), "\\u{:04x}", c);
    }
  }
  out.append(text, clean, text.size() - clean);
  out += '"';
}

namespace {

char* put(char* to, std::string_view text) {
  std::memcpy(to, text.data(), text.size());
  return to + text.size();
}

char* put_zeros(char* to, int count) {
  std::memset(to, '0', static_cast<std::size_t>(count));
  return to + count;
}

char* put_exponent(char* to, int exponent) {
  to = put(to, exponent < 0 ? "e-" : "e+");
  return std::to_chars(to, to + 4, std::abs(exponent)).ptr;
}

// Lays the shortest digits ("-1.25e+20") out as ECMAScript's Number::toString does, on which RFC
// 8785 builds.
char* write_as_ecmascript(char* to, std::string_view scientific) {
  if (scientific[0] == '-') {
    *to++ = '-';
    scientific.remove_prefix(1);
  }
  const std::size_t e = scientific.find('e');
  std::array<char, 24> kept;
  kept[0] = scientific[0];
  const std::size_t more = e > 1 ? e - 2 : 0;  // digits behind the point
  std::memcpy(&kept[1], scientific.data() + e - more, more);
  const std::string_view digits(kept.data(), more + 1);
  const char* first = scientific.data() + e + (scientific[e + 1] == '+' ? 2 : 1);
  int exponent = 0;
  std::from_chars(first, scientific.data() + scientific.size(), exponent);
  const int count = static_cast<int>(digits.size());
  if (exponent >= 21 || exponent < -6) {
    *to++ = digits[0];
    if (count > 1) to = put(put(to, "."), digits.substr(1));
    return put_exponent(to, exponent);
  }
  if (exponent < 0) return put(put_zeros(put(to, "0."), -exponent - 1), digits);
  if (exponent >= count - 1) return put_zeros(put(to, digits), exponent - count + 1);
  const auto point = static_cast<std::size_t>(exponent + 1);
  return put(put(put(to, digits.substr(0, point)), "."), digits.substr(point));
}

}  // namespace

char* write_double(char* to, double value) {
  if (std::isnan(value)) return put(to, "\"NaN\"");
  if (std::isinf(value)) return put(to, value > 0 ? "\"Infinity\"" : "\"-Infinity\"");
  if (value == 0) return put(to, "0");  // also -0: JSON readers disagree about it
  std::array<char, 32> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                 std::chars_format::scientific);
  return write_as_ecmascript(
      to, std::string_view(buffer.data(), static_cast<std::size_t>(end.ptr - buffer.data())));
}

void append_double(std::string& out, double value) {
  std::array<char, 32> buffer;
  out.append(buffer.data(), write_double(buffer.data(), value));
}

std::string double_text(double value) {
  std::string out;
  append_double(out, value);
  return out;
}

}  // namespace autopilot
