#include "core/base/merkle.h"

#include <algorithm>
#include <array>
#include <bit>
#include <numeric>

namespace autopilot {
namespace {

constexpr char kLeaf = 0x00;
constexpr char kNode = 0x01;

// The largest power of two below n, where a tree of n leaves is split. REQUIRES n > 1.
std::uint64_t split_of(std::uint64_t n) { return std::bit_floor(n - 1); }

}  // namespace

Digest merkle_leaf(std::string_view data) {
  Sha256 hash;
  hash.update({&kLeaf, 1});
  hash.update(data);
  return hash.finish();
}

Digest merkle_node(const Digest& left, const Digest& right) {
  std::array<char, 65> bytes;
  bytes[0] = kNode;
  std::copy(left.begin(), left.end(), bytes.begin() + 1);
  std::copy(right.begin(), right.end(), bytes.begin() + 33);
  return sha256({bytes.data(), bytes.size()});
}

void MerkleTree::add(const Digest& leaf) {
  peaks_.push_back(leaf);
  for (std::uint64_t n = size_++; (n & 1) != 0; n >>= 1) {
    const Digest right = peaks_.back();
    peaks_.pop_back();
    peaks_.back() = merkle_node(peaks_.back(), right);
  }
}

Digest MerkleTree::root() const {
  if (peaks_.empty()) return sha256("");
  Digest root = peaks_.back();
  for (std::size_t i = peaks_.size() - 1; i-- > 0;) root = merkle_node(peaks_[i], root);
  return root;
}

std::vector<LeafRange> inclusion_path(std::uint64_t index, std::uint64_t size) {
  std::vector<LeafRange> path;
  std::uint64_t begin = 0, end = size;  // the subtree that the leaf is in
  while (end - begin > 1) {
    const std::uint64_t middle = begin + split_of(end - begin);
    const bool left = index < middle;
    path.push_back(left ? LeafRange{middle, end} : LeafRange{begin, middle});
    (left ? end : begin) = middle;
  }
  std::reverse(path.begin(), path.end());
  return path;
}

std::vector<LeafRange> consistency_path(std::uint64_t from, std::uint64_t to) {
  std::vector<LeafRange> path;
  std::uint64_t begin = 0, end = to;  // the subtree that the last leaf of the older tree is in
  while (end != from) {
    const std::uint64_t middle = begin + split_of(end - begin);
    const bool left = from <= middle;
    path.push_back(left ? LeafRange{middle, end} : LeafRange{begin, middle});
    (left ? end : begin) = middle;
  }
  // Whoever checks it knows the older tree's root, and so a subtree that is just that.
  if (begin != 0) path.push_back({begin, end});
  std::reverse(path.begin(), path.end());
  return path;
}

SubtreeRoots::SubtreeRoots(std::vector<LeafRange> ranges)
    : ranges_(std::move(ranges)), order_(ranges_.size()), roots_(ranges_.size()) {
  std::iota(order_.begin(), order_.end(), std::size_t{0});
  std::sort(order_.begin(), order_.end(),
            [&](std::size_t a, std::size_t b) { return ranges_[a].begin < ranges_[b].begin; });
}

void SubtreeRoots::add(const Digest& leaf) {
  const std::uint64_t index = index_++;
  if (next_ == order_.size()) return;
  const LeafRange& range = ranges_[order_[next_]];
  if (index < range.begin) return;
  tree_.add(leaf);
  if (index_ < range.end) return;
  roots_[order_[next_++]] = tree_.root();
  tree_ = {};
}

}  // namespace autopilot
