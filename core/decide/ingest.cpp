#include "core/decide/ingest.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <cmath>
#include <cstring>

#include "core/expr/map.h"

namespace autopilot::decide {
namespace {

namespace sj = simdjson::ondemand;

constexpr int kMaxDepth = 64;

// A JSON key that leads to a slot, or to more such keys.
struct Branch {
  std::string key;
  std::string name;  // what faults call it: an alias shares the name of the key it stands for
  int slot = -1;
  int group = 0;           // aliases share one: seeing two of a group is a duplicate
  bool is_object = false;  // anything but an object is a fault
  bool is_data = false;    // action.data, whose text is kept
  std::vector<Branch> children;
};

Branch& child(Branch& parent, const std::string& key) {
  for (Branch& b : parent.children) {
    if (b.key == key) return b;
  }
  Branch fresh;
  fresh.key = key;
  fresh.name = key;
  fresh.group = static_cast<int>(parent.children.size());
  parent.children.push_back(std::move(fresh));
  return parent.children.back();
}

// A second key for the same thing, as the source system writes it.
void alias(Branch& parent, const std::string& key, const std::string& other) {
  Branch copy = child(parent, key);
  copy.key = other;
  parent.children.push_back(std::move(copy));
}

std::string_view trimmed(std::string_view token) {
  while (!token.empty() && (token.back() == ' ' || token.back() == '\t' || token.back() == '\n' ||
                            token.back() == '\r')) {
    token.remove_suffix(1);
  }
  return token;
}

// Stops the walk of one line; caught in Decoder. Only on the path of malformed input.
struct Stop {
  std::string message;
};

[[noreturn]] void stop(std::string message) { throw Stop{std::move(message)}; }

template <class T>
T must(simdjson::simdjson_result<T> result) {
  T value;
  const simdjson::error_code code = std::move(result).get(value);
  if (code == simdjson::SUCCESS) return value;
  if (code == simdjson::NUMBER_ERROR) stop("malformed number, or a number out of range");
  if (code == simdjson::STRING_ERROR) stop("malformed string escape");
  stop(fmt::format("malformed JSON: {}", simdjson::error_message(code)));
}

// The keys of the objects being walked, to find duplicates: a 64-bit filter first, the list only
// when that hits.
class KeyStack {
 public:
  std::size_t open() const { return keys_.size(); }
  void close(std::size_t base) { keys_.resize(base); }
  void add(std::string_view key, std::size_t base, std::uint64_t& filter) {
    std::uint64_t head = key.size();
    std::memcpy(&head, key.data(), std::min<std::size_t>(7, key.size()));
    head ^= key.size() << 56;
    const std::uint64_t bit = std::uint64_t{1} << ((head * 0x9E3779B97F4A7C15u) >> 58);
    if ((filter & bit) != 0) {
      for (std::size_t i = base; i < keys_.size(); ++i) {
        if (keys_[i] == key) stop(fmt::format("key \"{}\" appears twice", key));
      }
    }
    filter |= bit;
    keys_.push_back(key);
  }

 private:
  std::vector<std::string_view> keys_;
};

// Walks one parsed text and fills the input's slots.
class Walker {
 public:
  // `copies`: texts are copied, for the parser that holds them parses again before the line is
  // done.
  Walker(Input& input, expr::Scratch& scratch, KeyStack& keys, bool copies = false)
      : input_(input), scratch_(scratch), keys_(keys), copies_(copies) {}

  // Every key of `object`; those that `branch` knows are decoded, the others validated.
  void object(sj::object object, const Branch& branch, int depth) {
    const std::size_t base = keys_.open();
    std::uint64_t filter = 0;
    std::uint64_t groups = 0;
    std::size_t expected = 0;
    for (auto result : object) {
      sj::field field = must(std::move(result));
      const Branch* known = find(field, branch, expected, base, filter);
      if (known == nullptr) {
        validate(field.value(), depth + 1);
        continue;
      }
      const std::uint64_t bit = std::uint64_t{1} << (known->group & 63);
      if ((groups & bit) != 0 && known->group < 64)
        stop(fmt::format("{} is given twice", known->name));
      groups |= bit;
      value(field.value(), *known, depth + 1);
    }
    keys_.close(base);
  }

