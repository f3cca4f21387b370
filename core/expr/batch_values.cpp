#include <fmt/format.h>

#include <bit>
#include <charconv>
#include <cmath>

#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/time.h"
#include "core/expr/batch.h"
#include "core/expr/map.h"
#include "core/expr/val_ops.h"

namespace autopilot::expr {
namespace {

[[noreturn]] void refuse(const std::string& what) {
  throw Error(ErrorKind::invalid, "malformed value: " + what);
}

const std::string& text_at(const Value& object, std::string_view key) {
  const Value* found = object.get(key);
  if (found == nullptr || !found->is_string()) refuse(fmt::format("no text at '{}'", key));
  return found->as_string();
}

template <class T>
T number_from(std::string_view text, int base = 10) {
  T number{};
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (fault != std::errc() || end != text.data() + text.size())
    refuse(fmt::format("'{}' is no number", text));
  return number;
}

const List& list_at(const Value& object, std::string_view key) {
  const Value* found = object.get(key);
  if (found == nullptr || !found->is_list()) refuse(fmt::format("no list at '{}'", key));
  return found->as_list();
}

std::int64_t nanos_at(const Value& object) {
  const Value* nanos = object.get("nanos");
  if (nanos == nullptr) return 0;
  if (nanos->kind() != Value::Kind::integer) refuse("nanos");
  return nanos->as_int();
}

Val untag_double(const Value& tagged) {
  if (tagged.get("bits") != nullptr) {
    return Val::of_double(
        std::bit_cast<double>(number_from<std::uint64_t>(text_at(tagged, "bits"), 16)));
  }
  const std::string& text = text_at(tagged, "value");
  if (text == "NaN") return Val::of_double(std::nan(""));
  if (text == "Infinity") return Val::of_double(HUGE_VAL);
  if (text == "-Infinity") return Val::of_double(-HUGE_VAL);
  double number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (fault != std::errc() || end != text.data() + text.size())
    refuse(fmt::format("'{}' is no double", text));
  return Val::of_double(number);
}

Val untag_bytes(const Value& tagged, Scratch& scratch) {
  const std::string& hex = text_at(tagged, "hex");
  if (hex.size() % 2 != 0) refuse("an odd number of digits");
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    bytes += static_cast<char>(number_from<unsigned>(std::string_view(hex).substr(i, 2), 16));
  }
  return Val::of_bytes(scratch.copy_string(bytes).text());
}

Val untag_list(const Value& tagged, Scratch& scratch) {
  const List& list = list_at(tagged, "items");
  Val* items = scratch.arena().array<Val>(list.size());
  for (std::size_t i = 0; i < list.size(); ++i) items[i] = untag(list[i], scratch);
  return Val::of_list(make_list(scratch.arena(), items, static_cast<std::uint32_t>(list.size())));
}

Val untag_map(const Value& tagged, Scratch& scratch) {
  const List& list = list_at(tagged, "entries");
  MapBuilder builder(static_cast<std::uint32_t>(list.size()), scratch.arena());
  for (const Value& entry : list) {
    if (!entry.is_list() || entry.as_list().size() != 2) refuse("an entry of a map");
    const Val key = untag(entry.as_list()[0], scratch);
    if (!is_key(key)) refuse("a key of a map");
    if (!builder.add(scratch.arena(), key, untag(entry.as_list()[1], scratch)))
      refuse("a repeated key");
  }
  return Val::of_map(builder.finish(scratch.arena()));
}

std::string tagged_double(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  std::string text = real_text(value);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

Value typed(std::string_view type) {
  Map map;
  map.append("type", std::string(type));
  return map;
}

Value typed(std::string_view type, std::string_view key, Value value) {
  Value out = typed(type);
  out.as_map().append(std::string(key), std::move(value));
  return out;
}

Value tag_moment(std::string_view type, std::int64_t seconds, std::int64_t nanos) {
  Value out = typed(type, "seconds", fmt::format("{}", seconds));
  out.as_map().append("nanos", static_cast<long>(nanos));
  return out;
}

Value tag_timestamp(const Val& value) {
  Value out = tag_moment("timestamp", value.integer, value.size);
  out.as_map().append("text",
                      format_rfc3339({value.integer, static_cast<std::int32_t>(value.size)}));
  return out;
}

Value tag_list(const ListRep& list) {
  List items;
  for (std::uint32_t i = 0; i < list.size; ++i) items.push_back(tag(list.items[i]));
  return typed("list", "items", std::move(items));
}

Value tag_map(const MapRep& map) {
  List entries;
  for (std::uint32_t i = 0; i < map.size; ++i) {
    entries.push_back(List{tag(map.entries[i].key), tag(map.entries[i].value)});
  }
  return typed("map", "entries", std::move(entries));
}

// Not in the published format, which has no such values at the top: as near to it as can be.
Value tag_optional(const OptionalRep& optional) {
  return optional.present ? typed("optional", "value", tag(optional.value)) : typed("optional");
}

}  // namespace

Val untag(const Value& tagged, Scratch& scratch) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  const std::string& type = text_at(tagged, "type");
  if (type == "null") return Val::of_null();
  if (type == "bool") {
    const Value* value = tagged.get("value");
    if (value == nullptr || !value->is_bool()) refuse("a bool");
    return Val::of_bool(value->as_bool());
  }
  if (type == "int") return Val::of_int(number_from<std::int64_t>(text_at(tagged, "value")));
  if (type == "uint") return Val::of_uint(number_from<std::uint64_t>(text_at(tagged, "value")));
  if (type == "double") return untag_double(tagged);
  if (type == "string") return Val::of_string(text_at(tagged, "value"));
  if (type == "bytes") return untag_bytes(tagged, scratch);
  if (type == "list") return untag_list(tagged, scratch);
  if (type == "map") return untag_map(tagged, scratch);
  if (type == "type") return Val::of_type(text_at(tagged, "value"));
  if (type != "timestamp" && type != "duration") refuse(fmt::format("unknown type '{}'", type));
  const auto seconds = number_from<std::int64_t>(text_at(tagged, "seconds"));
  const std::int64_t nanos = nanos_at(tagged);
  if (type == "timestamp") return Val::of_timestamp(seconds, static_cast<std::uint32_t>(nanos));
  std::int64_t total = 0;
  if (__builtin_mul_overflow(seconds, kSecond, &total) ||
      __builtin_add_overflow(total, nanos, &total)) {
    refuse("a duration out of range");
  }
  return Val::of_duration(total);
}

