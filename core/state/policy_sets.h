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
  explicit PolicySets(Store& store) : store_(store) {}

  std::shared_ptr<const decide::CompiledSet> current() override;
  std::shared_ptr<const decide::CompiledSet> at(std::string_view revision) override;

 private:
  Store& store_;
  std::mutex mutex_;  // guards what follows, and the store while a set is loaded
  std::map<std::string, std::shared_ptr<const decide::CompiledSet>, std::less<>> sets_;
};

}  // namespace autopilot::state
