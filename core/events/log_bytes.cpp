#include "core/events/log_bytes.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/events/unpack.h"

namespace autopilot::events {
namespace {

constexpr std::size_t kMagic = 4;
constexpr std::size_t kSkipped = 256 << 10;  // unpacked at a time on the way to an offset

// What `read` gives; nothing when the file went away meanwhile: it is found under its new name by
// the next look.
template <class F>
auto unless_gone(Files& files, const std::string& path, F read) -> decltype(read()) {
  try {
    return read();
  } catch (const Error&) {
    if (files.exists(path)) throw;
    return {};
  }
}

class PlainBytes final : public LogBytes {
 public:
  PlainBytes(Files& files, std::string path, std::uint64_t inode)
      : files_(files), path_(std::move(path)), inode_(inode) {}

  // A file that was replaced meanwhile ends here, as one that is gone.
  std::string read(std::uint64_t offset, std::size_t most) override {
    FilePiece piece =
        unless_gone(files_, path_, [&] { return files_.read_piece(path_, offset, most); });
    return piece.inode == inode_ ? std::move(piece.bytes) : std::string();
  }
  bool is_packed() const override { return false; }
  bool is_over() const override { return false; }
  const std::string& fault() const override { return fault_; }

 private:
  Files& files_;
  std::string path_;
  std::uint64_t inode_;
  std::string fault_;  // always empty: what cannot be read is thrown
};

class PackedBytes final : public LogBytes {
 public:
  PackedBytes(Files& files, std::string path, std::uint64_t inode)
      : files_(files), path_(std::move(path)), inode_(inode) {}

  std::string read(std::uint64_t offset, std::size_t most) override {
    if (source_ == nullptr || offset < at_) reopen();
    while (at_ < offset && !ended_) take(std::min<std::uint64_t>(offset - at_, kSkipped));
    return at_ == offset ? take(most) : std::string();
  }
  bool is_packed() const override { return true; }
  bool is_over() const override { return ended_ && !is_cut_ && fault_.empty(); }
  const std::string& fault() const override { return fault_; }

 private:
  void reopen() {
    at_ = 0;
    ended_ = is_cut_ = false;
    fault_.clear();
    source_ = unless_gone(files_, path_, [&] { return open_unpacked(files_, path_, &is_cut_); });
    const bool is_same =
        unless_gone(files_, path_, [&] { return files_.read_piece(path_, 0, 1); }).inode == inode_;
    if (source_ != nullptr && is_same) return;
    ended_ = is_cut_ = true;
  }

  std::string take(std::size_t most) {
    std::string out(most, '\0');
    std::size_t have = 0;
    while (have < most && !ended_) {
      const std::size_t count = unpack(out.data() + have, most - have);
      ended_ = count == 0;
      have += count;
    }
    at_ += have;
    out.resize(have);
    return out;
  }

  // What is damaged ends where the damage begins.
  std::size_t unpack(char* to, std::size_t most) {
    try {
      return source_->read(to, most);
    } catch (const Error& e) {
      fault_ = e.what();
      return 0;
    }
  }

  Files& files_;
  std::string path_;
  std::uint64_t inode_;
  std::unique_ptr<ByteSource> source_;
  std::uint64_t at_ = 0;  // of what is unpacked next
  bool ended_ = false, is_cut_ = false;
  std::string fault_;
};

}  // namespace

OpenedLog open_log(Files& files, const std::string& path) {
  const FilePiece head =
      unless_gone(files, path, [&] { return files.read_piece(path, 0, kMagic); });
  if (head.bytes.empty() && !files.exists(path)) return {};
  if (is_packed(head.bytes)) {
    return {std::make_unique<PackedBytes>(files, path, head.inode), head.inode};
  }
  return {std::make_unique<PlainBytes>(files, path, head.inode), head.inode};
}

}  // namespace autopilot::events
