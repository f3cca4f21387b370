#pragma once
// metadata.silence: warnings that the author has answered with a reason.

#include <string_view>
#include <vector>

#include "core/base/diagnostic.h"
#include "core/base/value.h"
#include "core/base/yaml.h"
#include "core/policy/model.h"

namespace autopilot::policy {

// Reads the entries of a document's metadata; those that do not fit the schema were reported and
// are left out.
std::vector<Silence> read_silences(const YamlNode& metadata, Diagnostics& diagnostics);

// Takes them out of the content: they decide nothing, so they are no part of its hash, of plans and
// of the state.
void remove_silences(Value& content);
// The content as its author would write it.
Value with_silences(const Document& document);

}  // namespace autopilot::policy
