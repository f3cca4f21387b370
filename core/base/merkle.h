#pragma once
// Merkle trees of RFC 6962 (2.1): one hash that stands for a list of leaves, and short proofs that
// a leaf is in it or that one list begins with another. Leaves come one after the other and are
// not kept: memory is logarithmic in their number.

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/base/hash.h"

namespace autopilot {

Digest merkle_leaf(std::string_view data);                    // SHA-256(0x00, data)
Digest merkle_node(const Digest& left, const Digest& right);  // SHA-256(0x01, left, right)

// The tree over the leaves so far, as the roots of its perfect subtrees.
class MerkleTree {
 public:
  void add(const Digest& leaf);
  Digest root() const;  // of no leaves: SHA-256 of nothing
  std::uint64_t size() const { return size_; }

 private:
  std::vector<Digest> peaks_;  // from left to right, one for each bit of size_
  std::uint64_t size_ = 0;
};

// Leaves [begin, end), counted from 0.
struct LeafRange {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  friend bool operator==(const LeafRange&, const LeafRange&) = default;
};

// The subtrees whose roots are the audit path of leaf `index` in the tree of `size` leaves, the
// nearest first. REQUIRES index < size.
std::vector<LeafRange> inclusion_path(std::uint64_t index, std::uint64_t size);
// The subtrees whose roots prove that the tree of `to` leaves begins with that of `from`. REQUIRES
// 0 < from <= to; none when they are the same.
std::vector<LeafRange> consistency_path(std::uint64_t from, std::uint64_t to);

// The roots of some subtrees, in one pass over the leaves. REQUIRES ranges that are disjoint and
// not empty.
class SubtreeRoots {
 public:
  explicit SubtreeRoots(std::vector<LeafRange> ranges);
  void add(const Digest& leaf);  // of the next index, from 0 on
  // In the order of the ranges given. REQUIRES that all leaves of all ranges were added.
  const std::vector<Digest>& roots() const { return roots_; }

 private:
  std::vector<LeafRange> ranges_;
  std::vector<std::size_t> order_;  // of ranges_, by where they begin
  std::size_t next_ = 0;            // in order_
  std::uint64_t index_ = 0;
  MerkleTree tree_;
  std::vector<Digest> roots_;
};

}  // namespace autopilot
