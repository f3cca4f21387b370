#pragma once
// Resolves references to secrets (secret_reference.h) when they are used, and never before. Each
// value goes to the masker first, and the process leaves no core dump from then on. What is said of
// a failure names the reference, never a value nor what a program printed. From several threads at
// once.

#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "core/base/masker.h"
#include "core/base/secret.h"
#include "core/base/secret_reference.h"
#include "core/base/world.h"

namespace autopilot {

class Secrets {
 public:
  // Relative paths are those under `root`, absolute. Borrows all.
  Secrets(World& world, Masker& masker, std::string root)
      : world_(world), masker_(masker), root_(std::move(root)) {}

  // The text with the value of each reference in its place. Throws Error(outside) when one cannot
  // be had, Error(denied) when a file is not private, Error(invalid) for a text that validation
  // refuses.
  Secret resolve(std::string_view text);
  // The value of one reference; without the end of its last line when a file or a program has one.
  // Likewise. Asked for again, the same value: a program runs once.
  std::string_view value_of(const SecretReference& reference);

  // Masks a text that is a secret though it was written out.
  void hide(std::string_view text) { masker_.learn(text); }
  // For what is kept and does not pass the output: answers of services may repeat what they got.
  std::string masked(std::string_view text) const { return masker_.masked(text); }

 private:
  Secret fetch(const SecretReference& reference);
  Secret from_environment(const SecretReference& reference);
  Secret from_file(const SecretReference& reference);
  Secret from_program(const SecretReference& reference);

  World& world_;
  Masker& masker_;
  const std::string root_;
  std::mutex mutex_;                     // of what is known
  std::map<std::string, Secret> known_;  // by the reference's text; what is there stays
};

}  // namespace autopilot
