#include "commands/rules.h"

#include "core/policy/loader.h"
#include "core/state/overlay_change.h"
#include "core/state/store.h"

namespace autopilot::commands {

std::optional<decide::Rules> rules_of(cli::Context& context, const std::string& folder) {
  decide::Rules rules;
  std::vector<policy::Document> documents;
  if (folder.empty()) {
    documents = state::documents_at(context.existing_store(), context.world.clock.now());
  } else {
    const policy::Project& project = context.project();
    policy::LoadResult loaded =
        policy::load_paths({folder}, project, context.world.files, context.diagnostics);
    context.show_diagnostics();
    if (!context.diagnostics.ok()) return std::nullopt;
    documents = std::move(loaded.documents);
    if (project.document) documents.push_back(*project.document);
  }
  for (policy::Document& d : documents) {
    if (d.kind == "Project") rules.project = policy::project_from(d);
    if (d.kind == "Policy") rules.documents.push_back(std::move(d));
  }
  return rules;
}

}  // namespace autopilot::commands
