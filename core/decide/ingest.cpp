#include "core/decide/ingest.h"

#include <fmt/format.h>

#include <set>

#include "core/decide/input_shape.h"
#include "core/decide/json_text.h"
#include "core/expr/map.h"

namespace autopilot::decide {
namespace {

// Builds values. `depth` counts the containers around a value.
class Builder {
 public:
  Builder(const JsonText& text, expr::Scratch& scratch) : text_(text), arena_(scratch.arena()) {}

  Token any(Token at, int depth, expr::Val& value) const {
    std::string_view written;
    switch (text_.first(at)) {
      case '{':
        return map(at, depth + 1, value);
      case '[':
        return list(at, depth + 1, value);
      default:
        return scalar(at, value, written);
    }
  }

  Token scalar(Token at, expr::Val& value, std::string_view& written) const {
    const char first = text_.first(at);
    if (first == '"') return string(at, value, written);
    if (first != 't' && first != 'f' && first != 'n') return number(at, value, written);
    value = first == 'n' ? expr::Val::of_null() : expr::Val::of_bool(first == 't');
    return text_.literal(at, written);
  }

  // REQUIRES a quote here.
  Token string(Token at, expr::Val& value, std::string_view& written) const {
    at = text_.string(at, written);
    value = expr::Val::of_string(text_.content(written, arena_));
    return at;
  }

  [[gnu::always_inline]] Token number(Token at, expr::Val& value, std::string_view& written) const {
    double number = 0;
    at = text_.number(at, written, number);
    value = expr::Val::of_double(number);
    return at;
  }

 private:
  Token list(Token at, int depth, expr::Val& value) const {
    text_.check_depth(at, depth);
    std::vector<expr::Val> items;
    if (text_.first(++at) != ']') {
      for (;; ++at) {
        at = any(at, depth, items.emplace_back());
        if (!text_.more(at, ']')) break;
      }
    }
    auto* kept = arena_.array<expr::Val>(items.size());
    std::copy(items.begin(), items.end(), kept);
    value =
        expr::Val::of_list(expr::make_list(arena_, kept, static_cast<std::uint32_t>(items.size())));
    return at + 1;
  }

  Token map(Token begin, int depth, expr::Val& value) const {
    text_.check_depth(begin, depth);
    std::vector<expr::MapEntry> entries;
    Token at = begin + 1;
    if (text_.first(at) != '}') {
      for (;; ++at) {
        std::string_view name;
        at = text_.expect(text_.key(at, name), ':');
        entries.push_back({expr::Val::of_string(text_.content(name, arena_)), {}});
        at = any(at, depth, entries.back().value);
        if (!text_.more(at, '}')) break;
      }
    }
    auto* kept = arena_.array<expr::MapEntry>(entries.size());
    std::copy(entries.begin(), entries.end(), kept);
    const expr::MapRep* rep =
        expr::make_map(arena_, kept, static_cast<std::uint32_t>(entries.size()));
    if (rep == nullptr) stop_at_second_key(begin);
    value = expr::Val::of_map(rep);
    return at + 1;
  }

  // REQUIRES that the object, which has been read, has one key twice.
  [[noreturn]] void stop_at_second_key(Token begin) const {
    std::set<std::string_view> seen;
    for (Token at = begin + 1;; ++at) {
      std::string_view written;
      const Token behind = text_.key(at, written);
      const std::string_view key = text_.content(written, arena_);
      if (!seen.insert(key).second) text_.stop(at, fmt::format("key \"{}\" appears twice", key));
      at = text_.skip(text_.expect(behind, ':'), written);
    }
  }

  const JsonText& text_;
  expr::Arena& arena_;
};

// Walks an action or a context and fills the input's slots.
class Walker {
 public:
  Walker(const JsonText& text, Input& input, expr::Scratch& scratch)
      : text_(text), input_(input), scratch_(scratch), build_(text, scratch) {}

  // The object that begins at the token; returns the token behind it. Values of keys that `branch`
  // knows are decoded, the others checked. REQUIRES a '{' there.
  Token object(Token at, Branch& branch, int depth) {
    text_.check_depth(at, depth);
    branch.keys.begin();
    std::uint64_t pairs = 0;
    if (text_.first(++at) == '}') return at + 1;
    for (;; ++at) {
      text_.check_member(at);
      Branch* known = nullptr;
      at = key(at, branch, pairs, known);
      at = known != nullptr ? value(at, *known, depth) : text_.skip_member(at, depth);
      if (!text_.more_here(at, '}')) return at + 1;
    }
  }

