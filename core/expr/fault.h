#pragma once
// Why an evaluation failed, kept as parts: the text is put together only when somebody asks for it.

#include <string>

#include "core/expr/scratch.h"
#include "core/expr/val.h"

namespace autopilot::expr {

// The message is before + first + between + second + after; absent values are left out.
struct FaultRep {
  const char* before;
  Val first;
  const char* between = "";
  Val second = {};
  const char* after = "";
};

std::string message_of(const FaultRep& fault);

// Error values. Strings in `first` and `second` must live as long as the scratch's results.
Val fail(Scratch& scratch, const char* before, Val first = {}, const char* between = "",
         Val second = {}, const char* after = "");
Val fail_cost(Scratch& scratch);
Val fail_overflow(Scratch& scratch, const char* type);  // "int overflow"

// "no such overload: _<_(string, int)"
Val fail_overload(Scratch& scratch, std::string_view function, const Val* arguments,
                  std::size_t count, bool member);

}  // namespace autopilot::expr
