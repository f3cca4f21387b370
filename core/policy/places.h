#pragma once
// Where the parts of a Policy stand in its YAML, for messages. Falls back to the nearest thing that
// is there.

#include <string_view>

#include "core/base/yaml.h"

namespace autopilot::policy {

// Borrows the tree.
class Places {
 public:
  explicit Places(const YamlNode& root) : root_(root), spec_(root.find("spec")) {}

  Span span() const { return spec_ != nullptr ? spec_->span : root_.span; }

  const YamlEntry* entry(std::string_view field) const {
    return spec_ == nullptr ? nullptr : spec_->entry(field);
  }
  Span span(std::string_view field) const {
    const YamlEntry* found = entry(field);
    return found != nullptr ? found->value.span : span();
  }

  // A field of the rule `index` of a section such as "guards".
  const YamlEntry* entry(std::string_view section, std::size_t index,
                         std::string_view field) const {
    const YamlNode* rule = this->rule(section, index);
    return rule == nullptr ? nullptr : rule->entry(field);
  }
  Span span(std::string_view section, std::size_t index, std::string_view field) const {
    if (const YamlEntry* found = entry(section, index, field)) return found->value.span;
    const YamlNode* rule = this->rule(section, index);
    return rule != nullptr ? rule->span : span(section);
  }

 private:
  const YamlNode* rule(std::string_view section, std::size_t index) const {
    const YamlEntry* list = entry(section);
    return list != nullptr && index < list->value.items.size() ? &list->value.items[index]
                                                               : nullptr;
  }

  const YamlNode& root_;
  const YamlNode* spec_;
};

}  // namespace autopilot::policy
