// Every cell of every row that the audit vouches for, changed by hand: found, and the entry named.
#include <map>

#include "tests/state/long_history.h"

namespace autopilot::testing {
namespace {

using namespace state;

// One value in the file. Values are SQL literals.
struct Cell {
  std::string table;
  std::string row;  // a condition
  std::string column;
  std::string type;
  std::string value;
};

// Another value of the same type: one character, digit or unit is different.
std::string altered(const Cell& cell, std::size_t at) {
  if (cell.value == "NULL") return cell.type == "INTEGER" ? "7" : "'x'";
  if (cell.type == "INTEGER") return std::to_string(std::stoll(cell.value) + 1'000'000'007);
  std::string value = cell.value;
  const std::size_t first = cell.type == "BLOB" ? 2 : 1;  // X'…' or '…'
  const std::size_t size = value.size() - first - 1;
  if (size == 0) return "'x'";
  std::size_t i = first + at % size;
  while (i > first && value[i] == '\'') --i;
  if (value[i] == '\'') return "'" + std::string("x") + "'";
  if (static_cast<unsigned char>(value[i]) >= 0x80) return "'other'";
  const char other = cell.type == "BLOB" ? '0' : '~';
  value[i] = value[i] == other ? '1' : other;
  return value;
}

class TamperTest : public LongHistory {
 protected:
  void set(const Cell& cell, const std::string& value) {
    database().execute(
        fmt::format("UPDATE {} SET {} = {} WHERE {}", cell.table, cell.column, value, cell.row));
    ASSERT_EQ(database().changes(), 1) << cell.table << " " << cell.row;
  }

  struct Column {
    std::string name, type;
    bool key = false;
  };
  std::vector<Column> columns_of(const std::string& table) {
    std::vector<Column> all;
    Statement rows = database().prepare("SELECT name, type, pk FROM pragma_table_info('" + table +
                                        "') ORDER BY cid");
    while (rows.step())
      all.push_back({std::string(rows.text(0)), std::string(rows.text(1)), rows.integer(2) != 0});
    return all;
  }

  std::vector<Cell> cells_of(const std::string& table) {
    const std::vector<Column> columns = columns_of(table);
    std::string list;
    for (const Column& c : columns) list += (list.empty() ? "" : ", ") + ("quote(" + c.name + ")");
    std::vector<Cell> cells;
    Statement rows = database().prepare("SELECT " + list + " FROM " + table);
    while (rows.step()) {
      std::string row;
      for (std::size_t i = 0; i < columns.size(); ++i) {
        if (columns[i].key)
          row += (row.empty() ? "" : " AND ") + columns[i].name + " = " +
                 std::string(rows.text(static_cast<int>(i)));
      }
      for (std::size_t i = 0; i < columns.size(); ++i)
        cells.push_back({table, row, columns[i].name, columns[i].type,
                         std::string(rows.text(static_cast<int>(i)))});
    }
    return cells;
  }

  // Changes the cell at `at`, looks, and puts it back.
  AuditFault look_when_changed(const Cell& cell, std::size_t at) {
    const std::string value = altered(cell, at);
    EXPECT_NE(value, cell.value);
    set(cell, value);
    const AuditFault found = fault();
    Cell changed = cell;
    const std::string own = cell.column + " = " + cell.value;
    if (const std::size_t key = changed.row.find(own); key != std::string::npos)
      changed.row.replace(key, own.size(), cell.column + " = " + value);
    set(changed, cell.value);
    return found;
  }

  // The entry that is about each revision.
  std::map<std::int64_t, std::int64_t> revision_entries() {
    std::map<std::int64_t, std::int64_t> entries;
    for (const AuditEntry& e : recent_audit(*store, INT64_MAX)) {
      const Value body = parse_json_or_throw(e.body, "body");
      if (makes_revision(e.kind)) entries[body.get("seq")->as_int()] = e.seq;
    }
    return entries;
  }
  // The entry whose batch holds that decision.
  std::int64_t batch_entry(std::int64_t decision) {
    for (const AuditEntry& e : recent_audit(*store, INT64_MAX)) {
      const Value body = parse_json_or_throw(e.body, "body");
      if (e.kind == "decisions" && body.get("first")->as_int() <= decision &&
          decision <= body.get("last")->as_int())
        return e.seq;
    }
    return 0;
  }
  static std::int64_t number_in(const std::string& row, const std::string& column) {
    return std::stoll(row.substr(row.find(column + " = ") + column.size() + 3));
  }
};

TEST_F(TamperTest, the_long_history_holds_and_has_entries_of_every_kind) {
  live(41);
  const AuditReport report = verify_audit(*store);
  ASSERT_FALSE(report.fault) << report.fault->what;
  EXPECT_GT(report.entries, 300);
  EXPECT_EQ(audit_words(*store, "kind"),
            (std::vector<std::string>{"apply", "decisions", "expire", "lock", "promote", "refused",
                                      "resume", "rollback", "unlock"}));
  EXPECT_GT(database().integer("SELECT count(*) FROM overlay"), 0);
  EXPECT_GT(database().integer("SELECT count(*) FROM revision_document WHERE desired_hash IS NOT "
                               "NULL"),
            0);
}

TEST_F(TamperTest, every_cell_of_the_audit_is_vouched_for_and_its_entry_named) {
  live(13);
  std::size_t at = 0;
  for (const Cell& cell : cells_of("audit")) {
    const std::int64_t seq = number_in(cell.row, "seq");
    EXPECT_EQ(look_when_changed(cell, ++at * 7).seq, seq) << cell.row << " " << cell.column;
  }
  EXPECT_EQ(fault().seq, 0);
}

TEST_F(TamperTest, every_byte_of_some_entries_is_vouched_for) {
  live(2);
  for (const Cell& cell : cells_of("audit")) {
    const std::int64_t seq = number_in(cell.row, "seq");
    if (seq % 5 != 1 || cell.type == "INTEGER") continue;
    for (std::size_t at = 0; at + 3 < cell.value.size(); ++at)
      EXPECT_EQ(look_when_changed(cell, at).seq, seq) << cell.column << " " << at;
  }
}

TEST_F(TamperTest, every_cell_of_every_decision_is_vouched_for_and_its_entry_named) {
  live(4);
  std::size_t at = 0;
  for (const Cell& cell : cells_of("decision")) {
    const std::int64_t entry = batch_entry(number_in(cell.row, "seq"));
    const AuditFault found = look_when_changed(cell, ++at * 13);
    EXPECT_EQ(found.seq, entry) << cell.row << " " << cell.column << ": " << found.what;
  }
}

TEST_F(TamperTest, every_cell_of_every_revision_is_vouched_for_and_its_entry_named) {
  live(6);
  const auto entries = revision_entries();
  std::size_t at = 0;
  for (const char* table : {"revision", "revision_document"}) {
    for (const Cell& cell : cells_of(table)) {
      const AuditFault found = look_when_changed(cell, ++at * 11);
      EXPECT_EQ(found.seq, entries.at(number_in(cell.row, "seq")))
          << table << " " << cell.row << " " << cell.column << ": " << found.what;
    }
  }
}

TEST_F(TamperTest, every_byte_of_every_content_is_vouched_for_and_its_entry_named) {
  live(4);
  const auto entries = revision_entries();
  for (const Cell& cell : cells_of("content")) {
    const std::string hash = cell.row.substr(cell.row.find('\''));
    const std::int64_t revision =
        database().integer("SELECT min(seq) FROM revision_document WHERE content_hash = " + hash +
                           " OR desired_hash = " + hash);
    for (std::size_t at = 0; at + 2 < cell.value.size(); ++at) {
      const AuditFault found = look_when_changed(cell, at);
      EXPECT_EQ(found.seq, entries.at(revision)) << hash << " " << at << ": " << found.what;
    }
  }
}

TEST_F(TamperTest, every_cell_of_what_is_in_force_is_vouched_for) {
  live(5);  // ends with a rollback in force
  const std::int64_t last = revision_entries().rbegin()->second;
  for (const char* table : {"document", "overlay"}) {
    const std::vector<Cell> cells = cells_of(table);
    ASSERT_FALSE(cells.empty()) << table;
    std::size_t at = 0;
    for (const Cell& cell : cells) {
      const AuditFault found = look_when_changed(cell, ++at * 5);
      EXPECT_EQ(found.seq, last) << table << " " << cell.row << " " << cell.column;
    }
  }
}

TEST_F(TamperTest, rows_that_were_added_or_removed_are_found) {
  live(5);
  const std::vector<std::string> changes = {
      "DELETE FROM decision WHERE seq = (SELECT min(seq) FROM decision)",
      "DELETE FROM decision WHERE seq = (SELECT max(seq) FROM decision)",
      "INSERT INTO decision SELECT seq + 100000, id, result, body FROM decision LIMIT 1",
      "INSERT INTO decision SELECT -5, id, result, body FROM decision LIMIT 1",
      "DELETE FROM revision WHERE seq = 3",
      "DELETE FROM revision WHERE seq = (SELECT max(seq) FROM revision)",
      "INSERT INTO revision SELECT seq + 100, hash, parent, time, actor, message, created, "
      "updated, "
      "deleted, what, last_decision FROM revision WHERE seq = 2",
      "INSERT INTO revision SELECT 0, hash, parent, time, actor, message, created, updated, "
      "deleted, what, last_decision FROM revision WHERE seq = 2",
      "DELETE FROM revision_document WHERE seq = 2",
      "INSERT INTO revision_document SELECT 'Policy', 'new', 2, content_hash, NULL FROM "
      "revision_document WHERE seq = 2 LIMIT 1",
      "INSERT INTO revision_document SELECT 'Policy', 'new', 0, content_hash, NULL FROM "
      "revision_document WHERE seq = 2 LIMIT 1",
      "INSERT INTO revision_document SELECT 'Policy', 'new', 9999, content_hash, NULL FROM "
      "revision_document WHERE seq = 2 LIMIT 1",
      "DELETE FROM content WHERE hash = (SELECT content_hash FROM revision_document WHERE seq = 2)",
      "DELETE FROM document WHERE id = 'p'",
      "INSERT INTO document SELECT 'Policy', 'new', content_hash, 0 FROM document LIMIT 1",
      "DELETE FROM overlay",
      "INSERT INTO overlay SELECT kind, 'q', field, value, desired_hash, what, reason, actor, "
      "time, "
      "expires FROM overlay",
      "INSERT INTO audit SELECT 0, time, actor, kind, body, hash FROM audit WHERE seq = 1",
      "INSERT INTO audit SELECT -1, time, actor, kind, body, hash FROM audit WHERE seq = 1",
      "INSERT INTO audit SELECT seq + 1, time, actor, kind, body, hash FROM audit ORDER BY seq "
      "DESC "
      "LIMIT 1",
      "DELETE FROM audit WHERE seq = 7",
  };
  const std::string sound = scratch.path("sound.db");
  database().copy_to(sound);
  for (const std::string& sql : changes) {
    store.reset();
    std::filesystem::remove(path + "-wal");
    std::filesystem::copy_file(sound, path, std::filesystem::copy_options::overwrite_existing);
    store = Store::open(path);
    fast();
    EXPECT_EQ(fault().what, "");
    database().execute(sql);
    EXPECT_NE(fault().what, "") << sql;
  }
}

class CheckpointTamperTest : public TamperTest {};

// Entries that nothing else in the file speaks of, like refusals, can be changed by somebody who
// hashes the chain anew: it holds then. Only a checkpoint shows it.
TEST_F(CheckpointTamperTest, a_chain_hashed_anew_holds_but_is_not_that_of_the_checkpoint) {
  live(6);
  const Checkpoint at = checkpoint();
  ASSERT_EQ(at.marks.every, 1);
  for (const AuditEntry& e : recent_audit(*store, INT64_MAX)) {
    const std::string where = fmt::format(" WHERE seq = {}", e.seq);
    database().execute("UPDATE audit SET time = time + 1" + where);
    hash_anew();
    if (e.kind == "refused" || e.kind == "lock" || e.kind == "unlock") {
      EXPECT_EQ(fault().seq, 0) << e.seq;
    }
    EXPECT_EQ(fault(&at).seq, e.seq) << e.kind;
    database().execute("UPDATE audit SET time = time - 1" + where);
  }
  hash_anew();
  EXPECT_EQ(fault(&at).seq, 0);
}

TEST_F(CheckpointTamperTest, of_a_long_chain_the_entries_between_two_marks_are_named) {
  live(1);
  {
    WriteTransaction transaction(database());
    for (int i = 0; i < 1500; ++i)
      append_audit(database(), "note", Map{{"n", i}}, "ada", fakes.clock.time);
    transaction.commit();
  }
  const Checkpoint at = checkpoint(), exact = checkpoint(true);
  EXPECT_EQ(at.marks.every, 4);
  database().execute("UPDATE audit SET actor = 'eve' WHERE seq = 1002");
  hash_anew();
  EXPECT_EQ(fault().seq, 0);
  EXPECT_EQ(fault(&at).seq, 1004);
  EXPECT_NE(fault(&at).what.find("entries 1001 to 1004 are not those"), std::string::npos);
  EXPECT_EQ(fault(&exact).seq, 1002);
}

TEST_F(CheckpointTamperTest, entries_that_were_reordered_and_hashed_anew_are_named) {
  live(3);
  const Checkpoint at = checkpoint();
  for (std::int64_t seq = 1; seq < at.size; ++seq) {
    const std::string swap = fmt::format(
        "UPDATE audit SET seq = -seq WHERE seq IN ({0}, {1}); UPDATE audit SET seq = {1} WHERE seq "
        "= -{0}; UPDATE audit SET seq = {0} WHERE seq = -{1}",
        seq, seq + 1);
    database().execute(swap);
    EXPECT_EQ(fault().seq, seq);
    hash_anew();
    EXPECT_EQ(fault(&at).seq, seq);
    database().execute(swap);
    hash_anew();
  }
}

// An older copy of the file is whole in itself: nothing in it tells that it goes on.
TEST_F(CheckpointTamperTest, a_tail_that_was_cut_off_is_missed_and_the_first_entry_of_it_named) {
  std::vector<std::pair<std::string, std::int64_t>> copies;
  for (int i = 0; i < 6; ++i) {
    live(1);
    copies.emplace_back(scratch.path(fmt::format("copy{}.db", i)), chain_size(*store));
    database().copy_to(copies.back().first);
  }
  decide(1);
  const Checkpoint at = checkpoint();
  for (const auto& [copy, size] : copies) {
    store = Store::open(copy);
    EXPECT_EQ(fault().seq, 0);
    EXPECT_EQ(fault(&at).seq, size + 1);
    EXPECT_NE(fault(&at).what.find("missing"), std::string::npos);
  }
}

TEST_F(CheckpointTamperTest, the_tail_of_the_audit_alone_is_missed_at_every_length) {
  live(3);
  const Checkpoint at = checkpoint();
  const std::vector<AuditEntry> entries = recent_audit(*store, INT64_MAX);
  for (std::int64_t left = at.size - 1; left >= 0; --left) {
    database().execute(fmt::format("DELETE FROM audit WHERE seq > {}", left));
    EXPECT_EQ(fault(&at).seq, left + 1);
  }
}

TEST_F(CheckpointTamperTest, a_checkpoint_holds_while_the_chain_only_grows) {
  std::vector<Checkpoint> all{checkpoint()};
  for (int i = 0; i < 5; ++i) {
    live(1);
    all.push_back(checkpoint());
  }
  for (const Checkpoint& at : all) EXPECT_EQ(fault(&at).seq, 0) << fault(&at).what;
}

TEST_F(CheckpointTamperTest, one_of_another_state_fits_nothing) {
  live(2);
  const Checkpoint at = checkpoint();
  store = Store::open_or_create(scratch.path("other.db"));
  WriteTransaction transaction(database());
  for (int i = 0; i < 40; ++i) append_audit(database(), "note", Map{}, "ada", fakes.clock.time);
  transaction.commit();
  EXPECT_EQ(fault(&at).seq, 1);
}

}  // namespace
}  // namespace autopilot::testing
