#include "core/decide/values.h"

#include <algorithm>
#include <cmath>

#include "core/base/json.h"
#include "core/base/text.h"
#include "core/expr/map.h"

namespace autopilot::decide {

using expr::Tag;
using expr::Val;

bool same_value(const Val& a, const Val& b) {
  if (a.tag != b.tag) return false;
  if (a.tag == Tag::real) return a.real == b.real;
  if (a.tag == Tag::string) return a.text() == b.text();
  return expr::to_value(a) == expr::to_value(b);
}

std::string plain_text(const Val& value) {
  switch (value.tag) {
    case Tag::string:
      return std::string(value.text());
    case Tag::boolean:
      return value.boolean ? "true" : "false";
    case Tag::real:
      return double_text(value.real);
    default:
      return expr::to_text(value);
  }
}

std::string val_json(const Val& value) {
  if (value.tag == Tag::real) return double_text(value.real);
  return to_json(expr::to_value(value));
}

namespace {

std::optional<Val> data_list(const expr::ListRep& list, expr::Scratch& scratch) {
  auto* items = scratch.arena().array<Val>(list.size);
  for (std::uint32_t i = 0; i < list.size; ++i) {
    const std::optional<Val> item = data_value(list.items[i], scratch);
    if (!item) return std::nullopt;
    items[i] = *item;
  }
  return Val::of_list(expr::make_list(scratch.arena(), items, list.size));
}

std::optional<Val> data_map(const expr::MapRep& map, expr::Scratch& scratch) {
  auto* entries = scratch.arena().array<expr::MapEntry>(map.size);
  for (std::uint32_t i = 0; i < map.size; ++i) {
    const std::optional<Val> item = data_value(map.entries[i].value, scratch);
    if (!item) return std::nullopt;
    entries[i] = {Val::of_string(scratch.arena().copy(plain_text(map.entries[i].key))), *item};
  }
  const expr::MapRep* made = expr::make_map(scratch.arena(), entries, map.size);
  if (made == nullptr) return std::nullopt;  // two keys with one text
  return Val::of_map(made);
}

}  // namespace

std::optional<Val> data_value(const Val& value, expr::Scratch& scratch) {
  switch (value.tag) {
    case Tag::absent:
    case Tag::null:
    case Tag::boolean:
      return value;
    case Tag::real:
      return std::isfinite(value.real) ? std::optional(value) : std::nullopt;
    case Tag::integer:
      return Val::of_double(static_cast<double>(value.integer));
    case Tag::uinteger:
      return Val::of_double(static_cast<double>(value.uinteger));
    case Tag::list:
      return data_list(*value.list, scratch);
    case Tag::map:
      return data_map(*value.map, scratch);
    default:
      return Val::of_string(scratch.arena().copy(plain_text(value)));
  }
}

void append_slot_json(std::string& out, const Input& input, int slot) {
  const auto i = static_cast<std::size_t>(slot);
  if (input.slots[i].tag == Tag::absent) {
    out += "null";
  } else if (!input.raw[i].empty()) {
    out += input.raw[i];
  } else {
    out += val_json(input.slots[i]);
  }
}

std::string slot_text(const Input& input, int slot) {
  const auto i = static_cast<std::size_t>(slot);
  if (input.slots[i].tag == Tag::absent) return "(missing)";
  if (input.slots[i].tag == Tag::string || input.raw[i].empty()) return plain_text(input.slots[i]);
  return std::string(input.raw[i]);
}

std::string values_json(const CompiledSet& set, const Input& input, const expr::Program& program) {
  std::string out = "{";
  for (const int slot : program.slots()) {
    if (out.size() > 1) out += ',';
    append_json_string(out, join(set.slots().paths()[static_cast<std::size_t>(slot)], "."));
    out += ':';
    append_slot_json(out, input, slot);
  }
  return out + '}';
}

namespace {

std::string members(const std::vector<FieldEdit>& edits, bool first) {
  std::string out;
  for (const FieldEdit& e : edits) {
    if (!e.before.empty()) continue;
    if (!first) out += ',';
    first = false;
    append_json_string(out, e.field);
    out += ':';
    out += e.after;
  }
  return out;
}

bool is_empty_object(std::string_view object) {
  return trim(object.substr(1, object.size() - 2)).empty();
}

}  // namespace

std::string with_fields(std::string_view action, std::string_view data,
                        std::vector<FieldEdit> edits) {
  // Replaced fields in the order of the text, then added ones by name.
  std::sort(edits.begin(), edits.end(), [](const FieldEdit& a, const FieldEdit& b) {
    if (a.before.empty() != b.before.empty()) return b.before.empty();
    return a.before.empty() ? a.field < b.field : a.before.data() < b.before.data();
  });
  std::string out;
  const char* at = action.data();
  for (const FieldEdit& e : edits) {
    if (e.before.empty()) continue;
    out.append(at, e.before.data());
    out += e.after;
    at = e.before.data() + e.before.size();
  }
  const bool adds =
      std::any_of(edits.begin(), edits.end(), [](const FieldEdit& e) { return e.before.empty(); });
  if (adds && data.empty()) {
    const char* close = action.data() + action.size() - 1;
    out.append(at, close);
    if (!is_empty_object(action)) out += ',';
    out += "\"data\":{" + members(edits, true) + '}';
    at = close;
  } else if (adds) {
    const char* close = data.data() + data.size() - 1;
    out.append(at, close);
    out += members(edits, is_empty_object(data));
    at = close;
  }
  out.append(at, action.data() + action.size());
  return out;
}

}  // namespace autopilot::decide
