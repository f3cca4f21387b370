// autopilot convert: documents of older forms as the Policy documents that they mean.
#include "cli/command.h"
#include "core/base/yaml.h"
#include "core/policy/loader.h"
#include "core/policy/silence.h"

namespace autopilot::commands {
namespace {

constexpr char kConvertDetails[] =
    R"(Reads documents, among them RCPPolicy documents of apiVersion smartlinks/v1, and prints them as the Policy
documents that autopilot holds for them, as YAML. They mean the same: an RCPPolicy can be applied as it is, or after
conversion. Comments are not kept. Without FILE it reads standard input.

EXAMPLES
  autopilot convert rcp.yaml > policies/converted.yaml
)";

class Convert : public cli::Invocation {
 public:
  explicit Convert(cli::Options& o) {
    o.arguments("FILE", files_, "file or folder of documents, or - for standard input",
                cli::Hint::file);
  }

  cli::Exit run(cli::Context& context) override {
    if (files_.empty()) files_.push_back("-");
    const policy::LoadResult loaded =
        policy::load_paths(files_, context.project(), context.world.files, context.diagnostics);
    if (loaded.documents.empty() && context.diagnostics.ok()) {
      context.diagnostics.error("no-documents", {}, "there is no document to convert");
    }
    context.show_diagnostics();
    if (!context.diagnostics.ok()) return cli::Exit::no;
    show(context, loaded.documents);
    return cli::Exit::ok;
  }

 private:
  static void show(cli::Context& context, const std::vector<policy::Document>& documents) {
    render::Report report{"autopilot.convert/v1", {}, {}};
    List contents;
    std::string text;
    for (const policy::Document& document : documents) {
      if (!text.empty()) text += "---\n";
      contents.push_back(policy::with_silences(document));
      text += to_yaml(contents.back());
    }
    if (context.globals.format == "text") return context.write(text);
    report.data.append("documents", std::move(contents));
    context.show(report);
  }

  std::vector<std::string> files_;
};

}  // namespace

extern const cli::Command convert{"convert",
                                  "Print documents of older forms as Policy documents",
                                  kConvertDetails,
                                  cli::bind<Convert>,
                                  {}};

}  // namespace autopilot::commands
