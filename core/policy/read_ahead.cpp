#include "core/policy/read_ahead.h"

#include <algorithm>
#include <atomic>
#include <string>
#include <utility>

#include "core/base/threads.h"

namespace autopilot::policy {
namespace {

constexpr std::size_t kWorthThreads = 100'000;  // bytes: some ten milliseconds of reading

void place_in(std::uint32_t source, YamlNode& node) {
  node.span.source = source;
  for (YamlNode& item : node.items) place_in(source, item);
  for (YamlEntry& entry : node.entries) {
    entry.key_span.source = source;
    place_in(source, entry.value);
  }
}

std::optional<std::vector<YamlDocument>> read_sound(const std::string& text, std::uint32_t source,
                                                    YamlBudget& budget) {
  Diagnostics faults;
  const std::uint32_t alone = faults.sources().add("", text);
  std::vector<YamlDocument> documents = parse_yaml(alone, budget, faults);
  if (!faults.all().empty()) return std::nullopt;
  for (YamlDocument& document : documents) place_in(source, document.root);
  return documents;
}

}  // namespace

void ReadAhead::read(const SourceMap& sources, std::span<const std::uint32_t> which) {
  std::size_t bytes = 0;
  for (const std::uint32_t source : which) bytes += sources.text(source).size();
  if (which.size() < 2 || bytes < kWorthThreads) return;
  for (const std::uint32_t source : which) all_.push_back({source, std::nullopt, {}});
  std::atomic<std::size_t> nodes = 0;  // in memory at once: as many as one run may have
  share_out(all_.size(), workers_for(all_.size()), [&](std::size_t, std::size_t i) {
    if (nodes > YamlBudget{}.nodes) return;
    Read& one = all_[i];
    one.documents = read_sound(sources.text(one.source), one.source, one.left);
    nodes += YamlBudget{}.nodes - one.left.nodes;
  });
}

std::optional<std::vector<YamlDocument>> ReadAhead::take(std::uint32_t source, YamlBudget& budget) {
  const auto one = std::lower_bound(all_.begin(), all_.end(), source,
                                    [](const Read& r, std::uint32_t s) { return r.source < s; });
  if (one == all_.end() || one->source != source || !one->documents) return std::nullopt;
  const std::size_t nodes = YamlBudget{}.nodes - one->left.nodes;
  const std::size_t copied = YamlBudget{}.copied_bytes - one->left.copied_bytes;
  if (nodes > budget.nodes || copied > budget.copied_bytes) return std::nullopt;
  budget.nodes -= nodes;
  budget.copied_bytes -= copied;
  return std::exchange(one->documents, std::nullopt);
}

}  // namespace autopilot::policy
