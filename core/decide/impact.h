#pragma once
// What other policies would have made of recorded decisions: those that flip, grouped by the rule
// that makes the difference, with what each group stands for and examples that keep their values.

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/decide/rerun.h"

namespace autopilot::decide {

class Impact final : public Retaker {
 public:
  explicit Impact(std::size_t most_examples = 3) : most_examples_(most_examples) {}

  struct Key {
    std::string policy, rule;
    Result before = Result::allowed, after = Result::allowed;
    auto operator<=>(const Key&) const = default;
  };
  struct Sum {
    double before = 0, after = 0;
  };
  struct Example {
    std::int64_t seq = 0;
    std::vector<Use> uses;  // what the ledger held
    Result after = Result::allowed;
    // By tell():
    std::string id, type, target, message;
    Instant time;
    double risk_before = 0, risk_after = 0;
    std::string action_before, action_after;  // final actions, JSON
  };
  // Sums of the risk of all its decisions, and of what those act on that may happen: by numeric
  // field of action.data.
  struct Group {
    std::int64_t count = 0;
    Sum risk;
    std::map<std::string, Sum> data;
    std::vector<Example> examples;  // the first ones
  };

  void take(const Retaken& decision, const std::vector<Use>& uses) override;

  // Reads the examples from their lines. Call once, at the end. False when a line says something
  // else than what was taken: then the columns were not those of the lines.
  bool tell(const CompiledSet& set, RecordedLines& lines);

  std::int64_t checked() const { return checked_; }
  std::int64_t flips() const { return flips_; }
  // Of the first decision, from which limits are counted if there are any.
  std::optional<Instant> first() const { return first_; }
  bool counts_limits() const { return counts_limits_; }
  const std::map<Key, Group>& groups() const { return groups_; }
  // How many decisions went from one result to the other, the same ones with other values included.
  std::map<std::pair<Result, Result>, std::int64_t> by_result() const;

 private:
  std::size_t most_examples_;
  std::int64_t checked_ = 0;
  std::int64_t flips_ = 0;
  std::optional<Instant> first_;
  bool counts_limits_ = false;
  std::map<Key, Group> groups_;
};

// Groups from the one with the most decisions on.
std::vector<const std::pair<const Impact::Key, Impact::Group>*> by_count(const Impact& impact);

}  // namespace autopilot::decide
