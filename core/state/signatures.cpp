#include "core/state/signatures.h"

#include <fmt/format.h>

#include <array>
#include <cstring>
#include <filesystem>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/state/ssh_signature.h"

namespace autopilot::state {
namespace {

constexpr const char* kProgram = "ssh-keygen";
constexpr Duration kForMachines = Duration::seconds(60);
constexpr Duration kForPeople = Duration::seconds(300);  // to find the token and touch it

using Why = NotVerified::Why;

// A file that is gone at the end of its scope.
class Temporary {
 public:
  Temporary(Files& files, std::string_view text)
      : files_(files), path_(files.write_temporary(text)) {}
  ~Temporary() {
    try {
      files_.remove(path_);
    } catch (const Error&) {  // it holds nothing secret
    }
  }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  const std::string& path() const { return path_; }

 private:
  Files& files_;
  std::string path_;
};

std::string last_line(std::string_view text) {
  text = trim(text);
  const std::size_t end = text.rfind('\n');
  return std::string(trim(end == std::string_view::npos ? text : text.substr(end + 1)));
}

[[noreturn]] void missing() {
  throw Error(ErrorKind::outside, "ssh-keygen is not installed, so there are no signatures",
              "install it: the package openssh-client");
}

Captured run(World& world, std::vector<std::string> words, std::string_view input,
             const CaptureLimits& limits) {
  words.insert(words.begin(), kProgram);
  Captured ran = world.processes.capture(words, input, limits);
  switch (ran.end) {
    case Captured::End::exited:
      return ran;
    case Captured::End::not_started:
      if (ran.status == ENOENT) missing();
      throw Error(ErrorKind::outside,
                  fmt::format("cannot run ssh-keygen: {}", std::strerror(ran.status)));
    case Captured::End::timed_out:
      throw Error(ErrorKind::outside,
                  fmt::format("ssh-keygen did not answer within {}", format_duration(limits.time)));
    case Captured::End::killed:
    case Captured::End::too_long:
      break;
  }
  throw Error(ErrorKind::outside, "ssh-keygen was ended before it was done");
}

// It sees no agent and no terminal, and reads times without a zone as UTC everywhere.
CaptureLimits for_verifying() {
  CaptureLimits limits;
  limits.time = kForMachines;
  limits.set = {{"TZ", "UTC"}, {"LC_ALL", "C"}};
  return limits;
}

CaptureLimits for_signing(Environment& environment) {
  CaptureLimits limits;
  limits.at_terminal = environment.is_terminal(0) && environment.is_terminal(2);
  limits.time = limits.at_terminal ? kForPeople : kForMachines;
  limits.pass = {"SSH_AUTH_SOCK", "SSH_ASKPASS", "SSH_ASKPASS_REQUIRE", "SSH_SK_PROVIDER",
                 "DISPLAY",       "XAUTHORITY",  "WAYLAND_DISPLAY",     "XDG_RUNTIME_DIR",
                 "GPG_TTY",       "TERM"};
  return limits;
}

// "20261127T2148…" as -Overify-time wants it, in the time zone that for_verifying() sets.
std::string verify_time(Instant at) {
  const Civil c = to_civil(at.seconds);
  return fmt::format("{:04}{:02}{:02}{:02}{:02}{:02}", c.year, c.month, c.day, c.hour, c.minute,
                     c.second);
}

std::string shown(const Signers& signers) {
  const std::string below = signers.root + "/";
  return signers.path.starts_with(below) && !signers.root.empty()
             ? signers.path.substr(below.size())
             : signers.path;
}

// One signature while it is checked: the two files that ssh-keygen reads are private copies, so
// that what was checked is what is used.
class Check {
 public:
  Check(World& world, const Signature& signature, std::string fingerprint, std::string_view allowed,
        const Signers& signers, Instant at)
      : world_(world),
        fingerprint_(std::move(fingerprint)),
        signers_(shown(signers)),
        signature_(world.files, signature.armored),
        allowed_(world.files, allowed),
        at_(at) {}

  Verification run(std::string_view bytes) {
    const Captured found = ask({"-Y", "find-principals"}, {});
    const std::vector<std::string> names = lines(found.out);
    if (!found.ok() || names.empty()) return why_unknown(found.err);
    if (names.size() > 1) {
      return no(Why::refused_key,
                fmt::format("{} has several names for the key {}: {}", signers_, fingerprint_,
                            join(names, ", ")),
                "give each key one name, so that it is clear who signed");
    }
    const std::string& name = names[0];
    if (name.find_first_of("*?!") != std::string::npos) {
      return no(Why::refused_key,
                fmt::format("{} has a pattern for the key {}: {}", signers_, fingerprint_, name),
                "give the key the name of one person");
    }
    const Captured verified = ask({"-Y", "verify", "-n", kSignatureNamespace, "-I", name}, bytes);
    if (verified.ok()) return Verified{name, fingerprint_};
    return why_not(name, verified.err);
  }

 private:
  Captured ask(std::vector<std::string> words, std::string_view input) {
    for (std::string word : {std::string("-f"), allowed_.path(), std::string("-s"),
                             signature_.path(), "-Overify-time=" + verify_time(at_)})
      words.push_back(std::move(word));
    return state::run(world_, std::move(words), input, for_verifying());
  }

