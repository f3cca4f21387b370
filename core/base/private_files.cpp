#include "core/base/private_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include "core/base/error.h"

namespace autopilot {
namespace {

struct NetworkFileSystem {
  std::uint32_t magic;  // statfs(2)
  const char* name;
};
constexpr std::array kNetworkFileSystems = {
    NetworkFileSystem{0x6969, "NFS"},       NetworkFileSystem{0xFE534D42, "SMB"},
    NetworkFileSystem{0xFF534D42, "CIFS"},  NetworkFileSystem{0x517B, "SMB"},
    NetworkFileSystem{0x65735546, "FUSE"},  NetworkFileSystem{0x01021997, "9p"},
    NetworkFileSystem{0x00C36400, "Ceph"},  NetworkFileSystem{0x0BD00BD0, "Lustre"},
    NetworkFileSystem{0x47504653, "GPFS"},  NetworkFileSystem{0x5346414F, "AFS"},
    NetworkFileSystem{0x7461636F, "OCFS2"}, NetworkFileSystem{0x01161970, "GFS2"},
};

[[noreturn]] void fail(const char* doing, const std::string& path, int system) {
  throw Error(ErrorKind::storage,
              fmt::format("cannot {} {}: {}", doing, path, std::strerror(system)),
              "the state needs a folder that you may write and room on its disk; --state names "
              "another file");
}

void sync_path(const std::string& path, int flags) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC);
  if (fd < 0) fail("write", path, errno);
  const int code = ::fsync(fd);
  const int system = errno;
  ::close(fd);
  if (code != 0) fail("write", path, system);
}

}  // namespace

std::string parent_folder(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

void create_private_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) fail("create", path, errno);
  ::fchmod(fd, 0600);
  ::close(fd);
}

void create_private_folders(const std::string& folder) {
  if (folder == "." || folder == "/") return;
  struct stat s {};
  if (::stat(folder.c_str(), &s) == 0) return;
  create_private_folders(parent_folder(folder));
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    throw Error(ErrorKind::storage,
                fmt::format("cannot create folder {}: {}", folder, std::strerror(errno)),
                "the state needs a folder that you may write; --state names another file");
  }
}

void put_in_place(const std::string& from, const std::string& to) {
  sync_path(from, O_RDONLY);
  if (::rename(from.c_str(), to.c_str()) != 0) fail("create", to, errno);
  sync_path(parent_folder(to), O_RDONLY | O_DIRECTORY);
}

std::string_view network_file_system(std::uint32_t type) {
  for (const NetworkFileSystem& known : kNetworkFileSystems) {
    if (known.magic == type) return known.name;
  }
  return "";
}

void refuse_network_file_system(const std::string& path) {
  struct statfs where {};
  if (::statfs(parent_folder(path).c_str(), &where) != 0) return;  // opening will say why
  const std::string_view name = network_file_system(static_cast<std::uint32_t>(where.f_type));
  if (name.empty()) return;
  throw Error(
      ErrorKind::storage, fmt::format("the state {} is on a network file system ({})", path, name),
      "keep it on a local disk, where locks and shared memory work; a shared state belongs in "
      "a database server (postgres://)");
}

}  // namespace autopilot
