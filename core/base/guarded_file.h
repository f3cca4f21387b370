#pragma once
// Reads a file whose words decide who is believed, or that nobody else may know: what somebody else
// on this machine could have swapped, written or read is refused. The work behind
// Files::read_guarded() and read_secret().

#include <string>

namespace autopilot {

// What a file is guarded against, beside being swapped: changes by others, or their looks, too.
enum class Guard { from_writers, from_readers };

// REQUIRES both paths to be absolute or relative to the same folder. Below `root` no component may
// be a link and each folder, root too, must belong to this user or to root and be writable for
// nobody else; so must the file, which must be a regular one. A path that does not start with
// `root` is held to the same for its file and that file's folder. Throws Error(denied) saying what
// is wrong, Error(storage) when it cannot be read.
// What is guarded from readers has at most kLongestSecret bytes and leaves no copy in memory.
std::string read_guarded_file(const std::string& path, const std::string& root,
                              Guard guard = Guard::from_writers);

}  // namespace autopilot
