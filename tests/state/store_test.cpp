#include "core/state/store.h"

#include <sys/stat.h>

#include <atomic>
#include <thread>

#include "core/base/audit.h"
#include "core/state/access.h"
#include "core/state/export.h"
#include "core/state/migrations.h"
#include "tests/state/fixture.h"

namespace autopilot::state {
namespace {

using testing::document;
using testing::error_of;
using testing::policies;
using testing::policy;
using testing::Scratch;

class StoreTest : public testing::StateTest {};

TEST_F(StoreTest, a_new_state_has_the_empty_revision_and_no_documents) {
  EXPECT_EQ(store->head().seq, 0);
  EXPECT_EQ(store->head().hash, empty_revision_hash());
  EXPECT_TRUE(store->documents().empty());
  EXPECT_TRUE(store->revisions(10).empty());
}

TEST_F(StoreTest, the_empty_revision_is_fixed) {
  EXPECT_EQ(empty_revision_hash(), "e3b0c44298fc1c149afbf4c8996fb924");
}

TEST_F(StoreTest, documents_come_back_as_they_were_applied) {
  const std::vector<policy::Document> desired = {policy("a", R"({"x":[1,2.5,"é",null,true]})"),
                                                 policy("b", "{}", true)};
  put(desired);
  reopen();
  const std::vector<policy::Document> found = store->documents();
  ASSERT_EQ(found.size(), 2u);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(found[i].content, desired[i].content);
    EXPECT_EQ(found[i].hash, desired[i].hash);
    EXPECT_EQ(found[i].protect, desired[i].protect);
  }
}

TEST_F(StoreTest, every_revision_keeps_its_documents) {
  std::vector<std::vector<policy::Document>> sets = {
      policies(3), policies(2, R"({"v":2})"), {policy("x")}, {}, policies(3)};
  for (const auto& set : sets) put(set);
  for (std::size_t i = 0; i < sets.size(); ++i) {
    const Revision r = store->find_revision(fmt::format("HEAD~{}", sets.size() - 1 - i));
    const std::vector<policy::Document> found = store->documents(r);
    ASSERT_EQ(found.size(), sets[i].size()) << i;
    for (std::size_t k = 0; k < found.size(); ++k) EXPECT_EQ(found[k].hash, sets[i][k].hash);
  }
}

TEST_F(StoreTest, a_revision_is_found_by_head_and_by_the_beginning_of_its_hash) {
  put(policies(1));
  put(policies(2));
  const std::vector<Revision> all = store->revisions(10);
  EXPECT_EQ(store->find_revision("HEAD").hash, all[0].hash);
  EXPECT_EQ(store->find_revision("HEAD~").hash, all[1].hash);
  EXPECT_EQ(store->find_revision("HEAD~1").hash, all[1].hash);
  EXPECT_EQ(store->find_revision("HEAD~2").hash, empty_revision_hash());
  EXPECT_EQ(store->find_revision(all[1].hash).seq, 1);
  EXPECT_EQ(store->find_revision(all[1].hash.substr(0, 6)).seq, 1);
  EXPECT_EQ(store->find_revision("e3b0c442").seq, 0);
}

TEST_F(StoreTest, what_names_no_revision_is_an_error_that_names_it) {
  put(policies(1));
  const std::string hash = store->head().hash;
  for (const std::string& text :
       {std::string("HEAD~2"), std::string("HEAD~x"), std::string("HEAD~-1"), std::string(""),
        hash.substr(0, 3), std::string("zzzz"), hash + "0",
        std::string("HEAD~99999999999999999999"), std::string("0000000000")}) {
    const Error error = error_of([&] { store->find_revision(text); });
    EXPECT_EQ(error.kind(), ErrorKind::invalid) << text;
    EXPECT_NE(std::string(error.what()).find(text), std::string::npos);
  }
}

TEST_F(StoreTest, an_ambiguous_beginning_names_both) {
  put(policies(1));
  for (const char* hash :
       {"abcdef00000000000000000000000000", "abcdef11111111111111111111111111"}) {
    store->database()
        .prepare(
            "INSERT INTO revision SELECT seq + 1, ?1, hash, time, actor, message, 0, 0, 0, "
            "'apply', 0 FROM "
            "revision "
            "ORDER BY seq DESC LIMIT 1")
        .run(std::string_view(hash));
  }
  const std::string what = error_of([&] { store->find_revision("abcdef"); }).what();
  EXPECT_NE(what.find("abcdef0000"), std::string::npos) << what;
  EXPECT_NE(what.find("abcdef1111"), std::string::npos) << what;
}

TEST_F(StoreTest, a_file_of_a_newer_version_is_refused_and_left_alone) {
  store->database().set_user_version(99);
  store.reset();
  const Error error = error_of([&] { Store::open(path); });
  EXPECT_EQ(error.kind(), ErrorKind::storage);
  EXPECT_NE(std::string(error.what()).find("newer autopilot"), std::string::npos) << error.what();
  Database database(path);
  EXPECT_EQ(database.user_version(), 99);
}

TEST_F(StoreTest, an_absent_state_is_named_with_what_creates_it) {
  const Error error = error_of([&] { Store::open(scratch.path("none.db")); });
  EXPECT_EQ(error.kind(), ErrorKind::storage);
  EXPECT_NE(error.hint().find("apply"), std::string::npos);
  EXPECT_EQ(scratch.names().size(), 4u);  // state.db, -wal, -shm, .lock: nothing was made
}

TEST(StoreCreation, several_at_once_make_one_state) {
  for (int round = 0; round < 5; ++round) {
    const Scratch scratch;
    const std::string path = scratch.path("new/state.db");
    std::atomic<int> sound = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        const auto store = Store::open_or_create(path);
        WriteTransaction transaction(store->database());
        append_audit(store->database(), "note", Map{}, "ada", {});
        transaction.commit();
        ++sound;
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(sound, 4);
    EXPECT_EQ(Store::open(path)->database().integer("SELECT max(seq) FROM audit"), 4);
  }
}

TEST(StatePath, names_a_file_or_says_what_is_not_supported) {
  EXPECT_EQ(state_path("a/b.db"), "a/b.db");
  EXPECT_EQ(state_path("sqlite://a/b.db"), "a/b.db");
  EXPECT_EQ(state_path("file:///a/b.db"), "/a/b.db");
  for (const char* url : {"postgres://host/db", "mysql://x"}) {
    const Error error = error_of([&] { state_path(url); });
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    EXPECT_NE(std::string(error.what()).find("not supported"), std::string::npos);
  }
}

// A file as an older autopilot would have left it: one table, version 1 of three.
constexpr Migration kOld[] = {
    {1, "CREATE TABLE old (k INTEGER PRIMARY KEY, v TEXT NOT NULL) STRICT"}};
constexpr Migration kNew[] = {kOld[0],
                              {2, "ALTER TABLE old ADD COLUMN w TEXT NOT NULL DEFAULT 'none'"},
                              {3, "CREATE TABLE extra (k INTEGER PRIMARY KEY) STRICT"}};
constexpr Migration kBroken[] = {
    kOld[0], kNew[1], {3, "CREATE TABLE extra (k INTEGER PRIMARY KEY) STRICT; nonsense"}};

std::string old_file(const Scratch& scratch) {
  const std::string path = scratch.path("old.db");
  Database::create(path, [](Database& d) { migrate(d, kOld); });
  Database database(path);
  WriteTransaction transaction(database);
  database.execute("INSERT INTO old VALUES (1, 'kept')");
  transaction.commit();
  return path;
}

TEST(Migrations, an_older_file_is_backed_up_and_brought_up_to_date) {
  const Scratch scratch;
  const std::string path = old_file(scratch);
  Database database(path);
  migrate(database, kNew);
  EXPECT_EQ(database.user_version(), 3);
  EXPECT_EQ(database.integer("SELECT count(*) FROM old WHERE v = 'kept' AND w = 'none'"), 1);
  Database backup(backup_path(path, 1));
  EXPECT_EQ(backup.user_version(), 1);
  EXPECT_EQ(backup.integer("SELECT count(*) FROM old"), 1);
}

TEST(Migrations, a_step_that_fails_leaves_the_version_before_it) {
  const Scratch scratch;
  Database database(old_file(scratch));
  EXPECT_THROW(migrate(database, kBroken), Error);
  EXPECT_EQ(database.user_version(), 2);
  EXPECT_EQ(database.integer("SELECT count(*) FROM sqlite_master WHERE name = 'extra'"), 0);
  migrate(database, kNew);
  EXPECT_EQ(database.user_version(), 3);
}

TEST(Migrations, doing_it_again_does_nothing) {
  const Scratch scratch;
  const std::string path = old_file(scratch);
  Database database(path);
  migrate(database, kOld);
  EXPECT_FALSE(std::filesystem::exists(backup_path(path, 1)));
}

TEST(Migrations, make_every_table_that_check_asks_for) {
  const Scratch scratch;
  Database::create(scratch.path("x.db"), [](Database& d) { migrate(d, migrations()); });
  Database database(scratch.path("x.db"));
  const std::int64_t tables =
      database.integer("SELECT count(*) FROM sqlite_master WHERE type = 'table'");
  EXPECT_EQ(tables, static_cast<std::int64_t>(table_names().size()));
  for (const std::string_view name : table_names()) {
    Statement row = database.prepare("SELECT count(*) FROM sqlite_master WHERE name = ?1");
    row.bind(name);
    ASSERT_TRUE(row.step());
    EXPECT_EQ(row.integer(0), 1) << name;
  }
}

class AccessTest : public testing::StateTest {
 protected:
  std::string role(const std::string& actor) { return role_text(role_of(store.get(), actor)); }
};

TEST_F(AccessTest, without_a_state_or_an_access_document_everybody_is_dg_ai) {
  EXPECT_EQ(role_text(role_of(nullptr, "x")), "dg_ai");
  EXPECT_EQ(role("x"), "dg_ai");
}

TEST_F(AccessTest, the_document_gives_roles_and_a_default) {
  put({document("Access", "main",
                R"({"roles":{"dg_ai":["ada"],"operator":"bob"},"default":"viewer"})")});
  EXPECT_EQ(role("ada"), "dg_ai");
  EXPECT_EQ(role("bob"), "operator");
  EXPECT_EQ(role("eve"), "viewer");
}

TEST_F(AccessTest, without_a_default_others_have_none) {
  put({document("Access", "main", R"({"roles":{"dg_ai":["ada"]}})")});
  EXPECT_EQ(role("eve"), "no role");
}

TEST_F(AccessTest, of_several_documents_the_highest_role_counts) {
  put({document("Access", "a", R"({"roles":{"admin":["ada"],"viewer":["bob"]}})"),
       document("Access", "b", R"({"roles":{"dg_ai":["ada"],"operator":["bob"]}})")});
  EXPECT_EQ(role("ada"), "dg_ai");
  EXPECT_EQ(role("bob"), "operator");
}

TEST(Export, a_document_whose_name_leads_elsewhere_is_refused) {
  EXPECT_EQ(error_of([] { export_files({policy("../x")}); }).kind(), ErrorKind::storage);
  EXPECT_EQ(error_of([] { export_files({policy(".x")}); }).kind(), ErrorKind::storage);
}

}  // namespace
}  // namespace autopilot::state
