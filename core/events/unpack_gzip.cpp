#include <zlib.h>

#include <vector>

#include "core/base/error.h"
#include "core/events/unpack.h"

namespace autopilot::events {
namespace {

constexpr std::size_t kPiece = 256 << 10;
constexpr int kGzip = 15 + 16;  // the largest window, and a gzip header

class Gzip final : public ByteSource {
 public:
  explicit Gzip(Packed packed)
      : source_(std::move(packed.head), std::move(packed.source)),
        name_(std::move(packed.name)),
        is_cut_(packed.is_cut),
        piece_(kPiece) {
    if (inflateInit2(&stream_, kGzip) != Z_OK) fail("out of memory");
  }
  ~Gzip() override { inflateEnd(&stream_); }

  std::size_t read(char* to, std::size_t most) override {
    stream_.next_out = reinterpret_cast<Bytef*>(to);
    stream_.avail_out = static_cast<uInt>(std::min<std::size_t>(most, 1U << 30));
    const uInt room = stream_.avail_out;
    while (stream_.avail_out == room && more()) step();
    return room - stream_.avail_out;
  }

 private:
  bool more() {
    if (stream_.avail_in > 0) return true;
    const std::size_t count = source_.read(reinterpret_cast<char*>(piece_.data()), piece_.size());
    stream_.next_in = piece_.data();
    stream_.avail_in = static_cast<uInt>(count);
    if (count == 0 && !at_member_end_) end_early();
    return count > 0;
  }

  void end_early() {
    if (is_cut_ == nullptr) fail("it ends too early");
    *is_cut_ = true;
  }

  // A file may be several members one after another.
  void step() {
    if (at_member_end_) {
      inflateReset(&stream_);
      at_member_end_ = false;
    }
    const int result = inflate(&stream_, Z_NO_FLUSH);
    if (result == Z_STREAM_END)
      at_member_end_ = true;
    else if (result != Z_OK)
      fail(stream_.msg != nullptr ? stream_.msg : "damaged");
  }

  [[noreturn]] void fail(const std::string& why) const {
    throw Error(ErrorKind::storage, "cannot unpack " + name_ + " (gzip): " + why);
  }

  Rejoined source_;
  std::string name_;
  bool* is_cut_;
  std::vector<Bytef> piece_;
  z_stream stream_{};
  bool at_member_end_ = false;
};

}  // namespace

std::unique_ptr<ByteSource> unpack_gzip(Packed packed) {
  return std::make_unique<Gzip>(std::move(packed));
}

}  // namespace autopilot::events
