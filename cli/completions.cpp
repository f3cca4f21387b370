// Completion files. Each is one function that finds the command on the line and three generated
// tables: commands, options, and what the value of an option or argument is. Ids come from the
// hidden command __complete.
#include "cli/completions.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/docs.h"
#include "cli/manual.h"
#include "core/base/text.h"

namespace autopilot::cli {
namespace {

// What a value is, as one shell word or several: "file", "dir", "id decision", "words auto always
// never", "none".
std::string value_kind(const OptionInfo& info) {
  if (!info.choices.empty()) return "words " + join(info.choices, " ");
  switch (info.hint) {
    case Hint::file:
      return "file";
    case Hint::directory:
      return "dir";
    case Hint::decision:
      return "id decision";
    case Hint::revision:
      return "id revision";
    case Hint::document:
      return "id document";
    case Hint::none:
      break;
  }
  return "none";
}

// "state" → "check info lock", for each first word that needs a second one.
std::vector<std::pair<std::string, std::vector<std::string>>> families(
    const std::vector<Known>& all) {
  std::vector<std::pair<std::string, std::vector<std::string>>> found;
  for (const std::string& first : first_words(all)) {
    std::vector<std::string> seconds;
    for (const Known& k : all) {
      if (k.name.rfind(first + " ", 0) == 0) seconds.push_back(k.name.substr(first.size() + 1));
    }
    if (!seconds.empty()) found.emplace_back(first, std::move(seconds));
  }
  return found;
}

std::string names_of(const std::vector<OptionInfo>& options) {
  std::vector<std::string> names;
  for (const OptionInfo& info : options) names.push_back(join(split(info.names, ','), " "));
  return join(names, " ");
}

std::string quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

// ---- the tables that bash and zsh share (both read this as sh)

std::string option_table(const std::vector<Known>& all) {
  std::string out = "_autopilot_options() {\n  case $1 in\n";
  for (const Known& k : all) {
    if (!k.manual.options.empty())
      out +=
          fmt::format("    {}) echo {} ;;\n", quoted(k.name), quoted(names_of(k.manual.options)));
  }
  return out + "  esac\n  echo " + quoted(names_of(global_options())) + "\n}\n\n";
}

void value_rows(std::string& out, const std::string& command, const OptionInfo& info) {
  if (info.metavar.empty()) return;
  std::vector<std::string> patterns;
  for (const std::string& name : split(info.names, ',')) {
    patterns.push_back(command == "*" ? "*" + quoted(" " + name) : quoted(command + " " + name));
  }
  out += fmt::format("    {}) echo {} ;;\n", join(patterns, " | "), quoted(value_kind(info)));
}

// Prints what the value of option $2 of command $1 is, or nothing when it takes none.
std::string value_table(const std::vector<Known>& all) {
  std::string out = "_autopilot_value() {\n  case \"$1 $2\" in\n";
  for (const Known& k : all) {
    for (const OptionInfo& info : k.manual.options) value_rows(out, k.name, info);
  }
  for (const OptionInfo& info : global_options()) value_rows(out, "*", info);
  return out + "  esac\n}\n\n";
}

// Prints what the arguments of command $1 are: that of the last one holds for all.
std::string argument_table(const std::vector<Known>& all) {
  std::string out = "_autopilot_argument() {\n  case $1 in\n";
  for (const Known& k : all) {
    if (k.manual.arguments.empty()) continue;
    out += fmt::format("    {}) echo {} ;;\n", quoted(k.name),
                       quoted(value_kind(k.manual.arguments.back())));
  }
  return out + "  esac\n}\n\n";
}

std::string family_table(const std::vector<Known>& all) {
  std::string out = "_autopilot_second() {\n  case $1 in\n";
  for (const auto& [first, seconds] : families(all)) {
    out += fmt::format("    {}) echo {} ;;\n", quoted(first), quoted(join(seconds, " ")));
  }
  return out + "  esac\n}\n\n";
}

std::string shared_tables(const std::vector<Known>& all) {
  return option_table(all) + value_table(all) + argument_table(all) + family_table(all);
}

constexpr char kBashMain[] = R"sh(_autopilot() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
  local command='' word kind='' skip=0 i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; ++i)); do
    word=${COMP_WORDS[i]}
    if ((skip)); then
      skip=0
    elif [[ $word == -* ]]; then
      [[ -n $(_autopilot_value "$command" "$word") ]] && skip=1
    elif [[ -z $command ]]; then
      command=$word
    elif [[ " $(_autopilot_second "$command") " == *" $word "* ]]; then
      command="$command $word"
    fi
  done
  [[ $prev == -* ]] && kind=$(_autopilot_value "$command" "$prev")
  if [[ -z $kind ]]; then
    if [[ $cur == -* ]]; then
      kind="words $(_autopilot_options "$command" | tr '\n' ' ')"
    elif [[ -z $command ]]; then
      kind="words $_autopilot_commands"
    elif [[ -n $(_autopilot_second "$command") ]]; then
      kind="words $(_autopilot_second "$command")"
    else
      kind=$(_autopilot_argument "$command")
    fi
  fi
  case $kind in
    words\ *) mapfile -t COMPREPLY < <(compgen -W "${kind#words }" -- "$cur") ;;
    id\ *) mapfile -t COMPREPLY < <(compgen -W "$(autopilot __complete "${kind#id }" 2>/dev/null)" -- "$cur") ;;
    file)
      compopt -o filenames
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      ;;
    dir)
      compopt -o filenames
      mapfile -t COMPREPLY < <(compgen -d -- "$cur")
      ;;
  esac
}
complete -F _autopilot autopilot
)sh";

