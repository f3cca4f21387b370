#pragma once
// SQLite, opened the one safe way: WAL, full durability, every write and checkpoint under one file
// lock. The only place that knows sqlite3. Its faults become Error(storage) (Error(locked) when
// another program keeps the file busy), with a hint at what to do. A Database and what comes from
// it belong to one thread; other threads open their own.
//
// Invariants:
//  1. A transaction that writes holds the lock `<path>.lock` from before BEGIN IMMEDIATE until
//  after COMMIT: no busy
//     loops, no starvation, and checkpoints never meet a commit (SQLite < 3.51.3 can corrupt the
//     file when they do).
//  2. The file appears under its name complete, or not at all.
//  3. What commit() returned from survives a crash of the machine.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "core/base/error.h"
#include "core/base/file_lock.h"
#include "core/base/time.h"

struct sqlite3;
struct sqlite3_stmt;

namespace autopilot {

inline constexpr std::int64_t kApplicationId = 0x4150494C;  // "APIL"

// Bytes to bind to a BLOB column. Borrows.
struct Blob {
  std::string_view bytes;
};

class Database;

// A prepared statement. Parameters are `?1 ?2 …`; columns count from 0. Views that it returns live
// until the next step() or bind(); texts and blobs given to bind() as views or lvalues must live
// until the statement is done with them (run(), the last step(), or the next bind()). Temporaries
// of std::string are copied.
class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;
  ~Statement();

  // Resets the statement and binds all its parameters.
  template <class... Args>
  Statement& bind(Args&&... args) {
    reset();
    int index = 0;
    (bind_one(++index, std::forward<Args>(args)), ...);
    return *this;
  }

  // The next row; false at the end (the statement is reset then).
  bool step();

  // Binds, runs to the end and resets. For statements whose rows don't matter.
  template <class... Args>
  void run(Args&&... args) {
    bind(std::forward<Args>(args)...);
    while (step()) {
    }
  }

  std::int64_t integer(int column) const;
  double real(int column) const;
  std::string_view text(int column) const;
  std::string_view blob(int column) const;
  bool is_null(int column) const;
  void reset();

 private:
  friend class Database;
  Statement(Database& database, sqlite3_stmt* handle) : database_(&database), handle_(handle) {}

  void bind_null(int index);
  void bind_integer(int index, std::int64_t value);
  void bind_real(int index, double value);
  void bind_text(int index, std::string_view text, bool copy);
  void bind_blob(int index, std::string_view bytes);
  template <class T>
  void bind_one(int index, T&& value) {
    using Plain = std::remove_cvref_t<T>;
    if constexpr (std::is_same_v<Plain, std::nullptr_t>) {
      bind_null(index);
    } else if constexpr (std::is_integral_v<Plain>) {
      bind_integer(index, static_cast<std::int64_t>(value));
    } else if constexpr (std::is_floating_point_v<Plain>) {
      bind_real(index, static_cast<double>(value));
    } else if constexpr (std::is_same_v<Plain, Blob>) {
      bind_blob(index, value.bytes);
    } else if constexpr (std::is_same_v<Plain, std::string>) {
      bind_text(index, value, std::is_rvalue_reference_v<T&&>);
    } else if constexpr (std::is_convertible_v<T, std::string_view>) {
      bind_text(index, std::string_view(value), false);
    } else {  // std::optional
      value ? bind_one(index, *value) : bind_null(index);
    }
  }

  Database* database_;
  sqlite3_stmt* handle_;
};

struct DatabaseOptions {
  std::optional<Duration>
      lock_timeout;  // for each write transaction; absent: wait as long as it takes
};

class Database {
 public:
  // What the machine says of who uses this connection; the audit keeps it beside the actor. Empty:
  // nothing.
  const std::string& identity() const { return identity_; }
  void set_identity(std::string identity) { identity_ = std::move(identity); }

  // Opens an existing file. Throws Error(storage) when it is absent, not ours, damaged or on a
  // network file system.
  explicit Database(const std::string& path, DatabaseOptions options = {});
  ~Database();
  Database(Database&&) = delete;  // statements and transactions point here

  // Creates the file (mode 0600, missing folders 0700) with what `build` puts in, unless it exists
  // already. Whoever opens it sees all of it or no file.
  static void create(const std::string& path, const std::function<void(Database&)>& build,
                     DatabaseOptions options = {});
  // Whether a state was ever created there (an empty file counts as none).
  static bool exists(const std::string& path);

  Statement prepare(std::string_view sql);
  void execute(const std::string& sql);  // one or more statements without parameters
  std::int64_t integer(
      std::string_view sql);     // the first column of the only row; 0 when there is none
  std::int64_t changes() const;  // rows changed by the last statement

  std::int64_t user_version();
  void set_user_version(std::int64_t version);

  // A whole, consistent copy at `path`, replacing what was there; never a part of one. Works beside
  // writers.
  void copy_to(const std::string& path);
  // Moves the WAL into the file and empties it. Takes the lock. Without `wait` it gives up when the
  // lock is taken.
  void checkpoint(bool wait = true);

  const std::string& path() const { return path_; }

 private:
  friend class Statement;
  friend class WriteTransaction;
  friend class ReadTransaction;
  struct Building {
    const std::string& target;  // the name that the file will have, for messages
  };
  Database(const std::string& path, Building building);

  void open(const std::string& path);
  void configure();
  void configure_building();
  void close();
  void begin_write(std::optional<Duration> timeout);
  void commit();
  void roll_back();
  void checkpoint_locked();
  void checkpoint_when_large(std::int64_t limit_pages);
  void use_wal();
  void check(int code, const char* doing);
  Error error_of(int code, const char* doing);
  static int on_commit(void* self, sqlite3* handle, const char* name, int pages);

  std::string path_;
  std::string name_;  // for messages
  std::string identity_;
  DatabaseOptions options_;
  FileLock lock_;
  bool building_ = false;  // create() holds the lock then
  sqlite3* handle_ = nullptr;
  std::int64_t wal_pages_ = 0;        // after our last commit
  std::int64_t next_checkpoint_ = 0;  // WAL pages at which the next one is tried
};

// Takes the lock, then BEGIN IMMEDIATE. Rolls back unless committed. One at a time per Database.
class WriteTransaction {
 public:
  explicit WriteTransaction(Database& database);
  WriteTransaction(Database& database, Duration lock_timeout);
  ~WriteTransaction();
  WriteTransaction(const WriteTransaction&) = delete;
  WriteTransaction& operator=(const WriteTransaction&) = delete;
  // Durable when it returns. Throws Error(storage) and leaves everything as it was when it can't.
  void commit();

 private:
  Database& database_;
  bool open_ = true;
};

// One consistent view over several reads. Keep it short: it stops the WAL from shrinking.
class ReadTransaction {
 public:
  explicit ReadTransaction(Database& database);
  ~ReadTransaction();
  ReadTransaction(const ReadTransaction&) = delete;
  ReadTransaction& operator=(const ReadTransaction&) = delete;

 private:
  Database& database_;
};

}  // namespace autopilot
