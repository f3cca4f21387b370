#pragma once
// An approval that was signed away from the state: a file that says what was approved and carries
// the signature. Worth what the signature is worth, whoever carries it.

#include <string>
#include <string_view>

#include "core/state/request.h"
#include "core/state/signatures.h"

namespace autopilot::state {

inline constexpr const char* kApprovalFileFormat = "autopilot.approval-file/v1";

struct ApprovalFile {
  std::string name;     // what messages call it
  std::string payload;  // the bytes that were signed
  std::string request;  // its id, as the payload says
  std::string digest;   // likewise
  std::string actor;    // likewise
  std::string note;     // is not signed
  Signature signature;
};

// Canonical JSON with a line end.
std::string approval_file_text(const Request& request, std::string_view actor,
                               std::string_view note, const Signature& signature);

// Throws Error(invalid) naming `name` when it is no approval file.
ApprovalFile parse_approval_file(std::string_view text, std::string_view name);

}  // namespace autopilot::state
