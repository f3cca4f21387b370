#pragma once
// What an armored SSH signature says of itself (OpenSSH, PROTOCOL.sshsig). Reads, judges nothing.

#include <optional>
#include <string>
#include <string_view>

namespace autopilot::state {

struct SshSignature {
  std::string fingerprint;  // "SHA256:…" of the public key, as ssh-keygen prints it
  std::string name_space;
};

// Null when it is no such signature.
std::optional<SshSignature> read_ssh_signature(std::string_view armored);

}  // namespace autopilot::state
