#include "core/base/sqlite.h"

#include <fmt/format.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/base/error.h"
#include "core/base/private_files.h"

namespace autopilot {
namespace {

constexpr std::int64_t kPageSize = 8192;
constexpr std::int64_t kLargeWal = (16 << 20) / kPageSize;  // pages; checkpointed while running
constexpr std::int64_t kLastingWal =
    (1 << 20) / kPageSize;  // pages; not left behind: every opener re-reads the WAL
constexpr std::int64_t kRetryPages =
    (4 << 20) / kPageSize;  // growth before a refused checkpoint is tried again
constexpr int kBusyTimeoutMs =
    5000;  // for programs other than autopilot, which don't know the lock

constexpr const char* kConnectionSettings =
    "PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0; PRAGMA cell_size_check=ON;"
    "PRAGMA mmap_size=0; PRAGMA cache_size=-65536; PRAGMA temp_store=MEMORY;";

// A write past RLIMIT_FSIZE shall give an error that can be reported, not end the process.
void ignore_file_size_signal() {
  struct sigaction present {};
  if (::sigaction(SIGXFSZ, nullptr, &present) == 0 && present.sa_handler == SIG_DFL) {
    ::signal(SIGXFSZ, SIG_IGN);
  }
}

// SQLite must not take the name for a URI.
std::string plain_name(const std::string& path) {
  return path.starts_with('/') ? path : "./" + path;
}

bool no_space(int code, int system) {
  return (code & 0xff) == SQLITE_FULL || system == ENOSPC || system == EDQUOT || system == EFBIG;
}

Error full(const std::string& path) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
    return Error(
        ErrorKind::storage,
        fmt::format("cannot write the state {}: the limit of {} bytes for a file is reached, or "
                    "the disk is "
                    "full",
                    path, limit.rlim_cur),
        "raise the limit (ulimit -f) or free some space and try again; nothing was changed");
  }
  return Error(ErrorKind::storage, fmt::format("cannot write the state {}: the disk is full", path),
               "free some space and try again; nothing was changed");
}

Error read_only(const std::string& path) {
  return Error(ErrorKind::storage,
               fmt::format("cannot write the state {}: the file or its folder is read-only", path),
               "SQLite writes beside the file even to read it; allow writing, or copy the state "
               "elsewhere and "
               "name the copy with --state");
}

Error damaged(const std::string& path, int code, const char* detail) {
  if ((code & 0xff) == SQLITE_NOTADB) {
    return Error(ErrorKind::storage, fmt::format("{} is no state of autopilot: {}", path, detail),
                 "name another file with --state, or restore a backup over it");
  }
  return Error(ErrorKind::storage, fmt::format("the state {} is damaged: {}", path, detail),
               "keep a copy of the file, then restore a backup; `autopilot state check` tells what "
               "is damaged");
}

// `system` is an errno, which SQLite keeps from long ago where the fault is none of the file
// system.
Error describe(const std::string& path, int code, int system, const char* detail,
               const char* doing) {
  if ((code & 0xff) != SQLITE_IOERR && (code & 0xff) != SQLITE_CANTOPEN) system = 0;
  if (no_space(code, system)) return full(path);
  const bool refused = system == EACCES || system == EPERM || system == EROFS;
  switch (code & 0xff) {
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return read_only(path);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return damaged(path, code, detail);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Error(ErrorKind::locked,
                   fmt::format("the state {} is in use by another program", path),
                   "end the program that has it open (an SQL shell, a backup tool) and try again");
    case SQLITE_CANTOPEN:
      if (refused) return read_only(path);
      return Error(ErrorKind::storage, fmt::format("cannot open the state {}: {}", path,
                                                   system != 0 ? std::strerror(system) : detail));
    case SQLITE_IOERR:
      return Error(ErrorKind::storage, fmt::format("cannot {} the state {}: {}", doing, path,
                                                   system != 0 ? std::strerror(system) : detail));
    case SQLITE_INTERRUPT:
      return Error(ErrorKind::interrupted, "interrupted");
    case SQLITE_CONSTRAINT:
    case SQLITE_MISUSE:
    case SQLITE_RANGE:
      return Error(ErrorKind::bug, fmt::format("cannot {} the state {}: {}", doing, path, detail));
    default:
      return Error(ErrorKind::storage,
                   fmt::format("cannot {} the state {}: {}", doing, path, detail),
                   "`autopilot state check` tells whether the file is sound");
  }
}

