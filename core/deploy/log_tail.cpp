#include "core/deploy/log_tail.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/deploy/programs.h"

namespace autopilot::deploy {
namespace {

constexpr std::uint64_t kTail = 4096;  // in which the last line is looked for

// A pipe or a device may keep whoever reads it waiting.
bool is_plain_file(World& world, const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == path.npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  const std::string name = slash == path.npos ? path : path.substr(slash + 1);
  if (!world.files.exists(path)) return false;
  const std::vector<FileEntry> all = world.files.list(folder);
  return std::any_of(all.begin(), all.end(), [&](const FileEntry& entry) {
    return entry.name == name && !entry.is_directory && !entry.is_special;
  });
}

}  // namespace

std::uint64_t log_size(World& world, const std::string& log) {
  return is_plain_file(world, log) ? world.files.open(log)->size() : 0;
}

std::string last_words(World& world, const std::string& log, std::uint64_t from) {
  try {
    const std::uint64_t size = log_size(world, log);
    if (size <= from) return fmt::format("it wrote nothing to {}", log);
    const std::uint64_t begin = std::max(from, size - std::min(size, kTail));
    const FilePiece tail = world.files.read_piece(log, begin, kTail);
    return fmt::format("{} ends with: {}", log, last_line(tail.bytes));
  } catch (const Error& error) {
    return error.what();
  }
}

}  // namespace autopilot::deploy
