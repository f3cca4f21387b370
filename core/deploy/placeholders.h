#pragma once
// {{version}} and its like in the words of a spec: replaced, never given to a shell.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/value.h"

namespace autopilot::deploy {

using Placeholders = std::vector<std::pair<std::string, std::string>>;

// Throws Error(invalid) naming a placeholder that is not among `known`.
std::string fill(std::string_view text, const Placeholders& known);
// `words` is a list of strings.
std::vector<std::string> fill_words(const Value& words, const Placeholders& known);

}  // namespace autopilot::deploy
