// size, contains, startsWith, endsWith, type and dyn.

#include "core/expr/fault.h"
#include "core/expr/functions.h"
#include "core/expr/utf8.h"
#include "core/expr/val_ops.h"

namespace autopilot::expr {
namespace {

Val size_function(Scratch& scratch, Arguments a) { return size_of(scratch, a[0]); }

Val contains_function(Scratch& scratch, Arguments a) {
  if (!scratch.charge_bytes(a[0].size)) return fail_cost(scratch);
  return Val::of_bool(a[0].text().find(a[1].text()) != std::string_view::npos);
}

Val starts_with_function(Scratch&, Arguments a) {
  return Val::of_bool(a[0].text().starts_with(a[1].text()));
}
Val ends_with_function(Scratch&, Arguments a) {
  return Val::of_bool(a[0].text().ends_with(a[1].text()));
}
Val type_function(Scratch&, Arguments a) { return Val::of_type(type_name(a[0])); }
Val dyn_function(Scratch&, Arguments a) { return a[0]; }

constexpr Builtin kCore[] = {
    {"size", Style::global, 1, {kAny}, size_function},
    {"size", Style::member, 1, {kAny}, size_function},
    {"contains", Style::member, 2, {Tag::string, Tag::string}, contains_function},
    {"startsWith", Style::member, 2, {Tag::string, Tag::string}, starts_with_function},
    {"endsWith", Style::member, 2, {Tag::string, Tag::string}, ends_with_function},
    {"type", Style::global, 1, {kAny}, type_function},
    {"dyn", Style::global, 1, {kAny}, dyn_function},
};

}  // namespace

std::span<const Builtin> core_functions() { return kCore; }

Val size_of(Scratch& scratch, const Val& a) {
  switch (a.tag) {
    case Tag::string:
      if (!scratch.charge(a.size / 64)) return fail_cost(scratch);
      return Val::of_int(static_cast<std::int64_t>(count_code_points(a.text())));
    case Tag::bytes:
      return Val::of_int(a.size);
    case Tag::list:
      return Val::of_int(a.list->size);
    case Tag::map:
      return Val::of_int(a.map->size);
    default:
      return fail_overload(scratch, "size", &a, 1, false);
  }
}

}  // namespace autopilot::expr
