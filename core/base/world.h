#pragma once
// Everything that is not computation: clock, files, environment, randomness, other programs. One
// World is built in main (core/base/system.h); tests build one of fakes. Nothing else reads the
// clock or the environment.

#include <signal.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/children.h"
#include "core/base/http.h"
#include "core/base/screen.h"
#include "core/base/secret.h"
#include "core/base/time.h"

namespace autopilot {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant now() = 0;                   // wall clock
  virtual std::int64_t monotonic_nanos() = 0;  // for measuring elapsed time only
  virtual void sleep(Duration d) = 0;
};

struct FileEntry {
  std::string name;  // within its folder
  bool is_directory = false;
  bool is_special = false;  // a pipe, a socket or a device: reading it may wait or never end
};

// A part of a file that grows.
struct FilePiece {
  std::string bytes;        // fewer than asked for at the end
  std::uint64_t inode = 0;  // tells the file from another of its name
};

// Paths are as given by the user, relative to the working directory. All throw Error(storage)
// naming the path.
// Bytes that come one piece after another, of whatever length in all.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // Fills `to` with up to `most` bytes; how many there were, 0 only at the end.
  virtual std::size_t read(char* to, std::size_t most) = 0;
  // Bytes in all where that is known beforehand; 0: it is not.
  virtual std::uint64_t size() const { return 0; }
};

// Bytes put aside for this process alone, gone with it: what does not fit into memory.
class ScratchFile {
 public:
  virtual ~ScratchFile() = default;
  virtual void write(std::uint64_t at, const void* from, std::size_t bytes) = 0;
  // REQUIRES that it was written. From several threads at once.
  virtual void read(std::uint64_t at, void* to, std::size_t bytes) = 0;
};

class Files {
 public:
  // Bytes that read() and read_all_stdin() take at most; more is an Error(storage). It keeps
  // offsets in 32 bits, and /dev/zero from filling the memory.
  static constexpr std::size_t kMostBytes = 256 << 20;

  virtual ~Files() = default;
  virtual std::string read(const std::string& path) = 0;
  // The same piece by piece, whatever its length; "-" is standard input.
  virtual std::unique_ptr<ByteSource> open(const std::string& path);
  virtual std::unique_ptr<ScratchFile> scratch();
  // Reads what others must not be able to swap (core/base/guarded_file.h): a regular file that
  // belongs to this user or to root, writable for nobody else, and under the folder `root` reached
  // through folders of that kind and no link. Throws Error(denied) when it is not so.
  virtual std::string read_guarded(const std::string& path, const std::string& root) = 0;
  // The same for a file that nobody else can read either, of at most kLongestSecret bytes.
  virtual Secret read_secret(const std::string& path, const std::string& root) = 0;
  // Bounded read of standard input or a file, piece by piece; returns "" at the end.
  virtual std::string read_stdin() = 0;
  // Whether read_stdin() would return at once.
  virtual bool stdin_ready() = 0;
  std::string read_all_stdin();
  virtual bool exists(const std::string& path) = 0;
  virtual bool is_directory(const std::string& path) = 0;
  // The one path of a file that exists, without links; `path` itself when that cannot be told.
  virtual std::string real_path(const std::string& path) { return path; }
  // A text that changes when the file does; "" when it cannot be read.
  virtual std::string stamp(const std::string& path) = 0;
  // The last `most` bytes at most: for logs.
  virtual std::string read_tail(const std::string& path, std::size_t most) {
    std::string text = read(path);
    return text.size() > most ? text.substr(text.size() - most) : text;
  }
  // At most `most` bytes from `offset` on, none behind the end.
  virtual FilePiece read_piece(const std::string& path, std::uint64_t offset, std::size_t most) {
    const std::string text = read(path);
    return {offset < text.size() ? text.substr(offset, most) : std::string(), 0};
  }
  virtual std::vector<FileEntry> list(const std::string& directory) = 0;  // sorted by name
  // Replaces the file as a whole (temporary file, fsync, rename): readers see the old or the new
  // one, never a part.
  virtual void write(const std::string& path, std::string_view text) = 0;
  // The same for its owner alone, and without waiting for the disk: for what can be made anew.
  virtual void write_private(const std::string& path, std::string_view text) { write(path, text); }
  // A new file for its owner alone, in the folder for temporary files; its path. remove() it.
  virtual std::string write_temporary(std::string_view text) = 0;
  // Creates the file and fails if it exists.
  virtual void create(const std::string& path, std::string_view text) = 0;
  virtual void make_directories(const std::string& path) = 0;  // mode 0777 less the umask
  virtual void remove(const std::string& path) = 0;            // absent is fine
  // One rename(2), which replaces `to`; it survives a crash of the machine when this returns.
  virtual void rename(const std::string& from, const std::string& to) = 0;
};

