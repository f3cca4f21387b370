#include "core/events/followed_logs.h"

#include <algorithm>
#include <optional>
#include <set>

#include "core/base/hash.h"
#include "core/base/text.h"

namespace autopilot::events {
namespace {

constexpr std::size_t kTail = FollowedLog::kTail;

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
    out.insert(folder + "/" + entry.name);
  }
}

// The last kTail bytes before an offset; fewer when the log is shorter.
std::string before(LogBytes& bytes, std::uint64_t offset) {
  const std::uint64_t size = std::min<std::uint64_t>(offset, kTail);
  return bytes.read(offset - size, static_cast<std::size_t>(size));
}

std::uint64_t size_of(LogBytes& bytes) {
  std::uint64_t size = 0;
  for (;;) {
    const std::size_t more = bytes.read(size, FollowedLog::kPiece).size();
    if (more == 0) return size;
    size += more;
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

struct FollowedLogs::Candidate {
  FollowedLog::File file;
  bool is_settled = false;  // it is known where to begin, or that it is a copy
  bool is_copy = false;
  FollowedLog::Start start;
};

// Which cursor is whose.
class FollowedLogs::Matching {
 public:
  Matching(Files& files, const std::vector<std::string>& paths, std::vector<LogCursor> known)
      : files_(files), known_(std::move(known)), owner_(known_.size(), false) {
    for (const std::string& path : paths) open(path);
    claim([](const Candidate& one, const LogCursor& cursor) {
      const bool same = one.file.inode == cursor.inode;
      return same && (cursor.inode != 0 || one.file.path == cursor.path);
    });
    claim([](const Candidate&, const LogCursor& cursor) { return cursor.offset > 0; });
    settle_the_others();
  }

  std::vector<Candidate>& candidates() { return candidates_; }
  std::vector<LogCursor>& unread() { return unread_; }
  std::vector<LogCursor>& read_further() { return read_further_; }
  std::vector<LogCursor> absent() const {
    std::vector<LogCursor> out;
    for (std::size_t i = 0; i < known_.size(); ++i) {
      if (!owner_[i]) out.push_back(known_[i]);
    }
    return out;
  }
  // A cursor that says that it was a copy.
  static LogCursor cursor_of_copy(const Candidate& one) {
    LogCursor out;
    out.path = one.file.path;
    out.inode = one.file.inode;
    out.head = to_hex(sha256(one.file.head));
    out.head_bytes = one.file.head.size();
    out.offset = size_of(*one.file.bytes);
    out.tail = to_hex(sha256(before(*one.file.bytes, out.offset)));
    out.is_copy = true;
    return out;
  }

 private:
  // A packed file that was read to its end and looks as it did then is not unpacked again.
  void open(const std::string& path) {
    const std::string stamp = files_.stamp(path);
    for (std::size_t i = 0; i < known_.size(); ++i) {
      if (owner_[i] || known_[i].stamp.empty() || known_[i].stamp != stamp) continue;
      owner_[i] = true;
      unread_.push_back(known_[i]);
      unread_.back().path = path;
      inodes_.insert(known_[i].inode);
      return;
    }
    OpenedLog opened = open_log(files_, path);
    if (opened.bytes == nullptr) return;
    // Two names of one file: links, or one that was renamed while the folder was listed.
    if (opened.inode != 0 && !inodes_.insert(opened.inode).second) return;
    Candidate one;
    one.file = {path, opened.inode, opened.bytes->read(0, FollowedLog::kHead), stamp,
                std::move(opened.bytes)};
    candidates_.push_back(std::move(one));
  }

  template <class F>
  void claim(F may) {
    for (Candidate& one : candidates_) {
      if (one.is_settled) continue;
      std::optional<std::size_t> best;
      for (std::size_t i = 0; i < known_.size(); ++i) {
        if (owner_[i] || known_[i].is_copy || !may(one, known_[i])) continue;
        if (best && known_[*best].offset >= known_[i].offset) continue;
        if (holds(one, known_[i])) best = i;
      }
      if (best) take(one, *best);
    }
  }

  void take(Candidate& one, std::size_t i) {
    owner_[i] = true;
    one.is_settled = true;
    one.start.offset = known_[i].offset;
    one.start.before = before(*one.file.bytes, known_[i].offset);
  }

  // Whether a cursor's bytes are those of the file.
  static bool holds(const Candidate& one, const LogCursor& cursor) {
    return begins_alike(one, cursor) && reaches(one, cursor);
  }
  static bool begins_alike(const Candidate& one, const LogCursor& cursor) {
    if (cursor.head_bytes > one.file.head.size()) return false;
    const std::string_view head = one.file.head;
    return to_hex(sha256(head.substr(0, cursor.head_bytes))) == cursor.head;
  }
  static bool reaches(const Candidate& one, const LogCursor& cursor) {
    if (cursor.offset == 0) return true;
    const std::string tail = before(*one.file.bytes, cursor.offset);
    if (tail.size() != std::min<std::uint64_t>(cursor.offset, kTail)) return false;
    return cursor.tail.empty() || to_hex(sha256(tail)) == cursor.tail;
  }

  // New files, cut ones, and copies. The longest first, those that are not packed before the
  // others: a copy is never longer than what it is made of, and packed ones are made of plain ones.
  void settle_the_others() {
    std::vector<std::pair<std::uint64_t, Candidate*>> others;
    for (Candidate& one : candidates_) {
      if (!one.is_settled) others.emplace_back(order_of(one), &one);
    }
    std::stable_sort(others.begin(), others.end(),
                     [](const auto& a, const auto& b) { return a.first > b.first; });
    for (auto& [order, one] : others) {
      one->is_copy = is_copy(*one);
      one->is_settled = true;
      one->start.was_cut = !one->is_copy && was_cut(*one);
    }
  }
  std::uint64_t order_of(const Candidate& one) {
    return one.file.bytes->is_packed() || !files_.exists(one.file.path)
               ? 0
               : files_.open(one.file.path)->size();
  }

  // What a cursor of this file stood for is neither in it nor in a copy of it.
  bool was_cut(const Candidate& one) const {
    for (std::size_t i = 0; i < known_.size(); ++i) {
      const LogCursor& cursor = known_[i];
      const bool is_its = cursor.inode == one.file.inode && cursor.inode != 0;
      const bool is_lost = !owner_[i] && !cursor.is_copy && cursor.offset > 0;
      if (is_its && is_lost && cursor.path == one.file.path) return true;
    }
    return false;
  }

  bool is_copy(const Candidate& one) {
    if (one.file.head.empty()) return false;
    for (const Candidate& other : candidates_) {
      if (&other != &one && other.is_settled && !other.is_copy && is_part_of(one, other)) {
        return true;
      }
    }
    return was_copy_of_what_is_read(one) ||
           std::any_of(unread_.begin(), unread_.end(),
                       [&](const LogCursor& cursor) { return is_part_of_unread(one, cursor); });
  }

  // The log that it was copied from was read further, and has been cut since.
  bool was_copy_of_what_is_read(const Candidate& one) {
    if (!was_copy(one)) return false;
    const std::uint64_t size = size_of(*one.file.bytes);
    for (std::size_t i = 0; i < known_.size(); ++i) {
      const LogCursor& cursor = known_[i];
      if (owner_[i] || cursor.is_copy || cursor.offset < size || !begins_alike(one, cursor))
        continue;
      owner_[i] = true;  // kept as long as the copy is there
      read_further_.push_back(cursor);
      return true;
    }
    return false;
  }
  bool was_copy(const Candidate& one) const {
    return std::any_of(known_.begin(), known_.end(), [&](const LogCursor& cursor) {
      const bool is_its = cursor.inode == one.file.inode && cursor.inode != 0;
      return cursor.is_copy && (is_its ? begins_alike(one, cursor) : holds(one, cursor));
    });
  }

  // Whether all that is in the one is at the beginning of the other, too.
  static bool is_part_of(const Candidate& one, const Candidate& other) {
    if (!other.file.head.starts_with(one.file.head)) return false;
    const std::uint64_t size = size_of(*one.file.bytes);
    return before(*one.file.bytes, size) == before(*other.file.bytes, size);
  }
  bool is_part_of_unread(const Candidate& one, const LogCursor& cursor) {
    if (!begins_alike(one, cursor)) return false;
    Candidate other;
    OpenedLog opened = open_log(files_, cursor.path);
    if (opened.bytes == nullptr) return false;
    other.file = {cursor.path, opened.inode, opened.bytes->read(0, FollowedLog::kHead), "",
                  std::move(opened.bytes)};
    return is_part_of(one, other);
  }

  Files& files_;
  std::vector<LogCursor> known_;
  std::vector<bool> owner_;  // whether a file has claimed the cursor
  std::set<std::uint64_t> inodes_;
  std::vector<Candidate> candidates_;
  std::vector<LogCursor> unread_, read_further_;
};

FollowedLogs::FollowedLogs(Files& files, const std::vector<std::string>& paths,
                           std::vector<LogCursor> known) {
  Matching matching(files, paths, std::move(known));
  for (Candidate& one : matching.candidates()) {
    if (one.is_copy) {
      copies_.push_back(one.file.path);
      copied_.push_back(Matching::cursor_of_copy(one));
    } else {
      logs_.emplace_back(std::move(one.file), std::move(one.start));
    }
  }
  unread_ = std::move(matching.unread());
  for (LogCursor& cursor : matching.read_further()) copied_.push_back(std::move(cursor));
  absent_ = matching.absent();
}

std::vector<LogCursor> FollowedLogs::cursors(Instant now) const {
  std::vector<LogCursor> out;
  for (const FollowedLog& log : logs_) out.push_back(log.cursor(now));
  for (const std::vector<LogCursor>* seen : {&unread_, &copied_}) {
    for (LogCursor cursor : *seen) {
      cursor.seen = now;
      out.push_back(std::move(cursor));
    }
  }
  for (LogCursor cursor : absent_) {
    const bool is_there = std::any_of(copied_.begin(), copied_.end(), [&](const LogCursor& copy) {
      return copy.is_copy && cursor.is_copy && copy.inode == cursor.inode;
    });
    if (is_there) continue;                           // told anew
    if (cursor.seen == Instant()) cursor.seen = now;  // kept by a version that did not tell
    if (cursor.offset > 0 && cursor.seen + kForgetAfter > now) out.push_back(std::move(cursor));
  }
  return out;
}

}  // namespace autopilot::events
