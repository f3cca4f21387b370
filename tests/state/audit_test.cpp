#include "core/state/audit.h"

#include "core/state/check.h"
#include "tests/instrumented.h"
#include "tests/state/fixture.h"

namespace autopilot::state {
namespace {

using testing::policies;

class AuditTest : public testing::StateTest {
 protected:
  void note(const std::string& what) {
    WriteTransaction transaction(store->database());
    append_audit(store->database(), "note", Map{{"what", what}}, "ada", fakes.clock.time);
    transaction.commit();
  }

  static std::string id_of(std::int64_t seq) {
    std::string id(16, '\0');
    const std::uint64_t ms = static_cast<std::uint64_t>(seq) >> 12;
    for (std::size_t i = 0; i < 6; ++i) id[i] = static_cast<char>(ms >> (40 - 8 * i) & 0xff);
    id[6] = static_cast<char>(0x70 | (seq >> 8 & 0xf));
    id[7] = static_cast<char>(seq & 0xff);
    return id;
  }

  // One committed batch, as the recorder writes it.
  void record(std::int64_t first, std::int64_t count) {
    Database& d = store->database();
    WriteTransaction transaction(d);
    Statement insert =
        d.prepare("INSERT INTO decision (seq, id, result, body) VALUES (?1, ?2, ?3, ?4)");
    DecisionBatch batch;
    for (std::int64_t seq = first; seq < first + count; ++seq) {
      const std::string id = id_of(seq);
      const std::string body = fmt::format(R"({{"n":{}}})", seq);
      insert.run(seq, Blob{id}, 0, body);
      batch.add(seq, id, 0, body);
    }
    append_audit(d, "decisions", batch.summary(), "ada", fakes.clock.time);
    transaction.commit();
  }

  void change(const std::string& sql) {
    WriteTransaction transaction(store->database());
    store->database().execute(sql);
    transaction.commit();
  }

  // The seq of the first entry that does not hold, 0 when all do.
  std::int64_t broken() {
    const AuditReport report = verify_audit(*store);
    return report.fault ? report.fault->seq : 0;
  }
};

TEST_F(AuditTest, an_empty_chain_holds) {
  const AuditReport report = verify_audit(*store);
  EXPECT_FALSE(report.fault);
  EXPECT_EQ(report.entries, 0);
  EXPECT_EQ(report.head, std::string(64, '0'));
}

TEST_F(AuditTest, the_hash_is_that_of_the_hash_before_and_the_canonical_entry) {
  const AuditEntry entry{1, 5, "ada \"x\"", "note", R"({"a":1})"};
  const std::string text = R"({"actor":"ada \"x\"","body":{"a":1},"kind":"note","seq":1,"time":5})";
  EXPECT_EQ(audit_hash(audit_origin(), entry), sha256(std::string(32, '\0') + text));
}

TEST_F(AuditTest, holds_over_more_entries_than_one_page) {
  for (int i = 0; i < 20; ++i) note("x");
  WriteTransaction transaction(store->database());
  for (int i = 0; i < 1200; ++i)
    append_audit(store->database(), "note", Map{}, "ada", fakes.clock.time);
  transaction.commit();
  EXPECT_EQ(verify_audit(*store).entries, 1220);
}

TEST_F(AuditTest, any_changed_column_of_any_entry_breaks_it_there) {
  for (int i = 0; i < 5; ++i) note("x");
  for (const char* column :
       {"time = time + 1", "actor = 'eve'", "kind = 'y'", "body = '{}'", "hash = zeroblob(32)"}) {
    for (int seq = 1; seq <= 5; ++seq) {
      change("CREATE TABLE spare AS SELECT * FROM audit");
      change(fmt::format("UPDATE audit SET {} WHERE seq = {}", column, seq));
      EXPECT_EQ(broken(), seq) << column;
      change("DELETE FROM audit");
      change("INSERT INTO audit SELECT * FROM spare");
      change("DROP TABLE spare");
    }
  }
  EXPECT_EQ(broken(), 0);
}

TEST_F(AuditTest, a_removed_entry_is_missed) {
  for (int i = 0; i < 5; ++i) note("x");
  change("DELETE FROM audit WHERE seq = 3");
  EXPECT_EQ(broken(), 3);
}

TEST_F(AuditTest, swapped_entries_are_noticed) {
  note("x");
  note("y");
  change("UPDATE audit SET seq = -seq");
  change("UPDATE audit SET seq = 3 + seq");
  EXPECT_EQ(broken(), 1);
}

TEST_F(AuditTest, entries_cut_from_the_end_are_missed_by_their_revisions) {
  put(policies(1));
  put(policies(2));
  change("DELETE FROM audit WHERE seq = 2");
  EXPECT_EQ(broken(), 2);
}

TEST_F(AuditTest, a_changed_revision_does_not_fit_its_entry) {
  put(policies(1));
  put(policies(2));
  change("UPDATE revision SET actor = 'eve' WHERE seq = 1");
  EXPECT_EQ(broken(), 1);
}

