#pragma once
// Where the tokens of a JSON text begin: the first stage of simdjson (Langdale and Lemire, "Parsing
// Gigabytes of JSON per Second", 2019), which finds them with vector instructions and checks UTF-8,
// closing quotes and control characters on the way. The only place that knows simdjson.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace autopilot {

// Bytes that must be readable (with any content) after each text that is read.
inline constexpr std::size_t kPadding = 64;

// Not thread-safe; keeps its memory from one text to the next.
class JsonIndex {
 public:
  JsonIndex();
  ~JsonIndex();

  // False with `why` when the text is no JSON whatever its tokens are. REQUIRES kPadding readable
  // bytes after it. The tokens: { } [ ] : , and the first bytes of strings (the quote), numbers and
  // literals, in order. What lies between two tokens and is no white space belongs to the first.
  bool build(std::string_view text, std::string& why);

  const std::uint32_t* begin() const { return begin_; }
  // One past the last; the offset that stands there is the size of the text.
  const std::uint32_t* end() const { return end_; }
  // Whether a backslash is anywhere in the text: without one, strings are what is written.
  bool has_escapes() const { return has_escapes_; }

  // Writes the content of a string with escapes to `to`, which has room for the string as written
  // and kPadding bytes more; `content` is behind its opening quote. The end of what was written, or
  // null when an escape is malformed.
  char* unescape(const char* content, char* to) const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
  const std::uint32_t* begin_ = nullptr;
  const std::uint32_t* end_ = nullptr;
  bool has_escapes_ = false;
};

}  // namespace autopilot
