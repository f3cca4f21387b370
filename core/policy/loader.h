#pragma once
// Files and folders of YAML → documents and policies, all faults collected with their places in one
// run.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/diagnostic.h"
#include "core/base/world.h"
#include "core/expr/check.h"
#include "core/policy/model.h"

namespace autopilot::policy {

struct LoadResult {
  std::vector<Document> documents;  // sorted by kind, id; those with faults are left out
  std::size_t files = 0;            // that were read
  std::size_t unreadable = 0;       // files and folders that could not be read
};

// Source texts that were loaded before without any remark, so that they need not be read as YAML
// again. What they hold must follow from the text and the project alone.
class SourceCache {
 public:
  virtual ~SourceCache() = default;
  // The documents of `text` without content and places; null when they are not known or not wanted
  // like that. Valid until the next call.
  virtual const std::vector<Document>* find(std::string_view text) = 0;
  // `text` holds these documents, and there was nothing to say about them.
  virtual void remember(std::string_view text, std::span<const Document> documents) = 0;
};

// Whether documents keep what was written, with all places (Document::tree).
enum class Trees { forget, keep };

// `paths` are files or folders (searched for *.yaml and *.yml in sorted order, hidden entries left
// out); "-" is standard input. With a cache (may be null), documents that it knows have no content.
LoadResult load_paths(const std::vector<std::string>& paths, const Project& project, Files& files,
                      Diagnostics& diagnostics, SourceCache* cache = nullptr,
                      Trees trees = Trees::forget);

// The files that load_paths would read, in that order. What cannot be searched is left out.
std::vector<std::string> document_files(const std::vector<std::string>& paths, Files& files);

// One text that may hold several documents. `name` is what messages call it.
std::vector<Document> load_text(std::string name, std::string text, const Project& project,
                                Diagnostics& diagnostics, Trees trees = Trees::forget);

// autopilot.yaml. An absent file is no fault: the defaults hold.
Project load_project(const std::string& path, Files& files, Diagnostics& diagnostics);
// The same from the document Project/autopilot of the state.
Project project_from(const Document& document);

// The policy that a validated document of kind Policy says. Throws Error(storage) on content that
// never passed validation.
Policy policy_from(const Document& document);

// The names that expressions may use: action, metrics, segment, features, actor, now, and risk
// where `with_risk`.
expr::Environment environment_for(const Project& project, bool with_risk);

}  // namespace autopilot::policy
