// Values at the edges: from and to the dynamic Value of documents and JSON.

#include "core/base/json.h"
#include "core/expr/map.h"
#include "core/expr/program.h"
#include "core/expr/val_ops.h"

namespace autopilot::expr {
namespace {

Val from_list(const List& list, Scratch& scratch, bool json_numbers) {
  Val* items = scratch.arena().array<Val>(list.size());
  for (std::size_t i = 0; i < list.size(); ++i) items[i] = to_val(list[i], scratch, json_numbers);
  return Val::of_list(make_list(scratch.arena(), items, static_cast<std::uint32_t>(list.size())));
}

Val from_map(const Map& map, Scratch& scratch, bool json_numbers) {
  MapBuilder builder(static_cast<std::uint32_t>(map.size()), scratch.arena());
  // A Map has no two equal keys.
  for (const auto& [key, value] : map) {
    builder.add(scratch.arena(), Val::of_string(key), to_val(value, scratch, json_numbers));
  }
  return Val::of_map(builder.finish(scratch.arena()));
}

Value list_value(const ListRep& list) {
  List out;
  out.reserve(list.size);
  for (std::uint32_t i = 0; i < list.size; ++i) out.push_back(to_value(list.items[i]));
  return out;
}

Value map_value(const MapRep& map) {
  Map out;
  for (std::uint32_t i = 0; i < map.size; ++i)
    out[to_text(map.entries[i].key)] = to_value(map.entries[i].value);
  return out;
}

}  // namespace

Val to_val(const Value& value, Scratch& scratch, bool json_numbers) {
  switch (value.kind()) {
    case Value::Kind::null:
      return Val::of_null();
    case Value::Kind::boolean:
      return Val::of_bool(value.as_bool());
    case Value::Kind::integer:
      return json_numbers ? Val::of_double(value.as_double()) : Val::of_int(value.as_int());
    case Value::Kind::unsigned_integer:
      return json_numbers ? Val::of_double(value.as_double()) : Val::of_uint(value.as_uint());
    case Value::Kind::real:
      return Val::of_double(value.as_double());
    case Value::Kind::string:
      return Val::of_string(value.as_string());
    case Value::Kind::list:
      return from_list(value.as_list(), scratch, json_numbers);
    case Value::Kind::map:
      return from_map(value.as_map(), scratch, json_numbers);
  }
  return Val::of_null();
}

Value to_value(const Val& value) {
  switch (value.tag) {
    case Tag::absent:
    case Tag::null:
      return nullptr;
    case Tag::boolean:
      return value.boolean;
    case Tag::integer:
      return static_cast<long>(value.integer);
    case Tag::uinteger:
      return static_cast<unsigned long>(value.uinteger);
    case Tag::real:
      return value.real;
    case Tag::list:
      return list_value(*value.list);
    case Tag::map:
      return map_value(*value.map);
    case Tag::optional:
      return value.optional->present ? to_value(value.optional->value) : Value();
    default:
      return to_text(value);
  }
}

}  // namespace autopilot::expr
