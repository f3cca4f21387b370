#pragma once
// The bytes of a log, unpacked when they are packed: gzip and zstd are known by how they begin, not
// by the file's name.

#include <memory>
#include <string>
#include <string_view>

#include "core/base/world.h"

namespace autopilot::events {

// Where unpacked bytes come from and what to call it in messages.
struct Packed {
  std::unique_ptr<ByteSource> source;
  std::string name;
  std::string head;  // bytes already read
  // Where it is not null, bytes that end too early are no fault: it becomes true at their end.
  bool* is_cut = nullptr;
};

// Whether a file that begins so is packed: four bytes tell.
bool is_packed(std::string_view head);

// Both throw Error(storage) on bytes that are damaged or end too early.
std::unique_ptr<ByteSource> unpack_gzip(Packed packed);
std::unique_ptr<ByteSource> unpack_zstd(Packed packed);

// Opens a file or, with "-", standard input. `is_cut`: see Packed.
std::unique_ptr<ByteSource> open_unpacked(Files& files, const std::string& path,
                                          bool* is_cut = nullptr);

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
