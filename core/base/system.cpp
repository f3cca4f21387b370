#include "core/base/system.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "core/base/children.h"
#include "core/base/error.h"
#include "core/base/guarded_file.h"
#include "core/base/http_curl.h"
#include "core/base/monotonic.h"
#include "core/base/processes.h"
#include "core/base/sockets.h"

namespace autopilot {
namespace {

[[noreturn]] void fail(const std::string& what, const std::string& path, int code) {
  throw Error(ErrorKind::storage, fmt::format("{} {}: {}", what, path, std::strerror(code)));
}

// An open file descriptor, closed at the end of its scope.
class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() {
    if (fd_ >= 0) ::close(fd_);
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

std::string read_all(int fd, const std::string& path) {
  std::string text;
  char buffer[65536];
  struct stat s {};
  if (::fstat(fd, &s) == 0 && S_ISREG(s.st_mode))
    text.reserve(static_cast<std::size_t>(std::min<off_t>(s.st_size, Files::kMostBytes)));
  for (;;) {
    const ssize_t n = ::read(fd, buffer, sizeof buffer);
    if (n == 0) return text;
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail("cannot read", path, errno);
    text.append(buffer, static_cast<std::size_t>(n));
    if (text.size() > Files::kMostBytes) {
      throw Error(ErrorKind::storage, fmt::format("cannot read {}: it has more than {} MiB", path,
                                                  Files::kMostBytes >> 20));
    }
  }
}

void write_all(int fd, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail("cannot write", path, errno);
    text.remove_prefix(static_cast<std::size_t>(n));
  }
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

void sync_folder(const std::string& path) {
  const Fd folder(::open(folder_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() >= 0) ::fsync(folder.get());
}

class OpenFile final : public ByteSource {
 public:
  OpenFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {
    struct stat s {};
    if (::fstat(fd_.get(), &s) != 0) fail("cannot read", path_, errno);
    if (S_ISREG(s.st_mode)) size_ = static_cast<std::uint64_t>(s.st_size);
    ::posix_fadvise(fd_.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  }
  std::size_t read(char* to, std::size_t most) override {
    for (;;) {
      const ssize_t n = ::read(fd_.get(), to, most);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) fail("cannot read", path_, errno);
      return static_cast<std::size_t>(n);
    }
  }
  std::uint64_t size() const override { return size_; }

 private:
  Fd fd_;
  std::string path_;
  std::uint64_t size_ = 0;
};

// A file without a name in the folder for temporary files.
class SystemScratch final : public ScratchFile {
 public:
  explicit SystemScratch(const std::string& folder) {
    std::string path = folder + "/autopilot-XXXXXX";
    fd_.emplace(::mkostemp(path.data(), O_CLOEXEC));  // mode 0600
    if (fd_->get() < 0) fail("cannot write", path, errno);
    ::unlink(path.c_str());
  }
  void write(std::uint64_t at, const void* from, std::size_t bytes) override {
    const char* next = static_cast<const char*>(from);
    while (bytes > 0) {
      const ssize_t n = ::pwrite(fd_->get(), next, bytes, static_cast<off_t>(at));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) fail("cannot write", "a temporary file", errno);
      next += n, at += static_cast<std::uint64_t>(n), bytes -= static_cast<std::size_t>(n);
    }
  }
  void read(std::uint64_t at, void* to, std::size_t bytes) override {
    char* next = static_cast<char*>(to);
    while (bytes > 0) {
      const ssize_t n = ::pread(fd_->get(), next, bytes, static_cast<off_t>(at));
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) fail("cannot read", "a temporary file", n < 0 ? errno : EIO);
      next += n, at += static_cast<std::uint64_t>(n), bytes -= static_cast<std::size_t>(n);
    }
  }

