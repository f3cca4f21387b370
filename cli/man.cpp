// Man pages: a manual as roff, in the macros of man(7) only, so that man, mandoc and groff all read
// them.
#include <fmt/format.h>

#include <algorithm>

#include "cli/docs.h"
#include "cli/manual.h"
#include "core/base/text.h"

namespace autopilot::cli {
namespace {

// Text that roff prints as it is: backslashes and dashes escaped, no line taken for a request.
std::string escaped(std::string_view text) {
  std::string out;
  bool line_start = true;
  for (const char c : text) {
    if (line_start && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else if (c == '\'')
      out += "\\(aq";
    else if (c == '`')
      out += "\\(ga";
    else if (c == '^')
      out += "\\(ha";
    else if (c == '~')
      out += "\\(ti";
    else
      out += c;
    line_start = c == '\n';
  }
  return out;
}

class RoffWriter {
 public:
  explicit RoffWriter(const std::string& name) {
    std::string title = name;
    std::replace(title.begin(), title.end(), ' ', '-');
    std::transform(title.begin(), title.end(), title.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? c - 32 : c; });
    line(fmt::format(".TH {} 1 \"\" \"autopilot\" \"autopilot manual\"", escaped(title)));
    line(".nh");  // no hyphenation: names are copied from here
    line(".ad l");
  }
  void section(std::string_view title) { line(fmt::format(".SH \"{}\"", escaped(title))); }
  void paragraph(std::string_view text) { line(escaped(text)); }
  void entry(std::string_view left, std::string_view text) {
    line(".TP");
    line(fmt::format("\\fB{}\\fR", escaped(trim(left))));
    line(escaped(text));
  }
  void options(std::string_view title, const std::vector<OptionInfo>& all) {
    if (all.empty()) return;
    section(title);
    for (const OptionInfo& info : all) entry(spelled(info), explained(info));
  }
  void section(const ManualSection& s) {
    section(s.title);
    bool first = true;
    for (const ManualText& text : s.texts) {
      if (!first) line(".PP");
      first = false;
      if (text.verbatim) line(".nf\n.RS 2");
      line(escaped(text.text));
      if (text.verbatim) line(".RE\n.fi");
    }
  }
  void exit_status() {
    section("EXIT STATUS");
    for (const ExitRow& row : exit_rows()) entry(std::to_string(row.code), row.meaning);
  }
  std::string finish() { return std::move(out_); }

 private:
  void line(std::string_view text) {
    out_ += text;
    out_ += '\n';
  }
  std::string out_;
};

std::string dashed(std::string_view name) {
  std::string out(name);
  std::replace(out.begin(), out.end(), ' ', '-');
  return out;
}

std::string command_page(const Command& command, Roles roles) {
  const Manual manual = manual_of(command);
  RoffWriter page(manual.name);
  page.section("NAME");
  page.paragraph(fmt::format("{} - {}", dashed(manual.name), manual.summary));
  page.section("SYNOPSIS");
  page.paragraph(manual.usage);
  for (const ManualSection& section : manual.sections) {
    if (section.title != "EXAMPLES" && section.title != "EXIT STATUS") page.section(section);
  }
  if (const RoleRow* row = find_role(roles, command.name)) {
    page.section("ROLE");
    page.paragraph(role_sentence(*row));
  }
  page.options("ARGUMENTS", manual.arguments);
  page.options("OPTIONS", manual.options);
  page.section("FORMATS");
  page.paragraph(fmt::format("The default of --format is {}. Known are: {}.",
                             manual.formats.front(), join(manual.formats, ", ")));
  page.paragraph("The options that all commands take are described in autopilot(1).");
  if (const ManualSection* own = section_called(manual, "EXIT STATUS")) {
    page.section(*own);
    page.paragraph("All codes are listed in autopilot(1).");
  } else {
    page.exit_status();
  }
  if (const ManualSection* examples = section_called(manual, "EXAMPLES")) page.section(*examples);
  page.section("SEE ALSO");
  page.paragraph("autopilot(1)");
  return page.finish();
}

std::string main_page(const Table& table, Roles roles) {
  RoffWriter page("autopilot");
  page.section("NAME");
  page.paragraph("autopilot - decide what automation may do, from policies kept in git");
  page.section("SYNOPSIS");
  page.paragraph("autopilot [OPTIONS] COMMAND [...]");
  page.section("DESCRIPTION");
  page.paragraph(
      "Algorithms propose actions; policies decide what may happen; every decision is recorded, so "
      "that it can be "
      "explained and replayed. Results go to standard output, everything else to standard error. "
      "Programs called "
      "autopilot-NAME on PATH are commands too.");
  for (const Group& group : table) {
    if (group.title[0] == '\0') continue;
    page.section(group.title);
    for (const Command* command : group.commands)
      page.entry(dashed(command->name) + "(1)", command->summary);
  }
  page.options("OPTIONS", global_options());
  page.section("ROLES");
  page.paragraph(kRolesIntroduction);
  for (const auto& [role, names] : commands_by_role(table, roles)) page.entry(role, names);
  page.section("ENVIRONMENT");
  page.entry("AUTOPILOT_STATE", "the state to use, as --state");
  page.entry("AUTOPILOT_LOCK_TIMEOUT",
             "how long a write waits for other processes that write, as in 30s; 1m by default");
  page.entry("NO_COLOR, CLICOLOR_FORCE",
             "never or always use colour, unless --color says otherwise");
  page.entry("COLUMNS", "width of text on standard output");
  page.entry("PAGER", "program that shows manuals on a terminal");
  page.exit_status();
  return page.finish();
}

}  // namespace

std::vector<DocFile> man_pages(const Table& table, Roles roles) {
  std::vector<DocFile> pages{{"autopilot.1", main_page(table, roles)}};
  for (const std::string& name : command_names(table)) {
    pages.emplace_back(fmt::format("autopilot-{}.1", dashed(name)),
                       command_page(*find_command(table, name), roles));
  }
  return pages;
}

}  // namespace autopilot::cli
