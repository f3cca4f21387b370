// What the files for all shells share: the commands that are known and what they take.
#include <algorithm>

#include "cli/completions.h"
#include "core/base/text.h"

namespace autopilot::cli {

std::vector<std::string> first_words(const std::vector<Known>& all) {
  std::vector<std::string> words;
  for (const Known& k : all) {
    std::string word = k.name.substr(0, k.name.find(' '));
    if (words.empty() || std::find(words.begin(), words.end(), word) == words.end())
      words.push_back(std::move(word));
  }
  return words;
}

std::string summary_of(const std::vector<Known>& all, const std::string& word) {
  for (const Known& k : all) {
    if (k.name == word) return k.summary;
  }
  return {};
}

std::vector<Known> known_commands(const Table& table) {
  std::vector<Known> all;
  for (const std::string& name : command_names(table)) {
    const Command& command = *find_command(table, name);
    Known known{name, command.summary, manual_of(command)};
    OptionInfo format{"--format", "FORMAT", "form of the result", {}, Hint::none, false,
                      false,      false};
    format.choices = known.manual.formats;
    known.manual.options.push_back(std::move(format));
    all.push_back(std::move(known));
  }
  for (Known& k : all) {
    if (k.name == "help") k.manual.arguments.back().choices = first_words(all);
  }
  return all;
}

}  // namespace autopilot::cli
