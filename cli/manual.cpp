#include "cli/manual.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "cli/globals.h"
#include "core/base/text.h"

namespace autopilot::cli {
namespace {

constexpr char kDescription[] = "DESCRIPTION";
constexpr char kExamples[] = "EXAMPLES";

bool is_title(std::string_view line) {
  return !line.empty() && line[0] >= 'A' && line[0] <= 'Z' &&
         std::all_of(line.begin(), line.end(),
                     [](char c) { return (c >= 'A' && c <= 'Z') || c == ' '; });
}

// Collects lines into paragraphs and verbatim blocks.
class SectionReader {
 public:
  void line(std::string_view text) {
    const bool verbatim = text.substr(0, 2) == "  ";
    if (text.empty()) {
      close_ = true;
    } else if (is_title(text)) {
      sections_.push_back({std::string(text), {}});
      close_ = true;
    } else {
      add(verbatim ? text.substr(2) : text, verbatim);
    }
  }
  std::vector<ManualSection> finish() { return std::move(sections_); }

 private:
  void add(std::string_view text, bool verbatim) {
    if (sections_.empty()) sections_.push_back({kDescription, {}});
    std::vector<ManualText>& texts = sections_.back().texts;
    if (close_ || texts.empty() || texts.back().verbatim != verbatim) {
      texts.push_back({std::string(text), verbatim});
    } else {
      texts.back().text += (verbatim ? "\n" : " ") + std::string(text);
    }
    close_ = false;
  }

  std::vector<ManualSection> sections_;
  bool close_ = true;
};

std::string usage_of(const Command& command, const Manual& manual) {
  std::string usage = fmt::format("autopilot {}", command.name);
  if (!manual.options.empty()) usage += " [OPTIONS]";
  for (const OptionInfo& info : manual.arguments) {
    const std::string name = info.names + (info.repeated ? "..." : "");
    usage += info.required ? " " + name : fmt::format(" [{}]", name);
  }
  return usage;
}

}  // namespace

std::vector<ManualSection> sections_of(std::string_view details) {
  SectionReader reader;
  for (const std::string& line : split(details, '\n')) reader.line(line);
  std::vector<ManualSection> sections = reader.finish();
  std::stable_partition(sections.begin(), sections.end(),
                        [](auto& s) { return s.title != kExamples; });
  return sections;
}

Manual manual_of(const Command& command) {
  Options options;
  const auto invocation = command.bind(options);
  Manual manual;
  manual.name = fmt::format("autopilot {}", command.name);
  manual.summary = command.summary;
  for (const OptionInfo& info : options.declared())
    (info.argument ? manual.arguments : manual.options).push_back(info);
  manual.usage = usage_of(command, manual);
  manual.sections = sections_of(command.details);
  manual.formats = formats_of(command);
  return manual;
}

const ManualSection* section_called(const Manual& manual, std::string_view title) {
  for (const ManualSection& section : manual.sections) {
    if (section.title == title) return &section;
  }
  return nullptr;
}

const std::vector<OptionInfo>& global_options() {
  static const std::vector<OptionInfo> declared = [] {
    Options options;
    Said said;
    declare_globals(options, said);
    return options.declared();
  }();
  return declared;
}

std::string spelled(const OptionInfo& info) {
  if (info.argument) return info.names;
  std::string out = join(split(info.names, ','), ", ");
  if (out.rfind("--", 0) == 0) out = "    " + out;
  if (!info.metavar.empty()) out += " " + info.metavar;
  return out;
}

std::string explained(const OptionInfo& info) {
  if (info.choices.empty()) return info.help;
  return fmt::format("{}: {}", info.help, join(info.choices, ", "));
}

std::vector<std::pair<std::string, std::string>> commands_by_role(const Table& table, Roles roles) {
  std::map<std::optional<policy::Role>, std::vector<std::string>> found;
  for (const Group& group : table) {
    if (group.title[0] == '\0') continue;
    for (const Command* command : group.commands) {
      if (const RoleRow* row = find_role(roles, command->name))
        found[row->least].emplace_back(command->name);
    }
  }
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto& [role, names] : found)
    out.emplace_back(role ? policy::to_string(*role) : "none", join(names, ", "));
  return out;
}

const std::vector<ExitRow>& exit_rows() {
  static const std::vector<ExitRow> rows{
      {0, "done; no changes; allowed; promoted"},
      {1,
       "the answer is no: invalid input, failed test, blocked, replay differs, rolled back, "
       "unhealthy"},
      {2, "usage error"},
      {3, "changes are pending (with --exit-code)"},
      {4, "approval is needed"},
      {5, "the plan is stale"},
      {6, "locked by another process"},
      {7, "permission denied"},
      {8, "an outside service failed, or the thing could not be measured"},
      {9, "the state or a file cannot be read or written"},
      {70, "a bug in autopilot"},
      {130, "interrupted"},
  };
  return rows;
}

}  // namespace autopilot::cli
