#include "core/expr/column_memo.h"

#include "core/expr/column_kernels.h"

namespace autopilot::expr {
namespace {

void set_cost(std::vector<std::uint64_t>& costs, std::uint32_t code, std::uint64_t cost) {
  if (cost == 0) return;
  if (code >= costs.size()) costs.resize(code + std::size_t{1});
  costs[code] = cost;
}

}  // namespace

void TestMemo::grow() {
  if (marks.size() < key.dictionary->size()) marks.resize(key.dictionary->size(), mark::unknown);
}

void TestMemo::set(std::uint32_t code, std::uint8_t mark, std::uint64_t cost) {
  marks[code] = cost == 0 ? mark : static_cast<std::uint8_t>(mark | mark::charges);
  set_cost(costs, code, cost);
}

void ValueMemo::grow() {
  if (codes.size() < key.dictionary->size()) codes.resize(key.dictionary->size(), kUnknown);
}

void ValueMemo::set(std::uint32_t code, const Val& result, std::uint64_t cost) {
  codes[code] = result.is_error() ? kFailed : results.add(result);
  set_cost(costs, code, cost);
}

}  // namespace autopilot::expr
