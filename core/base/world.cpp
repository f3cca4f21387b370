#include "core/base/world.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "core/base/error.h"

namespace autopilot {
namespace {

class TextSource final : public ByteSource {
 public:
  explicit TextSource(std::string text) : text_(std::move(text)) {}
  std::size_t read(char* to, std::size_t most) override {
    const std::size_t count = text_.copy(to, most, at_);
    at_ += count;
    return count;
  }
  std::uint64_t size() const override { return text_.size(); }

 private:
  std::string text_;
  std::size_t at_ = 0;
};

class StandardInput final : public ByteSource {
 public:
  explicit StandardInput(Files& files) : files_(files) {}
  std::size_t read(char* to, std::size_t most) override {
    if (at_ == piece_.size()) {
      piece_ = files_.read_stdin();
      at_ = 0;
    }
    const std::size_t count = piece_.copy(to, most, at_);
    at_ += count;
    return count;
  }

 private:
  Files& files_;
  std::string piece_;
  std::size_t at_ = 0;
};

class MemoryScratch final : public ScratchFile {
 public:
  void write(std::uint64_t at, const void* from, std::size_t bytes) override {
    bytes_.resize(std::max<std::size_t>(bytes_.size(), at + bytes));
    std::memcpy(bytes_.data() + at, from, bytes);
  }
  void read(std::uint64_t at, void* to, std::size_t bytes) override {
    std::memcpy(to, bytes_.data() + at, bytes);
  }

 private:
  std::string bytes_;
};

}  // namespace

std::unique_ptr<ByteSource> Files::open(const std::string& path) {
  if (path == "-") return std::make_unique<StandardInput>(*this);
  return std::make_unique<TextSource>(read(path));
}

std::unique_ptr<ScratchFile> Files::scratch() { return std::make_unique<MemoryScratch>(); }

std::string Files::read_all_stdin() {
  std::string text;
  for (std::string piece = read_stdin(); !piece.empty(); piece = read_stdin()) {
    text += piece;
    if (text.size() > kMostBytes) {
      throw Error(
          ErrorKind::storage,
          fmt::format("cannot read standard input: it has more than {} MiB", kMostBytes >> 20));
    }
  }
  return text;
}

}  // namespace autopilot
