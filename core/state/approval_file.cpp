#include "core/state/approval_file.h"

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/base/json.h"

namespace autopilot::state {
namespace {

std::string text_of(const Value& map, std::string_view key, std::string_view name) {
  const Value* value = map.get(key);
  if (value != nullptr && value->is_string()) return value->as_string();
  throw Error(ErrorKind::invalid, fmt::format("{} is no signed approval: it lacks {}", name, key),
              "make one with `autopilot approve --sign FILE.plan -o FILE`");
}

}  // namespace

std::string approval_file_text(const Request& request, std::string_view actor,
                               std::string_view note, const Signature& signature) {
  const Value payload = parse_json_or_throw(signed_bytes(request, actor), "the approval");
  return to_canonical_json(Map{{"format", kApprovalFileFormat},
                               {"approval", payload},
                               {"note", note},
                               {"signature", signature.armored}}) +
         "\n";
}

ApprovalFile parse_approval_file(std::string_view text, std::string_view name) {
  const Value value = parse_json_or_throw(text, name);
  const std::string format = text_of(value, "format", name);
  if (format != kApprovalFileFormat) {
    throw Error(ErrorKind::invalid, fmt::format("{} has the format {}; this autopilot reads {}",
                                                name, format, kApprovalFileFormat));
  }
  const Value* payload = value.get("approval");
  if (payload == nullptr || !payload->is_map()) text_of(Value(), "approval", name);
  ApprovalFile file;
  file.name = name;
  file.payload = to_canonical_json(*payload) + "\n";
  file.request = text_of(*payload, "request", name);
  file.digest = text_of(*payload, "digest", name);
  file.actor = text_of(*payload, "actor", name);
  file.note = text_of(value, "note", name);
  file.signature.armored = text_of(value, "signature", name);
  return file;
}

}  // namespace autopilot::state
