#include <algorithm>
#include <charconv>

#include "core/base/http_wire.h"
#include "core/base/text.h"

namespace autopilot {
namespace {

bool same_word(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
           return (x >= 'A' && x <= 'Z' ? x + 32 : x) == (y >= 'A' && y <= 'Z' ? y + 32 : y);
         });
}

template <class T>
bool read_number(std::string_view text, T& value, int base = 10) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

void ResponseReader::begin(bool has_body) {
  part_ = Part::head;
  buffer_.clear();
  left_ = 0;
  status_ = 0;
  has_body_ = has_body;
  keep_ = true;
  begun_ = chunked_ = has_length_ = false;
}

ResponseReader::State ResponseReader::take(std::string_view text) {
  if (!text.empty()) begun_ = true;
  State state = State::more;
  while (state == State::more && part_ != Part::done) {
    switch (part_) {
      case Part::head:
        state = head(text);
        break;
      case Part::until_end:
        return State::more;
      case Part::body:
      case Part::chunk: {
        const std::uint64_t taken = std::min<std::uint64_t>(left_, text.size());
        left_ -= taken;
        text.remove_prefix(taken);
        if (left_ > 0) return State::more;
        part_ = part_ == Part::body ? Part::done : Part::chunk_end;
        break;
      }
      case Part::chunk_end:
        if (!line(text)) return buffer_.size() > 2 ? State::malformed : State::more;
        if (!buffer_.empty()) return State::malformed;
        part_ = Part::chunk_size;
        break;
      case Part::chunk_size:
        state = chunk_size(text);
        break;
      case Part::trailer:
        if (!line(text)) return buffer_.size() > kMostLine ? State::malformed : State::more;
        if (buffer_.empty()) part_ = Part::done;
        buffer_.clear();
        break;
      case Part::done:
        break;
    }
    if (state == State::more && text.empty() && part_ != Part::done) return State::more;
  }
  if (state == State::malformed) return state;
  // What nobody asked for: the next answer could not be told from it.
  return text.empty() ? State::done : State::malformed;
}

ResponseReader::State ResponseReader::end() const {
  return part_ == Part::until_end ? State::done : State::malformed;
}

bool ResponseReader::line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  buffer_ += text.substr(0, end);
  if (end == std::string_view::npos) {
    text = {};
    return false;
  }
  text.remove_prefix(end + 1);
  if (buffer_.ends_with('\r')) buffer_.pop_back();
  return true;
}

ResponseReader::State ResponseReader::head(std::string_view& text) {
  // The usual answer comes whole: its end is looked for where it may be.
  const std::size_t from = buffer_.size() < 3 ? 0 : buffer_.size() - 3;
  const std::size_t before = buffer_.size();
  buffer_ += text;
  const std::size_t end = buffer_.find("\r\n\r\n", from);
  if (end == std::string::npos) {
    text = {};
    return buffer_.size() > kMostHead ? State::malformed : State::more;
  }
  text.remove_prefix(end + 4 - before);
  buffer_.resize(end);
  if (!read_head()) return State::malformed;
  buffer_.clear();
  if (status_ >= 100 && status_ < 200 && status_ != 101) {
    const bool has_body = has_body_;
    begin(has_body);
    begun_ = true;
    return State::more;
  }
  if (!has_body_ || status_ == 204 || status_ == 304 || status_ == 101) {
    part_ = Part::done;
    if (status_ == 101) keep_ = false;
  } else if (chunked_) {
    part_ = Part::chunk_size;
  } else if (has_length_) {
    part_ = left_ > 0 ? Part::body : Part::done;
  } else {
    part_ = Part::until_end;
    keep_ = false;
  }
  return State::more;
}

bool ResponseReader::read_head() {
  const std::string_view all = buffer_;
  const std::size_t first = std::min(all.find("\r\n"), all.size());
  const std::string_view status_line = all.substr(0, first);
  // "HTTP/1.1 200 OK"
  if (status_line.size() < 12 || !status_line.starts_with("HTTP/1.") || status_line[8] != ' ' ||
      !read_number(status_line.substr(9, 3), status_) || status_ < 100) {
    return false;
  }
  keep_ = status_line[7] != '0';
  for (std::size_t at = first; at < all.size();) {
    at += 2;
    const std::size_t end = std::min(all.find("\r\n", at), all.size());
    if (!read_field(all.substr(at, end - at))) return false;
    at = end;
  }
  return true;
}

bool ResponseReader::read_field(std::string_view field) {
  const std::size_t colon = field.find(':');
  if (colon == std::string_view::npos) return field.empty();
  const std::string_view name = field.substr(0, colon);
  const std::string_view value = trim(field.substr(colon + 1));
  if (same_word(name, "content-length")) {
    std::uint64_t length = 0;
    if (!read_number(value, length) || (has_length_ && length != left_)) return false;
    has_length_ = true;
    left_ = length;
  } else if (same_word(name, "transfer-encoding")) {
    chunked_ = value.size() >= 7 && same_word(value.substr(value.size() - 7), "chunked");
  } else if (same_word(name, "connection")) {
    if (same_word(value, "close")) keep_ = false;
    if (same_word(value, "keep-alive")) keep_ = true;
  }
  return true;
}

ResponseReader::State ResponseReader::chunk_size(std::string_view& text) {
  if (!line(text)) return buffer_.size() > kMostLine ? State::malformed : State::more;
  const std::string_view size = trim(std::string_view(buffer_).substr(0, buffer_.find(';')));
  if (!read_number(size, left_, 16)) return State::malformed;
  buffer_.clear();
  part_ = left_ == 0 ? Part::trailer : Part::chunk;
  return State::more;
}

}  // namespace autopilot