  void value(sj::value v, const Branch& branch, int depth) {
    const sj::json_type type = must(v.type());
    if (type == sj::json_type::object) {
      sj::object inner = must(v.get_object());
      const std::string_view raw = trimmed(must(inner.raw_json()));
      inner.reset();
      if (branch.is_data) input_.data = raw;
      if (branch.slot >= 0) set(branch.slot, {}, raw);
      if (branch.children.empty() && branch.slot >= 0) {
        input_.slots[static_cast<std::size_t>(branch.slot)] = build_map(inner, depth);
      } else {
        object(inner, branch, depth);
      }
      return;
    }
    if (branch.is_object) stop(fmt::format("{} must be an object", branch.name));
    if (branch.slot < 0) {
      validate(v, depth);
      return;
    }
    if (type == sj::json_type::array) {
      sj::array list = must(v.get_array());
      const std::string_view raw = trimmed(must(list.raw_json()));
      list.reset();
      set(branch.slot, build_list(list, depth), raw);
      return;
    }
    const std::string_view raw = trimmed(v.raw_json_token());
    set(branch.slot, scalar(v, type), raw);
  }

  expr::Val any(sj::value v, int depth) {
    const sj::json_type type = must(v.type());
    if (type == sj::json_type::object) return build_map(must(v.get_object()), depth);
    if (type == sj::json_type::array) return build_list(must(v.get_array()), depth);
    return scalar(v, type);
  }

 private:
  void set(int slot, expr::Val v, std::string_view raw) {
    input_.slots[static_cast<std::size_t>(slot)] = v;
    input_.raw[static_cast<std::size_t>(slot)] = raw;
  }

  const Branch* find(sj::field& field, const Branch& branch, std::size_t& expected,
                     std::size_t base, std::uint64_t& filter) {
    const char* raw = field.key().raw();
    const char* end = raw;
    while (*end != '"' && *end != '\\') ++end;
    std::string_view key(raw, static_cast<std::size_t>(end - raw));
    if (*end == '\\') key = must(field.unescaped_key());
    keys_.add(key, base, filter);
    return lookup(key, branch, expected);
  }

  // Records of one stream have their keys in one order: the key after the last hit is tried first.
  static const Branch* lookup(std::string_view key, const Branch& branch, std::size_t& expected) {
    const std::size_t count = branch.children.size();
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t at = expected + i < count ? expected + i : expected + i - count;
      if (branch.children[at].key == key) {
        expected = at + 1 == count ? 0 : at + 1;
        return &branch.children[at];
      }
    }
    return nullptr;
  }

  expr::Val scalar(sj::value& v, sj::json_type type) {
    switch (type) {
      case sj::json_type::number:
        return expr::Val::of_double(number(v));
      case sj::json_type::string:
        return expr::Val::of_string(text(must(v.get_string())));
      case sj::json_type::boolean:
        return expr::Val::of_bool(must(v.get_bool()));
      default:
        if (!must(v.is_null())) stop("malformed JSON value");
        return expr::Val::of_null();
    }
  }

  static double number(sj::value& v) {
    const double d = must(v.get_double());
    if (!std::isfinite(d)) stop("number out of range");
    return d;
  }

  void validate(sj::value v, int depth) {
    if (depth > kMaxDepth) stop(fmt::format("nested deeper than {} levels", kMaxDepth));
    const sj::json_type type = must(v.type());
    if (type == sj::json_type::object) {
      for (auto field : must(v.get_object())) {
        sj::field f = must(std::move(field));
        must(f.unescaped_key());
        validate(f.value(), depth + 1);
      }
    } else if (type == sj::json_type::array) {
      for (auto item : must(v.get_array())) validate(must(std::move(item)), depth + 1);
    } else {
      scalar(v, type);
    }
  }

