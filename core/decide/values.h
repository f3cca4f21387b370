#pragma once
// How values of a decision are shown: texts for messages, JSON for reasons and actions.

#include <optional>
#include <string>
#include <string_view>

#include "core/decide/compiled.h"
#include "core/decide/ingest.h"

namespace autopilot::decide {

// Whether two values of a slot are the same.
bool same_value(const expr::Val& a, const expr::Val& b);

// The text that selectors, keys and rollouts compare: strings as they are, numbers shortest,
// booleans true/false.
std::string plain_text(const expr::Val& value);

// What a slot holds, as JSON: as written when it was not computed.
void append_slot_json(std::string& out, const Input& input, int slot);
// The same for people: strings without quotes; "(missing)" when absent.
std::string slot_text(const Input& input, int slot);
std::string val_json(const expr::Val& value);

// The value as action.data has it: a copy in the scratch's own memory, numbers as doubles, what
// JSON lacks as text. Null when a number in it is not finite.
std::optional<expr::Val> data_value(const expr::Val& value, expr::Scratch& scratch);

// {"metrics.cvr_1h":0.015,…} of all that a program reads.
std::string values_json(const CompiledSet& set, const Input& input, const expr::Program& program);

// The action with other values in fields of its data: `fields` are (name, slot); texts come from
// the slots.
struct FieldEdit {
  std::string_view field;
  std::string_view before;  // where its value stands in the action, or empty when it has none
  std::string after;        // JSON
};
std::string with_fields(std::string_view action, std::string_view data,
                        std::vector<FieldEdit> edits);

}  // namespace autopilot::decide
