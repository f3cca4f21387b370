#include "core/events/unpack.h"

namespace autopilot::events {
namespace {

constexpr std::size_t kMagic = 4;
constexpr std::string_view kGzipMagic = "\x1f\x8b", kZstdMagic = "\x28\xb5\x2f\xfd";

}  // namespace

Rejoined::Rejoined(std::string head, std::unique_ptr<ByteSource> rest)
    : head_(std::move(head)), rest_(std::move(rest)) {}

std::size_t Rejoined::read(char* to, std::size_t most) {
  if (at_ == head_.size()) return rest_->read(to, most);
  const std::size_t count = head_.copy(to, most, at_);
  at_ += count;
  return count;
}

bool is_packed(std::string_view head) {
  return head.starts_with(kGzipMagic) || head.starts_with(kZstdMagic);
}

std::unique_ptr<ByteSource> open_unpacked(Files& files, const std::string& path, bool* is_cut) {
  std::unique_ptr<ByteSource> source = files.open(path);
  std::string head(kMagic, '\0');
  std::size_t have = 0;
  for (std::size_t n = 1; have < kMagic && n > 0; have += n)
    n = source->read(head.data() + have, kMagic - have);
  head.resize(have);
  const std::string name = path == "-" ? "standard input" : path;
  if (head.starts_with(kGzipMagic)) return unpack_gzip({std::move(source), name, head, is_cut});
  if (head.starts_with(kZstdMagic)) return unpack_zstd({std::move(source), name, head, is_cut});
  return std::make_unique<Rejoined>(std::move(head), std::move(source));
}

}  // namespace autopilot::events