 private:
  std::optional<Fd> fd_;
};

std::string temporary_folder() {
  const char* folder = std::getenv("TMPDIR");
  return folder != nullptr && *folder != '\0' ? folder : "/tmp";
}

class SystemClock final : public Clock {
 public:
  Instant now() override {
    timespec t{};
    ::clock_gettime(CLOCK_REALTIME, &t);
    return {t.tv_sec, static_cast<std::int32_t>(t.tv_nsec)};
  }
  std::int64_t monotonic_nanos() override { return autopilot::monotonic_nanos(); }
  void sleep(Duration d) override {
    timespec left{d.nanos / 1'000'000'000, d.nanos % 1'000'000'000};
    while (::nanosleep(&left, &left) != 0 && errno == EINTR) {
    }
  }
};

class SystemFiles final : public Files {
 public:
  std::string read(const std::string& path) override {
    const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (fd.get() < 0) fail("cannot read", path, errno);
    return read_all(fd.get(), path);
  }

  std::unique_ptr<ByteSource> open(const std::string& path) override {
    if (path == "-") return Files::open(path);
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) fail("cannot read", path, errno);
    return std::make_unique<OpenFile>(fd, path);
  }

  std::unique_ptr<ScratchFile> scratch() override {
    return std::make_unique<SystemScratch>(temporary_folder());
  }

  std::string read_guarded(const std::string& path, const std::string& root) override {
    return read_guarded_file(path, root);
  }

  Secret read_secret(const std::string& path, const std::string& root) override {
    std::string text = read_guarded_file(path, root, Guard::from_readers);
    Secret secret{text};
    wipe(text);
    return secret;
  }

  std::string read_stdin() override {
    char buffer[65536];
    for (;;) {
      const ssize_t n = ::read(STDIN_FILENO, buffer, sizeof buffer);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) fail("cannot read", "standard input", errno);
      return std::string(buffer, static_cast<std::size_t>(n));
    }
  }

  bool stdin_ready() override {
    pollfd waiting{STDIN_FILENO, POLLIN, 0};
    return ::poll(&waiting, 1, 0) > 0;
  }

  bool exists(const std::string& path) override {
    struct stat s {};
    return ::stat(path.c_str(), &s) == 0;
  }

  bool is_directory(const std::string& path) override {
    struct stat s {};
    return ::stat(path.c_str(), &s) == 0 && S_ISDIR(s.st_mode);
  }

  std::string real_path(const std::string& path) override {
    char* resolved = ::realpath(path.c_str(), nullptr);
    if (resolved == nullptr) return path;
    std::string out = resolved;
    std::free(resolved);
    return out;
  }

  // Without reading it: what writing or replacing a file changes.
  std::string stamp(const std::string& path) override {
    struct stat s {};
    if (::stat(path.c_str(), &s) != 0) return {};
    return fmt::format("{}:{}:{}:{}.{:09}", s.st_dev, s.st_ino, s.st_size, s.st_mtim.tv_sec,
                       s.st_mtim.tv_nsec);
  }

  std::string read_tail(const std::string& path, std::size_t most) override {
    const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat s {};
    if (fd.get() < 0 || ::fstat(fd.get(), &s) != 0) fail("cannot read", path, errno);
    const auto from = s.st_size - static_cast<off_t>(std::min(most, kMostBytes));
    if (from > 0 && ::lseek(fd.get(), from, SEEK_SET) < 0) fail("cannot read", path, errno);
    std::string text = read_all(fd.get(), path);
    if (text.size() > most) text.erase(0, text.size() - most);  // it grew meanwhile
    return text;
  }

