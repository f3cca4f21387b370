#pragma once
// References to secrets in texts of documents: ${env:NAME}, ${file:PATH}, ${exec:PROGRAM
// ARGUMENTS…}. Documents, plans, hashes and the state hold the reference; only who uses the text
// resolves it (secrets.h). `$${` stands for `${`; a `${` that no scheme and colon follows is text,
// so that place-holders like "${action.data.amount}" stay what they are. Pure.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace autopilot {

struct SecretReference {
  enum class Scheme { env, file, exec };
  Scheme scheme = Scheme::env;
  std::string name;  // env: the variable; file: the path; exec: the command as written
  std::vector<std::string> words;  // exec: the program and its arguments
  std::size_t begin = 0, end = 0;  // half-open range of bytes in the text, from ${ to }

  std::string text() const;  // "${env:NAME}"
};

struct SecretFault {
  std::size_t begin = 0, end = 0;  // likewise
  std::string message;
  std::string help;
};

struct SecretText {
  std::vector<SecretReference> references;
  std::vector<SecretFault> faults;
};

SecretText read_secrets(std::string_view text);

}  // namespace autopilot
