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

// Whether a set kept as bare words has the row.
inline bool has_bit(const std::uint64_t* words, std::uint32_t row) {
  return (words[row / 64] >> row % 64 & 1) != 0;
}

struct RowSet {
  alignas(16) std::array<std::uint64_t, kBatchWords> words{};

  static RowSet first(std::uint32_t rows) {
    RowSet set;
    for (std::uint32_t w = 0; w < rows / 64; ++w) set.words[w] = ~std::uint64_t{0};
    if (rows % 64 != 0) set.words[rows / 64] = (std::uint64_t{1} << rows % 64) - 1;
    return set;
  }
  static RowSet of(std::uint32_t row) {
    RowSet set;
    set.add(row);
    return set;
  }
  // Those of `rows` that a set kept as bare words has, which may end with the last of them.
  static RowSet of_words(const std::uint64_t* bare, const RowSet& rows) {
    RowSet set;
    for (std::uint32_t w = 0; w < kBatchWords; ++w) {
      if (rows.words[w] != 0) set.words[w] = bare[w] & rows.words[w];
    }
    return set;
  }
  bool has(std::uint32_t row) const { return has_bit(words.data(), row); }
  void add(std::uint32_t row) { words[row / 64] |= std::uint64_t{1} << row % 64; }
  void remove(std::uint32_t row) { words[row / 64] &= ~(std::uint64_t{1} << row % 64); }
  bool any() const {
    Two all = pairs()[0];
    for (std::uint32_t i = 1; i < kPairs; ++i) all |= pairs()[i];
    return (all[0] | all[1]) != 0;
  }
  std::uint32_t count() const {
    int sum = 0;
    for (const std::uint64_t word : words) sum += std::popcount(word);
    return static_cast<std::uint32_t>(sum);
  }
  RowSet& operator|=(const RowSet& other) {
    for (std::uint32_t i = 0; i < kPairs; ++i) pairs()[i] |= other.pairs()[i];
    return *this;
  }
  RowSet& operator&=(const RowSet& other) {
    for (std::uint32_t i = 0; i < kPairs; ++i) pairs()[i] &= other.pairs()[i];
    return *this;
  }
  RowSet& operator-=(const RowSet& other) {
    for (std::uint32_t i = 0; i < kPairs; ++i) pairs()[i] &= ~other.pairs()[i];
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

  // Those rows for which `holds`, asked in rising order.
  template <class Holds>
  RowSet where(Holds holds) const {
    RowSet out;
    for (std::uint32_t w = 0; w < kBatchWords; ++w) {
      std::uint64_t kept = 0;
      for (std::uint64_t word = words[w]; word != 0; word &= word - 1) {
        const auto bit = static_cast<std::uint32_t>(std::countr_zero(word));
        kept |= std::uint64_t{holds(w * 64 + bit)} << bit;
      }
      out.words[w] = kept;
    }
    return out;
  }

 private:
  // Two words at once, as every x86-64 can. The compiler would have to prove that sets don't
  // overlap halfway before it did this by itself.
  using Two [[gnu::vector_size(16), gnu::may_alias]] = std::uint64_t;
  static constexpr std::uint32_t kPairs = kBatchWords / 2;
  Two* pairs() { return reinterpret_cast<Two*>(words.data()); }
  const Two* pairs() const { return reinterpret_cast<const Two*>(words.data()); }
};

}  // namespace autopilot::expr
