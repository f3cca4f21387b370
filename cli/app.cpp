#include "cli/app.h"

#include <fmt/format.h>

#include <new>

#include "cli/docs.h"
#include "cli/globals.h"
#include "cli/output.h"
#include "core/base/error.h"
#include "core/base/text.h"

namespace autopilot::cli {
namespace {

using Words = std::vector<std::string>;

int code(Exit exit) { return static_cast<int>(exit); }

Words tail(const Words& words, std::size_t from) {
  return from < words.size() ? Words(words.begin() + static_cast<std::ptrdiff_t>(from), words.end())
                             : Words();
}

// The command that the words from `at` name, and how many words that took.
struct Named {
  const Command* command = nullptr;
  std::size_t words = 0;
};

Named command_at(const Table& table, const Words& words, std::size_t at) {
  if (at >= words.size()) return {};
  if (at + 1 < words.size()) {
    if (const Command* found = find_command(table, words[at] + " " + words[at + 1]))
      return {found, 2};
  }
  return {find_command(table, words[at]), 1};
}

// "state" when there are only "state info", "state lock", …: the second words.
Words second_words(const Table& table, const std::string& first) {
  Words found;
  for (const std::string& name : command_names(table)) {
    if (name.rfind(first + " ", 0) == 0) found.push_back(name.substr(first.size() + 1));
  }
  return found;
}

[[noreturn]] void refuse_unknown(const Table& table, const Words& words, std::size_t at) {
  const std::string& first = words[at];
  const Words seconds = second_words(table, first);
  if (seconds.empty()) {
    std::string hint = did_you_mean(first, command_names(table));
    if (hint.empty()) hint = "autopilot help lists the commands";
    throw Error(ErrorKind::usage, fmt::format("unknown command {}", first), hint);
  }
  const std::string list = join(seconds, ", ");
  if (at + 1 >= words.size() || words[at + 1][0] == '-') {
    throw Error(ErrorKind::usage, fmt::format("{} alone is no command", first),
                fmt::format("it goes with {}", list));
  }
  std::string hint = did_you_mean(words[at + 1], seconds);
  if (hint.empty()) hint = fmt::format("it goes with {}", list);
  throw Error(ErrorKind::usage, fmt::format("unknown command {} {}", first, words[at + 1]), hint);
}

// One command line on its way. Keeps the output, so that faults can still be told in its colours.
class Run {
 public:
  Run(World& world, const Words& words, const Table& table, Roles roles)
      : world_(world), words_(words), table_(table), roles_(roles) {
    // Faults in the words themselves are told before the words are understood.
    Talk talk;
    for (std::size_t i = 0; i < words.size() && words[i] != "--"; ++i) {
      const bool spaced =
          words[i] == "--log-format" && i + 1 < words.size() && words[i + 1] == "json";
      talk.json = talk.json || spaced || words[i] == "--log-format=json";
    }
    output_.set_talk(std::move(talk));
  }

  int guarded() {
    try {
      return flushed();
    } catch (const ClosedPipe&) {
      return code(Exit::ok);
    } catch (const Error& e) {
      if (e.kind() == ErrorKind::bug) return told(bug(e.what()), Exit::bug);
      return told({e.what(), e.hint()}, exit_of(e.kind()));
    } catch (const std::bad_alloc&) {
      return told({"out of memory", ""}, Exit::storage);
    } catch (const std::exception& e) {
      return told(bug(e.what()), Exit::bug);
    }
  }

 private:
  int flushed() {
    const Exit exit = dispatch();
    output_.finish();
    return code(exit);
  }

  Exit dispatch() {
    if (words_.size() == 1 && words_[0] == "--version") return version();
    const std::size_t at = leading_options(words_);
    const std::size_t name_at = at < words_.size() && words_[at] == "--" ? at + 1 : at;
    const Named named = command_at(table_, words_, name_at);
    Words rest(words_.begin(), words_.begin() + static_cast<std::ptrdiff_t>(at));
    if (named.command == nullptr) return without_command(rest, name_at);
    const Words own = tail(words_, name_at + named.words);
    rest.insert(rest.end(), own.begin(), own.end());
    return with_command(*named.command, rest);
  }

  Exit version() {
    output_.write("autopilot " AUTOPILOT_VERSION "\n");
    return Exit::ok;
  }

