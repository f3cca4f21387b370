// autopilot docs man|completions: writes the reference that ships with the program.
#include "cli/docs.h"

#include <fmt/format.h>

#include "commands/registry.h"
#include "core/base/error.h"

namespace autopilot::commands {
namespace {

constexpr char kManDetails[] =
    R"(Writes autopilot.1 and one man page for each command into DIR. The same program writes the same bytes.

EXAMPLES
  autopilot docs man man
)";

constexpr char kCompletionsDetails[] = R"(Writes completion files for bash, zsh and fish into DIR.

EXAMPLES
  autopilot docs completions completions
)";

void write_all(const std::vector<cli::DocFile>& all, const std::string& folder, Files& files) {
  files.make_directories(folder);
  for (const auto& [name, text] : all) files.write(folder + "/" + name, text);
}

class DocsMan : public cli::Invocation {
 public:
  explicit DocsMan(cli::Options& o) {
    o.argument("DIR", dir_, "folder to write to", cli::Hint::directory, true);
  }
  cli::Exit run(cli::Context& context) override {
    write_all(cli::man_pages(registry(), roles()), dir_, context.world.files);
    return cli::Exit::ok;
  }

 private:
  std::string dir_;
};

class DocsCompletions : public cli::Invocation {
 public:
  explicit DocsCompletions(cli::Options& o) {
    o.argument("DIR", dir_, "folder to write to", cli::Hint::directory, true);
  }
  cli::Exit run(cli::Context& context) override {
    write_all(cli::completions(registry()), dir_, context.world.files);
    return cli::Exit::ok;
  }

 private:
  std::string dir_;
};

}  // namespace

extern const cli::Command docs_man{
    "docs man", "Write the man pages", kManDetails, cli::bind<DocsMan>, {"text"}};
extern const cli::Command docs_completions{"docs completions",
                                           "Write the completions for bash, zsh and fish",
                                           kCompletionsDetails,
                                           cli::bind<DocsCompletions>,
                                           {"text"}};

}  // namespace autopilot::commands
