#pragma once
// The policies of each revision, ready to decide: documents from the state, compiled once and kept.

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/decide/recorder.h"
#include "core/state/store.h"

namespace autopilot::state {

// Compiles the policies among the documents; the project's settings come from the document
// Project/autopilot.
std::shared_ptr<const decide::CompiledSet> compile_documents(
    std::string revision, const std::vector<policy::Document>& documents);

class PolicySets : public decide::PolicySource {
 public:
  explicit PolicySets(Store& store);

  std::shared_ptr<const decide::CompiledSet> current(Instant now) override;
  bool settle(Instant now) override;
  std::shared_ptr<const decide::CompiledSet> at(std::string_view revision) override;

 private:
  bool has_expired(Instant now);

  Store& store_;
  Statement has_expired_;  // asked in every transaction of a recorder
  std::mutex mutex_;       // guards what follows, and the store while a set is loaded
  std::map<std::string, std::shared_ptr<const decide::CompiledSet>, std::less<>> sets_;
};

}  // namespace autopilot::state
