#include "core/state/policy_sets.h"

#include "core/policy/loader.h"
#include "core/state/overlay_change.h"

namespace autopilot::state {

namespace {

// The id that the set has, or would have, as a revision.
std::string revision_of(const std::vector<policy::Document>& documents) {
  std::vector<DocumentKey> keys;
  for (const policy::Document& d : documents) keys.push_back({d.kind, d.id, d.hash, d.protect});
  return revision_hash(keys);
}

}  // namespace

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

PolicySets::PolicySets(Store& store)
    : store_(store),
      has_expired_(
          store.database().prepare("SELECT EXISTS (SELECT 1 FROM overlay WHERE expires <= ?1)")) {}

bool PolicySets::has_expired(Instant now) {
  has_expired_.bind(now.micros());
  const bool found = has_expired_.step() && has_expired_.integer(0) != 0;
  has_expired_.reset();
  return found;
}

std::shared_ptr<const decide::CompiledSet> PolicySets::current(Instant now) {
  const std::lock_guard guard(mutex_);
  if (has_expired(now)) {
    const std::vector<policy::Document> documents = documents_at(store_, now);
    return compile_documents(revision_of(documents), documents);
  }
  const Revision head = store_.head();
  auto& set = sets_[head.hash];
  if (set == nullptr) set = compile_documents(head.hash, store_.documents());
  return set;
}

bool PolicySets::settle(Instant now) { return has_expired(now) && end_expired(store_, now); }

std::shared_ptr<const decide::CompiledSet> PolicySets::at(std::string_view revision) {
  const std::lock_guard guard(mutex_);
  const auto found = sets_.find(revision);
  if (found != sets_.end() && found->second != nullptr) return found->second;
  const Revision known = store_.find_revision(revision);
  return sets_[std::string(revision)] = compile_documents(known.hash, store_.documents(known));
}

}  // namespace autopilot::state
