#include "core/expr/column_kernels.h"

#include <algorithm>
#include <bit>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace autopilot::expr {
namespace {

template <Relation relation>
bool relates(double a, double b) {
  if constexpr (relation == Relation::less) return a < b;
  if constexpr (relation == Relation::less_equal) return a <= b;
  if constexpr (relation == Relation::greater) return a > b;
  if constexpr (relation == Relation::greater_equal) return a >= b;
  if constexpr (relation == Relation::same) return a == b;
  return a != b;
}

// A word out of one outcome for each row.
template <class Holds>
std::uint64_t word_of(std::uint32_t count, Holds holds) {
  std::uint64_t word = 0;
  for (std::uint32_t i = 0; i < count; ++i) word |= std::uint64_t{holds(i)} << i;
  return word;
}

#ifdef __SSE2__

template <Relation relation>
__m128d compare_two(__m128d a, __m128d b) {
  if constexpr (relation == Relation::less) return _mm_cmplt_pd(a, b);
  if constexpr (relation == Relation::less_equal) return _mm_cmple_pd(a, b);
  if constexpr (relation == Relation::greater) return _mm_cmpgt_pd(a, b);
  if constexpr (relation == Relation::greater_equal) return _mm_cmpge_pd(a, b);
  if constexpr (relation == Relation::same) return _mm_cmpeq_pd(a, b);
  return _mm_cmpneq_pd(a, b);
}

// A word out of 32 pairs of 64-bit masks: packed to 32, 16 and 8 bits, then one bit of each byte.
template <class Pair>
std::uint64_t word_of_pairs(Pair pair) {
  const auto four = [&](int at) {
    const __m128 low = _mm_castpd_ps(pair(at)), high = _mm_castpd_ps(pair(at + 1));
    return _mm_castps_si128(_mm_shuffle_ps(low, high, _MM_SHUFFLE(2, 0, 2, 0)));
  };
  std::uint64_t word = 0;
  for (int part = 0; part < 4; ++part) {
    const int at = part * 8;
    const __m128i low = _mm_packs_epi32(four(at), four(at + 2));
    const __m128i high = _mm_packs_epi32(four(at + 4), four(at + 6));
    const auto bits = static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_packs_epi16(low, high)));
    word |= std::uint64_t{bits} << (16 * part);
  }
  return word;
}

template <Relation relation>
std::uint64_t compare_word(const double* a, double b) {
  const __m128d both = _mm_set1_pd(b);
  return word_of_pairs([&](int i) { return compare_two<relation>(_mm_loadu_pd(a + 2 * i), both); });
}

template <Relation relation>
std::uint64_t compare_word(const double* a, const double* b, double factor) {
  const __m128d both = _mm_set1_pd(factor);
  return word_of_pairs([&](int i) {
    const __m128d scaled = _mm_mul_pd(_mm_loadu_pd(b + 2 * i), both);
    return compare_two<relation>(_mm_loadu_pd(a + 2 * i), scaled);
  });
}

#else

template <Relation relation>
std::uint64_t compare_word(const double* a, double b) {
  return word_of(64, [&](std::uint32_t i) { return relates<relation>(a[i], b); });
}

template <Relation relation>
std::uint64_t compare_word(const double* a, const double* b, double factor) {
  return word_of(64, [&](std::uint32_t i) { return relates<relation>(a[i], b[i] * factor); });
}

#endif

template <Relation relation>
RowSet compare_as(const RowSet& rows, Reals a, double b) {
  RowSet out;
  for (std::uint32_t w = 0; w < words_for(a.count); ++w) {
    if (rows.words[w] == 0) continue;
    const double* at = a.at + 64 * w;
    const std::uint32_t left = a.count - 64 * w;
    const std::uint64_t word =
        left >= 64 ? compare_word<relation>(at, b)
                   : word_of(left, [&](std::uint32_t i) { return relates<relation>(at[i], b); });
    out.words[w] = word & rows.words[w];
  }
  return out;
}

template <Relation relation>
RowSet compare_as(const RowSet& rows, Reals a, const double* b, double factor) {
  RowSet out;
  for (std::uint32_t w = 0; w < words_for(a.count); ++w) {
    if (rows.words[w] == 0) continue;
    const double *at = a.at + 64 * w, *other = b + 64 * w;
    const std::uint32_t left = a.count - 64 * w;
    const auto holds = [&](std::uint32_t i) { return relates<relation>(at[i], other[i] * factor); };
    const std::uint64_t word =
        left >= 64 ? compare_word<relation>(at, other, factor) : word_of(left, holds);
    out.words[w] = word & rows.words[w];
  }
  return out;
}

template <class... Arguments>
RowSet compare_by(Relation relation, const Arguments&... arguments) {
  switch (relation) {
    case Relation::less:
      return compare_as<Relation::less>(arguments...);
    case Relation::less_equal:
      return compare_as<Relation::less_equal>(arguments...);
    case Relation::greater:
      return compare_as<Relation::greater>(arguments...);
    case Relation::greater_equal:
      return compare_as<Relation::greater_equal>(arguments...);
    case Relation::same:
      return compare_as<Relation::same>(arguments...);
    case Relation::differ:
      break;
  }
  return compare_as<Relation::differ>(arguments...);
}

// The marks of eight rows in one word, the first in the lowest byte.
std::uint64_t eight_marks(const std::uint32_t* codes, const std::uint8_t* marks) {
  std::uint64_t out = 0;
  for (int i = 0; i < 8; ++i) out |= std::uint64_t{marks[codes[i]]} << (8 * i);
  return out;
}

// Bit 0 of each of eight bytes.
std::uint64_t lowest_bits(std::uint64_t bytes) {
  return (bytes & 0x0101010101010101) * 0x0102040810204080 >> 56;
}

// Whether a byte is more than 1, as bit 0 of each.
std::uint64_t above_one(std::uint64_t bytes) { return bytes >> 1 | bytes >> 2 | bytes >> 3; }

}  // namespace

RowSet compare_reals(Relation relation, const RowSet& rows, Reals a, double b) {
  return compare_by(relation, rows, a, b);
}

RowSet compare_reals(Relation relation, const RowSet& rows, Reals a, const double* b,
                     double factor) {
  return compare_by(relation, rows, a, b, factor);
}

Looked look_up(const RowSet& rows, const std::uint32_t* codes, std::uint32_t count,
               const std::uint8_t* marks) {
  constexpr int kFew = 16;  // rows of a word that are looked up one by one
  Looked out;
  for (std::uint32_t w = 0; w < words_for(count); ++w) {
    const std::uint64_t wanted = rows.words[w];
    const std::uint32_t* at = codes + 64 * w;
    std::uint64_t yes = 0, special = 0;
    if (count - 64 * w < 64 || std::popcount(wanted) < kFew) {
      for (std::uint64_t left = wanted; left != 0; left &= left - 1) {
        const int row = std::countr_zero(left);
        const std::uint64_t found = marks[at[row]];
        yes |= (found & mark::yes) << row;
        special |= std::uint64_t{found > mark::yes} << row;
      }
    } else {
      for (int i = 0; i < 64; i += 8) {
        const std::uint64_t eight = eight_marks(at + i, marks);
        yes |= lowest_bits(eight) << i;
        special |= lowest_bits(above_one(eight)) << i;
      }
    }
    out.yes.words[w] = yes & wanted;
    out.special.words[w] = special & wanted;
  }
  return out;
}

}  // namespace autopilot::expr