Value tag(const Val& value) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  switch (value.tag) {
    case Tag::boolean:
      return typed("bool", "value", value.boolean);
    case Tag::integer:
      return typed("int", "value", fmt::format("{}", value.integer));
    case Tag::uinteger:
      return typed("uint", "value", fmt::format("{}", value.uinteger));
    case Tag::real: {
      Value out = typed("double", "value", tagged_double(value.real));
      out.as_map().append("bits", fmt::format("{:016x}", std::bit_cast<std::uint64_t>(value.real)));
      return out;
    }
    case Tag::string:
      return typed("string", "value", value.text());
    case Tag::bytes:
      return typed("bytes", "hex", to_hex(value.text()));
    case Tag::list:
      return tag_list(*value.list);
    case Tag::map:
      return tag_map(*value.map);
    case Tag::timestamp:
      return tag_timestamp(value);
    case Tag::duration:
      return tag_moment("duration", value.integer / kSecond, value.integer % kSecond);
    case Tag::type:
      return typed("type", "value", value.text());
    case Tag::optional:
      return tag_optional(*value.optional);
    case Tag::abstract:
      return typed(type_name(value), "value", address_text(*value.address));
    case Tag::absent:
    case Tag::error:
    case Tag::null:
      break;
  }
  return typed("null");
}

}  // namespace autopilot::expr
