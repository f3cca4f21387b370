#include <zstd.h>

#include <string>

#include "core/base/error.h"
#include "core/events/unpack.h"

namespace autopilot::events {
namespace {

class Zstd final : public ByteSource {
 public:
  explicit Zstd(Packed packed)
      : source_(std::move(packed.head), std::move(packed.source)),
        name_(std::move(packed.name)),
        is_cut_(packed.is_cut),
        stream_(ZSTD_createDStream()),
        piece_(ZSTD_DStreamInSize(), '\0') {
    if (stream_ == nullptr) fail("out of memory");
  }
  ~Zstd() override { ZSTD_freeDStream(stream_); }

  std::size_t read(char* to, std::size_t most) override {
    ZSTD_outBuffer out{to, most, 0};
    while (out.pos == 0 && (more() || pending_)) {
      const std::size_t result = ZSTD_decompressStream(stream_, &out, &in_);
      if (ZSTD_isError(result) != 0) fail(ZSTD_getErrorName(result));
      at_frame_end_ = result == 0;
      pending_ = out.pos == out.size;  // the stream may hold more than there was room for
    }
    return out.pos;
  }

 private:
  bool more() {
    if (in_.pos < in_.size) return true;
    const std::size_t count = source_.read(piece_.data(), piece_.size());
    in_ = {piece_.data(), count, 0};
    if (count == 0 && !at_frame_end_ && !pending_) end_early();
    return count > 0;
  }

  void end_early() {
    if (is_cut_ == nullptr) fail("it ends too early");
    *is_cut_ = true;
  }

  [[noreturn]] void fail(const std::string& why) const {
    throw Error(ErrorKind::storage, "cannot unpack " + name_ + " (zstd): " + why);
  }

  Rejoined source_;
  std::string name_;
  bool* is_cut_;
  ZSTD_DStream* stream_;
  std::string piece_;
  ZSTD_inBuffer in_{nullptr, 0, 0};
  bool at_frame_end_ = true, pending_ = false;
};

}  // namespace

std::unique_ptr<ByteSource> unpack_zstd(Packed packed) {
  return std::make_unique<Zstd>(std::move(packed));
}

}  // namespace autopilot::events
