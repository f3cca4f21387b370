#pragma once
// How recorded decisions are kept column by column: blocks of up to kBlockRows of them, each one
// run of bytes with a directory of columns in front. Numbers are in this machine's order: a block
// is a cache, never carried elsewhere. Every part has a checksum, so that damage is met as damage.
//
//   BlockHead | directory | section | section | …       each section begins at a multiple of 8
//
// A directory entry is a DirectoryEntry and then its name. The arrays of a section follow each
// other in the order that ColumnWriter writes them, each padded to 8 bytes.

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "core/base/hash.h"
#include "core/expr/row_set.h"

namespace autopilot::decide {

// Eight batches of an executor; about 4 MB. Small enough to be made anew when a few were added.
inline constexpr std::uint32_t kBlockRows = 8 * expr::kBatchRows;

// Raised when a block is laid out or filled otherwise. The last digits: byte order.
inline constexpr std::uint64_t kBlockMagic = 0x4150'4849'5354'0001;

// The state of the audit chain that a block was read under: what it says holds while the chain
// still has that entry with that hash, and the newest decision its bytes.
struct Anchor {
  std::int64_t seq = 0;
  Digest hash{};
  bool operator==(const Anchor&) const = default;
};

struct BlockHead {
  std::uint64_t magic = kBlockMagic;
  std::uint64_t build = 0;      // of the version of autopilot that wrote it
  std::uint64_t checksum = 0;   // of this head with 0 here, and of the directory
  std::uint64_t directory = 0;  // bytes
  std::uint64_t size = 0;       // of all
  std::int64_t after = 0;       // the block holds all decisions with after < seq <= last
  std::int64_t last = 0;
  std::uint64_t last_line = 0;  // checksum of the line of `last`
  Anchor anchor;
  std::uint32_t rows = 0;
  std::uint32_t columns = 0;
};

enum class StoredKind : std::uint8_t {
  integers,  // one i64 a row
  bytes,     // one u8 a row
  reals,     // doubles; 0 where there is none
  booleans,  // a bit set
  codes,     // strings by code
  texts,     // strings of which nearly each is another one, row by row
  lists,     // of strings
  mixed,     // a tag and 8 bytes a row
  spelling,  // of a column's numbers that are not written as they would be printed: sparse
  changes,   // fields of action.data and the values that the decision gave them: sparse
};

struct DirectoryEntry {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::uint64_t checksum = 0;
  std::uint32_t name = 0;  // bytes
  StoredKind kind = StoredKind::integers;
  std::uint8_t has_absent = 0;  // a bit set of the rows that have a value comes first
  std::uint8_t has_nulls = 0;   // then one of those that are null
  std::uint8_t padding = 0;
};

// A value within a mixed column and within changes.
enum class StoredTag : std::uint8_t {
  absent,
  null,
  boolean,
  real,
  text,
  complex,  // a list or map that columns don't hold: the row's line has it
};

// Names: paths with kPathEnd behind each part; facts of the decision itself begin with '@'.
inline constexpr char kPathEnd = '\0';
inline constexpr std::string_view kSeqColumn = "@seq", kSecondsColumn = "@seconds",
                                  kNanosColumn = "@nanos", kResultColumn = "@result",
                                  kRiskColumn = "@risk", kRunColumn = "@run",
                                  kActorColumn = "@actor", kRoleColumn = "@role",
                                  kCausesColumn = "@causes", kFlagsColumn = "@flags",
                                  kChangesColumn = "@changes";

// Flags of a row.
inline constexpr std::uint8_t kNeedsLine = 1;  // the columns don't say it all

// Causes of a decision: its enforced reasons in order, each ended by kCauseEnd.
inline constexpr char kCausePart = '\x1f', kCauseEnd = '\x1e';

// Of this version of autopilot: another one's blocks are made anew.
std::uint64_t build_mark();

// Finds damage, not malice: who may write here may write the state too.
std::uint64_t checksum(std::string_view bytes, std::uint64_t seed = 0);

}  // namespace autopilot::decide
