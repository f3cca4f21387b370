#pragma once
// Blocks of recorded decisions kept in files beside the state, so that lines need not be read
// again. A cache and nothing more: a file that is damaged, of another version or of a state that is
// not this one any more is removed, and what cannot be written is left unwritten. What it says of
// decisions is what they were when they were read; whether they still are is `audit verify`'s to
// say.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/sqlite.h"
#include "core/base/world.h"
#include "core/decide/history_block.h"

namespace autopilot::decide {

// Where the files of a state stand.
std::string history_folder(const std::string& state_path);

// Not thread-safe. Several processes may use one folder: files appear as a whole.
class HistoryFiles {
 public:
  // `files` null: nothing is kept.
  HistoryFiles(Files* files, std::string folder, Database& database);

  // The last block that begins before the decision `seq`, if it still holds.
  std::optional<HistoryBlock> before(std::int64_t seq);
  // Where the first one at or after `seq` begins: the decision before it. INT64_MAX without any.
  std::int64_t next_after(std::int64_t seq) const;
  // Keeps a block in the place of those that it covers.
  void keep(const BlockHead& head, const std::string& bytes);
  // Forgets all.
  void discard();

 private:
  std::string path(std::int64_t after) const;
  bool holds(const HistoryBlock& block);
  void drop(std::size_t index);

  Files* files_;
  std::string folder_;
  Statement anchor_, line_;
  std::vector<std::int64_t> afters_;  // of the files, rising
};

}  // namespace autopilot::decide
