#pragma once
// A command's documentation as data, from which help and man pages are drawn.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/command.h"
#include "cli/roles.h"

namespace autopilot::cli {

// `verbatim` text is kept line by line; else it is one paragraph to be filled.
struct ManualText {
  std::string text;
  bool verbatim = false;
};

struct ManualSection {
  std::string title;  // "DESCRIPTION"
  std::vector<ManualText> texts;
};

struct Manual {
  std::string name;  // "autopilot plan"
  std::string summary;
  std::string usage;                    // "autopilot plan [OPTIONS] [PATH]..."
  std::vector<ManualSection> sections;  // DESCRIPTION first, EXAMPLES last
  std::vector<OptionInfo> arguments;
  std::vector<OptionInfo> options;
  std::vector<std::string> formats;
};

Manual manual_of(const Command& command);
// Null when there is none of that title.
const ManualSection* section_called(const Manual& manual, std::string_view title);
// The sections of text written as Command::details is.
std::vector<ManualSection> sections_of(std::string_view details);
const std::vector<OptionInfo>& global_options();

// "-o, --out FILE": what stands in the left column.
std::string spelled(const OptionInfo& info);
// Its help with the choices, when there are any.
std::string explained(const OptionInfo& info);

// What commands of the table take which role, the lowest first: ("viewer", "plan, diff, log").
// Commands without a row and hidden ones are left out.
std::vector<std::pair<std::string, std::string>> commands_by_role(const Table& table, Roles roles);
inline constexpr char kRolesIntroduction[] =
    "The least role that a command takes, where an Access document is applied. Without one "
    "everybody has the role dg_ai.";

struct ExitRow {
  int code;
  const char* meaning;
};
const std::vector<ExitRow>& exit_rows();

}  // namespace autopilot::cli
