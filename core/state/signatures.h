#pragma once
// SSH signatures (the SSHSIG format of OpenSSH) over bytes of ours, made and verified by
// ssh-keygen, so that keys in files, agents and hardware all work and no key is ever read here.
// All are of the namespace "autopilot": what was signed for git or for a file counts for nothing.

#include <string>
#include <string_view>
#include <variant>

#include "core/base/time.h"
#include "core/base/world.h"

namespace autopilot::state {

inline constexpr const char* kSignatureNamespace = "autopilot";

struct Signature {
  std::string armored;  // -----BEGIN SSH SIGNATURE----- … with its final line end
};

// Signs with `key`: a private key file, or a .pub file whose private half an agent holds. May ask
// for a passphrase or a touch when a person is at the terminal. Throws Error(outside) when
// ssh-keygen is missing or fails, Error(invalid) for a key that is not there.
Signature sign(World& world, std::string_view bytes, const std::string& key);

// The key file to use: `said` unless empty, else $AUTOPILOT_SIGNING_KEY, else the first usual one
// in ~/.ssh. Throws Error(usage) when there is none.
std::string signing_key(World& world, const std::string& said);

struct Verified {
  std::string principal;    // the one name that allowed_signers has for the key
  std::string fingerprint;  // "SHA256:…"
};

// Why a signature counts for nothing.
struct NotVerified {
  enum class Why {
    malformed,          // no SSH signature at all
    foreign_namespace,  // made for something else
    altered,            // these are not the bytes that were signed
    unknown_key,        // no line of allowed_signers names the key
    expired_key,        // its line's time is over, or has not come
    refused_key,        // its line is for other namespaces, or names no single person
    bad_signers,        // allowed_signers cannot be read or trusted
  };
  Why why = Why::malformed;
  std::string what;         // a sentence part that names the thing
  std::string hint;         // may be empty
  std::string fingerprint;  // of the key, when the signature could be read
};

using Verification = std::variant<Verified, NotVerified>;

// What may vouch for a signature, as `ssh-keygen -Y verify` reads it.
struct Signers {
  std::string path;  // of the allowed_signers file
  std::string root;  // the project's folder; core/base/guarded_file.h says what must hold below it
};

// `path` as typed in the folder `here`, in the project of `root` (absolute; empty: in none).
Signers signers_at(const std::string& path, const std::string& here, const std::string& root);

// Is `signature` one over `bytes` by a key that `signers` allows at the time `at`? Times in
// allowed_signers without a zone are UTC. Throws Error(outside) when ssh-keygen is missing or does
// not answer.
Verification verify(World& world, std::string_view bytes, const Signature& signature,
                    const Signers& signers, Instant at);

const char* to_string(NotVerified::Why why);  // "altered", "foreign-namespace", …

}  // namespace autopilot::state
