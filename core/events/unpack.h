#pragma once
// The bytes of a log, unpacked when they are packed: gzip and zstd are known by how they begin, not
// by the file's name.

#include <memory>
#include <string>

#include "core/base/world.h"

namespace autopilot::events {

// Where unpacked bytes come from and what to call it in messages.
struct Packed {
  std::unique_ptr<ByteSource> source;
  std::string name;
  std::string head;  // bytes already read
};

// Both throw Error(storage) on bytes that are damaged or end too early.
std::unique_ptr<ByteSource> unpack_gzip(Packed packed);
std::unique_ptr<ByteSource> unpack_zstd(Packed packed);

// Opens a file or, with "-", standard input.
std::unique_ptr<ByteSource> open_unpacked(Files& files, const std::string& path);

// Reads what was read before, then the rest.
class Rejoined final : public ByteSource {
 public:
  Rejoined(std::string head, std::unique_ptr<ByteSource> rest);
  std::size_t read(char* to, std::size_t most) override;
  std::uint64_t size() const override { return rest_->size(); }

 private:
  std::string head_;
  std::size_t at_ = 0;
  std::unique_ptr<ByteSource> rest_;
};

}  // namespace autopilot::events
