#include "core/events/jsonl.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <deque>

#include "core/base/json.h"
#include "core/base/json_index.h"
#include "core/base/json_number.h"

namespace autopilot::events {
namespace {

constexpr int kDeepest = 64;
constexpr const char* kMalformed = "malformed JSON";

// What is wanted of an object.
struct Node;
struct Member {
  std::string name;
  std::vector<std::size_t> columns;  // of the schema
  Node* inner = nullptr;             // members of it that are wanted
  NumberMemo memo;
};
struct Node {
  std::vector<Member> members;
  // The members of the last object of this kind, by place; a null is of none that is wanted.
  struct Guess {
    std::string name;
    Member* member = nullptr;
  };
  std::vector<Guess> guesses;

  Member& member(std::string_view name) {
    for (Member& m : members) {
      if (m.name == name) return m;
    }
    members.push_back({std::string(name), {}, nullptr, {}});
    return members.back();
  }
  Member* find(std::string_view name) {
    for (Member& m : members) {
      if (m.name == name) return &m;
    }
    return nullptr;
  }
};

}  // namespace

struct JsonLines::Parts {
  explicit Parts(const Schema& wanted) : schema(wanted) {
    nodes.emplace_back();
    for (std::size_t column = 0; column < schema.size(); ++column) want(column);
  }

  // "a.b" is the member b of a, or the member "a.b".
  void want(std::size_t column) {
    const std::string& path = schema[column].name;
    nodes.front().member(path).columns.push_back(column);
    Node* node = &nodes.front();
    std::size_t part = 0;
    for (std::size_t dot = path.find('.'); dot != std::string::npos; dot = path.find('.', part)) {
      Member& outer = node->member(path.substr(part, dot - part));
      if (outer.inner == nullptr) outer.inner = &nodes.emplace_back();
      node = outer.inner;
      part = dot + 1;
    }
    if (part > 0) node->member(path.substr(part)).columns.push_back(column);
  }

  void parse(std::string_view text, Parsed& out) {
    RowBuilder builder(schema, out);
    builder.reserve(out.expected > 0 ? 0 : std::max<std::size_t>(16, text.size() / 96));
    rows = &builder;
    std::string why;
    const bool whole = index.build(text, why);
    begin = text.data();
    if (whole) at = index.begin(), last = index.end();
    for (std::size_t from = 0; from < text.size();) {
      const void* found = std::memchr(text.data() + from, '\n', text.size() - from);
      const std::size_t to =
          found != nullptr ? static_cast<std::size_t>(static_cast<const char*>(found) - text.data())
                           : text.size();
      line(text.substr(from, to - from), from, ++out.lines, whole);
      from = to + 1;
    }
  }

  void line(std::string_view text, std::size_t from, std::uint64_t number, bool whole) {
    while (!text.empty() && (text.back() == '\r' || text.back() == ' ')) text.remove_suffix(1);
    if (text.empty()) return;
    std::string why;
    rows->begin(number);
    if (whole) {
      end = static_cast<std::uint32_t>(from + text.size());
      object(nodes.front(), 0);
      if (!rows->is_bad() && more()) malformed();
      while (more()) ++at;
    } else if (index.build(text, why)) {
      begin = text.data();
      at = index.begin(), last = index.end();
      end = static_cast<std::uint32_t>(text.size());
      object(nodes.front(), 0);
      if (!rows->is_bad() && more()) malformed();
    } else {
      rows->fault(kMalformed, why);
    }
    rows->end();
  }

  bool more() const { return at != last && *at < end; }
  char token() const { return more() ? begin[*at] : '\0'; }
  void malformed() { rows->fault(kMalformed, kMalformed); }
  bool take(char wanted) {
    if (token() != wanted) {
      malformed();
      return false;
    }
    ++at;
    return true;
  }

  void object(Node& node, int depth) {
    if (!take('{')) return;
    if (token() == '}') {
      ++at;
      return;
    }
    for (std::size_t place = 0;; ++place) {
      if (token() != '"') return malformed();
      Member* const member = wanted_at(node, place);
      ++at;
      if (!take(':')) return;
      value(member, depth);
      if (rows->is_bad()) return;
      if (token() == '}') {
        ++at;
        return;
      }
      if (!take(',')) return;
    }
  }

  // The member whose key is at hand, or null.
  Member* wanted_at(Node& node, std::size_t place) {
    const char* const key = begin + *at + 1;
    if (place < node.guesses.size()) {
      const Node::Guess& guess = node.guesses[place];
      const std::size_t size = guess.name.size();
      // A key is followed by a token: what is compared here is within the text or its padding.
      if (std::memcmp(key, guess.name.data(), size) == 0 && key[size] == '"') return guess.member;
    }
    std::string unescaped;
    const std::string_view name = content(unescaped);
    Member* const found = node.find(name);
    if (place == node.guesses.size() && place < 256 && unescaped.empty() && name.size() < 64)
      node.guesses.push_back({std::string(name), found});
    else if (place < node.guesses.size() && unescaped.empty() && name.size() < 64)
      node.guesses[place] = {std::string(name), found};
    return found;
  }

