#pragma once
// The parts of check_shape (core/policy/shape.h) that its files share.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/policy/shape.h"

namespace autopilot::policy::shape_check {

// What messages call a value: "guards", "clamp[1]", "labels.team". Its text is made only when there
// is a message.
struct Label {
  const Label* outer = nullptr;  // borrowed; null: `name` is all
  std::string_view name;         // of an entry of a map; empty: an entry of a list
  std::size_t index = 0;         // in the list

  std::string text() const;
};

bool check_value(const YamlNode& node, const ValueShape& shape, const Label& what,
                 Diagnostics& diagnostics);
bool check_scalar(const YamlNode& node, const ValueShape& shape, const Label& what,
                  Diagnostics& diagnostics);
Diagnostic& report_type(const YamlNode& node, const ValueShape& shape, const Label& what,
                        Diagnostics& diagnostics);
std::vector<std::string> names_of(std::span<const std::string_view> names);

}  // namespace autopilot::policy::shape_check