  FilePiece read_piece(const std::string& path, std::uint64_t offset, std::size_t most) override {
    const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat s {};
    if (fd.get() < 0 || ::fstat(fd.get(), &s) != 0) fail("cannot read", path, errno);
    if (!S_ISREG(s.st_mode)) fail("cannot read", path, EINVAL);
    FilePiece out{std::string(most, '\0'), s.st_ino};
    std::size_t size = 0;
    while (size < most) {
      const ssize_t n = ::pread(fd.get(), out.bytes.data() + size, most - size,
                                static_cast<off_t>(offset + size));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) fail("cannot read", path, errno);
      if (n == 0) break;
      size += static_cast<std::size_t>(n);
    }
    out.bytes.resize(size);
    return out;
  }

  std::vector<FileEntry> list(const std::string& directory) override {
    DIR* folder = ::opendir(directory.c_str());
    if (folder == nullptr) fail("cannot read folder", directory, errno);
    std::vector<FileEntry> entries;
    while (const dirent* e = ::readdir(folder)) {
      const std::string name = e->d_name;
      if (name == "." || name == "..") continue;
      entries.push_back(entry_of(directory, *e));
    }
    ::closedir(folder);
    std::sort(entries.begin(), entries.end(), [](auto& a, auto& b) { return a.name < b.name; });
    return entries;
  }

  void write(const std::string& path, std::string_view text) override {
    const std::optional<mode_t> mode = mode_of(path);
    // A device or a pipe (-o /dev/stdout) is written to, never replaced.
    if (mode && !S_ISREG(*mode)) return put({path, path, O_WRONLY | O_CLOEXEC, {}, false}, text);
    const std::string target = real_path(path);  // a link stays one
    const std::string temporary = fmt::format("{}.tmp.{}", target, ::getpid());
    try {
      put({temporary, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode, false}, text);
      if (::rename(temporary.c_str(), target.c_str()) != 0) fail("cannot write", path, errno);
    } catch (...) {
      ::unlink(temporary.c_str());
      throw;
    }
    sync_folder(target);
  }

  void write_private(const std::string& path, std::string_view text) override {
    const std::string temporary = fmt::format("{}.tmp.{}", path, ::getpid());
    try {
      const Fd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
      if (fd.get() < 0) fail("cannot write", path, errno);
      write_all(fd.get(), text, path);
      if (::rename(temporary.c_str(), path.c_str()) != 0) fail("cannot write", path, errno);
    } catch (...) {
      ::unlink(temporary.c_str());
      throw;
    }
  }

  std::string write_temporary(std::string_view text) override {
    std::string path = temporary_folder() + "/autopilot-XXXXXX";
    const Fd fd(::mkostemp(path.data(), O_CLOEXEC));  // mode 0600
    if (fd.get() < 0) fail("cannot write", path, errno);
    try {
      write_all(fd.get(), text, path);
    } catch (...) {
      ::unlink(path.c_str());
      throw;
    }
    return path;
  }

  void create(const std::string& path, std::string_view text) override {
    put({path, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, {}, true}, text);
    sync_folder(path);
  }

  void make_directories(const std::string& path) override {
    for (std::size_t slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
      const std::string part = path.substr(0, slash);
      if (::mkdir(part.c_str(), 0777) != 0 && errno != EEXIST)
        fail("cannot create folder", part, errno);
      if (slash == std::string::npos) break;
    }
    if (!is_directory(path)) fail("cannot create folder", path, ENOTDIR);
  }

  void remove(const std::string& path) override {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) fail("cannot remove", path, errno);
  }

  void rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) fail("cannot rename " + from + " to", to, errno);
    sync_folder(to);
  }

 private:
  struct Placement {
    std::string path;    // that is opened
    std::string spoken;  // that messages name
    int flags = 0;
    std::optional<mode_t> mode;  // of the file that this one replaces
    bool remove_on_failure = false;
  };

  static void put(const Placement& to, std::string_view text) {
    const Fd fd(::open(to.path.c_str(), to.flags, 0666));
    if (fd.get() < 0) fail("cannot write", to.spoken, errno);
    try {
      if (to.mode) ::fchmod(fd.get(), *to.mode & 07777);
      write_all(fd.get(), text, to.spoken);
      // EINVAL: a device that has nothing to sync.
      if (::fsync(fd.get()) != 0 && errno != EINVAL && errno != EROFS)
        fail("cannot write", to.spoken, errno);
    } catch (...) {
      if (to.remove_on_failure) ::unlink(to.path.c_str());
      throw;
    }
  }

  static FileEntry entry_of(const std::string& directory, const dirent& e) {
    FileEntry entry{e.d_name, e.d_type == DT_DIR};
    if (e.d_type == DT_DIR || e.d_type == DT_REG) return entry;
    const std::optional<mode_t> mode = mode_of(directory + "/" + entry.name);
    if (!mode) return entry;  // a link to nothing: reading it will say so
    entry.is_directory = S_ISDIR(*mode);
    entry.is_special = !S_ISDIR(*mode) && !S_ISREG(*mode);
    return entry;
  }

  static std::optional<mode_t> mode_of(const std::string& path) {
    struct stat s {};
    if (::stat(path.c_str(), &s) != 0) return std::nullopt;
    return s.st_mode;
  }
};

