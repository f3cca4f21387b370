// The completion file for fish: one `complete` line for each thing that can be typed.
#include <fmt/format.h>

#include "cli/completions.h"
#include "core/base/text.h"

namespace autopilot::cli {
namespace {

// A backslash escapes inside single quotes.
std::string fish_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

// ---- fish

constexpr char kFishMain[] = R"sh(# The command on the line so far, of one or two words.
function __autopilot_command
    set -l command
    set -l skip 0
    for word in (commandline -opc)[2..-1]
        if test $skip = 1
            set skip 0
        else if contains -- $word $__autopilot_valued
            set skip 1
        else if not string match -q -- '-*' $word
            if test -z "$command"
                set command $word
            else if contains -- "$command $word" $__autopilot_pairs
                set command "$command $word"
            end
        end
    end
    echo $command
end

function __autopilot_at
    test (__autopilot_command) = "$argv"
end

)sh";

std::string fish_arguments(const OptionInfo& info) {
  if (!info.choices.empty()) return " -x -a " + fish_quoted(join(info.choices, " "));
  switch (info.hint) {
    case Hint::file:
      return " -r -F";
    case Hint::directory:
      return " -x -a '(__fish_complete_directories)'";
    case Hint::decision:
      return " -x -a '(autopilot __complete decision 2>/dev/null)'";
    case Hint::revision:
      return " -x -a '(autopilot __complete revision 2>/dev/null)'";
    case Hint::document:
      return " -x -a '(autopilot __complete document 2>/dev/null)'";
    case Hint::none:
      break;
  }
  return info.metavar.empty() ? "" : " -x";
}

std::string fish_option(const std::string& condition, const OptionInfo& info) {
  std::string out = "complete -c autopilot" + condition;
  for (const std::string& name : split(info.names, ',')) {
    out += name.rfind("--", 0) == 0 ? " -l " + name.substr(2) : " -s " + name.substr(1);
  }
  return out + fish_arguments(info) + " -d " + fish_quoted(info.help) + "\n";
}

std::string fish_condition(const std::string& command) {
  return command.empty() ? " -n 'test -z (__autopilot_command)'"
                         : fmt::format(" -n {}", fish_quoted("__autopilot_at " + command));
}

std::string fish_sets(const std::vector<Known>& all) {
  std::vector<std::string> pairs, valued;
  const auto note = [&valued](const std::vector<OptionInfo>& options) {
    for (const OptionInfo& info : options) {
      if (!info.metavar.empty()) valued.push_back(join(split(info.names, ','), " "));
    }
  };
  note(global_options());
  for (const Known& k : all) {
    if (k.name.find(' ') != std::string::npos) pairs.push_back(fish_quoted(k.name));
    note(k.manual.options);
  }
  return fmt::format("set -g __autopilot_pairs {}\nset -g __autopilot_valued {}\n\n",
                     join(pairs, " "), join(valued, " "));
}

}  // namespace

std::string fish_completion(const std::vector<Known>& all) {
  std::string out =
      "# Completion of autopilot for fish, written by `autopilot docs completions`.\n\n" +
      fish_sets(all) + kFishMain + "complete -c autopilot -f\n";
  for (const OptionInfo& info : global_options()) {
    if (info.names != "--format") out += fish_option("", info);
  }
  for (const std::string& word : first_words(all)) {
    const std::string summary = summary_of(all, word);
    out += fmt::format("complete -c autopilot{} -a {} -d {}\n", fish_condition(""), word,
                       fish_quoted(summary));
  }
  for (const Known& k : all) {
    const std::string condition = fish_condition(k.name);
    if (const std::size_t space = k.name.find(' '); space != std::string::npos) {
      out += fmt::format("complete -c autopilot{} -a {} -d {}\n",
                         fish_condition(k.name.substr(0, space)), k.name.substr(space + 1),
                         fish_quoted(k.summary));
    }
    for (const OptionInfo& info : k.manual.options) out += fish_option(condition, info);
    if (!k.manual.arguments.empty()) {
      const std::string values = fish_arguments(k.manual.arguments.back());
      if (!values.empty()) out += "complete -c autopilot" + condition + values + "\n";
    }
  }
  return out;
}

}  // namespace autopilot::cli
