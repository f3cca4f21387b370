#include "core/policy/silence.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/text.h"

namespace autopilot::policy {
namespace {

// The warnings of validate.
const std::vector<std::string> kSilenceable{
    "actor-without-role", "always-fails",      "always-false",       "always-true",
    "arms-alike",         "blocking-limit",    "conflicting-bounds", "contradictory-gates",
    "expired-policy",     "never-active",      "no-rules",           "odd-name",
    "plain-secret",       "redundant-gate",    "shadowed-rule",      "shared-column",
    "short-memory",       "starving-arms",     "unjoined-rewards",   "unknown-action-type",
    "unmatched-selector", "unreachable-limit", "unreachable-rule",   "unseen-name",
    "unused-setting"};

std::string text_of(const YamlNode& entry, std::string_view field) {
  const YamlNode* found = entry.find(field);
  return found != nullptr && found->is_scalar() ? found->text : std::string();
}

bool check_code(const YamlNode& entry, const std::string& code, Diagnostics& diagnostics) {
  if (std::find(kSilenceable.begin(), kSilenceable.end(), code) != kSilenceable.end()) return true;
  Diagnostic& d =
      diagnostics.error("wrong-value", entry.find("code")->span,
                        fmt::format("code: there is no warning \"{}\" to silence", code));
  d.help = std::string(trim(did_you_mean(code, kSilenceable)));
  if (d.help.empty()) d.help = "docs/diagnostics.md lists the codes; errors cannot be silenced";
  return false;
}

}  // namespace

std::vector<Silence> read_silences(const YamlNode& metadata, Diagnostics& diagnostics) {
  std::vector<Silence> out;
  const YamlNode* list = metadata.find("silence");
  if (list == nullptr || !list->is_list()) return out;
  for (const YamlNode& entry : list->items) {
    Silence silence{text_of(entry, "code"), text_of(entry, "rule"), text_of(entry, "reason"),
                    entry.span};
    if (silence.code.empty() || !check_code(entry, silence.code, diagnostics)) continue;
    const YamlNode* reason = entry.find("reason");
    if (reason != nullptr && reason->is_scalar() && trim(silence.reason).empty()) {
      diagnostics.error("wrong-value", reason->span, "reason: a silence without a reason").help =
          "say why the document is right all the same";
    }
    out.push_back(std::move(silence));
  }
  return out;
}

void remove_silences(Value& content) {
  Value* metadata = content.is_map() ? content.as_map().find("metadata") : nullptr;
  if (metadata != nullptr && metadata->is_map()) metadata->as_map().erase("silence");
}

Value with_silences(const Document& document) {
  Value content = document.content;
  if (document.silences.empty()) return content;
  List list;
  for (const Silence& silence : document.silences) {
    Map entry{{"code", silence.code}};
    if (!silence.rule.empty()) entry["rule"] = silence.rule;
    entry["reason"] = silence.reason;
    list.push_back(std::move(entry));
  }
  content.as_map()["metadata"].as_map()["silence"] = std::move(list);
  return content;
}

}  // namespace autopilot::policy
