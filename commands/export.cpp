// autopilot export: the applied documents as YAML.
#include "core/state/export.h"

#include <fmt/format.h>

#include "cli/command.h"
#include "core/base/error.h"
#include "core/state/store.h"

namespace autopilot::commands {
namespace {

constexpr char kExportDetails[] =
    R"(Writes the applied documents as YAML: to standard output, or with -o as one file per document,
DIR/Kind/id.yaml, and autopilot.yaml for what the project declares. Planning what was exported gives
no changes: a policy that was rolled back or promoted is written as git wants it. Comments and the
order of fields are those of the state, which keeps neither.

REV is a revision other than the newest one: HEAD~1, or the beginning of its id.

EXAMPLES
  autopilot export
  autopilot export -o backup HEAD~1
)";

class Export : public cli::Invocation {
 public:
  explicit Export(cli::Options& o) {
    o.argument("REV", revision_, "a revision (default: HEAD)", cli::Hint::revision);
    o.option("-o,--out DIR", out_, "write files into DIR; - is standard output",
             cli::Hint::directory);
    o.flag("--force", force_, "write into a folder that is not empty");
  }

  cli::Exit run(cli::Context& context) override {
    state::Store& store = context.existing_store();
    const state::Revision revision = store.find_revision(revision_);
    const auto files = state::export_files(store.desired_documents(revision));
    if (out_ == "-") {
      print(context, files);
    } else {
      write(context, files, revision);
    }
    return cli::Exit::ok;
  }

 private:
  static void print(cli::Context& context, const std::vector<state::ExportedFile>& files) {
    bool first = true;
    for (const state::ExportedFile& file : files) {
      if (file.name == "autopilot.yaml") {
        context.inform("what autopilot.yaml declares is left out; export -o DIR writes it");
        continue;
      }
      context.write(first ? "" : "---\n");
      context.write(file.text);
      first = false;
    }
  }

  void write(cli::Context& context, const std::vector<state::ExportedFile>& files,
             const state::Revision& revision) const {
    Files& disk = context.world.files;
    if (disk.exists(out_) && !force_ && !disk.list(out_).empty()) {
      throw Error(ErrorKind::invalid, fmt::format("{} is not empty", out_),
                  "name a new folder, or say --force to write beside what is there");
    }
    List names;
    disk.make_directories(out_);
    for (const state::ExportedFile& file : files) {
      const std::size_t slash = file.name.find('/');
      if (slash != std::string::npos)
        disk.make_directories(out_ + "/" + file.name.substr(0, slash));
      disk.write(out_ + "/" + file.name, file.text);
      names.emplace_back(file.name);
    }
    render::Report report{"autopilot.export/v1",
                          {{"revision", revision.hash}, {"directory", out_}, {"files", names}},
                          {}};
    report.text.emplace_back(
        render::Lines{{fmt::format("Wrote {} file{} of revision {} to {}.", files.size(),
                                   files.size() == 1 ? "" : "s", revision.hash, out_)}});
    context.show(report);
  }

  std::string revision_ = "HEAD";
  std::string out_ = "-";
  bool force_ = false;
};

}  // namespace

// `export` is a word of C++.
extern const cli::Command export_documents{
    "export", "Write the applied documents as YAML", kExportDetails, cli::bind<Export>, {}};

}  // namespace autopilot::commands
