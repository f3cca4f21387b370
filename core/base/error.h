#pragma once
// The one exception type: this operation cannot go on. Thrown anywhere, caught once (cli/app). What
// the user wrote wrong goes to Diagnostics instead; expected outcomes are return values.

#include <stdexcept>
#include <string>
#include <utility>

namespace autopilot {

// Why an operation stopped. Each kind has its own exit code (cli/exit.h).
enum class ErrorKind {
  invalid,      // the answer is no: the input is wrong
  usage,        // the command line is wrong
  approval,     // approval is needed first
  stale,        // the plan was made from something that has changed since
  locked,       // another process holds the lock
  denied,       // the actor's role is too low
  outside,      // an outside service failed
  storage,      // the state or a file cannot be read or written
  bug,          // autopilot itself is wrong
  interrupted,  // the user asked to stop
};

class Error : public std::runtime_error {
 public:
  // `message` names the thing and says what happened; `hint` says what to do (may be empty).
  Error(ErrorKind kind, const std::string& message, std::string hint = {})
      : std::runtime_error(message), kind_(kind), hint_(std::move(hint)) {}

  ErrorKind kind() const { return kind_; }
  const std::string& hint() const { return hint_; }
  // In one line, for what is kept or told as a reason: "message; hint".
  std::string with_hint() const { return hint_.empty() ? what() : what() + ("; " + hint_); }

 private:
  ErrorKind kind_;
  std::string hint_;
};

}  // namespace autopilot
