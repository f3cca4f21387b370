#include "core/events/chunks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "core/base/error.h"
#include "core/base/json_index.h"
#include "core/events/text_form.h"

namespace autopilot::events {

Chunks::Chunks(std::unique_ptr<ByteSource> source, std::string name)
    : source_(std::move(source)), name_(std::move(name)) {}

// Reads until `least` bytes are there or the end is; false when nothing came.
bool Chunks::fill(std::size_t least) {
  const std::size_t before = rest_.size();
  while (!ended_ && rest_.size() < least) {
    const std::size_t have = rest_.size();
    rest_.resize(std::max(least, have + 4096));
    const std::size_t count = source_->read(rest_.data() + have, rest_.size() - have);
    rest_.resize(have + count);
    ended_ = count == 0;
  }
  skip_mark();
  return rest_.size() > before;
}

void Chunks::skip_mark() {
  if (started_ || (rest_.size() < 3 && !ended_)) return;
  started_ = true;
  if (rest_.starts_with("\xEF\xBB\xBF")) rest_.erase(0, 3);
  must_be_lines(rest_, name_);
}

std::string Chunks::first_line() {
  std::size_t wanted = 4096;
  for (;;) {
    const bool grew = fill(wanted);
    const std::size_t begin = rest_.find_first_not_of("\r\n");
    const std::size_t end =
        begin == std::string::npos ? std::string::npos : rest_.find('\n', begin);
    if (begin != std::string::npos && (end != std::string::npos || ended_)) {
      std::string line = rest_.substr(begin, end - begin);
      while (!line.empty() && line.back() == '\r') line.pop_back();
      return line;
    }
    if (ended_ && !grew) return {};
    if (rest_.size() > kLongestLine)
      throw Error(ErrorKind::invalid, name_ + " has no line end within 16 MiB",
                  "it takes CSV with a header, or JSON Lines");
    wanted = rest_.size() * 2;
  }
}

std::string Chunks::take_line() {
  std::string line = first_line();
  if (line.empty()) return line;
  const std::size_t begin = rest_.find_first_not_of("\r\n");
  const std::size_t end = std::min(rest_.find('\n', begin), rest_.size() - 1);
  taken_lines_ += static_cast<std::uint64_t>(
      std::count(rest_.begin(), rest_.begin() + static_cast<std::ptrdiff_t>(end + 1), '\n'));
  rest_.erase(0, end + 1);
  return line;
}

// One past the last line end that is outside of quotes; 0: there is none.
std::size_t Chunks::last_line_end(std::string_view text) const {
  const bool has_quotes = quotes_ && std::memchr(text.data(), '"', text.size()) != nullptr;
  if (!has_quotes) return text.rfind('\n') + 1;
  std::size_t end = 0;
  bool inside = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"')
      inside = !inside;
    else if (text[i] == '\n' && !inside)
      end = i + 1;
  }
  return end;
}

struct Chunks::Buffer {
  std::unique_ptr<char[]> bytes;
  std::size_t size = 0;

  void grow(std::size_t room) {
    auto larger = std::make_unique_for_overwrite<char[]>(room + kPadding);
    std::copy_n(bytes.get(), size, larger.get());
    bytes = std::move(larger);
  }
};

// What was read before, then what comes, until `wanted` bytes are there or the end is.
void Chunks::top_up(Buffer& buffer, std::size_t wanted) {
  buffer.grow(wanted);
  const std::size_t before = std::min(rest_.size(), wanted - buffer.size);
  rest_.copy(buffer.bytes.get() + buffer.size, before);
  rest_.erase(0, before);
  buffer.size += before;
  while (!ended_ && buffer.size < wanted) {
    const std::size_t count = source_->read(buffer.bytes.get() + buffer.size, wanted - buffer.size);
    buffer.size += count;
    ended_ = count == 0;
  }
}

bool Chunks::next(Chunk& chunk) {
  fill(std::min<std::size_t>(kChunk, 4));  // a mark at the beginning is none of the text
  Buffer buffer;
  for (std::size_t wanted = kChunk;; wanted *= 2) {
    top_up(buffer, wanted);
    if (buffer.size == 0) return false;
    const std::size_t end = last_line_end({buffer.bytes.get(), buffer.size});
    const bool is_last = ended_ && rest_.empty();
    if (end > 0 || is_last) {
      // At the end, the last line needs no end.
      const std::size_t size = is_last ? buffer.size : end;
      rest_.insert(0, buffer.bytes.get() + size, buffer.size - size);
      std::fill_n(buffer.bytes.get() + size, kPadding, '\n');
      chunk = {std::move(buffer.bytes), size};
      bytes_ += size;
      return true;
    }
    if (wanted > kLongestLine)
      throw Error(ErrorKind::invalid,
                  fmt::format("{} has a line, or a text in quotes, of more than {} MiB", name_,
                              kLongestLine >> 20));
  }
}

}  // namespace autopilot::events
