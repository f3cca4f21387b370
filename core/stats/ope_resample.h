#pragma once
// Bootstrap resamples of sums by block. One costs as much as there are blocks, however many rows
// there were; it is the same on all machines and however replicates are shared out to threads.

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/stats/ope_blocks.h"

namespace autopilot::stats {

// How often replicate `i` draws each block.
std::vector<std::uint16_t> drawn_blocks(std::size_t blocks, std::uint64_t seed, std::size_t i);

class Resampler {
 public:
  // REQUIRES at most BlockSums::kBlocks blocks.
  Resampler(const BlockSums& sums, std::uint64_t seed);
  ~Resampler();

  // Writes estimand e of replicate i, begin <= i < end, to out[e][i]: ratios are computed anew in
  // each. Replicates have random numbers of their own.
  void run(std::span<const Estimand> estimands, std::size_t begin, std::size_t end,
           std::vector<std::vector<double>>& out) const;

 private:
  struct Deviations;
  std::unique_ptr<const Deviations> of_;
  std::uint64_t seed_;
};

}  // namespace autopilot::stats