  Exit without_command(const Words& leading, std::size_t at) {
    Options options;
    Said said;
    declare_globals(options, said);
    options.parse(leading);
    adopt(said);
    if (said.version) return version();
    if (said.help) {
      output_.write(overview(table_, roles_, output_.style(1)));
      return Exit::ok;
    }
    if (at >= words_.size()) {
      output_.complain(overview(table_, roles_, output_.style(2)));
      return Exit::usage;
    }
    become_external(said, at);
    refuse_unknown(table_, words_, at);
  }

  // As git does: autopilot-foo on PATH is the command foo.
  void become_external(const Said& said, std::size_t at) {
    const std::string program = world_.processes.find("autopilot-" + words_[at]);
    if (program.empty()) return;
    Words command{program};
    const Words own = tail(words_, at + 1);
    command.insert(command.end(), own.begin(), own.end());
    const Globals& g = said.globals;
    std::vector<std::pair<std::string, std::string>> environment{
        {"AUTOPILOT_COLOR", g.color},
        {"AUTOPILOT_FORMAT", said.json ? "json" : said.format},
        {"AUTOPILOT_ACTOR", g.actor}};
    if (!g.state.empty()) environment.emplace_back("AUTOPILOT_STATE", g.state);
    world_.processes.become(command, environment);
  }

  Exit with_command(const Command& command, const Words& words) {
    Options options;
    Said said;
    const std::unique_ptr<Invocation> invocation = command.bind(options);
    declare_globals(options, said);
    parse(command, options, words, said);
    adopt(said);
    if (said.version) return version();
    if (said.help) {
      output_.write(help_text(command, roles_, output_.style(1)));
      return Exit::ok;
    }
    settle(said, command, world_.environment);
    Context context(world_, said.globals, output_);
    const RoleRow& row = role_row(command);
    const std::int64_t start = world_.clock.monotonic_nanos();
    if (row.least) context.require_role(*row.least, command.name);
    const Exit exit = invocation->run(context);
    if (row.least && *row.least >= policy::Role::operator_) context.mention_open_access();
    const Duration took{world_.clock.monotonic_nanos() - start};
    context.debug(
        fmt::format("{} took {:.1f} ms", command.name, static_cast<double>(took.nanos) / 1e6));
    return exit;
  }

  // Without a row nobody could say who may run it, so nobody may.
  const RoleRow& role_row(const Command& command) const {
    if (const RoleRow* row = find_role(roles_, command.name)) return *row;
    throw Error(ErrorKind::bug, fmt::format("{} has no row in the table of roles", command.name));
  }

  // --help wins over whatever else may be wrong on the line.
  void parse(const Command& command, Options& options, const Words& words, Said& said) {
    try {
      options.parse(words);
    } catch (const Error& e) {
      for (const std::string& word : words) {
        if (word == "--") break;
        if (word == "--help" || word == "-h") said.help = true;
      }
      if (said.help) return;
      throw Error(e.kind(), fmt::format("{}: {}", command.name, e.what()),
                  e.hint().empty()
                      ? fmt::format("autopilot help {} shows how to use it", command.name)
                      : e.hint());
    }
  }

  void adopt(const Said& said) {
    const Globals& g = said.globals;
    output_.set_talk({g.color, g.log_format == "json", g.quiet, g.verbose});
    if (g.directory.empty()) return;
    world_.environment.change_directory(g.directory);
  }

  struct Fault {
    std::string message;
    std::string hint;
  };

  static Fault bug(std::string_view what) {
    return {fmt::format("{} (this is a bug in autopilot)", what),
            "report it with the command that you gave"};
  }

  // Says it also when what was written before cannot be delivered.
  int told(const Fault& fault, Exit exit) {
    try {
      output_.finish();
      output_.tell(Level::error, fault.message, fault.hint);
    } catch (const ClosedPipe&) {
      output_.tell(Level::error, fault.message, fault.hint);
    } catch (const Error& e) {
      output_.tell(Level::error, fault.message, fault.hint);
      output_.tell(Level::error, e.what(), e.hint());
    }
    return code(exit);
  }

  World& world_;
  const Words& words_;
  const Table& table_;
  const Roles roles_;
  Output output_{world_};
};

}  // namespace

int run(World& world, const Words& words, const Table& table, Roles roles) {
  return Run(world, words, table, roles).guarded();
}

}  // namespace autopilot::cli