  expr::Val build_list(sj::array array, int depth) {
    if (depth > kMaxDepth) stop(fmt::format("nested deeper than {} levels", kMaxDepth));
    std::vector<expr::Val> items;
    for (auto item : array) items.push_back(any(must(std::move(item)), depth + 1));
    const auto size = static_cast<std::uint32_t>(items.size());
    auto* kept = scratch_.arena().array<expr::Val>(items.size());
    std::copy(items.begin(), items.end(), kept);
    return expr::Val::of_list(expr::make_list(scratch_.arena(), kept, size));
  }

  expr::Val build_map(sj::object object, int depth) {
    if (depth > kMaxDepth) stop(fmt::format("nested deeper than {} levels", kMaxDepth));
    std::vector<expr::MapEntry> entries;
    for (auto result : object) {
      sj::field field = must(std::move(result));
      const expr::Val key = expr::Val::of_string(text(must(field.unescaped_key())));
      entries.push_back({key, any(field.value(), depth + 1)});
    }
    auto* kept = scratch_.arena().array<expr::MapEntry>(entries.size());
    std::copy(entries.begin(), entries.end(), kept);
    const expr::MapRep* map =
        expr::make_map(scratch_.arena(), kept, static_cast<std::uint32_t>(entries.size()));
    if (map == nullptr) stop("an object has the same key twice");
    return expr::Val::of_map(map);
  }

  std::string_view text(std::string_view parsed) {
    return copies_ ? scratch_.arena().copy(parsed) : parsed;
  }

  Input& input_;
  expr::Scratch& scratch_;
  KeyStack& keys_;
  bool copies_;
};

}  // namespace

struct Decoder::Parts {
  sj::parser parser;
  sj::parser context_parser;  // each text's strings live in its parser until that parses again
  sj::parser action_parser;   // of changed actions
  sj::parser whole_parser;
  KeyStack keys;
  Branch line;  // keys "action" and "context"
  Branch action;
  Branch context;
  std::vector<const Branch*> wholes;
  std::vector<int> action_slots;
  std::size_t slot_count = 0;

  void read_line(sj::document& document, Input& input, expr::Scratch& scratch);
  void read_action(sj::object object, Input& input, expr::Scratch& scratch);
  void read_context(sj::object object, Input& input, expr::Scratch& scratch);
  void fill_wholes(Input& input, expr::Scratch& scratch);
  void clear(Input& input) const;
};

namespace {

// Parses `text` and does `work` on the document; a Stop becomes a fault with its place.
template <class Work>
bool parse(sj::parser& parser, std::string_view text, InputFault& fault, Work work) {
  sj::document document;
  bool parsed = false;
  try {
    document = must(parser.iterate(text.data(), text.size(), text.size() + kPadding));
    parsed = true;
    work(document);
    const char* rest = nullptr;
    if (document.current_location().get(rest) != simdjson::OUT_OF_BOUNDS)
      stop("text after the JSON object");
    return true;
  } catch (const Stop& s) {
    fault = {0, s.message};
    const char* at = nullptr;
    if (parsed && document.current_location().get(at) == simdjson::SUCCESS && at >= text.data() &&
        at <= text.data() + text.size()) {
      fault.offset = static_cast<std::uint32_t>(at - text.data());
    }
    return false;
  }
}

sj::object object_of(sj::value v, const char* what) {
  if (must(v.type()) != sj::json_type::object) stop(fmt::format("{} must be an object", what));
  return must(v.get_object());
}

std::string_view whole_text(sj::object& object) {
  const std::string_view raw = trimmed(must(object.raw_json()));
  must(object.reset());
  return raw;
}

}  // namespace

void Decoder::Parts::clear(Input& input) const {
  input.action = {};
  input.data = {};
  input.context = "{}";
  input.has_context = false;
  input.slots.assign(slot_count, expr::Val());
  input.raw.assign(slot_count, {});
}