 private:
  Token key(Token at, Branch& branch, std::uint64_t& pairs, Branch*& leads_to) {
    KnownKey* known = branch.keys.likely(text_.place(at));
    Token behind = at + 2;
    if (known == nullptr) behind = other_key(at, branch, known);
    if (!branch.keys.note(known))
      text_.stop(at, fmt::format("key \"{}\" appears twice", known->key));
    leads_to = known->branch;
    if (leads_to == nullptr || leads_to->pair < 0) return behind;
    const std::uint64_t bit = std::uint64_t{1} << leads_to->pair;
    if ((pairs & bit) != 0) text_.stop(at, fmt::format("{} is given twice", leads_to->name));
    pairs |= bit;
    return behind;
  }

  Token other_key(Token at, Branch& branch, KnownKey*& known) {
    std::string_view written;
    at = text_.key(at, written);
    known = branch.keys.find(text_.content(written, scratch_.arena()));
    return text_.expect(at, ':');
  }

  Token value(Token at, Branch& branch, int depth) {
    const char first = text_.known_first(at);
    if (branch.scalar_slot >= 0) {
      const auto slot = static_cast<std::size_t>(branch.scalar_slot);
      if (first == '"') return build_.string(at, input_.slots[slot], input_.raw[slot]);
      if (is_digit(first)) return build_.number(at, input_.slots[slot], input_.raw[slot]);
    }
    return text_.not_last(other_value(at, branch, depth));
  }

  [[gnu::noinline]] Token other_value(Token at, Branch& branch, int depth) {
    const char first = text_.first(at);
    if (first == '{') return object_value(at, branch, depth + 1);
    if (branch.is_object) text_.stop(at, fmt::format("{} must be an object", branch.name));
    if (branch.slot < 0) return text_.skip_checked(at, depth);
    const auto slot = static_cast<std::size_t>(branch.slot);
    if (first != '[') return build_.scalar(at, input_.slots[slot], input_.raw[slot]);
    const Token behind = build_.any(at, depth, input_.slots[slot]);
    input_.raw[slot] = text_.between(at, behind);
    return behind;
  }

  // An object may be wanted as one value although some of its fields have slots of their own: it is
  // read twice then.
  Token object_value(Token at, Branch& branch, int depth) {
    Token behind = nullptr;
    if (!branch.children.empty() || branch.slot < 0) behind = object(at, branch, depth);
    if (branch.slot >= 0) {
      const auto slot = static_cast<std::size_t>(branch.slot);
      behind = build_.any(at, depth - 1, input_.slots[slot]);
      input_.raw[slot] = text_.between(at, behind);
    }
    if (branch.is_data) input_.data = text_.between(at, behind);
    return behind;
  }

  const JsonText& text_;
  Input& input_;
  expr::Scratch& scratch_;
  Builder build_;
};

// Whether a line carries its action under a key. Looks at the keys only; the walk that follows
// checks the rest.
bool has_action(const JsonText& text) {
  Token at = text.begin() + 1;
  if (text.first(at) != '"') return false;
  for (;; ++at) {
    std::string_view key, ignored;
    at = text.key(at, key);
    if (key == "\"action\"") return true;
    at = text.skip(text.expect(at, ':'), ignored);
    if (!text.more(at, '}')) return false;
  }
}

void require_object(const JsonText& text, Token at, const char* what) {
  if (text.first(at) != '{') text.stop(at, fmt::format("{} must be an object", what));
}

}  // namespace

struct Decoder::Parts {
  explicit Parts(const expr::SlotTable& slots)
      : shape(slots),
        no_values(static_cast<std::size_t>(slots.size())),
        no_texts(no_values.size()) {}

  InputShape shape;
  JsonIndex index;
  std::vector<expr::Val> no_values;  // what the slots hold before a line is read
  std::vector<std::string_view> no_texts;

