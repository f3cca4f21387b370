#include "core/base/sqlite.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "core/base/error.h"
#include "core/base/private_files.h"
#include "tests/state/scratch.h"

namespace autopilot {
namespace {

using testing::Scratch;

void make_table(Database& database) {
  WriteTransaction transaction(database);
  database.execute("CREATE TABLE t (k INTEGER PRIMARY KEY, v TEXT NOT NULL) STRICT");
  transaction.commit();
}

std::string fresh(const Scratch& scratch) {
  const std::string path = scratch.path("state.db");
  Database::create(path, make_table);
  return path;
}

void put(Database& database, std::int64_t key, std::string_view value) {
  WriteTransaction transaction(database);
  database.prepare("INSERT INTO t VALUES (?1, ?2)").run(key, value);
  transaction.commit();
}

std::int64_t rows(Database& database) { return database.integer("SELECT count(*) FROM t"); }

template <class F>
Error error_of(F f) {
  try {
    f();
  } catch (const Error& error) {
    return error;
  }
  return Error(ErrorKind::bug, "nothing was thrown");
}

TEST(Sqlite, opens_with_the_settings_that_the_state_relies_on) {
  const Scratch scratch;
  Database database(fresh(scratch));
  EXPECT_EQ(database.integer("PRAGMA synchronous"), 2);
  EXPECT_EQ(database.integer("PRAGMA wal_autocheckpoint"), 0);
  EXPECT_EQ(database.integer("PRAGMA foreign_keys"), 1);
  EXPECT_EQ(database.integer("PRAGMA trusted_schema"), 0);
  EXPECT_EQ(database.integer("PRAGMA cell_size_check"), 1);
  EXPECT_EQ(database.integer("PRAGMA mmap_size"), 0);
  EXPECT_EQ(database.integer("PRAGMA page_size"), 8192);
  EXPECT_EQ(database.integer("PRAGMA application_id"), 0x4150494C);
  Statement mode = database.prepare("PRAGMA journal_mode");
  ASSERT_TRUE(mode.step());
  EXPECT_EQ(mode.text(0), "wal");
}

TEST(Sqlite, a_new_file_is_private_and_so_is_its_folder) {
  const Scratch scratch;
  const std::string path = scratch.path("a/b/state.db");
  Database::create(path, make_table);
  struct stat file {};
  struct stat folder {};
  ASSERT_EQ(::stat(path.c_str(), &file), 0);
  ASSERT_EQ(::stat(scratch.path("a/b").c_str(), &folder), 0);
  EXPECT_EQ(file.st_mode & 0777, 0600u);
  EXPECT_EQ(folder.st_mode & 0777, 0700u);
}

TEST(Sqlite, the_files_beside_the_database_are_private_too) {
  const Scratch scratch;
  const std::string path = fresh(scratch);
  Database database(path);
  put(database, 1, "x");
  for (const char* suffix : {"-wal", "-shm", ".lock"}) {
    struct stat s {};
    ASSERT_EQ(::stat((path + suffix).c_str(), &s), 0) << suffix;
    EXPECT_EQ(s.st_mode & 0777, 0600u) << suffix;
  }
}

TEST(Sqlite, creation_leaves_nothing_when_the_builder_fails) {
  const Scratch scratch;
  const std::string path = scratch.path("state.db");
  const auto fail = [](Database& d) {
    make_table(d);
    throw Error(ErrorKind::storage, "no");
  };
  EXPECT_THROW(Database::create(path, fail), Error);
  EXPECT_EQ(scratch.names(), std::vector<std::string>{"state.db.lock"});
}

TEST(Sqlite, creation_takes_over_what_a_killed_creation_left) {
  const Scratch scratch;
  scratch.write("state.db.new", "half a file");
  scratch.write("state.db-wal", "the log of a file that is gone");
  Database database(fresh(scratch));
  EXPECT_EQ(rows(database), 0);
}

TEST(Sqlite, an_empty_file_counts_as_absent) {
  const Scratch scratch;
  scratch.write("state.db", "");
  EXPECT_FALSE(Database::exists(scratch.path("state.db")));
  Database database(fresh(scratch));
  EXPECT_EQ(rows(database), 0);
}

TEST(Sqlite, binds_and_reads_every_type) {
  const Scratch scratch;
  Database database(fresh(scratch));
  Statement all = database.prepare("SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7");
  const std::string text = std::string("a\0b", 3);
  all.bind(7, 2.5, text, Blob{"\x01\xff"}, nullptr, std::optional<int>(), std::string_view());
  ASSERT_TRUE(all.step());
  EXPECT_EQ(all.integer(0), 7);
  EXPECT_EQ(all.real(1), 2.5);
  EXPECT_EQ(all.text(2), text);
  EXPECT_EQ(all.blob(3), "\x01\xff");
  EXPECT_TRUE(all.is_null(4));
  EXPECT_TRUE(all.is_null(5));
  EXPECT_EQ(all.text(6), "");
  EXPECT_FALSE(all.is_null(6));
  EXPECT_FALSE(all.step());
}

TEST(Sqlite, a_temporary_string_may_be_bound) {
  const Scratch scratch;
  Database database(fresh(scratch));
  Statement echo = database.prepare("SELECT ?1");
  echo.bind(std::string(100, 'x'));
  ASSERT_TRUE(echo.step());
  EXPECT_EQ(echo.text(0), std::string(100, 'x'));
}

TEST(Sqlite, an_uncommitted_transaction_rolls_back) {
  const Scratch scratch;
  Database database(fresh(scratch));
  {
    WriteTransaction transaction(database);
    database.prepare("INSERT INTO t VALUES (1, 'x')").run();
  }
  EXPECT_EQ(rows(database), 0);
  put(database, 1, "again");
  EXPECT_EQ(rows(database), 1);
}

TEST(Sqlite, a_transaction_inside_a_transaction_is_a_bug) {
  const Scratch scratch;
  Database database(fresh(scratch));
  WriteTransaction outer(database);
  EXPECT_EQ(error_of([&] { WriteTransaction inner(database); }).kind(), ErrorKind::bug);
}

TEST(Sqlite, writers_wait_for_each_other_and_lose_nothing) {
  const Scratch scratch;
  const std::string path = fresh(scratch);
  constexpr int kThreads = 4;
  constexpr int kEach = 25;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&path, t] {
      Database database(path);
      for (int i = 0; i < kEach; ++i) put(database, t * 1000 + i, "x");
    });
  }
  for (std::thread& thread : threads) thread.join();
  Database database(path);
  EXPECT_EQ(rows(database), kThreads * kEach);
}

