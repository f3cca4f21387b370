#include "core/state/policy_sets.h"

#include "core/policy/loader.h"

namespace autopilot::state {

std::shared_ptr<const decide::CompiledSet> compile_documents(
    std::string revision, const std::vector<policy::Document>& documents) {
  policy::Project project;
  std::vector<policy::Policy> policies;
  for (const policy::Document& d : documents) {
    if (d.kind == "Project") project = policy::project_from(d);
    if (d.kind == "Policy") policies.push_back(policy::policy_from(d));
  }
  return std::make_shared<const decide::CompiledSet>(std::move(revision), std::move(project),
                                                     std::move(policies));
}

std::shared_ptr<const decide::CompiledSet> PolicySets::current() {
  const std::lock_guard guard(mutex_);
  const Revision head = store_.head();
  auto& set = sets_[head.hash];
  if (set == nullptr) set = compile_documents(head.hash, store_.documents());
  return set;
}

std::shared_ptr<const decide::CompiledSet> PolicySets::at(std::string_view revision) {
  const std::lock_guard guard(mutex_);
  const auto found = sets_.find(revision);
  if (found != sets_.end() && found->second != nullptr) return found->second;
  const Revision known = store_.find_revision(revision);
  return sets_[std::string(revision)] = compile_documents(known.hash, store_.documents(known));
}

}  // namespace autopilot::state