  void clear(Input& input) const;
  Token read_line(const JsonText& text, Input& input, expr::Scratch& scratch);
  Token read_action(const JsonText& text, Token at, Input& input, expr::Scratch& scratch);
  Token read_context(const JsonText& text, Token at, Input& input, expr::Scratch& scratch);
  template <class Work>
  bool parse(std::string_view json, InputFault& fault, Work work);
};

void Decoder::Parts::clear(Input& input) const {
  input.action = {};
  input.data = {};
  input.context = "{}";
  input.has_context = false;
  input.slots = no_values;
  input.raw = no_texts;
}

// Does `work`, which returns the token behind what it read; a JsonStop becomes a fault with its
// place.
template <class Work>
bool Decoder::Parts::parse(std::string_view json, InputFault& fault, Work work) {
  fault.offset = 0;
  if (!index.build(json, fault.message)) return false;
  const JsonText text(json, index);
  try {
    const Token behind = work(text);
    if (behind != text.end()) text.stop(behind, "text after the JSON object");
    return true;
  } catch (const JsonStop& s) {
    fault = {s.offset, s.message};
    return false;
  }
}

Token Decoder::Parts::read_line(const JsonText& text, Input& input, expr::Scratch& scratch) {
  Token at = text.begin();
  if (text.first(at) != '{') text.stop(at, "a line must be a JSON object");
  if (!has_action(text)) return read_action(text, at, input, scratch);
  bool seen_action = false;
  for (++at;; ++at) {
    const Token begin = at;
    std::string_view written;
    at = text.expect(text.key(at, written), ':');
    const std::string_view key = text.content(written, scratch.arena());
    if (key == "action") {
      if (std::exchange(seen_action, true)) text.stop(begin, "key \"action\" appears twice");
      at = read_action(text, at, input, scratch);
    } else if (key == "context") {
      if (std::exchange(input.has_context, true)) text.stop(begin, "key \"context\" appears twice");
      at = read_context(text, at, input, scratch);
    } else {
      text.stop(begin, fmt::format("unknown field {} beside action and context", key));
    }
    if (!text.more(at, '}')) return at + 1;
  }
}

Token Decoder::Parts::read_action(const JsonText& text, Token at, Input& input,
                                  expr::Scratch& scratch) {
  require_object(text, at, "action");
  input.data = {};
  const Token behind = Walker(text, input, scratch).object(at, shape.action, 1);
  input.action = text.between(at, behind);
  return behind;
}

Token Decoder::Parts::read_context(const JsonText& text, Token at, Input& input,
                                   expr::Scratch& scratch) {
  require_object(text, at, "context");
  const Token behind = Walker(text, input, scratch).object(at, shape.context, 1);
  input.context = text.between(at, behind);
  return behind;
}

Decoder::Decoder(const expr::SlotTable& slots) : parts_(std::make_unique<Parts>(slots)) {}

Decoder::~Decoder() = default;

bool Decoder::decode(std::string_view line, Input& input, expr::Scratch& scratch,
                     InputFault& fault) {
  parts_->clear(input);
  const bool read = parts_->parse(
      line, fault, [&](const JsonText& text) { return parts_->read_line(text, input, scratch); });
  input.proposed = input.action;
  return read;
}

bool Decoder::decode_parts(std::string_view action, std::string_view context, Input& input,
                           expr::Scratch& scratch, InputFault& fault) {
  parts_->clear(input);
  const bool read = parts_->parse(action, fault, [&](const JsonText& text) {
    return parts_->read_action(text, text.begin(), input, scratch);
  });
  input.proposed = input.action;
  return read && decode_context(context, input, scratch, fault);
}

void Decoder::begin(Input& input) { parts_->clear(input); }

Token Decoder::decode_action(const JsonText& text, Token at, Input& input, expr::Scratch& scratch) {
  at = parts_->read_action(text, at, input, scratch);
  input.proposed = input.action;
  return at;
}

Token Decoder::decode_context(const JsonText& text, Token at, Input& input,
                              expr::Scratch& scratch) {
  return parts_->read_context(text, at, input, scratch);
}

bool Decoder::decode_action(std::string_view action, Input& input, expr::Scratch& scratch,
                            InputFault& fault) {
  for (const int slot : parts_->shape.action_slots) {
    input.slots[static_cast<std::size_t>(slot)] = {};
    input.raw[static_cast<std::size_t>(slot)] = {};
  }
  return parts_->parse(action, fault, [&](const JsonText& text) {
    return parts_->read_action(text, text.begin(), input, scratch);
  });
}

bool Decoder::decode_context(std::string_view context, Input& input, expr::Scratch& scratch,
                             InputFault& fault) {
  return parts_->parse(context, fault, [&](const JsonText& text) {
    return parts_->read_context(text, text.begin(), input, scratch);
  });
}

}  // namespace autopilot::decide
