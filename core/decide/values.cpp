#include "core/decide/values.h"

#include <algorithm>

#include "core/base/json.h"
#include "core/base/text.h"

namespace autopilot::decide {

using expr::Tag;
using expr::Val;

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
