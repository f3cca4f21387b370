#include "core/stats/ope_resample.h"

#include <algorithm>
#include <bit>

#include "core/base/mix.h"

namespace autopilot::stats {
namespace {

// Columns are added up by tiles of 16, floats of a cache line; the last one is as narrow as what is
// left allows, since reading the table is what a replicate costs.
constexpr std::size_t kTile = 16;
std::size_t width_of_tile(std::size_t columns) {
  return columns <= 4 ? 4 : columns <= 8 ? 8 : kTile;
}

// A tile's columns of one block. Lanes are added each by itself, so that neither the width of a
// tile nor that of the machine's registers shows in the sums.
template <std::size_t kWidth>
struct LanesOf {
  typedef float Type __attribute__((vector_size(kWidth * sizeof(float)), may_alias));
};

// Room for a full tile's columns of one block, aligned as every tile wants it.
struct alignas(kTile * sizeof(float)) Line {
  float lanes[kTile];
};

// Blocks that were drawn, four in a word.
struct Drawn {
  std::size_t count = 0;
  std::vector<std::uint64_t> words;
};
constexpr std::size_t kInWord = 4;

std::size_t nth(std::uint64_t word, std::size_t k) { return (word >> (16 * k)) & 0xffff; }

// Four accumulators, so that additions need not wait for each other.
template <std::size_t kWidth>
[[gnu::always_inline]] inline void add_up(const float* floats, const Drawn& drawn, float* out) {
  using Tile = typename LanesOf<kWidth>::Type;
  const auto* const table = reinterpret_cast<const Tile*>(floats);
  Tile a{}, b{}, c{}, d{};
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
  *reinterpret_cast<Tile*>(out) = (a + b) + (c + d);
}

[[gnu::always_inline]] inline void add_up_tile(std::size_t width, const float* table,
                                               const Drawn& drawn, float* out) {
  if (width == 4) return add_up<4>(table, drawn, out);
  if (width == 8) return add_up<8>(table, drawn, out);
  add_up<kTile>(table, drawn, out);
}

using AddUp = void (*)(std::size_t, const float*, const Drawn&, float*);

void add_up_anywhere(std::size_t width, const float* table, const Drawn& drawn, float* out) {
  add_up_tile(width, table, drawn, out);
}
#if defined(__x86_64__)
[[gnu::target("avx2")]] void add_up_avx2(std::size_t width, const float* table, const Drawn& drawn,
                                         float* out) {
  add_up_tile(width, table, drawn, out);
}
[[gnu::target("avx512f")]] void add_up_avx512(std::size_t width, const float* table,
                                              const Drawn& drawn, float* out) {
  add_up_tile(width, table, drawn, out);
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
  explicit Deviations(const BlockSums& sums) : blocks(sums.blocks()) {
    const std::size_t columns = sums.columns();
    values.resize((columns + kTile - 1) / kTile * blocks);
    for (std::size_t c = 0; c < columns; ++c) {
      totals.push_back(sums.total(c));
      const double mean = totals[c] / static_cast<double>(blocks);
      const std::size_t tile = c / kTile, width = width_of_tile(columns - tile * kTile);
      float* const to = table(tile);
      for (std::size_t b = 0; b < blocks; ++b)
        to[b * width + c % kTile] = static_cast<float>(sums.column(c)[b] - mean);
    }
  }

  float* table(std::size_t tile) { return values[tile * blocks].lanes; }
  const float* table(std::size_t tile) const { return values[tile * blocks].lanes; }

  std::size_t blocks;
  std::vector<Line> values;  // by tile, then block: room for all tiles as if they were full
  std::vector<double> totals;
};

Resampler::Resampler(const BlockSums& sums, std::uint64_t seed)
    : of_(std::make_unique<Deviations>(sums)), seed_(seed) {}
Resampler::~Resampler() = default;

void Resampler::run(std::span<const Estimand> estimands, std::size_t begin, std::size_t end,
                    std::vector<std::vector<double>>& out) const {
  const AddUp add_up_of = fastest();
  Drawn drawn;
  std::vector<double> totals(of_->totals.size());
  for (std::size_t i = begin; i < end; ++i) {
    draw_blocks(seed_of(seed_, i), of_->blocks, drawn);
    for (std::size_t first = 0; first < totals.size(); first += kTile) {
      const std::size_t width = width_of_tile(totals.size() - first);
      Line added;
      add_up_of(width, of_->table(first / kTile), drawn, added.lanes);
      const std::size_t stop = std::min(totals.size(), first + kTile);
      for (std::size_t c = first; c < stop; ++c)
        totals[c] = of_->totals[c] + static_cast<double>(added.lanes[c - first]);
    }
    for (std::size_t e = 0; e < estimands.size(); ++e) out[e][i] = estimate(estimands[e], totals);
  }
}

}  // namespace autopilot::stats