class Environment {
 public:
  virtual ~Environment() = default;
  virtual std::optional<std::string> get(const std::string& name) = 0;
  virtual std::string user() = 0;  // the OS user's name
  virtual std::string host() = 0;
  virtual std::string boot_id() = 0;  // changes with each boot of the host
  virtual std::int64_t process_id() = 0;
  virtual bool process_alive(std::int64_t pid) = 0;  // on this host
  // When it started, in clock ticks since boot: tells a process from another that has its id later.
  // Empty: it cannot be told.
  virtual std::string process_start(std::int64_t pid) = 0;
  virtual std::string working_directory() = 0;
  // Changes it for the rest of the process. Throws Error(storage) naming `path`.
  virtual void change_directory(const std::string& path) = 0;
  virtual bool is_terminal(int descriptor) = 0;       // 0, 1 or 2
  virtual std::optional<int> terminal_columns() = 0;  // of standard output, when it is a terminal
  // For a view drawn in place; null where it cannot be.
  virtual std::unique_ptr<Screen> open_screen() = 0;
};

// What capture() lets a program have.
struct CaptureLimits {
  Duration time = Duration::seconds(30);
  std::size_t output = 1 << 20;  // bytes, of each stream
  // Names of environment variables that it sees beside PATH, HOME, USER, LOGNAME, LANG, LC_ALL,
  // LC_CTYPE, TMPDIR and TZ, and those that are set for it.
  std::vector<std::string> pass;
  std::vector<std::pair<std::string, std::string>> set;
  // It may ask the person at the terminal: it stays in our session, and its standard error goes
  // where ours does. Otherwise it has a session of its own and no terminal.
  bool at_terminal = false;
  // Once this descriptor is readable the program, with all of its session where it has its own, is
  // asked to end by the signal, and has so long for it.
  int wake_descriptor = -1;
  int wake_signal = SIGINT;  // of capture(): conversations end by SIGINT
  Duration grace = Duration::seconds(2);
};

struct Captured {
  enum class End { exited, killed, timed_out, too_long, not_started };
  End end = End::exited;
  int status = 0;  // of exited; the signal of killed; errno of not_started
  std::string out, err;

  bool ok() const { return end == End::exited && status == 0; }
};

// A program that answers one request after the other, each as a frame (core/base/conversation.h).
class Conversation {
 public:
  virtual ~Conversation() = default;  // ends the program
  // Sends the request and waits for its answer, in `out`. Where it breaks the limits, or ends
  // instead, as of capture(); the next request starts it anew.
  virtual Captured ask(std::string_view request, const CaptureLimits& limits) = 0;
};

// Other programs. Words go to the program as they are: no shell is involved.
class Processes {
 public:
  virtual ~Processes() = default;
  // The executable file that `name` (without a slash) means by PATH, or "".
  virtual std::string find(const std::string& name) = 0;
  // Runs the program with `input` as its standard input and waits. Its exit status; 128 + the
  // signal that ended it; nothing when it cannot be started.
  virtual std::optional<int> feed(const std::vector<std::string>& words,
                                  std::string_view input) = 0;
  // Runs the program with `input` as its standard input, a clean environment and no other file of
  // ours, and keeps what it writes. Ended with all that it started when it breaks the limits.
  virtual Captured capture(const std::vector<std::string>& words, std::string_view input,
                           const CaptureLimits& limits) = 0;
  // To ask the program many times, as if it was captured for each request. May not outlive this.
  virtual std::unique_ptr<Conversation> converse(const std::vector<std::string>& words);
  // From now on this process leaves no core dump, and others of the same user cannot look into it.
  virtual void keep_memory_private() = 0;
  // Becomes the program. Returns only by throwing Error(outside).
  virtual void become(const std::vector<std::string>& words,
                      const std::vector<std::pair<std::string, std::string>>& environment) = 0;
};

class Random {
 public:
  virtual ~Random() = default;
  virtual std::uint64_t next() = 0;  // 64 uniform bits
};

struct World {
  Clock& clock;
  Files& files;
  Environment& environment;
  Random& random;
  Processes& processes;
  Http& http;
  Sockets& sockets;
  Children& children;
};

}  // namespace autopilot
