#pragma once
// What completion files are made of, for the shells that share it.

#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/manual.h"

namespace autopilot::cli {

struct Known {
  std::string name;
  std::string summary;
  Manual manual;  // its options include --format with the words that the command knows
};

// The commands to type, in the order of the table.
std::vector<Known> known_commands(const Table& table);
// Their first words, each once.
std::vector<std::string> first_words(const std::vector<Known>& all);
// What to say beside the first word `word`: the command's summary, or "".
std::string summary_of(const std::vector<Known>& all, const std::string& word);

std::string fish_completion(const std::vector<Known>& all);

}  // namespace autopilot::cli
