// What a state of version 5 kept of algorithms is there after its upgrade.
#include "core/loop/loop_store.h"

#include <gtest/gtest.h>

#include "core/loop/step_body.h"
#include "core/state/migrations.h"
#include "tests/state/scratch.h"

namespace autopilot::loop {
namespace {

TEST(LoopStore, an_older_state_keeps_its_counts_cursors_and_steps) {
  const testing::Scratch scratch;
  const std::string path = scratch.path("state.db");
  Database::create(path, [](Database& fresh) { migrate(fresh, state::migrations().first(5)); });
  Database database(path);
  database.execute(R"sql(
INSERT INTO loop_count VALUES ('split', 3, 'a', 0, 10, 4, 4), ('split', 4, 'a', 0, 5, 1, 1);
INSERT INTO loop_cursor VALUES ('split', 42, 'abc', 256, '/logs/events.jsonl', 1204);
INSERT INTO loop_step VALUES
  ('split', 3, 'done', 1000000, '{"arms":[{"arm":"a","after":0.25}],"acted_at":2000000}'),
  ('split', 4, 'decided', 3000000, '{"arms":[{"arm":"a","after":0.5}]}');
)sql");
  state::migrate(database, state::migrations());

  LoopStore store(database, "split");
  const auto counts = store.counts({});
  ASSERT_EQ(counts.size(), 2u);
  EXPECT_EQ(counts[0].rewards.count, 10);
  EXPECT_EQ(store.counts({"geo"}).at(0).key.segment, Segment{""});
  const auto cursors = store.cursors();
  ASSERT_EQ(cursors.size(), 1u);
  EXPECT_EQ(cursors[0].inode, 42u);
  EXPECT_EQ(cursors[0].offset, 1204u);
  EXPECT_EQ(store.newest_generation(), 4);
  ASSERT_EQ(store.starts(9).size(), 1u) << "only one has acted";
  EXPECT_EQ(store.starts(9)[0].time, (Instant{2, 0}));
  EXPECT_EQ(shares_of(store.step(3)->body, "after").at({}).at("a"), 2500);
}

Step done_step(std::int64_t generation) {
  Step out;
  out.generation = generation;
  out.stage = Stage::done;
  out.time = Instant{generation, 0};
  out.body["keys"] = List{"geo"};
  set_shares(out.body, "before", {{{"FR"}, {{"a", 5000}, {"b", 5000}}}});
  set_shares(out.body, "after", {{{"FR"}, {{"a", 4000}, {"b", 6000}}}});
  out.body["total"] = 100;
  out.body["acted_at"] = Instant{generation, 500'000'000}.micros();
  return out;
}

TEST(LoopStore, of_old_steps_the_shares_stay_then_the_times_and_then_nothing) {
  const testing::Scratch scratch;
  const std::string path = scratch.path("state.db");
  Database::create(path, [](Database& fresh) { migrate(fresh, state::migrations()); });
  Database database(path);
  LoopStore store(database, "split"), other(database, "other");
  constexpr std::int64_t kNewest = LoopStore::kKnown + 5;
  WriteTransaction transaction(database);
  other.put(done_step(1));
  for (const std::int64_t generation :
       {std::int64_t{5}, std::int64_t{6}, kNewest - LoopStore::kShares,
        kNewest - LoopStore::kShares + 1, kNewest - LoopStore::kWhole,
        kNewest - LoopStore::kWhole + 1, kNewest}) {
    store.put(done_step(generation));
  }
  for (int again = 0; again < 2; ++again) store.prune(kNewest);
  transaction.commit();

  EXPECT_FALSE(store.step(5)) << "nobody asks for its time";
  EXPECT_EQ(store.step(6)->body.size(), 1u);
  EXPECT_EQ(store.starts(99).back().time, (Instant{6, 500'000'000}));
  EXPECT_TRUE(shares_of(store.step(kNewest - LoopStore::kShares)->body, "after").empty());
  for (const std::int64_t generation :
       {kNewest - LoopStore::kShares + 1, kNewest - LoopStore::kWhole}) {
    const Step step = *store.step(generation);
    EXPECT_EQ(shares_of(step.body, "after").at({"FR"}).at("b"), 6000);
    EXPECT_EQ(keys_of(step.body), std::vector<std::string>{"geo"});
    EXPECT_TRUE(shares_of(step.body, "before").empty());
  }
  EXPECT_NE(store.step(kNewest - LoopStore::kWhole + 1)->body.find("total"), nullptr);
  EXPECT_NE(other.step(1)->body.find("total"), nullptr) << "another algorithm's";
}

TEST(LoopStore, a_step_that_is_open_is_never_pruned) {
  const testing::Scratch scratch;
  const std::string path = scratch.path("state.db");
  Database::create(path, [](Database& fresh) { migrate(fresh, state::migrations()); });
  Database database(path);
  LoopStore store(database, "split");
  Step open = done_step(1);
  open.stage = Stage::decided;
  WriteTransaction transaction(database);
  store.put(open);
  store.prune(LoopStore::kShares + 50);
  transaction.commit();
  EXPECT_EQ(store.step(1)->body.size(), open.body.size());
}

TEST(LoopStore, cursors_come_back_as_they_were_put) {
  const testing::Scratch scratch;
  const std::string path = scratch.path("state.db");
  Database::create(path, [](Database& fresh) { migrate(fresh, state::migrations()); });
  Database database(path);
  LoopStore store(database, "split");
  events::LogCursor one;
  one.path = "/logs/a.gz";
  one.inode = ~std::uint64_t{0};  // inodes have 64 bits
  one.head = "head";
  one.head_bytes = 9;
  one.offset = 77;
  one.tail = "tail";
  one.stamp = "1:2:3";
  one.seen = Instant{5, 0};
  one.is_copy = true;
  WriteTransaction transaction(database);
  store.put({one});
  store.put({one});
  transaction.commit();
  EXPECT_EQ(store.cursors(), std::vector{one});
}

}  // namespace
}  // namespace autopilot::loop
