// yaml-cpp's faults in words that help.
#include <fmt/format.h>

#include <algorithm>

#include "core/base/yaml.h"
#include "core/base/yaml_scan.h"

namespace autopilot::yaml_scan {
namespace {

struct SyntaxHelp {
  std::string_view theirs;  // how yaml-cpp's message starts
  std::string_view ours;
  std::string_view help;
};
constexpr SyntaxHelp kSyntaxHelp[] = {
    {"illegal map value", "a colon where no key can stand",
     "put quotes around a value that contains \": \""},
    {"illegal map key", "a key where none can stand", "check the indentation"},
    {"illegal tab", "a tab cannot indent", "use spaces"},
    {"illegal block entry", "a list item (- ) where none can stand", "check the indentation"},
    {"illegal flow end", "a closing bracket without an opening one",
     "remove it or put quotes around the text"},
    {"end of map not found", "the map ends unexpectedly",
     "check the indentation of this line and the ones before"},
    {"end of map flow", "the { that was opened is never closed", "close it with }"},
    {"end of sequence not found", "the list ends unexpectedly",
     "check the indentation of this line and the ones before"},
    {"end of sequence flow", "the [ that was opened is never closed", "close it with ]"},
    {"illegal document indicator", "a new document (---) inside a quoted text", "close the quote"},
    {"illegal EOF in scalar", "the quote that was opened is never closed", "close it"},
    {"unknown escape", "an unknown escape in double quotes",
     "use single quotes for text with backslashes"},
    {"bad character found while scanning hex", "a hexadecimal escape with a digit that is none",
     ""},
    {"invalid unicode", "an escape that names no Unicode character", ""},
    {"the referenced anchor", "an alias (*name) of an anchor that does not exist",
     "put quotes around a text that starts with *"},
    {"alias not found", "a * with no name after it", "put quotes around a text that starts with *"},
    {"illegal character found while scanning alias",
     "a character that the name of an alias cannot have",
     "put quotes around a text that starts with *"},
    {"anchor not found", "a & with no name after it",
     "put quotes around a text that starts with &"},
    {"illegal character found while scanning anchor",
     "a character that the name of an anchor cannot have",
     "put quotes around a text that starts with &"},
    {"aliases can't have", "an alias with content of its own",
     "put quotes around a text that starts with *"},
    {"unknown token", "a character that cannot start a value", "put quotes around the text"},
    {"unexpected character in block scalar", "unexpected text after | or >",
     "start the text on the next line"},
    {"cannot set zero", "a block text cannot have an indentation of 0", ""},
    {"illegal character in scalar", "a character that cannot stand here",
     "put quotes around the text"},
    {"bad file", "the text is nested too deeply", "flatten it"},
};

bool tab_indents(std::string_view line) {
  const std::size_t first = line.find_first_not_of(' ');
  return first != std::string_view::npos && line[first] == '\t' &&
         line.find_first_not_of(" \t") != std::string_view::npos;
}

}  // namespace

void report_syntax(std::string_view message, Span where, Diagnostics& diagnostics) {
  const std::string& text = diagnostics.sources().text(where.source);
  where.end = static_cast<std::uint32_t>(std::min<std::size_t>(where.begin + 1, text.size()));
  const std::string_view line = diagnostics.sources().line_at(where.source, where.begin);
  if (tab_indents(line)) {
    diagnostics.error("yaml-syntax", where, "a tab cannot indent").help = "use spaces";
    return;
  }
  if (message.starts_with("illegal map value") && column_of(text, where.begin) > kYamlMaxKey) {
    diagnostics
        .error("bad-key", where,
               fmt::format("a key may have at most {} characters and no line break", kYamlMaxKey))
        .help = "shorten it, or put quotes around a value that contains \": \"";
    return;
  }
  for (const SyntaxHelp& known : kSyntaxHelp) {
    if (!message.starts_with(known.theirs)) continue;
    diagnostics.error("yaml-syntax", where, std::string(known.ours)).help = known.help;
    return;
  }
  diagnostics.error("yaml-syntax", where, std::string(message));
}

}  // namespace autopilot::yaml_scan
