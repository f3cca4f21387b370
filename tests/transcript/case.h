#pragma once
// A Markdown file as a test: ```console blocks hold commands and what they print, blocks marked
// file=PATH make files.
//
//   $ autopilot plan --exit-code        a command; "> " continues it on the next line
//   ? 3                                 its exit code, when it is not 0
//   1 to add[..]                        its output, standard output and error as they come;
//   ...                                 [..] is any text within a line, ... any number of lines

#include <string>
#include <vector>

namespace autopilot::transcript {

struct Step {
  std::size_t line = 0;  // 1-based, of the fence or of the command
  std::string file;      // to write, when not empty
  std::string text;      // its content, or the command
  int exit = 0;
  std::vector<std::string> output;
  // Half-open range of the file's lines (0-based) that hold the exit code and the output.
  std::size_t begin = 0, end = 0;
};

struct Case {
  std::vector<std::string> lines;
  std::vector<Step> steps;
  std::vector<std::string> needs;  // programs; from a line "<!-- needs: jq zsh -->"
};

Case parse(const std::string& markdown);

// Does the output match the expected lines with their wildcards?
bool matches(const std::vector<std::string>& expected, const std::vector<std::string>& output);

std::vector<std::string> lines_of(const std::string& text);

}  // namespace autopilot::transcript
