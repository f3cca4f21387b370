// autopilot secrets list, secrets check: the references to secrets in documents, and whether each
// can be resolved here.
#include "core/base/secrets.h"

#include <fmt/format.h>

#include <map>

#include "cli/command.h"
#include "core/base/error.h"
#include "core/policy/loader.h"
#include "core/policy/secret_check.h"

namespace autopilot::commands {
namespace {

constexpr char kListDetails[] =
    R"(Lists the references to secrets in the documents under the given files and folders, or under the paths of
autopilot.yaml, and in autopilot.yaml itself: by document and place. It resolves nothing.

A reference is ${env:NAME}, ${file:PATH} or ${exec:PROGRAM ARGUMENTS}; docs/secrets.md tells more.

EXAMPLES
  autopilot secrets list
  autopilot secrets list --json
)";

constexpr char kCheckDetails[] =
    R"(Resolves each reference to a secret in the documents as a run would, here and as this user, and says ok or why not.
It reads files and runs the programs that the references name; no value is shown, kept or hashed.

EXAMPLES
  autopilot secrets check
  autopilot secrets check policies/channels.yaml

EXIT STATUS
  0 when all can be resolved; 1 when one cannot.
)";

constexpr char kNone[] = "No document refers to a secret.";

// What both look at.
class SecretsCommand : public cli::Invocation {
 public:
  explicit SecretsCommand(cli::Options& o) {
    o.arguments("PATH", paths_, "files or folders of documents", cli::Hint::file);
  }

 protected:
  struct Use {
    std::string document;  // "Channel/ops", "autopilot.yaml"
    std::string place;     // "policies/ops.yaml:6:10"
    policy::SecretUse use;
  };

  std::vector<Use> find(cli::Context& context) const {
    Diagnostics& diagnostics = context.diagnostics;
    const policy::Project& project = context.project();
    std::vector<Use> uses;
    std::vector<std::string> paths = paths_;
    if (paths.empty()) {
      context.root();
      for (const std::string& path : project.paths) paths.push_back(context.in_root(path));
      add_project(context, uses);
    }
    const policy::LoadResult loaded = policy::load_paths(paths, project, context.world.files,
                                                         diagnostics, nullptr, policy::Trees::keep);
    context.show_diagnostics();
    if (!diagnostics.ok()) {
      throw Error(loaded.unreadable > 0 ? ErrorKind::storage : ErrorKind::invalid,
                  "there are faults in the documents", "`autopilot validate` shows them");
    }
    for (const policy::Document& d : loaded.documents)
      add(d.kind + "/" + d.id, *d.tree, diagnostics.sources(), uses);
    return uses;
  }

 private:
  static void add_project(cli::Context& context, std::vector<Use>& uses) {
    const std::string file = context.in_root("autopilot.yaml");
    Diagnostics diagnostics;
    YamlBudget budget;
    const std::uint32_t source = diagnostics.sources().add(file, context.world.files.read(file));
    for (const YamlDocument& yaml : parse_yaml(source, budget, diagnostics))
      add("autopilot.yaml", yaml.root, diagnostics.sources(), uses);
  }

  static void add(const std::string& document, const YamlNode& root, const SourceMap& sources,
                  std::vector<Use>& uses) {
    for (policy::SecretUse& use : policy::secret_uses(root, sources)) {
      std::string where = place(sources, use.span);
      uses.push_back({document, std::move(where), std::move(use)});
    }
  }

  std::vector<std::string> paths_;
};

class SecretsList final : public SecretsCommand {
 public:
  using SecretsCommand::SecretsCommand;

  cli::Exit run(cli::Context& context) override {
    List list;
    render::Table table{{"DOCUMENT", "FIELD", "SECRET", "PLACE"}, {}, {}};
    for (const Use& use : find(context)) {
      const std::string reference = use.use.reference.text();
      list.push_back(Map{{"document", use.document},
                         {"field", use.use.path},
                         {"reference", reference},
                         {"place", use.place}});
      table.rows.push_back({use.document, use.use.path, reference, use.place});
    }
    render::Report report{"autopilot.secrets-list/v1", {{"secrets", list}}, {}};
    if (list.empty()) {
      report.text.emplace_back(render::Lines{{kNone}});
    } else {
      report.text.emplace_back(std::move(table));
    }
    context.show(report);
    return cli::Exit::ok;
  }
};

class SecretsCheck final : public SecretsCommand {
 public:
  using SecretsCommand::SecretsCommand;

  cli::Exit run(cli::Context& context) override {
    std::map<std::string, std::vector<Use>> by_reference;
    for (Use& use : find(context)) by_reference[use.use.reference.text()].push_back(std::move(use));
    List list;
    render::Table table{{"SECRET", "IS", "USED BY"}, {}, {}};
    std::size_t failed = 0;
    for (const auto& [reference, uses] : by_reference) {
      const Found found = resolve(context.secrets(), uses[0].use.reference);
      if (!found.ok) ++failed;
      list.push_back(Map{{"reference", reference},
                         {"ok", found.ok},
                         {"what", found.what},
                         {"places", places(uses)}});
      table.rows.push_back(
          {reference, found.what,
           uses[0].document +
               (uses.size() == 1 ? std::string() : fmt::format(" and {} more", uses.size() - 1))});
    }
    render::Report report{
        "autopilot.secrets-check/v1", {{"ok", failed == 0}, {"secrets", std::move(list)}}, {}};
    if (!table.rows.empty()) report.text.emplace_back(std::move(table));
    report.text.emplace_back(render::Lines{{summary(by_reference.size(), failed)}});
    context.show(report);
    return failed == 0 ? cli::Exit::ok : cli::Exit::no;
  }

 private:
  static std::string summary(std::size_t all, std::size_t failed) {
    if (all == 0) return kNone;
    const std::string secrets = fmt::format("{} secret{}", all, all == 1 ? "" : "s");
    return failed == 0 ? fmt::format("{}: all can be resolved here.", secrets)
                       : fmt::format("{}: {} cannot be resolved here.", secrets, failed);
  }

  struct Found {
    bool ok = false;
    std::string what;  // "ok", or why not
  };

  static Found resolve(Secrets& secrets, const SecretReference& reference) {
    try {
      const bool maskable = secrets.value_of(reference).size() >= Masker::kShortest;
      return {true, maskable ? "ok" : "ok, but too short to be masked"};
    } catch (const Error& e) {
      const std::string message = e.what();
      const std::string head = fmt::format("the secret {}: ", reference.text());
      return {false, message.starts_with(head) ? message.substr(head.size()) : message};
    }
  }

  static List places(const std::vector<Use>& uses) {
    List all;
    for (const Use& use : uses) {
      all.push_back(Map{{"document", use.document}, {"field", use.use.path}, {"place", use.place}});
    }
    return all;
  }
};

}  // namespace

extern const cli::Command secrets_list{"secrets list",
                                       "List the references to secrets in the documents",
                                       kListDetails,
                                       cli::bind<SecretsList>,
                                       {}};
extern const cli::Command secrets_check{"secrets check",
                                        "Tell whether each secret can be resolved here",
                                        kCheckDetails,
                                        cli::bind<SecretsCheck>,
                                        {}};

}  // namespace autopilot::commands
