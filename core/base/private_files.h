#pragma once
// Files that only their owner may read, put in place as a whole: what the state needs of the file
// system beside SQLite. All throw Error(storage) naming the path.

#include <cstdint>
#include <string>
#include <string_view>

namespace autopilot {

// "a/b" of "a/b/c", "." of "c".
std::string parent_folder(const std::string& path);

// Empty, mode 0600 whatever the umask; an existing file is emptied.
void create_private_file(const std::string& path);
// Those that are missing, mode 0700.
void create_private_folders(const std::string& folder);

// Renames a finished file to its name; it survives a crash of the machine when this returns.
void put_in_place(const std::string& from, const std::string& to);

// What is known not to work, by the type that statfs() gives: "NFS", or "" for all others.
std::string_view network_file_system(std::uint32_t type);

// Throws Error(storage) when `path` is, or would be, on a file system where SQLite's locks and
// shared memory don't work.
void refuse_network_file_system(const std::string& path);

}  // namespace autopilot
