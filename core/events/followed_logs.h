#pragma once
// Logs that grow, are rotated, packed and cut, each byte read once by whoever keeps the cursors.
//
// A cursor belongs to the file whose bytes are those that it has read: its first ones, and those
// before its offset. Where several cursors or files could be meant, a file's own inode decides,
// then the greater offset. So:
//  * renamed, a log is read to its end under its new name, and a new one in its place from its
//    beginning;
//  * packed (gzip, zstd) after its rotation, it goes on within the packed file where it was;
//  * copied and cut (copytruncate), it goes on within the copy, and from the beginning where it
//    was cut;
//  * while a copy, plain or packed, is being made of a log that is there, only one of them is read;
//    what was seen to be a copy stays one when the log was read further than the copy goes.

#include <string>
#include <vector>

#include "core/base/world.h"
#include "core/events/followed_log.h"

namespace autopilot::events {

// The files that paths and patterns (* and ? in the last part) name, below `root` where they are
// not absolute; sorted, without those that are not there.
std::vector<std::string> find_logs(Files& files, const std::string& root,
                                   const std::vector<std::string>& patterns);

class FollowedLogs {
 public:
  // Cursors of files that were not there for so long are forgotten.
  static constexpr Duration kForgetAfter = Duration::seconds(90 * 86400);

  FollowedLogs(Files& files, const std::vector<std::string>& paths, std::vector<LogCursor> known);

  // Those to be read, in the order of their paths.
  std::vector<FollowedLog>& logs() { return logs_; }
  // Files that hold no more than another one that is read.
  const std::vector<std::string>& copies() const { return copies_; }
  // All that is to be known the next time, if what is marked in logs() was taken.
  std::vector<LogCursor> cursors(Instant now) const;

 private:
  struct Candidate;
  class Matching;

  std::vector<FollowedLog> logs_;
  std::vector<std::string> copies_;
  std::vector<LogCursor> copied_;  // of the copies
  std::vector<LogCursor> unread_;  // packed files that have not changed since
  std::vector<LogCursor> absent_;
};

}  // namespace autopilot::events
