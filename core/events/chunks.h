#pragma once
// A stream of bytes cut into chunks of whole lines, each with padding behind it. Chunk borders
// depend on the bytes alone, so that whoever works on chunks gives the same on every run.

#include <memory>
#include <string>
#include <string_view>

#include "core/base/world.h"

namespace autopilot::events {

struct Chunk {
  std::unique_ptr<char[]> bytes;
  std::size_t size = 0;  // of the text; kPadding bytes more are readable

  std::string_view text() const { return {bytes.get(), size}; }
};

class Chunks {
 public:
  static constexpr std::size_t kChunk = 256 << 10;
  static constexpr std::size_t kLongestLine = 16 << 20;

  // `name` is for messages.
  Chunks(std::unique_ptr<ByteSource> source, std::string name);

  // The first line that is not empty, without its end; it is not read by next(). "" when there is
  // none. To be called before next().
  std::string take_line();
  // A look at the first line that is not empty.
  std::string first_line();
  // From now on, line ends between double quotes are none (CSV).
  void respect_quotes() { quotes_ = true; }

  // False at the end. Throws Error(invalid) on a line longer than kLongestLine.
  bool next(Chunk& chunk);

  std::uint64_t taken_lines() const { return taken_lines_; }  // by take_line
  std::uint64_t size() const { return source_->size(); }      // packed; 0: unknown
  std::uint64_t bytes() const { return bytes_; }              // handed out

 private:
  struct Buffer;
  bool fill(std::size_t least);
  std::size_t last_line_end(std::string_view text) const;
  void skip_mark();
  void top_up(Buffer& buffer, std::size_t wanted);

  std::unique_ptr<ByteSource> source_;
  std::string name_;
  std::string rest_;  // read and not yet handed out
  bool quotes_ = false;
  bool ended_ = false;
  bool started_ = false;
  std::uint64_t taken_lines_ = 0, bytes_ = 0;
};

}  // namespace autopilot::events