std::string first_line_of(const char* path) {
  const Fd fd(::open(path, O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) return {};
  std::string text = read_all(fd.get(), path);
  return text.substr(0, text.find('\n'));
}

ProcessStat stat_of(std::int64_t pid) {
  return parse_process_stat(first_line_of(fmt::format("/proc/{}/stat", pid).c_str()));
}

class SystemEnvironment final : public Environment {
 public:
  std::optional<std::string> get(const std::string& name) override {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return std::string(value);
  }
  std::string user() override {
    const passwd* entry = ::getpwuid(::geteuid());
    return entry != nullptr ? entry->pw_name : fmt::format("uid-{}", ::geteuid());
  }
  std::string host() override {
    char name[256] = {};
    ::gethostname(name, sizeof name - 1);
    return name;
  }
  std::string boot_id() override { return first_line_of("/proc/sys/kernel/random/boot_id"); }
  std::int64_t process_id() override { return ::getpid(); }
  bool process_alive(std::int64_t pid) override {
    if (::kill(static_cast<pid_t>(pid), 0) != 0 && errno != EPERM) return false;
    return stat_of(pid).state != 'Z';  // killed, and nobody has asked how it ended
  }
  std::string process_start(std::int64_t pid) override { return stat_of(pid).start_ticks; }
  std::string working_directory() override {
    char buffer[4096];
    return ::getcwd(buffer, sizeof buffer) != nullptr ? buffer : ".";
  }
  void change_directory(const std::string& path) override {
    if (::chdir(path.c_str()) != 0) fail("cannot enter", path, errno);
  }
  bool is_terminal(int descriptor) override { return ::isatty(descriptor) == 1; }
  std::optional<int> terminal_columns() override {
    winsize size{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return std::nullopt;
    return size.ws_col;
  }
  std::unique_ptr<Screen> open_screen() override { return system_screen(); }
};

class SystemRandom final : public Random {
 public:
  std::uint64_t next() override {
    if (used_ == kCount) {
      if (::getrandom(pool_, sizeof pool_, 0) != static_cast<ssize_t>(sizeof pool_)) {
        fail("cannot read", "kernel randomness", errno);
      }
      used_ = 0;
    }
    return pool_[used_++];
  }

 private:
  static constexpr std::size_t kCount = 32;  // 256 bytes: getrandom never returns less
  std::uint64_t pool_[kCount] = {};
  std::size_t used_ = kCount;
};

}  // namespace

struct System::Parts {
  SystemClock clock;
  SystemFiles files;
  SystemEnvironment environment;
  SystemRandom random;
  std::unique_ptr<Processes> processes = system_processes();
  std::unique_ptr<Http> http = system_http();
  std::unique_ptr<Sockets> sockets = system_sockets();
  std::unique_ptr<Children> children = system_children();
  World world{clock, files, environment, random, *processes, *http, *sockets, *children};
};

System::System() : parts_(std::make_unique<Parts>()) {}
System::~System() = default;
World& System::world() { return parts_->world; }

}  // namespace autopilot
