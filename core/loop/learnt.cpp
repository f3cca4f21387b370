#include "core/loop/learnt.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/loop/loop_store.h"
#include "core/loop/step_body.h"

namespace autopilot::loop {
namespace {

// Segments by a key that was never told apart would all be one, without a name.
void refuse_unknown_keys(const std::string& algorithm, const std::vector<std::string>& known,
                         const std::vector<std::string>& keys) {
  for (const std::string& key : keys) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    throw Error(ErrorKind::invalid, fmt::format("{} has not learnt by {}", algorithm, key),
                known.empty() ? "it has no segments" : "its segments are by " + join(known, ", "));
  }
}

}  // namespace

std::vector<ArmRow> learnt_rows(Database& database, const std::string& algorithm,
                                const std::vector<std::string>& keys) {
  LoopStore store(database, algorithm);
  const std::optional<Step> last = store.last();
  if (last) refuse_unknown_keys(algorithm, keys_of(last->body), keys);
  SegmentShares shares;
  if (last && keys_of(last->body) == keys) shares = shares_of(last->body, "after");
  std::vector<ArmRow> out;
  for (const StoredCount& one : store.counts(keys)) {
    ArmRow row;
    row.arm = one.key.arm;
    row.segment = one.key.segment;
    if (one.key.bucket > 0) row.time = Instant{one.key.bucket, 0};
    row.count = one.rewards.count;
    row.sum = one.rewards.sum;
    row.square_sum = one.rewards.square_sum;
    const ArmShares& now = shares[row.segment];
    if (const auto share = now.find(row.arm); share != now.end()) row.weight = share->second / 1e4;
    out.push_back(std::move(row));
  }
  if (out.empty()) {
    throw Error(ErrorKind::invalid, fmt::format("{} has learnt nothing yet", algorithm),
                fmt::format("autopilot run {} reads its logs", algorithm));
  }
  return out;
}

}  // namespace autopilot::loop
