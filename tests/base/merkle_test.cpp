#include "core/base/merkle.h"

#include <gtest/gtest.h>

#include <bit>

namespace autopilot {
namespace {

// RFC 6962, 2.1, word for word: MTH, PATH and PROOF over leaf hashes.
using Leaves = std::vector<Digest>;

std::uint64_t k_of(std::size_t n) {
  std::uint64_t k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}
Leaves part(const Leaves& d, std::size_t from, std::size_t to) {
  return {d.begin() + static_cast<std::ptrdiff_t>(from),
          d.begin() + static_cast<std::ptrdiff_t>(to)};
}
Digest mth(const Leaves& d) {
  if (d.empty()) return sha256("");
  if (d.size() == 1) return d[0];
  const std::uint64_t k = k_of(d.size());
  return merkle_node(mth(part(d, 0, k)), mth(part(d, k, d.size())));
}
Leaves with(Leaves path, const Digest& last) {
  path.push_back(last);
  return path;
}
Leaves path_of(std::uint64_t m, const Leaves& d) {
  if (d.size() == 1) return {};
  const std::uint64_t k = k_of(d.size());
  if (m < k) return with(path_of(m, part(d, 0, k)), mth(part(d, k, d.size())));
  return with(path_of(m - k, part(d, k, d.size())), mth(part(d, 0, k)));
}
Leaves subproof(std::uint64_t m, const Leaves& d, bool whole) {
  if (m == d.size()) return whole ? Leaves{} : Leaves{mth(d)};
  const std::uint64_t k = k_of(d.size());
  if (m <= k) return with(subproof(m, part(d, 0, k), whole), mth(part(d, k, d.size())));
  return with(subproof(m - k, part(d, k, d.size()), false), mth(part(d, 0, k)));
}

// RFC 9162, 2.1.3.2: does the path lead from the leaf to the root?
bool includes(const Digest& leaf, std::uint64_t index, std::uint64_t size, const Leaves& path,
              const Digest& root) {
  std::uint64_t fn = index, sn = size - 1;
  Digest r = leaf;
  for (const Digest& p : path) {
    if (sn == 0) return false;
    if ((fn & 1) != 0 || fn == sn) {
      r = merkle_node(p, r);
      while ((fn & 1) == 0 && fn != 0) fn >>= 1, sn >>= 1;
    } else {
      r = merkle_node(r, p);
    }
    fn >>= 1, sn >>= 1;
  }
  return sn == 0 && r == root;
}

Leaves leaves(std::size_t n) {
  Leaves all;
  for (std::size_t i = 0; i < n; ++i) all.push_back(merkle_leaf(std::to_string(i)));
  return all;
}
Leaves roots_of(const std::vector<LeafRange>& ranges, const Leaves& d) {
  SubtreeRoots roots(ranges);
  for (const Digest& leaf : d) roots.add(leaf);
  return roots.roots();
}

// The vectors that the implementations of Certificate Transparency share.
TEST(Merkle, the_published_roots_hold) {
  using namespace std::string_view_literals;
  const std::string_view data[] = {
      ""sv,
      "\x00"sv,
      "\x10"sv,
      "\x20\x21"sv,
      "\x30\x31"sv,
      "\x40\x41\x42\x43"sv,
      "\x50\x51\x52\x53\x54\x55\x56\x57"sv,
      "\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f"sv};
  const char* roots[] = {"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                         "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                         "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                         "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
                         "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                         "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
                         "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
                         "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
                         "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
  MerkleTree tree;
  EXPECT_EQ(to_hex(tree.root()), roots[0]);
  for (std::size_t i = 0; i < std::size(data); ++i) {
    tree.add(merkle_leaf(data[i]));
    EXPECT_EQ(to_hex(tree.root()), roots[i + 1]);
  }
  EXPECT_EQ(tree.size(), 8u);
}

TEST(Merkle, the_root_of_any_number_of_leaves_is_that_of_the_definition) {
  const Leaves all = leaves(200);
  MerkleTree tree;
  for (std::size_t n = 0; n < all.size(); ++n) {
    EXPECT_EQ(tree.root(), mth(part(all, 0, n))) << n;
    tree.add(all[n]);
  }
}

TEST(Merkle, every_inclusion_path_is_that_of_the_definition_and_leads_to_the_root) {
  const Leaves all = leaves(70);
  for (std::size_t n = 1; n <= all.size(); ++n) {
    const Leaves d = part(all, 0, n);
    for (std::size_t i = 0; i < n; ++i) {
      const Leaves path = roots_of(inclusion_path(i, n), d);
      EXPECT_EQ(path, path_of(i, d)) << i << " of " << n;
      EXPECT_TRUE(includes(d[i], i, n, path, mth(d))) << i << " of " << n;
      EXPECT_FALSE(includes(merkle_leaf("other"), i, n, path, mth(d)));
      if (n > 1) {
        EXPECT_FALSE(includes(d[i], (i + 1) % n, n, path, mth(d)));
      }
    }
  }
}

TEST(Merkle, every_consistency_path_is_that_of_the_definition) {
  const Leaves all = leaves(70);
  for (std::size_t n = 1; n <= all.size(); ++n) {
    const Leaves d = part(all, 0, n);
    for (std::size_t m = 1; m <= n; ++m)
      EXPECT_EQ(roots_of(consistency_path(m, n), d), subproof(m, d, true)) << m << " of " << n;
  }
}

TEST(Merkle, paths_are_short_in_trees_of_any_size) {
  const std::uint64_t huge = (std::uint64_t{1} << 62) + 12345;
  for (const std::uint64_t size : {std::uint64_t{1}, std::uint64_t{1'000'000}, huge}) {
    EXPECT_LE(inclusion_path(size / 2, size).size(), 63u);
    EXPECT_LE(consistency_path(size / 2 + 1, size).size(), 64u);
  }
}

TEST(Merkle, a_leaf_is_never_a_node) {
  const Leaves two = leaves(2);
  std::string joined;
  for (const Digest& d : two) joined.append(reinterpret_cast<const char*>(d.data()), d.size());
  EXPECT_NE(merkle_leaf(joined), merkle_node(two[0], two[1]));
  EXPECT_NE(merkle_leaf(joined), sha256(joined));
}

}  // namespace
}  // namespace autopilot
