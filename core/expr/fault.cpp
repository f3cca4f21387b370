#include "core/expr/fault.h"

#include <new>

#include "core/expr/val_ops.h"

namespace autopilot::expr {

std::string message_of(const FaultRep& fault) {
  std::string text = fault.before;
  if (fault.first.tag != Tag::absent) append_text(text, fault.first);
  text += fault.between;
  if (fault.second.tag != Tag::absent) append_text(text, fault.second);
  return text + fault.after;
}

Val fail(Scratch& scratch, const char* before, Val first, const char* between, Val second,
         const char* after) {
  return Val::of_fault(new (scratch.allocate(sizeof(FaultRep)))
                           FaultRep{before, first, between, second, after});
}

Val fail_cost(Scratch& scratch) {
  return fail(scratch, "the evaluation costs more than its limit allows");
}

Val fail_overflow(Scratch& scratch, const char* type) {
  return fail(scratch, "", Val::of_string(type), " overflow");
}

Val fail_overload(Scratch& scratch, std::string_view function, const Val* arguments,
                  std::size_t count, bool member) {
  std::string text;
  if (member && count > 0) text.append(type_name(arguments[0])).append(".");
  text.append(function).append("(");
  for (std::size_t i = member ? 1 : 0; i < count; ++i) {
    text.append(type_name(arguments[i]));
    if (i + 1 < count) text += ", ";
  }
  text += ")";
  return fail(scratch, "no such overload: ", scratch.copy_string(text));
}

}  // namespace autopilot::expr
