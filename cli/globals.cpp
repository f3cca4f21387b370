#include "cli/globals.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/command.h"
#include "core/base/error.h"
#include "core/base/text.h"

namespace autopilot::cli {
namespace {

const OptionInfo* option_named(const Options& options, std::string_view name) {
  for (const OptionInfo& info : options.declared()) {
    const auto names = split(info.names, ',');
    if (std::find(names.begin(), names.end(), name) != names.end()) return &info;
  }
  return nullptr;
}

// Does the word need the next one as its value? "-C DIR" and "--as ACTOR" do, "-CDIR", "--as=x" and
// "-q" do not.
bool needs_next(const Options& options, const std::string& word) {
  if (word.rfind("--", 0) == 0) {
    const OptionInfo* info = option_named(options, word);
    return info != nullptr && !info->metavar.empty();
  }
  for (std::size_t i = 1; i < word.size(); ++i) {
    const OptionInfo* info = option_named(options, std::string("-") + word[i]);
    if (info != nullptr && !info->metavar.empty()) return i + 1 == word.size();
  }
  return false;
}

}  // namespace

void declare_globals(Options& options, Said& said) {
  Globals& g = said.globals;
  options.option("-C DIR", g.directory, "run as if started in DIR", Hint::directory);
  options.option("--state URL", g.state, "the state to use instead of .autopilot/state.db",
                 Hint::file);
  options.option("--as ACTOR", g.actor,
                 "in whose name to act; where roles are given, an Access document must allow it");
  options.option("--format FORMAT", said.format, "form of the result");
  options.flag("--json", said.json, "the same as --format json");
  options.choice("--color WHEN", g.color, {"auto", "always", "never"}, "when to use colour");
  options.flag("-q,--quiet", g.quiet, "say nothing but the result and faults");
  options.flag("-v,--verbose", g.verbose, "say more on standard error");
  options.choice("--log-format FORMAT", g.log_format, {"text", "json"},
                 "form of log lines on standard error");
  // A command may ask for the version of something else.
  if (option_named(options, "--version") == nullptr)
    options.flag("--version", said.version, "print the version");
  options.flag("-h,--help", said.help, "show the help of the command");
}

std::size_t leading_options(const std::vector<std::string>& words) {
  Options options;
  Said ignored;
  declare_globals(options, ignored);
  std::size_t at = 0;
  while (at < words.size() && words[at].size() > 1 && words[at][0] == '-' && words[at] != "--") {
    at += needs_next(options, words[at]) ? 2 : 1;
  }
  return std::min(at, words.size());
}

std::vector<std::string> formats_of(const Command& command) {
  if (command.formats.empty()) return {"text", "json"};
  return {command.formats.begin(), command.formats.end()};
}

void settle(Said& said, const Command& command, Environment& environment) {
  const std::vector<std::string> formats = formats_of(command);
  if (said.json && !said.format.empty() && said.format != "json") {
    throw Error(ErrorKind::usage, "--json and --format exclude each other");
  }
  std::string format = said.json ? "json" : said.format;
  if (format.empty()) format = formats.front();
  if (std::find(formats.begin(), formats.end(), format) == formats.end()) {
    std::string hint = did_you_mean(format, formats);
    if (hint.empty()) hint = fmt::format("it knows {}", join(formats, ", "));
    throw Error(ErrorKind::usage, fmt::format("{} has no format \"{}\"", command.name, format),
                hint);
  }
  said.globals.format = format;
  if (said.globals.state.empty())
    said.globals.state = environment.get("AUTOPILOT_STATE").value_or("");
}

}  // namespace autopilot::cli
