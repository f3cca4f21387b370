#pragma once
// Remembers what files held when they were last read, by the SHA-256 of their bytes, so that
// planning a thousand files that nobody touched reads no YAML. It vouches only for documents that
// are applied just so: whatever differs from the state is read from its file. Losing the cache
// costs time and nothing else.

#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/world.h"
#include "core/policy/loader.h"
#include "core/state/store.h"

namespace autopilot::state {

class AppliedSources final : public policy::SourceCache {
 public:
  // `path` is the cache's file; an absent or odd one counts as empty.
  AppliedSources(Store& store, const policy::Project& project, Files& files, std::string path);

  const std::vector<policy::Document>* find(std::string_view text) override;
  void remember(std::string_view text, std::span<const policy::Document> documents) override;

  // Writes what this run used, if that is news. A cache that can't be written is no fault.
  void save();

 private:
  using Documents = std::vector<policy::Document>;

  std::string key_of(std::string_view text) const;
  bool is_applied(const Documents& documents) const;
  void read();
  std::string to_text() const;

  std::string salt_;  // what else the meaning of a text depends on
  Files& files_;
  std::string path_;
  std::unordered_map<std::string, std::string> applied_;  // "Kind/id" → content hash
  std::unordered_map<std::string, Documents> known_;      // by key
  std::map<std::string, Documents> used_;                 // by key, in this run
  std::string stored_;                                    // the file's text
};

// Where the cache of a state file is.
std::string source_cache_path(const std::string& state_path);

}  // namespace autopilot::state
