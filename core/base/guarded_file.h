#pragma once
// Reads a file whose words decide who is believed: what somebody else on this machine could have
// swapped or written is refused. The work behind Files::read_guarded().

#include <string>

namespace autopilot {

// REQUIRES both paths to be absolute or relative to the same folder. Below `root` no component may
// be a link and each folder, root too, must belong to this user or to root and be writable for
// nobody else; so must the file, which must be a regular one. A path that does not start with
// `root` is held to the same for its file and that file's folder. Throws Error(denied) saying what
// is wrong, Error(storage) when it cannot be read.
std::string read_guarded_file(const std::string& path, const std::string& root);

}  // namespace autopilot