TEST(Sqlite, a_lock_timeout_ends_the_wait) {
  const Scratch scratch;
  const std::string path = fresh(scratch);
  Database holder(path);
  Database other(path);
  WriteTransaction transaction(holder);
  const Error error =
      error_of([&] { WriteTransaction waiting(other, Duration::milliseconds(30)); });
  EXPECT_EQ(error.kind(), ErrorKind::locked);
}

TEST(Sqlite, a_reader_sees_one_moment) {
  const Scratch scratch;
  const std::string path = fresh(scratch);
  Database reader(path);
  Database writer(path);
  const ReadTransaction view(reader);
  EXPECT_EQ(rows(reader), 0);
  put(writer, 1, "x");
  EXPECT_EQ(rows(reader), 0);
}

TEST(Sqlite, the_log_is_moved_into_the_file_when_it_grows) {
  const Scratch scratch;
  const std::string path = fresh(scratch);
  Database database(path);
  const std::string big(1 << 20, 'x');
  for (int i = 0; i < 40; ++i) put(database, i, big);
  EXPECT_LT(std::filesystem::file_size(path + "-wal"), 18u << 20);
  EXPECT_GT(std::filesystem::file_size(path), 16u << 20);
}

TEST(Sqlite, a_reader_does_not_hold_up_a_checkpoint) {
  const Scratch scratch;
  const std::string path = fresh(scratch);
  Database reader(path);
  Database writer(path);
  const ReadTransaction view(reader);
  rows(reader);
  put(writer, 1, "x");
  writer.checkpoint();
  EXPECT_EQ(rows(reader), 0);
  EXPECT_EQ(rows(writer), 1);
}

TEST(Sqlite, a_copy_is_whole_and_private) {
  const Scratch scratch;
  Database database(fresh(scratch));
  put(database, 1, "x");
  const std::string copy = scratch.path("copy.db");
  database.copy_to(copy);
  struct stat s {};
  ASSERT_EQ(::stat(copy.c_str(), &s), 0);
  EXPECT_EQ(s.st_mode & 0777, 0600u);
  Database opened(copy);
  EXPECT_EQ(rows(opened), 1);
  put(opened, 2, "y");  // in WAL mode again
}

TEST(Sqlite, a_file_of_another_kind_is_named_as_such) {
  const Scratch scratch;
  scratch.write("state.db", std::string(9000, 'x'));
  const Error error = error_of([&] { Database database(scratch.path("state.db")); });
  EXPECT_EQ(error.kind(), ErrorKind::storage);
  EXPECT_NE(std::string(error.what()).find("is no state of autopilot"), std::string::npos)
      << error.what();
  EXPECT_FALSE(error.hint().empty());
}

