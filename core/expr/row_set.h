#pragma once
// A set of the rows of one batch: bit r % 64 of word r / 64 is row r. Plain words, so that tests on
// whole columns write 64 rows at a time.

#include <array>
#include <bit>
#include <cstdint>

namespace autopilot::expr {

inline constexpr std::uint32_t kBatchRows = 2048;  // at most
inline constexpr std::uint32_t kBatchWords = kBatchRows / 64;

constexpr std::uint32_t words_for(std::uint32_t rows) { return (rows + 63) / 64; }

struct RowSet {
  std::array<std::uint64_t, kBatchWords> words{};

  static RowSet first(std::uint32_t rows) {
    RowSet set;
    for (std::uint32_t w = 0; w < rows / 64; ++w) set.words[w] = ~std::uint64_t{0};
    if (rows % 64 != 0) set.words[rows / 64] = (std::uint64_t{1} << rows % 64) - 1;
    return set;
  }
  bool has(std::uint32_t row) const { return (words[row / 64] >> row % 64 & 1) != 0; }
  void add(std::uint32_t row) { words[row / 64] |= std::uint64_t{1} << row % 64; }
  void remove(std::uint32_t row) { words[row / 64] &= ~(std::uint64_t{1} << row % 64); }
  bool any() const {
    std::uint64_t all = 0;
    for (const std::uint64_t word : words) all |= word;
    return all != 0;
  }
  std::uint32_t count() const {
    int sum = 0;
    for (const std::uint64_t word : words) sum += std::popcount(word);
    return static_cast<std::uint32_t>(sum);
  }
  RowSet& operator|=(const RowSet& other) {
    for (std::uint32_t w = 0; w < kBatchWords; ++w) words[w] |= other.words[w];
    return *this;
  }
  RowSet& operator&=(const RowSet& other) {
    for (std::uint32_t w = 0; w < kBatchWords; ++w) words[w] &= other.words[w];
    return *this;
  }
  RowSet& operator-=(const RowSet& other) {
    for (std::uint32_t w = 0; w < kBatchWords; ++w) words[w] &= ~other.words[w];
    return *this;
  }
  friend RowSet operator|(RowSet a, const RowSet& b) { return a |= b; }
  friend RowSet operator&(RowSet a, const RowSet& b) { return a &= b; }
  friend RowSet operator-(RowSet a, const RowSet& b) { return a -= b; }
  friend bool operator==(const RowSet&, const RowSet&) = default;

  // Calls `visit` with every row, in rising order.
  template <class Visit>
  void each(Visit visit) const {
    for (std::uint32_t w = 0; w < kBatchWords; ++w) {
      for (std::uint64_t word = words[w]; word != 0; word &= word - 1)
        visit(w * 64 + static_cast<std::uint32_t>(std::countr_zero(word)));
    }
  }
};

}  // namespace autopilot::expr