[[noreturn]] void fail_system(const char* doing, const std::string& path, int system) {
  throw describe(path, SQLITE_CANTOPEN, system, "", doing);
}

void remove_database_files(const std::string& path) {
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) ::unlink((path + suffix).c_str());
}

}  // namespace

// --- Statement

Statement::Statement(Statement&& other) noexcept
    : database_(other.database_), handle_(std::exchange(other.handle_, nullptr)) {}

Statement::~Statement() { sqlite3_finalize(handle_); }

bool Statement::step() {
  errno = 0;
  const int code = sqlite3_step(handle_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) {
    const Error error =
        database_->error_of(code, sqlite3_stmt_readonly(handle_) != 0 ? "read" : "write");
    reset();
    throw error;
  }
  reset();
  return false;
}

void Statement::reset() { sqlite3_reset(handle_); }

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(handle_, column); }
double Statement::real(int column) const { return sqlite3_column_double(handle_, column); }
bool Statement::is_null(int column) const {
  return sqlite3_column_type(handle_, column) == SQLITE_NULL;
}

std::string_view Statement::text(int column) const {
  const auto* start = reinterpret_cast<const char*>(sqlite3_column_text(handle_, column));
  return {start == nullptr ? "" : start,
          static_cast<std::size_t>(sqlite3_column_bytes(handle_, column))};
}

std::string_view Statement::blob(int column) const {
  const auto* start = static_cast<const char*>(sqlite3_column_blob(handle_, column));
  return {start == nullptr ? "" : start,
          static_cast<std::size_t>(sqlite3_column_bytes(handle_, column))};
}

void Statement::bind_null(int index) {
  database_->check(sqlite3_bind_null(handle_, index), "bind for");
}
void Statement::bind_integer(int index, std::int64_t value) {
  database_->check(sqlite3_bind_int64(handle_, index, value), "bind for");
}
void Statement::bind_real(int index, double value) {
  database_->check(sqlite3_bind_double(handle_, index, value), "bind for");
}
void Statement::bind_text(int index, std::string_view text, bool copy) {
  const char* start = text.data() == nullptr ? "" : text.data();
  database_->check(sqlite3_bind_text64(handle_, index, start, text.size(),
                                       copy ? SQLITE_TRANSIENT : SQLITE_STATIC, SQLITE_UTF8),
                   "bind for");
}
void Statement::bind_blob(int index, std::string_view bytes) {
  const char* start = bytes.data() == nullptr ? "" : bytes.data();
  database_->check(sqlite3_bind_blob64(handle_, index, start, bytes.size(), SQLITE_STATIC),
                   "bind for");
}

// --- Database

Database::Database(const std::string& path, DatabaseOptions options)
    : path_(path),
      name_(path),
      options_(options),
      lock_(path + ".lock"),
      next_checkpoint_(kLargeWal) {
  struct stat s {};
  if (::stat(path.c_str(), &s) != 0) fail_system("open", path, errno);
  if (S_ISDIR(s.st_mode)) fail_system("open", path, EISDIR);
  if (::access(path.c_str(), R_OK) != 0) {
    throw Error(ErrorKind::storage,
                fmt::format("cannot read the state {}: {}", path, std::strerror(errno)),
                "it is readable for the user who made it; --state names another file");
  }
  if (s.st_size == 0) {
    throw Error(ErrorKind::storage, fmt::format("the state {} is damaged: the file is empty", path),
                "restore a backup over it, or remove it and its -wal to start anew");
  }
  refuse_network_file_system(path);
  try {
    open(path);
    configure();
  } catch (...) {
    close();
    throw;
  }
}