TEST(Sqlite, a_database_of_another_program_is_refused) {
  const Scratch scratch;
  const std::string path = fresh(scratch);
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(68);  // application id, in the header
  file.write("ABCD", 4);
  file.close();
  const Error error = error_of([&] { Database database(path); });
  EXPECT_NE(std::string(error.what()).find("another program"), std::string::npos) << error.what();
}

TEST(Sqlite, a_folder_or_nothing_in_its_place_is_an_error) {
  const Scratch scratch;
  EXPECT_EQ(error_of([&] { Database database(scratch.path("")); }).kind(), ErrorKind::storage);
  EXPECT_EQ(error_of([&] { Database database(scratch.path("none.db")); }).kind(),
            ErrorKind::storage);
}

TEST(Sqlite, a_damaged_page_is_reported_with_what_to_do) {
  const Scratch scratch;
  const std::string path = fresh(scratch);
  {
    Database database(path);
    for (int i = 0; i < 2000; ++i) put(database, i, std::string(50, 'x'));
    database.checkpoint();
  }
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  for (int page = 1; page < 8; ++page) {
    file.seekp(page * 8192);
    file.write(std::string(512, '\xee').data(), 512);
  }
  file.close();
  const Error error = error_of([&] {
    Database database(path);
    database.integer("SELECT sum(length(v)) FROM t");
  });
  EXPECT_EQ(error.kind(), ErrorKind::storage);
  EXPECT_NE(std::string(error.what()).find("damaged"), std::string::npos) << error.what();
  EXPECT_NE(error.hint().find("backup"), std::string::npos);
}

// Runs `f` in a child whose files may not grow past `bytes`; what it returns is the exit code.
template <class F>
int with_file_limit(rlim_t bytes, F f) {
  const pid_t child = ::fork();
  if (child == 0) {
    const rlimit limit{bytes, bytes};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    ::_exit(f());
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

TEST(Sqlite, a_full_disk_is_an_error_and_harms_nothing) {
  const Scratch scratch;
  const std::string path = fresh(scratch);
  const int outcome = with_file_limit(200'000, [&path] {
    try {
      Database database(path);
      for (int i = 0; i < 1000; ++i) put(database, i, std::string(1000, 'x'));
      return 0;
    } catch (const Error& e) {
      return e.kind() == ErrorKind::storage &&
                     std::string(e.what()).find("limit") != std::string::npos
                 ? 9
                 : 1;
    }
  });
  EXPECT_EQ(outcome, 9);
  Database database(path);
  const std::int64_t kept = rows(database);
  EXPECT_GT(kept, 0);
  EXPECT_LT(kept, 1000);
  Statement check = database.prepare("PRAGMA integrity_check");
  ASSERT_TRUE(check.step());
  EXPECT_EQ(check.text(0), "ok");
  put(database, 5000, "goes on");
}

TEST(Sqlite, creating_on_a_full_disk_leaves_no_file) {
  const Scratch scratch;
  const std::string path = scratch.path("state.db");
  const int outcome = with_file_limit(4096, [&path] {
    try {
      Database::create(path, make_table);
      return 0;
    } catch (const Error& e) {
      const bool named = std::string(e.what()).find("state.db:") != std::string::npos;
      return e.kind() == ErrorKind::storage && named ? 9 : 1;
    }
  });
  EXPECT_EQ(outcome, 9);
  EXPECT_EQ(scratch.names(), std::vector<std::string>{"state.db.lock"});
}

TEST(Sqlite, network_file_systems_are_known_by_their_type) {
  EXPECT_EQ(network_file_system(0x6969), "NFS");
  EXPECT_EQ(network_file_system(0xFF534D42), "CIFS");
  EXPECT_EQ(network_file_system(0xEF53), "");      // ext4
  EXPECT_EQ(network_file_system(0x01021994), "");  // tmpfs
  EXPECT_EQ(network_file_system(0x794C7630), "");  // overlayfs
}

TEST(Sqlite, another_program_that_keeps_a_lock_is_named) {
  const Scratch scratch;
  const std::string path = fresh(scratch);
  Database holder(path);
  holder.execute("BEGIN IMMEDIATE");  // as an SQL shell would, without our lock
  Database other(path);
  other.execute("PRAGMA busy_timeout=10");
  const Error error = error_of([&] { WriteTransaction transaction(other); });
  EXPECT_EQ(error.kind(), ErrorKind::locked);
  EXPECT_NE(std::string(error.what()).find("another program"), std::string::npos);
  holder.execute("ROLLBACK");
  put(other, 1, "x");  // the lock was given back
}

}  // namespace
}  // namespace autopilot
