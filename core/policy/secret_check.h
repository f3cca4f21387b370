#pragma once
// Secrets in documents: references to them (core/base/secret_reference.h), which may stand in any
// text, and literal ones, which should not be there.

#include <string>
#include <string_view>
#include <vector>

#include "core/base/diagnostic.h"
#include "core/base/secret_reference.h"
#include "core/base/yaml.h"

namespace autopilot::policy {

// Reports references that are wrong, and warns of literal texts in fields that are called after
// secrets. REQUIRES that the node is of a source of `diagnostics`.
void check_secrets(const YamlNode& node, Diagnostics& diagnostics);
// References alone: in autopilot.yaml fields called token are declarations of input.
void check_references(const YamlNode& node, Diagnostics& diagnostics);

struct SecretUse {
  std::string path;  // "spec.headers[0].value"
  Span span;
  SecretReference reference;
};
// All sound references under the node, as they stand.
std::vector<SecretUse> secret_uses(const YamlNode& node, const SourceMap& sources);

// The texts that warnings of literal secrets are about, as they were written: whoever shows a line
// of theirs masks them. Valid as long as the sources are.
std::vector<std::string_view> literal_secrets(const Diagnostics& diagnostics);

// Whether a field of that name holds a secret: password, api_key, slack_token, ….
bool is_secret_name(std::string_view field);

}  // namespace autopilot::policy
