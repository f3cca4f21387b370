#include "core/base/secrets.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.h"

namespace autopilot {
namespace {

using Scheme = SecretReference::Scheme;

constexpr Duration kProgramTime = Duration::seconds(30);

[[noreturn]] void fail(ErrorKind kind, const SecretReference& reference, std::string_view why,
                       std::string hint = {}) {
  throw Error(kind, fmt::format("the secret {}: {}", reference.text(), why), std::move(hint));
}

std::string_view without_line_end(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

// Why a program gave nothing; what it printed may hold the secret.
std::string end_of(const Captured& ran) {
  switch (ran.end) {
    case Captured::End::exited:
      return fmt::format("its program ended with exit code {}", ran.status);
    case Captured::End::killed:
      return fmt::format("its program was ended by signal {}", ran.status);
    case Captured::End::timed_out:
      return fmt::format("its program gave no answer within {}", format_duration(kProgramTime));
    case Captured::End::too_long:
      return "its program prints more than a secret is long";
    case Captured::End::not_started:
      return "its program cannot be started";
  }
  return "its program failed";
}

}  // namespace

Secret Secrets::resolve(std::string_view text) {
  const SecretText read = read_secrets(text);
  if (!read.faults.empty())
    throw Error(ErrorKind::invalid, read.faults[0].message, read.faults[0].help);
  std::string whole;
  std::size_t at = 0;
  const auto plain = [&](std::size_t end) {
    for (; at < end; ++at) {
      whole += text[at];
      if (text.substr(at, 3) == "$${") ++at;
    }
  };
  std::vector<std::string_view> values;
  std::size_t size = text.size();
  for (const SecretReference& r : read.references) size += values.emplace_back(value_of(r)).size();
  whole.reserve(size);  // so that growing leaves no copies behind
  for (std::size_t i = 0; i < values.size(); ++i) {
    plain(read.references[i].begin);
    whole += values[i];
    at = read.references[i].end;
  }
  plain(text.size());
  Secret out{whole};
  wipe(whole);
  return out;
}

std::string_view Secrets::value_of(const SecretReference& reference) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto known = known_.find(reference.text());
  if (known != known_.end()) return known->second.reveal();
  world_.processes.keep_memory_private();
  Secret value = fetch(reference);
  if (value.empty()) fail(ErrorKind::outside, reference, "it is empty");
  masker_.learn(value.reveal());
  return known_.emplace(reference.text(), std::move(value)).first->second.reveal();
}

Secret Secrets::fetch(const SecretReference& reference) {
  switch (reference.scheme) {
    case Scheme::env:
      return from_environment(reference);
    case Scheme::file:
      return from_file(reference);
    case Scheme::exec:
      return from_program(reference);
  }
  return {};
}

Secret Secrets::from_environment(const SecretReference& reference) {
  std::optional<std::string> text = world_.environment.get(reference.name);
  if (!text) {
    fail(ErrorKind::outside, reference, "the environment variable is not set",
         fmt::format("set {} for the process that runs autopilot", reference.name));
  }
  Secret value{*text};
  wipe(*text);
  return value;
}

Secret Secrets::from_file(const SecretReference& reference) {
  const bool is_absolute = reference.name.starts_with('/');
  const std::string path = is_absolute ? reference.name : root_ + "/" + reference.name;
  try {
    const Secret text = world_.files.read_secret(path, root_);
    return Secret{without_line_end(text.reveal())};
  } catch (const Error& e) {
    fail(e.kind() == ErrorKind::denied ? ErrorKind::denied : ErrorKind::outside, reference,
         e.what(), e.hint());
  }
}

Secret Secrets::from_program(const SecretReference& reference) {
  CaptureLimits limits;
  limits.time = kProgramTime;
  limits.output = kLongestSecret;
  Captured ran = world_.processes.capture(reference.words, {}, limits);
  Secret value{ran.ok() ? without_line_end(ran.out) : std::string_view()};
  wipe(ran.out);
  wipe(ran.err);
  if (ran.ok()) return value;
  fail(ErrorKind::outside, reference, end_of(ran),
       fmt::format("run {} yourself to see what it says; it gets a clean environment",
                   reference.words[0]));
}

}  // namespace autopilot
