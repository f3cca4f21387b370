#pragma once
// One JSON line → the slots that some policy reads, plus the raw text of what was written.
// Everything is validated (a malformed value in an unused field is still a fault); only what is
// used is decoded.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/decide/json_text.h"
#include "core/expr/program.h"

namespace autopilot::decide {

// What one line said. Views point into the line and into the Scratch: valid until either changes.
struct Input {
  std::string_view action;    // the action's JSON object as written
  std::string_view context;   // the context's JSON object as written; "{}" when the line has none
  std::string_view data;      // action.data's JSON object within `action`; empty when absent
  std::string_view proposed;  // the action as the line gave it, whatever `action` became since
  std::string_view id, type, algorithm, target, key;  // by Engine::read; target has its default
  bool has_context = false;
  std::vector<expr::Val> slots;  // by slot of the table; Tag::absent where the line says nothing
  std::vector<std::string_view> raw;  // by slot: JSON text as written; empty where absent
};

struct InputFault {
  std::uint32_t offset = 0;  // byte in the line
  std::string message;
};

// Not thread-safe; reuse one for many lines.
class Decoder {
 public:
  // `slots` must outlive the decoder and not grow afterwards. Paths begin with action, metrics,
  // segment, features or context (actor, role, time as written); others are left absent.
  explicit Decoder(const expr::SlotTable& slots);
  ~Decoder();

  // A line is an action, or {"action": …, "context": …}. False with `fault` when it is neither or
  // not JSON. REQUIRES kPadding readable bytes after `line`.
  bool decode(std::string_view line, Input& input, expr::Scratch& scratch, InputFault& fault);

  // The same for an action and a context that stand apart. REQUIRES kPadding readable bytes after
  // each.
  bool decode_parts(std::string_view action, std::string_view context, Input& input,
                    expr::Scratch& scratch, InputFault& fault);

  // The same piece by piece, for one who walks a text: begin(), then an action and a context, each
  // once. They return the token behind the object that begins at `at`. Throw JsonStop.
  void begin(Input& input);
  Token decode_action(const JsonText& text, Token at, Input& input, expr::Scratch& scratch);
  Token decode_context(const JsonText& text, Token at, Input& input, expr::Scratch& scratch);

  // Only the action's slots again, from its changed JSON text; the context's slots stay.
  bool decode_action(std::string_view action, Input& input, expr::Scratch& scratch,
                     InputFault& fault);
  // Only the context's slots.
  bool decode_context(std::string_view context, Input& input, expr::Scratch& scratch,
                      InputFault& fault);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace autopilot::decide
