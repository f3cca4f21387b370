// --help: a manual as text for a terminal.
#include <fmt/format.h>

#include <algorithm>

#include "cli/docs.h"
#include "cli/manual.h"
#include "core/base/text.h"

namespace autopilot::cli {
namespace {

constexpr std::size_t kWidest = 100;
constexpr std::size_t kIndent = 2;
constexpr std::size_t kLeftColumn = 26;   // longer entries have their text on the next line
constexpr std::size_t kNarrowColumn = 6;  // in a narrow terminal nearly all have

class HelpWriter {
 public:
  explicit HelpWriter(const render::TextStyle& style)
      : style_(style), left_(style.width < 60 ? kNarrowColumn : kLeftColumn) {
    style_.width = std::min(style.width, kWidest);
  }

  void heading(std::string_view title) {
    if (!out_.empty()) out_ += '\n';
    out_ += render::painted(title, render::Tone::strong, style_.color) + "\n";
  }
  void paragraph(std::string_view text) {
    for (const std::string& line : render::wrapped_text(text, style_.width - kIndent)) put(line);
  }
  void verbatim(const std::string& text) {
    for (const std::string& line : split(text, '\n')) put("  " + line);
  }
  void gap() { out_ += '\n'; }

  // "  --flag VALUE   what it does", the text wrapped in its column.
  void entry(const std::string& left, const std::string& text) {
    const std::size_t column = kIndent + left_;
    const auto lines = render::wrapped_text(text, style_.width - column);
    std::size_t i = 0;
    if (left.size() + 2 <= left_)
      put(fmt::format("{:<{}}{}", left, left_, lines[i++]));
    else
      put(left);
    for (; i < lines.size(); ++i) put(std::string(left_, ' ') + lines[i]);
  }
  void options(std::string_view title, const std::vector<OptionInfo>& all) {
    if (all.empty()) return;
    heading(title);
    for (const OptionInfo& info : all) entry(spelled(info), explained(info));
  }
  void section(const ManualSection& section) {
    heading(section.title);
    for (std::size_t i = 0; i < section.texts.size(); ++i) {
      if (i > 0) gap();
      section.texts[i].verbatim ? verbatim(section.texts[i].text)
                                : paragraph(section.texts[i].text);
    }
  }
  std::string finish() { return std::move(out_); }

 private:
  void put(const std::string& line) {
    out_.append(kIndent, ' ');
    out_ += line;
    out_.resize(out_.find_last_not_of(' ') + 1);
    out_ += '\n';
  }

  render::TextStyle style_;
  std::size_t left_;
  std::string out_;
};

void put_role(HelpWriter& help, Roles roles, std::string_view command) {
  const RoleRow* row = find_role(roles, command);
  if (row == nullptr) return;
  help.heading("ROLE");
  help.paragraph(role_sentence(*row));
}

}  // namespace

std::string overview(const Table& table, Roles roles, const render::TextStyle& style) {
  HelpWriter help(style);
  help.heading("USAGE");
  help.paragraph("autopilot [OPTIONS] COMMAND [...]");
  for (const Group& group : table) {
    if (group.title[0] == '\0') continue;
    help.heading(group.title);
    for (const Command* command : group.commands) help.entry(command->name, command->summary);
  }
  help.options("OPTIONS", global_options());
  help.heading("ROLES");
  help.paragraph(kRolesIntroduction);
  for (const auto& [role, names] : commands_by_role(table, roles)) help.entry(role, names);
  help.gap();
  help.paragraph(
      "autopilot help COMMAND shows more. Programs called autopilot-NAME on PATH are commands "
      "too.");
  return help.finish();
}

std::string help_text(const Command& command, Roles roles, const render::TextStyle& style) {
  const Manual manual = manual_of(command);
  HelpWriter help(style);
  help.paragraph(fmt::format("{} - {}", manual.name, manual.summary));
  help.heading("USAGE");
  help.paragraph(manual.usage);
  for (const ManualSection& section : manual.sections) {
    if (section.title != "EXAMPLES" && section.title != "EXIT STATUS") help.section(section);
  }
  put_role(help, roles, command.name);
  help.options("ARGUMENTS", manual.arguments);
  help.options("OPTIONS", manual.options);
  help.options("GLOBAL OPTIONS", global_options());
  help.gap();
  help.paragraph(fmt::format("Formats: {}.", join(manual.formats, ", ")));
  if (const ManualSection* own = section_called(manual, "EXIT STATUS")) {
    help.section(*own);
  } else {
    help.heading("EXIT STATUS");
    for (const ExitRow& row : exit_rows()) help.entry(std::to_string(row.code), row.meaning);
  }
  if (const ManualSection* examples = section_called(manual, "EXAMPLES")) help.section(*examples);
  return help.finish();
}

}  // namespace autopilot::cli
