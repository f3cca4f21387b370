#pragma once
// The implementations of all functions. Overloads are chosen when a call runs, by the types of the
// arguments, so that checked and unchecked expressions meet the same code.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/expr/scratch.h"
#include "core/expr/val.h"

namespace autopilot::expr {

enum class Style : std::uint8_t { global, member };

inline constexpr std::uint8_t kVariadic = 255;
inline constexpr Tag kAny = Tag::absent;  // in a parameter list: any type

using Arguments =
    std::span<const Val>;  // the receiver of a member call comes first; none is an error

// An implementation may return Val() (absent): the types of the arguments do not suit it after all.
struct Builtin {
  std::string_view name;
  Style style;
  std::uint8_t count;  // arguments, receiver included
  Tag parameters[4];
  Val (*run)(Scratch&, Arguments);

  bool accepts(Arguments arguments) const;
};

// The overloads of a name that a call of this form can mean; empty when there is none.
std::vector<const Builtin*> find_functions(std::string_view name, Style style, std::size_t count);

// Runs the first overload that accepts the arguments; an error value when none does.
Val call(Scratch& scratch, std::span<const Builtin* const> overloads, Arguments arguments);

// The groups, one per file.
std::span<const Builtin> core_functions();
std::span<const Builtin> conversion_functions();
std::span<const Builtin> time_functions();
std::span<const Builtin> text_functions();
std::span<const Builtin> format_functions();
std::span<const Builtin> regex_functions();
std::span<const Builtin> math_functions();
std::span<const Builtin> bit_functions();
std::span<const Builtin> list_functions();
std::span<const Builtin> set_functions();
std::span<const Builtin> encoder_functions();
std::span<const Builtin> optional_functions();
std::span<const Builtin> network_functions();

// Operators that have instructions of their own.
Val add(Scratch& scratch, const Val& a, const Val& b);
Val subtract(Scratch& scratch, const Val& a, const Val& b);
Val multiply(Scratch& scratch, const Val& a, const Val& b);
Val divide(Scratch& scratch, const Val& a, const Val& b);
Val modulo(Scratch& scratch, const Val& a, const Val& b);
Val negate(Scratch& scratch, const Val& a);
Val size_of(Scratch& scratch, const Val& a);
Val contained_in(Scratch& scratch, const Val& item, const Val& container);

// a[b] and a.name; through an optional they give an optional. `optional` is a[?b] and a.?name.
Val index(Scratch& scratch, const Val& a, const Val& b, bool optional);
Val select(Scratch& scratch, const Val& a, const Val& name, bool optional);
Val has_field(Scratch& scratch, const Val& a, const Val& name);

}  // namespace autopilot::expr
