#include "core/decide/history_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "core/base/error.h"

namespace autopilot::decide {
namespace {

constexpr std::string_view kSuffix = ".columns";
constexpr std::size_t kDigits = 16;

// The decision before a file's first one, by the file's name.
std::optional<std::int64_t> after_of(std::string_view name) {
  if (name.size() != kDigits + kSuffix.size() || !name.ends_with(kSuffix)) return std::nullopt;
  std::int64_t after = 0;
  const auto end = std::from_chars(name.data(), name.data() + kDigits, after, 16);
  return end.ptr == name.data() + kDigits ? std::optional(after) : std::nullopt;
}

std::string_view bytes_of(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

}  // namespace

std::string history_folder(const std::string& state_path) {
  const std::size_t name = state_path.rfind('/') + 1;  // 0 without a slash
  return fmt::format("{}cache/{}.history", state_path.substr(0, name), state_path.substr(name));
}

HistoryFiles::HistoryFiles(Files* files, std::string folder, Database& database)
    : files_(files),
      folder_(std::move(folder)),
      anchor_(database.prepare("SELECT hash FROM audit WHERE seq = ?1")),
      line_(database.prepare("SELECT body FROM decision WHERE seq = ?1")) {
  try {
    if (files_ == nullptr || !files_->is_directory(folder_)) return;
    for (const FileEntry& entry : files_->list(folder_)) {
      if (const auto after = after_of(entry.name)) afters_.push_back(*after);
    }
  } catch (const Error&) {  // then there are none
  }
  std::sort(afters_.begin(), afters_.end());
}

std::string HistoryFiles::path(std::int64_t after) const {
  return fmt::format("{}/{:016x}{}", folder_, after, kSuffix);
}

// The chain still has the entry that it had when the block was read, so all before that is what it
// was; and the decisions are those of the chain.
bool HistoryFiles::holds(const HistoryBlock& block) {
  const BlockHead& head = block.head();
  anchor_.bind(head.anchor.seq);
  const bool same_chain = anchor_.step() && anchor_.blob(0) == bytes_of(head.anchor.hash);
  anchor_.reset();
  line_.bind(head.last);
  const bool same_line = line_.step() && checksum(line_.text(0)) == head.last_line;
  line_.reset();
  return same_chain && same_line;
}

std::optional<HistoryBlock> HistoryFiles::before(std::int64_t seq) {
  for (;;) {
    const auto next = std::lower_bound(afters_.begin(), afters_.end(), seq);
    if (next == afters_.begin()) return std::nullopt;
    const auto index = static_cast<std::size_t>(next - afters_.begin() - 1);
    try {
      HistoryBlock block(files_->read(path(afters_[index])));
      if (block.head().after == afters_[index] && holds(block)) return block;
    } catch (const BlockDamage&) {
    } catch (const Error&) {
    }
    drop(index);
  }
}

std::int64_t HistoryFiles::next_after(std::int64_t seq) const {
  const auto next = std::lower_bound(afters_.begin(), afters_.end(), seq);
  return next == afters_.end() ? INT64_MAX : *next;
}

void HistoryFiles::keep(const BlockHead& head, const std::string& bytes) {
  if (files_ == nullptr) return;
  try {
    files_->make_directories(folder_);
    files_->write_private(path(head.after), bytes);
  } catch (const Error&) {  // it only saves time
    files_ = nullptr;
    return;
  }
  const auto place = std::lower_bound(afters_.begin(), afters_.end(), head.after);
  if (place == afters_.end() || *place != head.after) afters_.insert(place, head.after);
}

void HistoryFiles::drop(std::size_t index) {
  try {
    files_->remove(path(afters_[index]));
  } catch (const Error&) {  // it is met and judged again
  }
  afters_.erase(afters_.begin() + static_cast<std::ptrdiff_t>(index));
}

void HistoryFiles::discard() {
  while (!afters_.empty()) drop(afters_.size() - 1);
}

}  // namespace autopilot::decide
