#pragma once
// What a change means for those who rely on the documents: which changes take protection away or
// start to block. They are advice for whoever reads a plan; nothing is refused for a hint.

#include <string>
#include <string_view>
#include <vector>

#include "core/policy/model.h"

namespace autopilot::state {

// loosens: more will pass than before. tightens: less will. review: look at it.
enum class Effect { loosens, tightens, review };
std::string_view to_string(Effect effect);

struct Hint {
  Effect effect = Effect::review;
  std::string path;     // of the field, as in FieldChange; empty for the whole document
  std::string message;  // "limit raised from 100 to 200"
};

// Either may be null (created, deleted), not both. Documents that can't be read as their kind give
// no hints.
std::vector<Hint> hints_for(const policy::Document* before, const policy::Document* after);

}  // namespace autopilot::state
