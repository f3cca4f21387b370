// autopilot validate: are the documents right? Says everything that is wrong with them in one run.
#include <fmt/format.h>

#include "cli/command.h"
#include "core/base/error.h"
#include "core/base/secrets.h"
#include "core/decide/lint_history.h"
#include "core/policy/lint_report.h"
#include "core/policy/loader.h"
#include "core/policy/secret_check.h"
#include "core/render/diagnostics.h"
#include "core/state/store.h"

namespace autopilot::commands {
namespace {

constexpr char kValidateDetails[] =
    R"(Reads every document under the given files and folders (or under the paths of autopilot.yaml) and reports
whatever is wrong, with file, line and column. Nothing is changed and no state is needed. A path of - is standard
input. Folders are searched for *.yaml and *.yml; hidden entries are left out.

Beside faults it warns of what is valid but can hardly be meant: rules that never fire or add nothing to another one,
gates that contradict each other, conditions that are always true or never, bounds of two policies that exclude each
other, limits that cannot be reached, policies that expired. A warning is a certainty about every input that the declared
shapes allow; what cannot be decided is not said, unless --lint-undecided asks for it. When the state holds enough
decisions, the newest tell of selectors that match nothing and names that no input has. Naming files or folders looks at
them alone, and so at less. metadata.silence of a document answers a warning with a reason; see docs/diagnostics.md.

Exits 1 when there are errors, and 9 when a file or folder cannot be read. Finding no document at all is an error, so that a mistyped path does not pass.

The formats sarif, github and junit are for code scanning, annotations of GitHub Actions, and CI servers. Each code is
explained in docs/diagnostics.md.

EXAMPLES
  autopilot validate
  autopilot validate policies/traffic.yaml --strict
  autopilot validate --format sarif > validate.sarif
)";

class Validate : public cli::Invocation {
 public:
  explicit Validate(cli::Options& o) {
    o.arguments("PATH", paths_, "file or folder of documents, or - for standard input",
                cli::Hint::file);
    o.flag("--strict", strict_, "treat warnings as errors");
    o.flag("--allow-empty", allow_empty_, "don't mind when there is no document");
    o.flag("--lint-undecided", lint_undecided_, "say also what lint could not decide, and why");
  }

  cli::Exit run(cli::Context& context) override {
    const policy::LoadResult loaded = load(context);
    lint(context, loaded.documents);
    for (const std::string_view text : policy::literal_secrets(context.diagnostics))
      context.secrets().hide(text);
    if (strict_) context.diagnostics.turn_warnings_into_errors();
    show(context, loaded);
    if (loaded.unreadable > 0) return cli::Exit::storage;
    return context.diagnostics.ok() ? cli::Exit::ok : cli::Exit::no;
  }

 private:
  policy::LoadResult load(cli::Context& context) const {
    Diagnostics& diagnostics = context.diagnostics;
    if (paths_.empty()) context.root();
    const policy::Project& project = context.project();
    std::vector<std::string> paths = paths_;
    if (paths.empty()) {
      for (const std::string& path : project.paths) paths.push_back(context.in_root(path));
    }
    policy::LoadResult loaded =
        policy::load_paths(paths, project, context.world.files, diagnostics);
    if (loaded.documents.empty() && diagnostics.ok() && !allow_empty_) {
      diagnostics.error("no-documents", {}, "there is no document to validate").help =
          "name the right files or folders; --allow-empty accepts it";
    }
    return loaded;
  }

  // Warnings about what is valid but can hardly be meant.
  void lint(cli::Context& context, const std::vector<policy::Document>& documents) const {
    const bool whole = paths_.empty() && context.diagnostics.ok();
    const policy::PolicySet set = policy::policies_of(documents);
    policy::LintResult found = policy::lint(
        set.policies, context.project(),
        {context.world.clock.now(), whole, lint_undecided_ || context.globals.verbose});
    const bool history = add_history(context, set, found);
    policy::report_findings(set, documents, found.findings, {whole, history}, context.diagnostics);
  }

  // What recorded decisions say, when there are enough. A state that cannot be read is for other
  // commands to report.
  static bool add_history(cli::Context& context, const policy::PolicySet& set,
                          policy::LintResult& found) {
    try {
      state::Store* store = context.store_if_any();
      if (store == nullptr || !context.has_role(policy::Role::viewer)) return false;
      decide::HistoryResult history =
          decide::lint_history(store->database(), set.policies, found.names);
      for (policy::Finding& finding : history.findings)
        found.findings.push_back(std::move(finding));
      return history.enough;
    } catch (const Error& e) {
      context.debug(fmt::format("recorded decisions were not looked at: {}", e.what()));
      return false;
    }
  }

  static void show(cli::Context& context, const policy::LoadResult& loaded) {
    const std::string& format = context.globals.format;
    const Diagnostics& diagnostics = context.diagnostics;
    if (format == "sarif")
      return context.write(render::diagnostics_sarif(diagnostics, AUTOPILOT_VERSION));
    if (format == "github") return context.write(render::diagnostics_github(diagnostics));
    if (format == "junit") return context.write(render::diagnostics_junit(diagnostics));
    if (format == "text") context.show_diagnostics();
    context.show(describe(loaded, diagnostics));
  }

  static render::Report describe(const policy::LoadResult& loaded, const Diagnostics& diagnostics) {
    render::Report report{"autopilot.validate/v1",
                          {{"valid", diagnostics.ok()},
                           {"files", Value(loaded.files)},
                           {"documents", Value(loaded.documents.size())},
                           {"errors", Value(diagnostics.errors())},
                           {"warnings", Value(diagnostics.warnings())},
                           {"diagnostics", render::diagnostics_values(diagnostics)}},
                          {}};
    const auto counted = [](std::size_t n, std::string_view what) {
      return fmt::format("{} {}{}", n, what, n == 1 ? "" : "s");
    };
    report.text.push_back(
        render::Lines{{fmt::format("{}, {}: {}", counted(loaded.files, "file"),
                                   counted(loaded.documents.size(), "valid document"),
                                   render::diagnostics_summary(diagnostics))}});
    return report;
  }

  std::vector<std::string> paths_;
  bool strict_ = false;
  bool allow_empty_ = false;
  bool lint_undecided_ = false;
};

}  // namespace

extern const cli::Command validate{"validate",
                                   "Check documents and say all that is wrong with them",
                                   kValidateDetails,
                                   cli::bind<Validate>,
                                   {"text", "json", "sarif", "github", "junit"}};

}  // namespace autopilot::commands
