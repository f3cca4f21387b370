#include "commands/desired.h"

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/policy/loader.h"
#include "core/state/source_cache.h"

namespace autopilot::commands {
namespace {

std::vector<std::string> project_paths(cli::Context& context) {
  std::vector<std::string> paths;
  for (const std::string& path : context.project().paths) paths.push_back(context.in_root(path));
  return paths;
}

// Files that hold what is applied already need not be read as YAML.
policy::LoadResult load(cli::Context& context, const std::vector<std::string>& from,
                        const policy::Project& project) {
  Files& files = context.world.files;
  state::Store* store = context.store_if_any();
  if (store == nullptr) {
    return policy::load_paths(from, project, files, context.diagnostics);
  }
  state::AppliedSources cache(*store, project, files,
                              state::source_cache_path(context.state_path()));
  policy::LoadResult loaded = policy::load_paths(from, project, files, context.diagnostics, &cache);
  cache.save();
  return loaded;
}

}  // namespace

state::PlanOptions plan_options(cli::Context& context, std::vector<std::string> targets,
                                std::vector<std::string> excludes) {
  const policy::Project& project = context.project();
  return {std::move(targets), std::move(excludes), project.max_change_share, project.min_documents,
          context.world.clock.now()};
}

std::vector<policy::Document> desired_documents(cli::Context& context,
                                                const std::vector<std::string>& paths,
                                                bool allow_empty) {
  const policy::Project& project = context.project();
  const std::vector<std::string> from = paths.empty() ? project_paths(context) : paths;
  policy::LoadResult loaded = load(context, from, project);
  context.show_diagnostics();
  if (!context.diagnostics.ok()) {
    throw Error(loaded.unreadable > 0 ? ErrorKind::storage : ErrorKind::invalid,
                fmt::format("{} fault{} in the documents", context.diagnostics.errors(),
                            context.diagnostics.errors() == 1 ? "" : "s"),
                "`autopilot validate` shows them in other formats too");
  }
  std::vector<policy::Document> documents = std::move(loaded.documents);
  if (documents.empty() && !allow_empty) {
    throw Error(ErrorKind::invalid, fmt::format("no documents in {}", join(from, ", ")),
                "--allow-empty means it: everything applied would be deleted");
  }
  if (project.document) documents.push_back(*project.document);
  return documents;
}

}  // namespace autopilot::commands
