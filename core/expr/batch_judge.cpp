// Whether a result is what a case expects.

#include <fmt/format.h>

#include <algorithm>

#include "core/base/json.h"
#include "core/expr/batch.h"

namespace autopilot::expr {
namespace {

std::string field(const Value& object, std::string_view key) {
  const Value* found = object.get(key);
  return found != nullptr && found->is_string() ? found->as_string() : std::string();
}

bool same_tagged(const Value& a, const Value& b);

bool same_items(const List& a, const List& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), same_tagged);
}

const List& list_in(const Value& object, std::string_view key) {
  static const List kEmpty;
  const Value* found = object.get(key);
  return found != nullptr && found->is_list() ? found->as_list() : kEmpty;
}

bool same_entries(const List& a, const List& b) {
  if (a.size() != b.size()) return false;
  return std::all_of(a.begin(), a.end(), [&](const Value& entry) {
    return std::any_of(b.begin(), b.end(), [&](const Value& other) {
      return same_items(entry.as_list(), other.as_list());
    });
  });
}

// Types exactly, doubles by their bits (any NaN is NaN), maps in any order.
bool same_tagged(const Value& a, const Value& b) {
  const std::string type = field(a, "type");
  if (type != field(b, "type")) return false;
  if (type == "list") return same_items(list_in(a, "items"), list_in(b, "items"));
  if (type == "map") return same_entries(list_in(a, "entries"), list_in(b, "entries"));
  if (type == "double") {
    return field(a, "value") == "NaN" ? field(b, "value") == "NaN"
                                      : field(a, "bits") == field(b, "bits");
  }
  if (type == "bytes") return field(a, "hex") == field(b, "hex");
  if (type == "timestamp" || type == "duration") {
    const Value* nanos_a = a.get("nanos");
    const Value* nanos_b = b.get("nanos");
    const bool same_nanos = nanos_a != nullptr && nanos_b != nullptr && *nanos_a == *nanos_b;
    return field(a, "seconds") == field(b, "seconds") && same_nanos;
  }
  if (type == "null") return true;
  const Value* value_a = a.get("value");
  const Value* value_b = b.get("value");
  return value_a != nullptr && value_b != nullptr && *value_a == *value_b;
}

bool error_holds(const Value& expect, const Value& result) {
  const std::string wanted = field(expect, "phase");
  const std::string phase = field(result, "phase");
  return result.get("error") != nullptr &&
         (phase == wanted || (wanted == "check_or_eval" && (phase == "check" || phase == "eval")));
}

bool type_holds(const Value& expect, const Value& result) {
  const Value* wanted = expect.get("deduced_type");
  if (wanted == nullptr) return true;
  const Value* type = result.get("deduced_type");
  return type != nullptr && *type == *wanted;
}

}  // namespace

bool holds(const Value& expect, const Value& result, std::string& why) {
  const std::string kind = field(expect, "kind");
  bool good = false;
  if (kind == "error") {
    good = error_holds(expect, result);
  } else if (kind == "type_only") {
    good = result.get("deduced_type") != nullptr && type_holds(expect, result);
  } else {
    const Value* value = result.get("value");
    const Value* wanted = expect.get("value");
    good = value != nullptr && wanted != nullptr && same_tagged(*wanted, *value) &&
           type_holds(expect, result);
  }
  if (!good) why = fmt::format("expected {}, got {}", to_json(expect), to_json(result));
  return good;
}

}  // namespace autopilot::expr