Database::Database(const std::string& path, Building building)
    : path_(path),
      name_(building.target),
      lock_(path + ".lock"),
      building_(true),
      next_checkpoint_(kLargeWal) {
  try {
    open(path);
    configure_building();
  } catch (...) {
    close();
    throw;
  }
}

Database::~Database() {
  try {
    checkpoint_when_large(kLastingWal);
  } catch (const Error&) {  // the WAL keeps what the file lacks
  }
  close();
}

void Database::close() {
  sqlite3_close_v2(handle_);
  handle_ = nullptr;
}

void Database::open(const std::string& path) {
  ignore_file_size_signal();
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  check(sqlite3_open_v2(plain_name(path).c_str(), &handle_, flags, nullptr), "open");
}

// Nobody sees this file yet: the whole of it is synced before it gets its name.
void Database::configure_building() {
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_ENABLE_FKEY, 1, nullptr);
  execute(
      fmt::format("PRAGMA page_size={}; PRAGMA application_id={}; PRAGMA journal_mode=MEMORY;"
                  "PRAGMA synchronous=OFF",
                  kPageSize, kApplicationId));
}

void Database::configure() {
  sqlite3_busy_timeout(handle_, kBusyTimeoutMs);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_ENABLE_FKEY, 1, nullptr);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  const std::int64_t id = integer("PRAGMA application_id");
  if (id != kApplicationId) {
    throw Error(ErrorKind::storage,
                fmt::format("{} is no state of autopilot: it belongs to another program", name_),
                "name another file with --state");
  }
  execute(kConnectionSettings);
  use_wal();
  sqlite3_wal_hook(handle_, on_commit, this);
}

// A file that was restored from a backup is not in WAL mode yet.
void Database::use_wal() {
  {
    Statement mode = prepare("PRAGMA journal_mode");
    if (mode.step() && mode.text(0) == "wal") return;
  }
  lock_.acquire(options_.lock_timeout);
  try {
    execute("PRAGMA journal_mode=WAL");
  } catch (...) {
    lock_.release();
    throw;
  }
  lock_.release();
}

int Database::on_commit(void* self, sqlite3*, const char*, int pages) {
  static_cast<Database*>(self)->wal_pages_ = pages;
  return SQLITE_OK;
}

// An empty file is a place for a state (mktemp), unless its WAL shows that it was one.
bool Database::exists(const std::string& path) {
  struct stat s {};
  if (::stat(path.c_str(), &s) != 0) return false;
  return !S_ISREG(s.st_mode) || s.st_size > 0 || ::access((path + "-wal").c_str(), F_OK) == 0;
}

void Database::create(const std::string& path, const std::function<void(Database&)>& build,
                      DatabaseOptions options) {
  if (exists(path)) return;
  create_private_folders(parent_folder(path));
  refuse_network_file_system(path);
  FileLock lock(path + ".lock");
  lock.acquire(options.lock_timeout);
  if (exists(path)) return;  // another process was faster
  const std::string fresh = path + ".new";
  try {
    remove_database_files(fresh);
    create_private_file(fresh);
    {
      Database database(fresh, Building{path});
      build(database);
      database.execute("PRAGMA journal_mode=WAL");
    }
    remove_database_files(path);  // the WAL of a file that is gone would be taken for this one's
    put_in_place(fresh, path);
  } catch (const Error& error) {
    remove_database_files(fresh);
    throw Error(error.kind(), error.what(), error.hint());
  }
}

Statement Database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  errno = 0;
  check(sqlite3_prepare_v2(handle_, sql.data(), static_cast<int>(sql.size()), &statement, nullptr),
        "read");
  return Statement(*this, statement);
}

void Database::execute(const std::string& sql) {
  errno = 0;
  check(sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr), "write");
}

