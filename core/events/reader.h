#pragma once
// Logs of events, streamed: CSV with a header or JSON Lines, plain or packed, from files or
// standard input. Chunks are parsed by several threads and handed out in the order in which they
// were written, so that neither order nor codes depend on how many threads there are.

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/world.h"
#include "core/events/bad_rows.h"
#include "core/events/batch.h"
#include "core/events/chunks.h"
#include "core/events/labels.h"

namespace autopilot::events {

// The files that a word on the command line names: itself, or what matches its `*` and `?` in the
// last part, sorted. Throws Error(storage) when nothing does.
std::vector<std::string> expand_glob(Files& files, const std::string& pattern);

class EventReader {
 public:
  static constexpr std::uint32_t kMostLabels = 1 << 17;  // of one column

  EventReader(Files& files, std::vector<std::string> paths);

  // The columns that the first file has, by its header or its first line. Empty for an empty file.
  const std::vector<std::string>& columns() const { return columns_; }
  bool is_json() const { return is_json_; }

  // How much of how much was read, in bytes of the files; 0 in all when unknown.
  using Progress = std::function<void(std::uint64_t done, std::uint64_t all)>;
  // Once. Calls `take` with batches in order, on this thread. Bad rows go to `bad`. Throws
  // Error(storage) on what cannot be read, Error(invalid) on what cannot be understood at all.
  void read(const Schema& schema, const std::function<void(Batch&&)>& take,
            const Progress& progress = {});

  const BadRows& bad() const { return bad_; }
  BadRows& bad() { return bad_; }
  std::uint64_t lines() const { return lines_; }  // rows, good and bad
  // Files that begin with the same rows: "b.csv.gz" and "b.csv". Valid after read().
  const std::vector<std::pair<std::string, std::string>>& alike() const { return alike_; }
  // By column of the schema: what its codes mean. Valid after read().
  const std::vector<Labels>& labels() const { return labels_; }
  std::vector<Labels>& labels() { return labels_; }

 private:
  class Run;

  std::unique_ptr<Chunks> open(const std::string& path);

  Files& files_;
  std::vector<std::string> paths_;
  std::unique_ptr<Chunks> first_;  // opened to look at its columns
  std::vector<std::string> columns_;
  bool is_json_ = false;
  BadRows bad_;
  std::uint64_t lines_ = 0;
  std::vector<Labels> labels_;
  std::vector<std::pair<std::string, std::string>> alike_;
};

}  // namespace autopilot::events
