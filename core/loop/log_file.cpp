#include "core/loop/log_file.h"

#include <algorithm>
#include <set>

#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/base/text.h"

namespace autopilot::loop {
namespace {

constexpr std::uint64_t kHead = 256;  // bytes by which a file is known

std::string absolute(const std::string& root, const std::string& path) {
  return path.starts_with('/') || root.empty() ? path : root + "/" + path;
}

void find_matching(Files& files, const std::string& pattern, std::set<std::string>& out) {
  const std::size_t slash = pattern.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : pattern.substr(0, slash);
  const std::string name = slash == std::string::npos ? pattern : pattern.substr(slash + 1);
  if (!files.is_directory(folder)) return;
  for (const FileEntry& entry : files.list(folder)) {
    if (entry.is_directory || entry.is_special || !glob_match(name, entry.name)) continue;
    // Compressed after its rotation: it was read to its end before, or is lost.
    if (entry.name.ends_with(".gz") || entry.name.ends_with(".zst")) continue;
    out.insert(folder + "/" + entry.name);
  }
}

}  // namespace

std::vector<std::string> find_logs(Files& files, const std::string& root,
                                   const std::vector<std::string>& patterns) {
  std::set<std::string> out;
  for (const std::string& pattern : patterns) {
    const std::string path = absolute(root, pattern);
    if (path.find_first_of("*?") != std::string::npos) {
      find_matching(files, path, out);
    } else if (files.exists(path)) {
      out.insert(path);
    }
  }
  return {out.begin(), out.end()};
}

LogFile::LogFile(Files& files, std::string path, const std::vector<LogCursor>& known)
    : files_(files), path_(std::move(path)) {
  const FilePiece head = files_.read_piece(path_, 0, kHead);
  start_.path = path_;
  start_.inode = head.inode;
  for (const LogCursor& cursor : known) {
    if (cursor.inode != head.inode || cursor.head_bytes > head.bytes.size()) continue;
    const std::string_view bytes = std::string_view(head.bytes).substr(0, cursor.head_bytes);
    if (to_hex(sha256(bytes)) == cursor.head && cursor.offset >= start_.offset) start_ = cursor;
  }
  // Shorter than what was read of it: begun anew with the same first lines.
  if (start_.offset > 0 && files_.read_piece(path_, start_.offset - 1, 1).bytes.empty()) {
    start_ = LogCursor{};
    start_.inode = head.inode;
    was_cut_ = true;
  }
  was_cut_ = was_cut_ || (start_.offset == 0 &&
                          std::any_of(known.begin(), known.end(), [&](const LogCursor& cursor) {
                            return cursor.inode == head.inode && cursor.path == path_ &&
                                   cursor.offset > 0 && head.inode != 0;
                          }));
  start_.path = path_;
  const std::size_t bytes = std::min<std::size_t>(head.bytes.size(), kHead);
  start_.head_bytes = bytes;
  start_.head = to_hex(sha256(std::string_view(head.bytes).substr(0, bytes)));
  offset_ = read_ = start_.offset;
}

// A file that was replaced while it was read ends here: the next run begins the other one.
bool LogFile::fill() {
  const FilePiece piece = files_.read_piece(path_, read_, kPiece);
  if (piece.bytes.empty() || piece.inode != start_.inode) return false;
  text_.erase(0, at_);
  at_ = 0;
  text_ += piece.bytes;
  read_ += piece.bytes.size();
  return true;
}

bool LogFile::next(std::string_view& line) {
  std::size_t from = at_;
  for (;;) {
    const std::size_t end = text_.find('\n', from);
    if (end != std::string::npos) {
      line = std::string_view(text_).substr(at_, end - at_);
      line_offset_ = offset_;
      offset_ += end + 1 - at_;
      at_ = end + 1;
      return true;
    }
    const std::size_t seen = text_.size() - at_;
    if (seen > kLongestLine) {
      throw Error(ErrorKind::invalid, path_ + " has a line of more than 4 MiB",
                  "events.files names logs with one JSON object a line");
    }
    if (!fill()) return false;
    from = at_ + seen;
  }
}

LogCursor LogFile::cursor_at(std::uint64_t offset) const {
  LogCursor out = start_;
  out.offset = offset;
  return out;
}

}  // namespace autopilot::loop
