#include <array>

#include "core/expr/fault.h"
#include "core/expr/functions.h"

namespace autopilot::expr {
namespace {

std::array<std::span<const Builtin>, 13> function_groups() {
  return {core_functions(),   conversion_functions(), time_functions(),    text_functions(),
          format_functions(), regex_functions(),      math_functions(),    bit_functions(),
          list_functions(),   set_functions(),        encoder_functions(), optional_functions(),
          network_functions()};
}

}  // namespace

bool Builtin::accepts(Arguments arguments) const {
  if (count == kVariadic) return true;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (parameters[i] != kAny && parameters[i] != arguments[i].tag) return false;
  }
  return true;
}

std::vector<const Builtin*> find_functions(std::string_view name, Style style, std::size_t count) {
  std::vector<const Builtin*> found;
  for (const auto group : function_groups()) {
    for (const Builtin& function : group) {
      if (function.name == name && function.style == style &&
          (function.count == count || function.count == kVariadic)) {
        found.push_back(&function);
      }
    }
  }
  return found;
}

Val call(Scratch& scratch, std::span<const Builtin* const> overloads, Arguments arguments) {
  for (const Builtin* function : overloads) {
    if (!function->accepts(arguments)) continue;
    const Val result = function->run(scratch, arguments);
    if (result.tag != Tag::absent) return result;
  }
  const Builtin& first = *overloads.front();
  return fail_overload(scratch, first.name, arguments.data(), arguments.size(),
                       first.style == Style::member);
}

}  // namespace autopilot::expr
