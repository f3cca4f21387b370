#pragma once
// The real HttpWire: one thread, epoll, no allocation for a request. Part of Sockets. libcurl's
// multi interface would do, but spends several times the processor time of nginx's answer on each
// transfer, and a generator that is out of breath measures itself.

#include "core/base/http.h"

namespace autopilot {

WireOpened open_http_wire(const WirePlan& plan);

// Reads answers out of a stream piece by piece.
class ResponseReader {
 public:
  enum class State { more, done, malformed };

  void begin(bool has_body);
  // Takes the bytes of `text` that belong to this answer.
  State take(std::string_view text);
  // The stream ended: an answer without length is whole then.
  State end() const;

  int status() const { return status_; }
  bool keeps_connection() const { return keep_; }
  bool has_begun() const { return begun_; }

 private:
  enum class Part { head, body, until_end, chunk_size, chunk, chunk_end, trailer, done };
  static constexpr std::size_t kMostHead = 64 << 10;
  static constexpr std::size_t kMostLine = 4096;

  State head(std::string_view& text);
  bool read_head();
  bool read_field(std::string_view line);
  State chunk_size(std::string_view& text);
  bool line(std::string_view& text);  // into buffer_; false: there is more to come

  Part part_ = Part::head;
  std::string buffer_;
  std::uint64_t left_ = 0;  // bytes of the body or chunk
  int status_ = 0;
  bool has_body_ = true, keep_ = true, begun_ = false, chunked_ = false, has_length_ = false;
};

}  // namespace autopilot
