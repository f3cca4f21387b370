#pragma once
// JSON Lines from standard input in batches that wait for nobody: a batch ends when it is full or
// when no more input is there yet, so that a slow producer gets its answers at once and a fast one
// gets large commits. Of a line longer than kLongestLine only a part is kept, still too long, so
// that it is refused and the next one is read.

#include <string>
#include <vector>

#include "core/base/world.h"
#include "core/decide/recorder.h"

namespace autopilot::decide {

class LineSource {
 public:
  static constexpr std::size_t kBatchLines = 4096;
  static constexpr std::size_t kBatchBytes = 8 << 20;

  explicit LineSource(Files& files) : files_(files) {}

  // The next lines, empty ones and a leading schema line left out; false at the end. The views live
  // until the next call.
  bool next(std::vector<InputLine>& lines);

 private:
  void drop_batch();
  void fill();
  void take(const std::string& piece);
  void cut();
  void split(std::vector<InputLine>& lines);
  void add(std::string_view text, std::vector<InputLine>& lines);

  Files& files_;
  std::string text_;               // the batch that the views point into, then what was read beyond
  std::vector<std::size_t> ends_;  // where lines of text_ end, each found once
  std::size_t batch_ = 0;          // bytes of the batch
  std::size_t batch_lines_ = 0;
  std::size_t line_ = 0;
  bool ended_ = false;
};

}  // namespace autopilot::decide