  static std::vector<std::string> lines(std::string_view text) {
    std::vector<std::string> all;
    for (std::string& line : split(text, '\n')) {
      if (!line.empty()) all.push_back(std::move(line));
    }
    return all;
  }

  NotVerified no(Why why, std::string what, std::string hint) const {
    return {why, std::move(what), std::move(hint), fingerprint_};
  }

  // Exit 255 means all of these; only its messages tell them apart.
  NotVerified why_unknown(const std::string& messages) const {
    const auto says = [&](const char* text) { return messages.find(text) != std::string::npos; };
    const std::string when = format_rfc3339({at_.seconds, 0});
    if (says("key has expired")) {
      return no(Why::expired_key,
                fmt::format("the key {} was no longer valid at {}", fingerprint_, when),
                fmt::format("valid-before in {} ended it", signers_));
    }
    if (says("key is not yet valid")) {
      return no(Why::expired_key,
                fmt::format("the key {} was not yet valid at {}", fingerprint_, when),
                fmt::format("valid-after in {} begins it", signers_));
    }
    return no(Why::unknown_key, fmt::format("the key {} is not in {}", fingerprint_, signers_),
              "somebody who may change that file can add the key");
  }

  NotVerified why_not(const std::string& name, const std::string& messages) const {
    if (messages.find("not permitted for use in signature namespace") != std::string::npos) {
      return no(Why::refused_key,
                fmt::format("{} allows the key of {} for other namespaces only", signers_, name),
                fmt::format("add namespaces=\"{}\" to its line", kSignatureNamespace));
    }
    return no(Why::altered,
              fmt::format("{} signed something else with the key {}", name, fingerprint_),
              "what was signed has changed since, or the signature is of another thing");
  }

  World& world_;
  std::string fingerprint_;
  std::string signers_;  // the file, as messages call it
  Temporary signature_, allowed_;
  Instant at_;
};

}  // namespace

Signature sign(World& world, std::string_view bytes, const std::string& key) {
  if (!world.files.exists(key)) {
    throw Error(ErrorKind::invalid, fmt::format("there is no key {}", key),
                "name a private key file, or the .pub file of a key that your agent holds");
  }
  const Captured ran = run(world, {"-q", "-Y", "sign", "-n", kSignatureNamespace, "-f", key}, bytes,
                           for_signing(world.environment));
  if (ran.ok() && read_ssh_signature(ran.out)) return {ran.out};
  const std::string why = last_line(ran.err);
  throw Error(
      ErrorKind::outside,
      fmt::format("ssh-keygen could not sign with {}{}{}", key, why.empty() ? "" : ": ", why),
      "a key with a passphrase needs a terminal or an agent; a hardware key its touch");
}

std::string signing_key(World& world, const std::string& said) {
  if (!said.empty()) return said;
  if (const auto key = world.environment.get("AUTOPILOT_SIGNING_KEY"); key && !key->empty())
    return *key;
  const std::string home = world.environment.get("HOME").value_or("");
  for (const char* name : {"id_ed25519_sk", "id_ecdsa_sk", "id_ed25519", "id_ecdsa", "id_rsa"}) {
    const std::string path = fmt::format("{}/.ssh/{}", home, name);
    if (world.files.exists(path)) return path;
    if (world.files.exists(path + ".pub")) return path + ".pub";
  }
  throw Error(ErrorKind::usage, "there is no key to sign with",
              "name one, or set AUTOPILOT_SIGNING_KEY; ssh-keygen -t ed25519 makes one");
}

Signers signers_at(const std::string& path, const std::string& here, const std::string& root) {
  // Below the root nothing may be a link, so that "a/../b" is "b".
  return {(std::filesystem::path(here) / path).lexically_normal().string(), root};
}

Verification verify(World& world, std::string_view bytes, const Signature& signature,
                    const Signers& signers, Instant at) {
  const std::optional<SshSignature> read = read_ssh_signature(signature.armored);
  if (!read) return NotVerified{Why::malformed, "it is no SSH signature", "", ""};
  if (read->name_space != kSignatureNamespace) {
    return NotVerified{Why::foreign_namespace,
                       fmt::format("it was made for the namespace {}, not for {}",
                                   to_json(read->name_space), kSignatureNamespace),
                       fmt::format("sign with -n {}", kSignatureNamespace), read->fingerprint};
  }
  std::string allowed;
  try {
    allowed = world.files.read_guarded(signers.path, signers.root);
  } catch (const Error& error) {
    return NotVerified{Why::bad_signers, error.what(), error.hint(), read->fingerprint};
  }
  return Check(world, signature, read->fingerprint, allowed, signers, at).run(bytes);
}

const char* to_string(NotVerified::Why why) {
  switch (why) {
    case Why::malformed:
      return "malformed";
    case Why::foreign_namespace:
      return "foreign-namespace";
    case Why::altered:
      return "altered";
    case Why::unknown_key:
      return "unknown-key";
    case Why::expired_key:
      return "expired-key";
    case Why::refused_key:
      return "refused-key";
    case Why::bad_signers:
      return "bad-signers";
  }
  return "";
}

}  // namespace autopilot::state
