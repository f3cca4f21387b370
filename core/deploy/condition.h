#pragma once
// A compiled condition over the arms of a rollout: canary, stable, before, earlier, and weight.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/value.h"
#include "core/expr/program.h"

namespace autopilot::deploy {

// The number of a metric of an arm; absent when there is none.
using NumberOf =
    std::function<std::optional<double>(std::string_view arm, std::string_view metric)>;

struct Condition {
  enum class Answer { yes, no, no_data };
  struct Result {
    Answer answer = Answer::no_data;
    std::string why;  // "canary.errors = 0.034, before.roi = none"
    Map numbers;      // the same
  };

  // Throws Error(storage) when a condition that passed validation once does not compile.
  Condition(const std::string& source, const std::vector<std::string>& metrics);
  // A number that is missing where it matters, or that is not finite, gives no answer.
  Result judge(const NumberOf& number, double weight);
  bool names_arm(std::string_view arm) const;
  std::vector<std::string> metrics() const;  // that it names

  std::string source;

 private:
  expr::SlotTable slots_;
  expr::Program program_;
  std::unique_ptr<expr::Scratch> scratch_ = std::make_unique<expr::Scratch>();
};

}  // namespace autopilot::deploy