  // Of the string at hand.
  std::string_view content(std::string& unescaped) const {
    const char* const from = begin + *at + 1;
    const char* to = from;
    while (*to != '"' && *to != '\\') ++to;  // the index has seen that it ends
    if (*to == '"') return {from, static_cast<std::size_t>(to - from)};
    const std::uint32_t next = at + 1 != last ? *(at + 1) : end;
    unescaped.resize(next - *at + kPadding);
    const char* const stop = index.unescape(from, unescaped.data());
    if (stop == nullptr) {
      rows->fault(kMalformed, "malformed string escape");
      return {};
    }
    unescaped.resize(static_cast<std::size_t>(stop - unescaped.data()));
    return unescaped;
  }

  void value(Member* member, int depth) {
    const bool wanted = member != nullptr && !member->columns.empty();
    switch (token()) {
      case '{':
        if (member != nullptr && member->inner != nullptr && depth < kDeepest)
          return object(*member->inner, depth + 1);
        if (wanted) return not_plain(*member);
        return skip();
      case '[':
        if (wanted) return not_plain(*member);
        return skip();
      case '"':
        if (wanted) string(*member);
        ++at;
        return;
      case '}':
      case ']':
      case ':':
      case ',':
      case '\0':
        return malformed();
      default:
        return scalar(wanted ? member : nullptr);
    }
  }

  void not_plain(const Member& member) {
    rows->fault(member.name + " is a list or an object",
                member.name + " is a list or an object, not a value");
  }

  bool is_double(const Member& member) {
    if (!rows->has(member.columns.front())) return false;
    rows->fault("a member is there twice", fmt::format("{} is there twice", member.name));
    return true;
  }

  void string(const Member& member) {
    std::string unescaped;
    const std::string_view text = content(unescaped);
    if (rows->is_bad() || is_double(member)) return;
    for (const std::size_t column : member.columns) rows->text(column, text);
  }

  // A number or a literal.
  void scalar(Member* member) {
    const char* const from = begin + *at;
    const std::uint32_t next = at + 1 != last ? std::min(*(at + 1), end) : end;
    ++at;
    const char* to = begin + next;
    while (to > from && ends_value(to[-1])) --to;
    const std::string_view text(from, static_cast<std::size_t>(to - from));
    const bool truth = text == "true";
    const bool literal = truth || text == "false" || text == "null";
    if (member == nullptr) {
      if (!literal && scan(text).size == 0) malformed();
      return;
    }
    if (text == "null" || is_double(*member)) return;
    double number = truth ? 1 : 0;
    if (!literal && !number_of(text, member->memo, number)) {
      return rows->fault(kMalformed, fmt::format("{} is {}, which is no JSON", member->name,
                                                 std::string(text.substr(0, 40))));
    }
    for (const std::size_t column : member->columns) rows->number(column, number, text);
  }

  // The token as a number; size 0: it is none.
  static NumberText scan(std::string_view text) {
    if (text.size() <= kNarrow) {
      const NumberText narrow = scan_narrow(text.data(), text.size());
      if (narrow.size != 0) return narrow;
    }
    const NumberText number = scan_number(text.data());
    return number.size == text.size() ? number : NumberText{};
  }

  static bool number_of(std::string_view text, NumberMemo& memo, double& out) {
    if (text.size() > kNarrow && memo.find(text, out)) return true;
    const NumberText number = scan(text);
    if (number.size == 0) return false;
    if (is_exact(number))
      out = short_value(number);
    else if (!parse_number(text, out))
      return false;
    if (text.size() > kNarrow) memo.keep(text, out);
    return true;
  }

  void skip() {
    int depth = 0;
    do {
      const char c = token();
      if (c == '{' || c == '[') ++depth;
      if (c == '}' || c == ']') --depth;
      if (c == '\0') return malformed();
      ++at;
    } while (depth > 0);
  }

  const Schema& schema;
  std::deque<Node> nodes;  // the first is the line's object
  JsonIndex index;
  RowBuilder* rows = nullptr;
  const char* begin = nullptr;
  const std::uint32_t* at = nullptr;
  const std::uint32_t* last = nullptr;
  std::uint32_t end = 0;  // of the line
};

JsonLines::JsonLines(const Schema& schema) : parts_(std::make_unique<Parts>(schema)) {}
JsonLines::~JsonLines() = default;

void JsonLines::parse(std::string_view text, Parsed& out) { parts_->parse(text, out); }

namespace {

void collect_paths(const Value& value, const std::string& prefix, std::vector<std::string>& out) {
  for (const auto& [name, inner] : value.as_map()) {
    if (inner.is_map())
      collect_paths(inner, prefix + name + ".", out);
    else
      out.push_back(prefix + name);
  }
}

}  // namespace

std::vector<std::string> json_paths(std::string_view line) {
  std::vector<std::string> out;
  const JsonResult parsed = parse_json(line);
  if (parsed.ok && parsed.value.is_map()) collect_paths(parsed.value, "", out);
  return out;
}

}  // namespace autopilot::events
