#include "core/stats/ope_resample.h"

#include <bit>

#include "core/base/mix.h"

namespace autopilot::stats {
namespace {

constexpr std::size_t kTile = 16;  // columns that are added up together: floats of a cache line

// A tile's columns of one block. Lanes are added each by itself, so that the width of the machine's
// registers does not show in the sums.
using Lanes = float __attribute__((vector_size(kTile * sizeof(float))));

// Blocks that were drawn, four in a word.
struct Drawn {
  std::size_t count = 0;
  std::vector<std::uint64_t> words;
};
constexpr std::size_t kInWord = 4;

std::size_t nth(std::uint64_t word, std::size_t k) { return (word >> (16 * k)) & 0xffff; }

// Four accumulators, so that additions need not wait for each other.
[[gnu::always_inline]] inline void add_up(const Lanes* table, const Drawn& drawn, Lanes& out) {
  Lanes a{}, b{}, c{}, d{};
  const std::size_t whole = drawn.count / kInWord;
  for (std::size_t i = 0; i < whole; ++i) {
    const std::uint64_t word = drawn.words[i];
    a += table[nth(word, 0)];
    b += table[nth(word, 1)];
    c += table[nth(word, 2)];
    d += table[nth(word, 3)];
  }
  for (std::size_t i = whole * kInWord; i < drawn.count; ++i)
    a += table[nth(drawn.words[whole], i % kInWord)];
  out = (a + b) + (c + d);
}

using AddUp = void (*)(const Lanes*, const Drawn&, Lanes&);

void add_up_anywhere(const Lanes* table, const Drawn& drawn, Lanes& out) {
  add_up(table, drawn, out);
}
#if defined(__x86_64__)
[[gnu::target("avx2")]] void add_up_avx2(const Lanes* table, const Drawn& drawn, Lanes& out) {
  add_up(table, drawn, out);
}
[[gnu::target("avx512f")]] void add_up_avx512(const Lanes* table, const Drawn& drawn, Lanes& out) {
  add_up(table, drawn, out);
}
AddUp fastest() {
  if (__builtin_cpu_supports("avx512f")) return add_up_avx512;
  if (__builtin_cpu_supports("avx2")) return add_up_avx2;
  return add_up_anywhere;
}
#else
AddUp fastest() { return add_up_anywhere; }
#endif

// As many blocks as there are, each with the same chance. Powers of two take 16 bits for each draw
// and leave some; others 32, for a bias below 2^-20.
void draw_blocks(std::uint64_t state, std::uint64_t blocks, Drawn& drawn) {
  drawn.count = blocks;
  drawn.words.resize((blocks + kInWord - 1) / kInWord);
  if (std::has_single_bit(blocks)) {
    const std::uint64_t mask = (blocks - 1) * 0x0001000100010001;
    for (std::uint64_t& word : drawn.words) word = mixed(state += kMixStep) & mask;
    return;
  }
  for (std::uint64_t& word : drawn.words) {
    word = 0;
    for (int half = 0; half < 2; ++half) {
      const std::uint64_t bits = mixed(state += kMixStep);
      const std::uint64_t low = (bits & 0xffffffff) * blocks >> 32,
                          high = (bits >> 32) * blocks >> 32;
      word = word << 32 | high << 16 | low;
    }
  }
}

std::uint64_t seed_of(std::uint64_t seed, std::size_t replicate) {
  return mixed(seed ^ (kMixStep * (replicate + 1)));
}

}  // namespace

std::vector<std::uint16_t> drawn_blocks(std::size_t blocks, std::uint64_t seed, std::size_t i) {
  Drawn drawn;
  draw_blocks(seed_of(seed, i), blocks, drawn);
  std::vector<std::uint16_t> out(blocks);
  for (std::size_t k = 0; k < drawn.count; ++k) ++out[nth(drawn.words[k / kInWord], k % kInWord)];
  return out;
}

// The columns less their means, as float: their sums are differences from the totals, so that float
// is exact enough (1e-7 of a standard error).
struct Resampler::Deviations {
  explicit Deviations(const BlockSums& sums)
      : blocks(sums.blocks()), tiles((sums.columns() + kTile - 1) / kTile) {
    values.resize(tiles * blocks);
    for (std::size_t c = 0; c < sums.columns(); ++c) {
      totals.push_back(sums.total(c));
      const double mean = totals[c] / static_cast<double>(blocks);
      Lanes* const to = values.data() + (c / kTile) * blocks;
      for (std::size_t b = 0; b < blocks; ++b)
        to[b][c % kTile] = static_cast<float>(sums.column(c)[b] - mean);
    }
  }

  std::size_t blocks, tiles;
  std::vector<Lanes> values;  // by tile, then block
  std::vector<double> totals;
};

Resampler::Resampler(const BlockSums& sums, std::uint64_t seed)
    : of_(std::make_unique<Deviations>(sums)), seed_(seed) {}
Resampler::~Resampler() = default;

void Resampler::run(std::span<const Estimand> estimands, std::size_t begin, std::size_t end,
                    std::vector<std::vector<double>>& out) const {
  const AddUp add_up_tile = fastest();
  Drawn drawn;
  std::vector<double> totals(of_->totals.size());
  for (std::size_t i = begin; i < end; ++i) {
    draw_blocks(seed_of(seed_, i), of_->blocks, drawn);
    for (std::size_t tile = 0; tile < of_->tiles; ++tile) {
      Lanes added;
      add_up_tile(of_->values.data() + tile * of_->blocks, drawn, added);
      for (std::size_t c = tile * kTile; c < totals.size() && c < (tile + 1) * kTile; ++c)
        totals[c] = of_->totals[c] + static_cast<double>(added[c % kTile]);
    }
    for (std::size_t e = 0; e < estimands.size(); ++e) out[e][i] = estimate(estimands[e], totals);
  }
}

}  // namespace autopilot::stats