void Decoder::Parts::read_line(sj::document& document, Input& input, expr::Scratch& scratch) {
  if (must(document.type()) != sj::json_type::object) stop("a line must be a JSON object");
  sj::object root = must(document.get_object());
  sj::value inner;
  if (root.find_field_unordered("action").get(inner) != simdjson::SUCCESS) {
    must(root.reset());
    read_action(root, input, scratch);
    return;
  }
  must(root.reset());
  bool seen_action = false;
  for (auto result : root) {
    sj::field field = must(std::move(result));
    const std::string_view key = must(field.unescaped_key());
    if (key == "action") {
      if (std::exchange(seen_action, true)) stop("key \"action\" appears twice");
      read_action(object_of(field.value(), "action"), input, scratch);
    } else if (key == "context") {
      if (std::exchange(input.has_context, true)) stop("key \"context\" appears twice");
      read_context(object_of(field.value(), "context"), input, scratch);
    } else {
      stop(fmt::format("unknown field {} beside action and context", key));
    }
  }
}

void Decoder::Parts::read_action(sj::object object, Input& input, expr::Scratch& scratch) {
  input.action = whole_text(object);
  Walker(input, scratch, keys).object(object, action, 1);
}

void Decoder::Parts::read_context(sj::object object, Input& input, expr::Scratch& scratch) {
  input.context = whole_text(object);
  Walker(input, scratch, keys).object(object, context, 1);
}

// Slots that want an object as one value although some of its fields have slots of their own: from
// a second parse.
void Decoder::Parts::fill_wholes(Input& input, expr::Scratch& scratch) {
  for (const Branch* branch : wholes) {
    const auto slot = static_cast<std::size_t>(branch->slot);
    const std::string_view raw = input.raw[slot];
    if (raw.empty() || raw.front() != '{' || input.slots[slot].tag != expr::Tag::absent) continue;
    sj::document document =
        must(whole_parser.iterate(raw.data(), raw.size(), raw.size() + kPadding));
    sj::value v = must(document.get_value());
    input.slots[slot] = Walker(input, scratch, keys, true).any(v, 1);
  }
}

namespace {

void collect(const Branch& branch, std::vector<const Branch*>& wholes, std::vector<int>& slots) {
  for (const Branch& b : branch.children) {
    if (b.slot >= 0) slots.push_back(b.slot);
    if (b.slot >= 0 && !b.children.empty()) wholes.push_back(&b);
    collect(b, wholes, slots);
  }
}

// Where a slot's path stands in the JSON, or null when the engine fills it itself.
Branch* place(Branch& action, Branch& context, const expr::Path& path) {
  const bool of_action = path[0] == "action";
  Branch* at = of_action ? &action : &context;
  const bool of_context =
      path[0] == "context" || path[0] == "metrics" || path[0] == "segment" || path[0] == "features";
  if (!of_action && !of_context) return nullptr;
  const std::size_t first = of_action || path[0] == "context" ? 1 : 0;
  if (first == path.size()) return nullptr;
  for (std::size_t i = first; i < path.size(); ++i) at = &child(*at, path[i]);
  return at;
}

}  // namespace

Decoder::Decoder(const expr::SlotTable& slots) : parts_(std::make_unique<Parts>()) {
  Parts& p = *parts_;
  p.slot_count = static_cast<std::size_t>(slots.size());
  // Always walked, so that the keys are checked whatever the policies read.
  Branch& data = child(p.action, "data");
  data.is_object = data.is_data = true;
  for (const char* key : {"metrics", "segment", "features"}) child(p.context, key).is_object = true;
  for (int i = 0; i < slots.size(); ++i) {
    if (Branch* at = place(p.action, p.context, slots.paths()[static_cast<std::size_t>(i)]))
      at->slot = i;
  }
  for (const auto& [key, other] : {std::pair{"algorithm", "algo_key"}, {"risk", "risk_score"}}) {
    alias(p.action, key, other);
  }
  for (const auto& [key, other] :
       {std::pair{"segment", "segment_data"}, {"role", "user_role"}, {"time", "timestamp"}}) {
    alias(p.context, key, other);
  }
  std::vector<int> context_slots;
  collect(p.action, p.wholes, p.action_slots);
  collect(p.context, p.wholes, context_slots);
}