TEST_F(AuditTest, decisions_are_hashed_again) {
  record(4096, 10);
  record(8192, 1000);
  note("x");
  const AuditReport report = verify_audit(*store);
  EXPECT_FALSE(report.fault) << report.fault->what;
  EXPECT_EQ(report.decisions, 1010);
}

TEST_F(AuditTest, any_change_to_a_decision_is_found) {
  const char* changes[] = {
      "UPDATE decision SET body = '{}' WHERE seq = 8195",
      "UPDATE decision SET result = 1 WHERE seq = 8195",
      "UPDATE decision SET id = zeroblob(16) WHERE seq = 8195",
      "DELETE FROM decision WHERE seq = 8195",
      "DELETE FROM decision WHERE seq = 8201",
      "UPDATE decision SET seq = 8300 WHERE seq = 8195",
      "INSERT INTO decision SELECT 8000, id, result, body FROM decision WHERE seq = 8195",
      "INSERT INTO decision SELECT 9000, id, result, body FROM decision WHERE seq = 8195"};
  record(4096, 10);
  record(8192, 10);
  change("CREATE TABLE spare AS SELECT * FROM decision");
  for (const char* sql : changes) {
    change(sql);
    EXPECT_GE(broken(), 2) << sql;
    change("DELETE FROM decision");
    change("INSERT INTO decision SELECT * FROM spare");
  }
  EXPECT_EQ(broken(), 0);
}

TEST_F(AuditTest, decisions_without_an_entry_are_found) {
  record(4096, 10);
  change("INSERT INTO decision VALUES (9000, zeroblob(16), 0, '{}')");
  EXPECT_EQ(broken(), 2);
}

class CheckTest : public AuditTest {
 protected:
  // The names of the checks that find something.
  std::string damaged() {
    std::string names;
    for (const CheckResult& r : check_state(*store, false)) {
      if (!r.findings.empty()) names += (names.empty() ? "" : " ") + r.name;
    }
    return names;
  }
};

TEST_F(CheckTest, a_used_state_is_sound) {
  put(policies(5));
  put(policies(3, R"({"v":1})"));
  record(4096, 20);
  EXPECT_EQ(damaged(), "");
}

TEST_F(CheckTest, finds_what_was_changed_behind_its_back) {
  struct Case {
    const char* sql;
    const char* found;
  };
  const Case cases[] = {
      {"UPDATE content SET body = '{\"x\":1}' WHERE hash = (SELECT content_hash FROM document "
       "LIMIT 1)",
       "contents documents audit"},
      {"UPDATE document SET protect = 1 WHERE id = 'p00000'", "documents audit"},
      {"DELETE FROM document WHERE id = 'p00000'", "documents audit"},
      {"DELETE FROM revision_document WHERE id = 'p00000' AND seq = 1", "revisions audit"},
      {"UPDATE revision SET parent = 'x' WHERE seq = 2", "revisions audit"},
      {"UPDATE revision SET hash = 'x' WHERE seq = 1", "revisions audit"},
      {"UPDATE decision SET id = zeroblob(16) WHERE seq = 4096", "decisions audit"},
      {"UPDATE decision SET id = zeroblob(3) WHERE seq = 4096", "decisions audit"},
      {"INSERT INTO ledger VALUES (1, 1, 77, 1)", "ledger"},
      {"INSERT INTO idempotency VALUES ('a', 'k', 77)", "ledger"},
      {"UPDATE audit SET actor = 'x' WHERE seq = 1", "audit"},
      {"DROP TABLE ledger", "schema ledger"},
      {"PRAGMA user_version = 99", "schema"},
  };
  for (const Case& c : cases) {
    const testing::Scratch folder;
    store = Store::open_or_create(folder.path("state.db"));
    put(policies(2));
    put(policies(2, R"({"v":1})"));
    record(4096, 3);
    store->database().execute(c.sql);
    EXPECT_EQ(damaged(), c.found) << c.sql;
  }
}

// Flipping bytes anywhere in the file is found by `state check`, or refused at opening, or hits a
// place that holds nothing; it never goes wrong quietly, and never crashes.
TEST_F(CheckTest, flipped_bytes_in_the_file_are_found) {
  put(policies(
      240, R"({"text":"some words that fill the pages of the file with content that matters"})"));
  record(4096, 200);
  store->database().checkpoint();
  const std::vector<policy::Document> before = store->documents();
  store.reset();
  const std::string sound = scratch.read("state.db");
  testing::FakeRandom random(3);
  int found = 0;
  for (int round = 0; round < testing::rounds(300); ++round) {
    std::string flipped = sound;
    flipped[random.next() % flipped.size()] ^= static_cast<char>(1 << random.next() % 8);
    const testing::Scratch folder;
    folder.write("state.db", flipped);
    try {
      store = Store::open(folder.path("state.db"));
      if (!damaged().empty()) {
        ++found;
      } else {
        const std::vector<policy::Document> after = store->documents();
        ASSERT_EQ(after.size(), before.size());
        for (std::size_t i = 0; i < after.size(); ++i) EXPECT_EQ(after[i].hash, before[i].hash);
      }
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::storage) << error.what();
      ++found;
    }
    store.reset();
  }
  EXPECT_GT(found, testing::rounds(30));
}

}  // namespace
}  // namespace autopilot::state
