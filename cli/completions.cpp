// Completion files. Each is one function that finds the command on the line and three generated
// tables: commands, options, and what the value of an option or argument is. Ids come from the
// hidden command __complete.
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

struct Known {
  std::string name;
  std::string summary;
  Manual manual;
};

std::vector<Known> known_commands(const Table& table) {
  std::vector<Known> all;
  for (const std::string& name : command_names(table)) {
    const Command& command = *find_command(table, name);
    all.push_back({name, command.summary, manual_of(command)});
  }
  return all;
}

std::vector<std::string> first_words(const std::vector<Known>& all) {
  std::vector<std::string> words;
  for (const Known& k : all) {
    std::string word = k.name.substr(0, k.name.find(' '));
    if (words.empty() || std::find(words.begin(), words.end(), word) == words.end())
      words.push_back(std::move(word));
  }
  return words;
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

// The --format of a command knows its own words.
OptionInfo with_formats(OptionInfo info, const std::vector<std::string>& formats) {
  if (info.names == "--format") info.choices = formats;
  return info;
}

std::string quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

// The same for fish, where a backslash escapes inside single quotes.
std::string fish_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
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
    value_rows(out, k.name,
               with_formats({"--format", "FORMAT", {}, {}, Hint::none, false, false, false},
                            k.manual.formats));
  }
  for (const OptionInfo& info : global_options()) value_rows(out, "*", info);
  return out + "  esac\n}\n\n";
}

// Prints what the arguments of command $1 are: that of the last one holds for all.
std::string argument_table(const std::vector<Known>& all) {
  std::string out = "_autopilot_argument() {\n  case $1 in\n";
  for (const Known& k : all) {
    if (k.manual.arguments.empty()) continue;
    if (k.name == "help")
      out += fmt::format("    help) echo {} ;;\n", quoted("words " + join(first_words(all), " ")));
    else
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
    std::string summary;
    for (const Known& k : all) {
      if (k.name == word) summary = k.summary;
    }
    commands += "  " + quoted(summary.empty() ? word : word + ":" + summary) + "\n";
  }
  return "#compdef autopilot\n# Completion of autopilot for zsh, written by `autopilot docs "
         "completions`.\n\n" +
         shared_tables(all) + commands + ")\n\n" + kZshMain;
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

std::string fish(const std::vector<Known>& all) {
  std::string out =
      "# Completion of autopilot for fish, written by `autopilot docs completions`.\n\n" +
      fish_sets(all) + kFishMain + "complete -c autopilot -f\n";
  for (const OptionInfo& info : global_options()) {
    if (info.names != "--format") out += fish_option("", info);
  }
  for (const std::string& word : first_words(all)) {
    std::string summary;
    for (const Known& k : all) {
      if (k.name == word) summary = k.summary;
    }
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
    out += fish_option(
        condition,
        with_formats(
            {"--format", "FORMAT", "form of the result", {}, Hint::none, false, false, false},
            k.manual.formats));
    if (!k.manual.arguments.empty()) {
      const std::string values = fish_arguments(k.manual.arguments.back());
      if (!values.empty()) out += "complete -c autopilot" + condition + values + "\n";
    }
  }
  return out;
}

}  // namespace

std::vector<DocFile> completions(const Table& table) {
  const std::vector<Known> all = known_commands(table);
  return {
      {"autopilot.bash", bash(all)}, {"autopilot.zsh", zsh(all)}, {"autopilot.fish", fish(all)}};
}

}  // namespace autopilot::cli
