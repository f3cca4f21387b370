#pragma once
// What instructions give for the values of a dictionary: found out once for each value, not for
// each row that has it.

#include <cstdint>
#include <memory>
#include <vector>

#include "core/expr/columns.h"

namespace autopilot::expr {

// What an outcome depends on beside the dictionary's value: the other operands.
struct MemoKey {
  const Dictionary* dictionary = nullptr;
  std::vector<const Val*> others;  // null where the dictionary's value stands
  friend bool operator==(const MemoKey&, const MemoKey&) = default;
};

// Of a test: marks (column_kernels.h) by code.
struct TestMemo {
  MemoKey key;
  std::vector<std::uint8_t> marks;
  std::vector<std::uint64_t> costs;  // by code; as long as needed

  void grow();  // with the dictionary
  void set(std::uint32_t code, std::uint8_t mark, std::uint64_t cost);
  std::uint64_t cost(std::uint32_t code) const { return code < costs.size() ? costs[code] : 0; }
};

// Of a value: what it is, as a code of another dictionary.
struct ValueMemo {
  static constexpr std::uint32_t kUnknown = 0xffffffff;
  static constexpr std::uint32_t kFailed = 0xfffffffe;

  MemoKey key;
  std::vector<std::uint32_t> codes;
  std::vector<std::uint64_t> costs;
  Dictionary results;  // one may be there twice

  void grow();
  void set(std::uint32_t code, const Val& result, std::uint64_t cost);
  std::uint64_t cost(std::uint32_t code) const { return code < costs.size() ? costs[code] : 0; }
};

// The memos of one instruction.
template <class Memo>
class Memos {
 public:
  Memo& of(const MemoKey& key) {
    for (const auto& memo : all_) {
      if (memo->key == key) {
        memo->grow();
        return *memo;
      }
    }
    all_.push_back(std::make_unique<Memo>());
    all_.back()->key = key;
    all_.back()->grow();
    return *all_.back();
  }
  std::size_t size() const { return all_.size(); }
  void forget() { all_.clear(); }

 private:
  std::vector<std::unique_ptr<Memo>> all_;  // stay where they are
};

}  // namespace autopilot::expr