Decoder::~Decoder() = default;

bool Decoder::decode(std::string_view line, Input& input, expr::Scratch& scratch,
                     InputFault& fault) {
  parts_->clear(input);
  return parse(parts_->parser, line, fault, [&](sj::document& document) {
    parts_->read_line(document, input, scratch);
    parts_->fill_wholes(input, scratch);
    input.proposed = input.action;
  });
}

bool Decoder::decode_parts(std::string_view action, std::string_view context, Input& input,
                           expr::Scratch& scratch, InputFault& fault) {
  parts_->clear(input);
  const bool read = parse(parts_->parser, action, fault, [&](sj::document& document) {
    if (must(document.type()) != sj::json_type::object) stop("an action must be a JSON object");
    parts_->read_action(must(document.get_object()), input, scratch);
    parts_->fill_wholes(input, scratch);
  });
  input.proposed = input.action;
  return read && decode_context(context, input, scratch, fault);
}

bool Decoder::decode_action(std::string_view action, Input& input, expr::Scratch& scratch,
                            InputFault& fault) {
  for (const int slot : parts_->action_slots) {
    input.slots[static_cast<std::size_t>(slot)] = {};
    input.raw[static_cast<std::size_t>(slot)] = {};
  }
  return parse(parts_->action_parser, action, fault, [&](sj::document& document) {
    parts_->read_action(must(document.get_object()), input, scratch);
    parts_->fill_wholes(input, scratch);
  });
}

bool Decoder::decode_context(std::string_view context, Input& input, expr::Scratch& scratch,
                             InputFault& fault) {
  return parse(parts_->context_parser, context, fault, [&](sj::document& document) {
    if (must(document.type()) != sj::json_type::object) stop("a context must be a JSON object");
    parts_->read_context(must(document.get_object()), input, scratch);
    parts_->fill_wholes(input, scratch);
  });
}

struct MemberReader::Parts {
  sj::parser parser;
};

namespace {

std::string_view whole_value(sj::value v) {
  const sj::json_type type = must(v.type());
  if (type == sj::json_type::object) {
    sj::object inner = must(v.get_object());
    return trimmed(must(inner.raw_json()));
  }
  if (type == sj::json_type::array) {
    sj::array inner = must(v.get_array());
    return trimmed(must(inner.raw_json()));
  }
  const std::string_view token = trimmed(v.raw_json_token());
  if (type == sj::json_type::string) must(v.get_string());
  return token;
}

void read_members(sj::object object, std::vector<Member>& members) {
  for (auto result : object) {
    sj::field field = must(std::move(result));
    const char* key = field.key().raw();
    const char* end = static_cast<const char*>(std::memchr(key, '"', 256));
    if (end == nullptr) stop("a key is too long");
    members.push_back(
        {std::string_view(key, static_cast<std::size_t>(end - key)), whole_value(field.value())});
  }
}

}  // namespace

MemberReader::MemberReader() : parts_(std::make_unique<Parts>()) {}
MemberReader::~MemberReader() = default;

bool MemberReader::read(std::string_view text, std::vector<Member>& members, InputFault& fault) {
  members.clear();
  return parse(parts_->parser, text, fault, [&](sj::document& document) {
    if (must(document.type()) != sj::json_type::object) stop("not a JSON object");
    read_members(must(document.get_object()), members);
  });
}

bool MemberReader::read_list(std::string_view text, std::vector<Member>& members,
                             InputFault& fault) {
  members.clear();
  return parse(parts_->parser, text, fault, [&](sj::document& document) {
    if (must(document.type()) != sj::json_type::array) stop("not a JSON array");
    for (auto item : must(document.get_array())) {
      sj::value v = must(std::move(item));
      read_members(must(v.get_object()), members);
      members.push_back({});
    }
  });
}

}  // namespace autopilot::decide
