#pragma once
// What documents may look like, as constant tables: one declaration drives checking, messages, JSON
// Schema and docs.

#include <limits>
#include <span>
#include <string_view>

#include "core/base/diagnostic.h"
#include "core/base/yaml.h"

namespace autopilot::policy {

enum class ShapeKind {
  text,  // any string
  name,  // of a rule or document: letters, digits, dot, dash, underscore
  boolean,
  integer,
  number,
  share,       // 5% or 0.05
  duration,    // 5m
  window,      // a duration or the word run
  instant,     // RFC 3339
  expression,  // CEL text
  cron,
  timezone,
  scalar,  // a string, number or boolean
  anything,
  list,         // of `element`
  one_or_list,  // one `element` or a list of them
  map,          // from any key to `element`
  object,       // the fields of `schema`
};

struct Schema;

struct ValueShape {
  ShapeKind kind = ShapeKind::text;
  std::span<const std::string_view> choices = {};  // text: the only values allowed
  const ValueShape* element = nullptr;
  const Schema* schema = nullptr;
  double minimum = -std::numeric_limits<double>::infinity();  // number, integer
  double maximum = std::numeric_limits<double>::infinity();
  std::size_t least = 0;  // list, map: entries
  std::size_t most = std::numeric_limits<std::size_t>::max();
};

struct Field {
  std::string_view name;
  ValueShape shape;
  std::string_view description;  // a sentence without its period
  bool required = false;
};

struct Schema {
  std::string_view what;  // "a guard"
  std::span<const Field> fields;
  std::span<const std::string_view> one_of = {};  // exactly one of these fields must be given
  bool null_is_absent = false;                    // a field set to null counts as not written
};

// Reports everything in which `node` does not fit; true when it does. `what` names the value in
// messages: "rollout".
bool check_shape(const YamlNode& node, const ValueShape& shape, std::string_view what,
                 Diagnostics& diagnostics);

// Whether one field of an object counts as written.
bool is_given(const YamlNode* node, const Schema& schema);

// "a share such as 5% or 0.05", for messages and docs.
std::string expectation(const ValueShape& shape);

bool is_name(std::string_view text);         // [A-Za-z0-9][A-Za-z0-9._-]*, at most 63
bool is_document_id(std::string_view text);  // [a-z0-9][a-z0-9._-]*, at most 63

}  // namespace autopilot::policy