std::int64_t Database::integer(std::string_view sql) {
  Statement statement = prepare(sql);
  return statement.step() ? statement.integer(0) : 0;
}

std::int64_t Database::changes() const { return sqlite3_changes64(handle_); }
std::int64_t Database::user_version() { return integer("PRAGMA user_version"); }
void Database::set_user_version(std::int64_t version) {
  execute(fmt::format("PRAGMA user_version={}", version));
}

void Database::copy_to(const std::string& path) {
  const std::string temporary = fmt::format("{}.tmp.{}", path, ::getpid());
  try {
    remove_database_files(temporary);
    create_private_file(temporary);
    prepare("VACUUM INTO ?1").run(plain_name(temporary));
    put_in_place(temporary, path);
  } catch (const Error&) {
    remove_database_files(temporary);
    throw;
  }
}

// --- Transactions and checkpoints

void Database::begin_write(std::optional<Duration> timeout) {
  if (lock_.held()) throw Error(ErrorKind::bug, "a write transaction inside a write transaction");
  if (!building_) lock_.acquire(timeout);
  try {
    execute("BEGIN IMMEDIATE");
  } catch (...) {
    lock_.release();
    throw;
  }
}

void Database::commit() {
  execute("COMMIT");
  if (wal_pages_ >= next_checkpoint_) checkpoint_locked();
  lock_.release();
}

void Database::roll_back() {
  if (sqlite3_get_autocommit(handle_) == 0) {  // SQLite rolls back by itself after some faults
    sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
  }
  lock_.release();
}

// Best effort: what a checkpoint can't move stays safe in the WAL.
void Database::checkpoint_locked() {
  int left = 0;
  sqlite3_busy_timeout(handle_, 0);  // a long reader shall not hold up a writer
  const int code =
      sqlite3_wal_checkpoint_v2(handle_, nullptr, SQLITE_CHECKPOINT_TRUNCATE, &left, nullptr);
  sqlite3_busy_timeout(handle_, kBusyTimeoutMs);
  next_checkpoint_ = code == SQLITE_OK ? kLargeWal : wal_pages_ + kRetryPages;
  if (code == SQLITE_OK) wal_pages_ = 0;
}

void Database::checkpoint_when_large(std::int64_t limit_pages) {
  if (handle_ == nullptr || wal_pages_ < limit_pages || lock_.held() || !lock_.try_acquire())
    return;
  checkpoint_locked();
  lock_.release();
}

void Database::checkpoint(bool wait) {
  if (wait) {
    lock_.acquire(options_.lock_timeout);
  } else if (!lock_.try_acquire()) {
    return;
  }
  checkpoint_locked();
  lock_.release();
}

void Database::check(int code, const char* doing) {
  if (code != SQLITE_OK) throw error_of(code, doing);
}

// SQLite remembers the errno of some faults only (not that of a COMMIT), so the present one comes
// first.
Error Database::error_of(int code, const char* doing) {
  const int present = errno;
  if (handle_ == nullptr) return describe(name_, code, present, sqlite3_errstr(code), doing);
  const int system = present != 0 ? present : sqlite3_system_errno(handle_);
  return describe(name_, code, system, sqlite3_errmsg(handle_), doing);
}

WriteTransaction::WriteTransaction(Database& database) : database_(database) {
  database_.begin_write(database_.options_.lock_timeout);
}

WriteTransaction::WriteTransaction(Database& database, Duration lock_timeout)
    : database_(database) {
  database_.begin_write(lock_timeout);
}

WriteTransaction::~WriteTransaction() {
  if (open_) database_.roll_back();
}

void WriteTransaction::commit() {
  database_.commit();
  open_ = false;
}

ReadTransaction::ReadTransaction(Database& database) : database_(database) {
  database_.execute("BEGIN");
}

ReadTransaction::~ReadTransaction() { database_.roll_back(); }

}  // namespace autopilot
