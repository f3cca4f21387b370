#include "core/base/guarded_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/base/error.h"
#include "core/base/private_files.h"
#include "core/base/secret.h"
#include "core/base/text.h"

namespace autopilot {
namespace {

constexpr std::size_t kMostBytes = 1 << 20;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

[[noreturn]] void refuse(const std::string& path, const std::string& why, std::string hint) {
  throw Error(ErrorKind::denied, fmt::format("{} is not to be trusted: {}", path, why),
              std::move(hint));
}

[[noreturn]] void fail(const std::string& path, int code) {
  throw Error(ErrorKind::storage, fmt::format("cannot read {}: {}", path, std::strerror(code)));
}

// `at` is what a message calls the thing that `fd` is.
void check_owner(int fd, const std::string& path, const std::string& at, bool is_folder) {
  struct stat s {};
  if (::fstat(fd, &s) != 0) fail(path, errno);
  if (!is_folder && !S_ISREG(s.st_mode)) refuse(path, "it is no regular file", "name one that is");
  if (s.st_uid != ::geteuid() && s.st_uid != 0) {
    refuse(path, fmt::format("{} belongs to another user (uid {})", at, s.st_uid),
           fmt::format("chown it to the user who runs autopilot: {}", at));
  }
  // In a folder with the sticky bit nobody removes the files of others.
  const bool open_to_others = (s.st_mode & 022) != 0 && !(is_folder && (s.st_mode & S_ISVTX) != 0);
  if (!open_to_others) return;
  refuse(path,
         fmt::format("{} is writable for {}", at, (s.st_mode & 002) != 0 ? "everybody" : "a group"),
         fmt::format("chmod go-w {}", at));
}

void check_unreadable(int fd, const std::string& path) {
  struct stat s {};
  if (::fstat(fd, &s) != 0) fail(path, errno);
  if ((s.st_mode & 077) == 0) return;
  refuse(path, fmt::format("it is open to {}", (s.st_mode & 007) != 0 ? "everybody" : "a group"),
         fmt::format("chmod go= {}", path));
}

std::string read_bounded(int fd, const std::string& path, std::size_t most) {
  std::string text;
  text.reserve(most + 1);  // growing would leave copies of it behind
  for (;;) {
    char buffer[16384];
    const std::size_t room = std::min(sizeof buffer, most + 1 - text.size());
    const ssize_t n = ::read(fd, buffer, room);
    if (n > 0) text.append(buffer, static_cast<std::size_t>(n));
    ::explicit_bzero(buffer, sizeof buffer);
    if (n == 0) return text;
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail(path, errno);
    if (text.size() <= most) continue;
    wipe(text);
    refuse(path, fmt::format("it has more than {} KiB", most >> 10), "name a shorter one");
  }
}

Descriptor open_in(const Descriptor& folder, const std::string& name, bool is_folder,
                   const std::string& path) {
  // O_NONBLOCK: a pipe in the place of the file must not make us wait.
  const int kind = is_folder ? O_DIRECTORY : O_NONBLOCK;
  const int flags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | kind;
  const int fd = ::openat(folder.get(), name.c_str(), flags);
  if (fd >= 0) return Descriptor(fd);
  const int code = errno;
  struct stat s {};
  const bool there = ::fstatat(folder.get(), name.c_str(), &s, AT_SYMLINK_NOFOLLOW) == 0;
  if (there && S_ISLNK(s.st_mode)) {
    refuse(path, fmt::format("{} is a symbolic link", name),
           "a link can be turned to another file; put the file itself there");
  }
  fail(path, code);
}

}  // namespace

std::string read_guarded_file(const std::string& path, const std::string& root, Guard guard) {
  const bool below = !root.empty() && path.starts_with(root.ends_with('/') ? root : root + "/");
  std::string at = below ? root : parent_folder(path);
  const std::string rest =
      below ? path.substr(root.size()) : path.substr(path.find_last_of('/') + 1);
  Descriptor folder(::open(at.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0) fail(path, errno);
  check_owner(folder.get(), path, at, true);
  std::vector<std::string> names;
  for (std::string& name : split(rest, '/')) {
    if (name == "..") refuse(path, "it leads out of its folder", "name it without ..");
    if (!name.empty() && name != ".") names.push_back(std::move(name));
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    const bool is_folder = i + 1 < names.size();
    folder = open_in(folder, names[i], is_folder, path);
    at += "/" + names[i];
    check_owner(folder.get(), path, at, is_folder);
  }
  if (guard == Guard::from_writers) return read_bounded(folder.get(), path, kMostBytes);
  check_unreadable(folder.get(), path);
  return read_bounded(folder.get(), path, kLongestSecret);
}

}  // namespace autopilot
