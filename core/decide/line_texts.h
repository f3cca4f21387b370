#pragma once
// Small readings of a decision line for people, shared by the reports of this folder.

#include <initializer_list>
#include <string>
#include <string_view>

#include "core/base/value.h"
#include "core/render/report.h"

namespace autopilot::decide {

// How a result is coloured.
render::Tone tone_of(std::string_view result);
// A member as text: strings as they are, other values as JSON, "" when absent or null.
std::string text_at(const Value& value, std::string_view key);
// The first of the members that says something.
std::string first_of(const Value& value, std::initializer_list<const char*> keys);
// What an action is about: its target, with the default that the engine uses.
std::string target_of(const Value& action);
// A reason as "policy/rule: message", the policy left out for the engine's own rules.
std::string why_text(const Value& reason);

}  // namespace autopilot::decide
