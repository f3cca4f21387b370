// transcript FILE.md… --autopilot PATH [--overwrite]: runs the console blocks of Markdown files and
// compares. With
// --overwrite, writes what really happened into the file instead. Exit 0 when all hold, 1 when not,
// 77 when skipped.

#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/transcript/case.h"
#include "tests/transcript/sandbox.h"

namespace autopilot::transcript {
namespace {

struct Settings {
  std::vector<std::string> files;
  std::string autopilot = "autopilot";
  bool overwrite = false;
};

struct Counts {
  int passed = 0, failed = 0, skipped = 0;
};

void print_failure(const std::string& file, const Step& step, const Ran& ran) {
  std::printf("%s:%zu: $ %s\n", file.c_str(), step.line, step.text.c_str());
  if (ran.timed_out) std::printf("  it did not end in time\n");
  if (ran.exit != step.exit) std::printf("  exit code: expected %d, got %d\n", step.exit, ran.exit);
  for (const std::string& line : step.output) std::printf("  - %s\n", line.c_str());
  for (const std::string& line : ran.output) std::printf("  + %s\n", line.c_str());
}

// Puts what happened in place of what was expected; from the last step to the first, so that line
// numbers stay true.
void rewrite(const std::string& file, Case& c,
             const std::vector<std::pair<const Step*, Ran>>& differing) {
  for (auto at = differing.rbegin(); at != differing.rend(); ++at) {
    const Step& step = *at->first;
    std::vector<std::string> lines = at->second.output;
    if (at->second.exit != 0) lines.insert(lines.begin(), "? " + std::to_string(at->second.exit));
    const auto begin = c.lines.begin() + static_cast<std::ptrdiff_t>(step.begin);
    const auto where =
        c.lines.erase(begin, c.lines.begin() + static_cast<std::ptrdiff_t>(step.end));
    c.lines.insert(where, lines.begin(), lines.end());
  }
  std::ofstream out(file, std::ios::binary);
  for (const std::string& line : c.lines) out << line << '\n';
}

void run_file(const std::string& file, const Settings& settings, Counts& counts) {
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    std::printf("%s: cannot be read\n", file.c_str());
    ++counts.failed;
    return;
  }
  std::stringstream text;
  text << in.rdbuf();
  Case c = parse(text.str());
  for (const std::string& program : c.needs) {
    if (program_exists(program)) continue;
    std::printf("%s: skipped, there is no %s\n", file.c_str(), program.c_str());
    ++counts.skipped;
    return;
  }
  Sandbox sandbox(settings.autopilot);
  std::vector<std::pair<const Step*, Ran>> differing;
  for (const Step& step : c.steps) {
    if (!step.file.empty()) {
      sandbox.write(step.file, step.text);
      continue;
    }
    Ran ran = sandbox.run(step.text);
    if (!ran.timed_out && ran.exit == step.exit && matches(step.output, ran.output)) {
      ++counts.passed;
      continue;
    }
    if (!settings.overwrite) print_failure(file, step, ran);
    differing.emplace_back(&step, std::move(ran));
  }
  if (differing.empty()) return;
  if (settings.overwrite) {
    rewrite(file, c, differing);
    std::printf("%s: %zu rewritten\n", file.c_str(), differing.size());
    return;
  }
  counts.failed += static_cast<int>(differing.size());
  sandbox.keep();
  std::printf("%s: the folder is kept: %s\n", file.c_str(), sandbox.folder().c_str());
}

int run(const Settings& settings) {
  Counts counts;
  for (const std::string& file : settings.files) run_file(file, settings, counts);
  std::printf("%d passed, %d failed, %d skipped\n", counts.passed, counts.failed, counts.skipped);
  if (counts.failed > 0) return 1;
  return counts.passed == 0 && counts.skipped > 0 ? 77 : 0;
}

}  // namespace
}  // namespace autopilot::transcript

int main(int argc, char** argv) {
  autopilot::transcript::Settings settings;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--overwrite")
      settings.overwrite = true;
    else if (word == "--autopilot" && i + 1 < argc)
      settings.autopilot = argv[++i];
    else
      settings.files.push_back(word);
  }
  return autopilot::transcript::run(settings);
}
