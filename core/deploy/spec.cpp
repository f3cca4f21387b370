#include "core/deploy/spec.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/text.h"

namespace autopilot::deploy {
namespace {

[[noreturn]] void refuse_field(std::string_view field, std::string_view wanted) {
  throw Error(ErrorKind::invalid, fmt::format("{} must be {}", field, wanted));
}

std::string scalar_text(const Value& value, std::string_view field) {
  if (value.is_string()) return value.as_string();
  if (value.is_number()) return to_json(value);
  refuse_field(field, "a text");
}

}  // namespace

std::string text_in(const Value& spec, std::string_view field) {
  const Value* value = spec.get(field);
  if (value == nullptr) refuse_field(field, "given");
  return scalar_text(*value, field);
}

std::string text_in(const Value& spec, std::string_view field, const std::string& otherwise) {
  return spec.get(field) == nullptr ? otherwise : text_in(spec, field);
}

Duration duration_in(const Value& spec, std::string_view field, Duration otherwise) {
  if (spec.get(field) == nullptr) return otherwise;
  const auto duration = parse_duration(text_in(spec, field));
  if (!duration) refuse_field(field, "a duration such as 30s");
  return *duration;
}

std::int64_t integer_in(const Value& spec, std::string_view field, std::int64_t otherwise) {
  const Value* value = spec.get(field);
  if (value == nullptr) return otherwise;
  if (value->kind() != Value::Kind::integer) refuse_field(field, "a whole number");
  return value->as_int();
}

bool flag_in(const Value& spec, std::string_view field, bool otherwise) {
  const Value* value = spec.get(field);
  if (value == nullptr) return otherwise;
  if (!value->is_bool()) refuse_field(field, "true or false");
  return value->as_bool();
}

std::vector<std::string> texts_in(const Value& spec, std::string_view field) {
  const Value* value = spec.get(field);
  std::vector<std::string> out;
  if (value == nullptr) return out;
  if (!value->is_list()) return {scalar_text(*value, field)};
  for (const Value& one : value->as_list()) out.push_back(scalar_text(one, field));
  return out;
}

std::vector<std::pair<std::string, std::string>> pairs_in(const Value& spec,
                                                          std::string_view field) {
  const Value* value = spec.get(field);
  std::vector<std::pair<std::string, std::string>> out;
  if (value == nullptr) return out;
  if (!value->is_map()) refuse_field(field, "a map");
  for (const auto& [name, one] : value->as_map()) out.emplace_back(name, scalar_text(one, field));
  return out;
}

std::string per_slot(const Value& spec, std::string_view field, const std::string& slot,
                     const std::string& otherwise) {
  for (const auto& [name, text] : pairs_in(spec, field)) {
    if (name == slot) return text;
  }
  return otherwise;
}

const Slot& slot_named(const Site& site, const std::string& name) {
  const auto at = std::find_if(site.slots.begin(), site.slots.end(),
                               [&](const Slot& slot) { return slot.name == name; });
  if (at != site.slots.end()) return *at;
  throw Error(ErrorKind::invalid, fmt::format("{} has no slot {}", site.deployment, name));
}

std::string absolute_path(World& world, const std::string& path) {
  if (path.empty() || path[0] == '/') return path;
  return world.environment.working_directory() + "/" + path;
}

std::string host_in_url(const Slot& slot) {
  const bool is_v6 = slot.host.find(':') != std::string::npos;
  return is_v6 ? fmt::format("[{}]", slot.host) : slot.host;
}

std::string address_of(const Slot& slot) {
  return fmt::format("{}:{}", host_in_url(slot), slot.port);
}

std::vector<Slot> slots_by_host(const Slot& slot) {
  std::vector<Slot> out{{slot.name, slot.port, slot.host}};
  for (const std::string& host : slot.more) out.push_back({slot.name, slot.port, host});
  return out;
}

std::string addresses_of(const Slot& slot) {
  std::vector<std::string> all;
  for (const Slot& one : slots_by_host(slot)) all.push_back(address_of(one));
  return join(all, ", ");
}

std::string plain_name(const std::string& name, std::size_t most) {
  constexpr std::size_t kHash = 6;
  std::string plain;
  for (const char c : name) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    plain += is_plain ? c : '_';
  }
  if (plain == name && !plain.empty() && plain.size() <= most) return plain;
  return plain.substr(0, most - kHash - 1) + "_" + to_hex(sha256(name)).substr(0, kHash);
}

}  // namespace autopilot::deploy