constexpr char kZshMain[] = R"sh(_autopilot() {
  local cur=${words[CURRENT]} prev=${words[CURRENT - 1]}
  local command='' word kind='' skip=0 i
  for ((i = 2; i < CURRENT; ++i)); do
    word=${words[i]}
    if ((skip)); then
      skip=0
    elif [[ $word == -* ]]; then
      [[ -n $(_autopilot_value "$command" "$word") ]] && skip=1
    elif [[ -z $command ]]; then
      command=$word
    elif [[ " $(_autopilot_second "$command") " == *" $word "* ]]; then
      command="$command $word"
    fi
  done
  [[ $prev == -* ]] && kind=$(_autopilot_value "$command" "$prev")
  if [[ -z $kind ]]; then
    if [[ $cur == -* ]]; then
      kind="words $(_autopilot_options "$command")"
    elif [[ -z $command ]]; then
      _describe command _autopilot_commands
      return
    elif [[ -n $(_autopilot_second "$command") ]]; then
      kind="words $(_autopilot_second "$command")"
    else
      kind=$(_autopilot_argument "$command")
    fi
  fi
  case $kind in
    words\ *) compadd -- ${=${kind#words }} ;;
    id\ *) compadd -- ${(f)"$(autopilot __complete ${kind#id } 2>/dev/null)"} ;;
    file) _files ;;
    dir) _files -/ ;;
  esac
}
_autopilot "$@"
)sh";

std::string bash(const std::vector<Known>& all) {
  return "# Completion of autopilot for bash, written by `autopilot docs completions`.\n\n" +
         shared_tables(all) +
         fmt::format("_autopilot_commands={}\n\n", quoted(join(first_words(all), " "))) + kBashMain;
}

std::string zsh(const std::vector<Known>& all) {
  std::string commands = "_autopilot_commands=(\n";
  for (const std::string& word : first_words(all)) {
    const std::string summary = summary_of(all, word);
    commands += "  " + quoted(summary.empty() ? word : word + ":" + summary) + "\n";
  }
  return "#compdef autopilot\n# Completion of autopilot for zsh, written by `autopilot docs "
         "completions`.\n\n" +
         shared_tables(all) + commands + ")\n\n" + kZshMain;
}

}  // namespace

std::vector<DocFile> completions(const Table& table) {
  const std::vector<Known> all = known_commands(table);
  return {{"autopilot.bash", bash(all)},
          {"autopilot.zsh", zsh(all)},
          {"autopilot.fish", fish_completion(all)}};
}

}  // namespace autopilot::cli
