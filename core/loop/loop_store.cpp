#include "core/loop/loop_store.h"

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/loop/step_body.h"

namespace autopilot::loop {
namespace {

constexpr Stage kStages[] = {Stage::read, Stage::proposed, Stage::decided, Stage::acted,
                             Stage::done};

Stage stage_of(std::string_view text) {
  for (const Stage stage : kStages) {
    if (to_string(stage) == text) return stage;
  }
  throw Error(ErrorKind::storage, "the state has a step of an unknown stage " + std::string(text));
}

Step step_of(Statement& row) {
  Step out;
  out.generation = row.integer(0);
  out.stage = stage_of(row.text(1));
  out.time = Instant::from_micros(row.integer(2));
  out.body = parse_json_or_throw(row.text(3), "a step of the loop").as_map();
  return out;
}

Segment segment_of(std::string_view text, const std::vector<std::string>& keys) {
  if (keys.empty()) return {};
  const Value map = text.empty() ? Value(Map()) : parse_json_or_throw(text, "a segment");
  return segment_in(keys, map);
}

}  // namespace

std::string_view to_string(Stage stage) {
  switch (stage) {
    case Stage::read:
      return "read";
    case Stage::proposed:
      return "proposed";
    case Stage::decided:
      return "decided";
    case Stage::acted:
      return "acted";
    case Stage::done:
      return "done";
  }
  return "";
}

std::string shadow_of(const std::string& algorithm) { return algorithm + "~shadow"; }

std::vector<events::LogCursor> LoopStore::cursors() {
  Statement rows = database_.prepare(
      "SELECT path, inode, head, head_bytes, position, tail, stamp, seen, copy FROM loop_cursor "
      "WHERE algorithm = ?1 ORDER BY path, inode, head, position");
  rows.bind(name_);
  std::vector<events::LogCursor> out;
  while (rows.step()) {
    events::LogCursor one;
    one.path = rows.text(0);
    one.inode = static_cast<std::uint64_t>(rows.integer(1));
    one.head = rows.text(2);
    one.head_bytes = static_cast<std::uint64_t>(rows.integer(3));
    one.offset = static_cast<std::uint64_t>(rows.integer(4));
    one.tail = rows.text(5);
    one.stamp = rows.text(6);
    one.seen = Instant::from_micros(rows.integer(7));
    one.is_copy = rows.integer(8) != 0;
    out.push_back(std::move(one));
  }
  return out;
}

void LoopStore::put(const std::vector<events::LogCursor>& cursors) {
  database_.prepare("DELETE FROM loop_cursor WHERE algorithm = ?1").run(name_);
  Statement add = database_.prepare(
      "INSERT OR REPLACE INTO loop_cursor (algorithm, path, inode, head, head_bytes, position, "
      "tail, stamp, seen, copy) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)");
  for (const events::LogCursor& one : cursors) {
    add.run(name_, one.path, one.inode, one.head, one.head_bytes, one.offset, one.tail, one.stamp,
            one.seen.micros(), one.is_copy ? 1 : 0);
  }
}

std::vector<StoredCount> LoopStore::counts(const std::vector<std::string>& keys) {
  Statement rows = database_.prepare(
      "SELECT generation, segment, arm, bucket, trials, sum, square_sum FROM loop_count "
      "WHERE algorithm = ?1 ORDER BY generation, segment, arm, bucket");
  rows.bind(name_);
  std::map<CountKey, stats::ArmRewards> sums;
  while (rows.step()) {
    stats::ArmRewards& into = sums[{rows.integer(0), segment_of(rows.text(1), keys),
                                    std::string(rows.text(2)), rows.integer(3)}];
    into.count += rows.real(4);
    into.sum += rows.real(5);
    into.square_sum += rows.real(6);
  }
  std::vector<StoredCount> out;
  for (const auto& [key, rewards] : sums) out.push_back({key, rewards});
  return out;
}

void LoopStore::add(const std::map<CountKey, stats::ArmRewards>& counts,
                    const std::vector<std::string>& keys) {
  Statement add = database_.prepare(
      "INSERT INTO loop_count (algorithm, generation, segment, arm, bucket, trials, sum, "
      "square_sum) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) "
      "ON CONFLICT (algorithm, generation, segment, arm, bucket) "
      "DO UPDATE SET trials = trials + excluded.trials, sum = sum + excluded.sum, "
      "square_sum = square_sum + excluded.square_sum");
  for (const auto& [key, rewards] : counts) {
    const std::string segment =
        keys.empty() ? std::string() : to_json(segment_map(keys, key.segment));
    add.run(name_, key.generation, segment, key.arm, key.bucket, rewards.count, rewards.sum,
            rewards.square_sum);
  }
}

void LoopStore::fold(std::int64_t generation, std::int64_t bucket) {
  constexpr std::string_view kAdd =
      " ON CONFLICT (algorithm, generation, segment, arm, bucket) DO UPDATE SET "
      "trials = trials + excluded.trials, sum = sum + excluded.sum, "
      "square_sum = square_sum + excluded.square_sum";
  constexpr std::string_view kOldGenerations =
      "algorithm = ?1 AND generation > 0 AND generation < ?2";
  database_
      .prepare(fmt::format("INSERT INTO loop_count SELECT algorithm, 0, segment, arm, bucket, "
                           "sum(trials), sum(sum), sum(square_sum) FROM loop_count WHERE {} "
                           "GROUP BY segment, arm, bucket{}",
                           kOldGenerations, kAdd))
      .run(name_, generation);
  database_.prepare(fmt::format("DELETE FROM loop_count WHERE {}", kOldGenerations))
      .run(name_, generation);
  // Bucket 1 is the first second of 1970: too old for any memory.
  constexpr std::string_view kOldBuckets = "algorithm = ?1 AND bucket > 1 AND bucket < ?2";
  database_
      .prepare(fmt::format("INSERT INTO loop_count SELECT algorithm, generation, segment, arm, 1, "
                           "sum(trials), sum(sum), sum(square_sum) FROM loop_count WHERE {} "
                           "GROUP BY generation, segment, arm{}",
                           kOldBuckets, kAdd))
      .run(name_, bucket);
  database_.prepare(fmt::format("DELETE FROM loop_count WHERE {}", kOldBuckets)).run(name_, bucket);
}

namespace {

constexpr std::string_view kNothingKept = R"({"kept":"time"})";
constexpr std::int64_t kPrunedAtOnce = 20;  // steps: an old state gets there bit by bit

// Begins with "kept", by which the store knows it.
std::string shares_alone(const Map& body) {
  Map out{{"kept", "shares"}};
  if (const Value* keys = body.find("keys")) out.append("keys", *keys);
  set_shares(out, "after", shares_of(body, "after"));
  return to_json(out);
}

}  // namespace

void LoopStore::prune(std::int64_t newest) {
  database_.prepare("DELETE FROM loop_step WHERE algorithm = ?1 AND generation <= ?2")
      .run(name_, newest - kKnown);
  database_
      .prepare(
          "UPDATE loop_step SET body = ?3 WHERE algorithm = ?1 AND generation <= ?2 "
          "AND stage = 'done' AND body <> ?3")
      .run(name_, newest - kShares, kNothingKept);
  Statement rows = database_.prepare(
      "SELECT generation, body FROM loop_step WHERE algorithm = ?1 AND generation <= ?2 AND "
      "stage = 'done' AND substr(body, 1, 7) <> '{\"kept\"' ORDER BY generation LIMIT ?3");
  rows.bind(name_, newest - kWhole, kPrunedAtOnce);
  std::vector<std::pair<std::int64_t, std::string>> pruned;
  while (rows.step()) {
    const Value body = parse_json_or_throw(rows.text(1), "a step");
    pruned.emplace_back(rows.integer(0), shares_alone(body.as_map()));
  }
  Statement update =
      database_.prepare("UPDATE loop_step SET body = ?3 WHERE algorithm = ?1 AND generation = ?2");
  for (const auto& [generation, body] : pruned) update.run(name_, generation, body);
}

std::optional<Step> LoopStore::step(std::int64_t generation) {
  Statement row = database_.prepare(
      "SELECT generation, stage, time, body FROM loop_step WHERE algorithm = ?1 AND generation = "
      "?2");
  row.bind(name_, generation);
  if (!row.step()) return std::nullopt;
  return step_of(row);
}

std::int64_t LoopStore::newest_generation() {
  Statement row =
      database_.prepare("SELECT coalesce(max(generation), 0) FROM loop_step WHERE algorithm = ?1");
  row.bind(name_);
  return row.step() ? row.integer(0) : 0;
}

std::vector<Start> LoopStore::starts(std::int64_t limit) {
  Statement rows = database_.prepare(
      "SELECT acted, generation FROM loop_step WHERE algorithm = ?1 AND acted IS NOT NULL "
      "ORDER BY generation DESC LIMIT ?2");
  rows.bind(name_, limit);
  std::vector<Start> out;
  while (rows.step()) out.push_back({Instant::from_micros(rows.integer(0)), rows.integer(1)});
  return out;
}

std::optional<Step> LoopStore::last() {
  std::vector<Step> newest = steps(1);
  if (newest.empty()) return std::nullopt;
  return std::move(newest.front());
}

std::vector<Step> LoopStore::steps(std::int64_t limit) {
  Statement rows = database_.prepare(
      "SELECT generation, stage, time, body FROM loop_step WHERE algorithm = ?1 "
      "ORDER BY generation DESC LIMIT ?2");
  rows.bind(name_, limit);
  std::vector<Step> out;
  while (rows.step()) out.push_back(step_of(rows));
  return out;
}

void LoopStore::put(const Step& step) {
  Statement put = database_.prepare(
      "INSERT INTO loop_step (algorithm, generation, stage, time, body, acted) VALUES (?1, ?2, ?3, "
      "?4, ?5, json_extract(?5, '$.acted_at')) "
      "ON CONFLICT (algorithm, generation) DO UPDATE SET stage = excluded.stage, "
      "body = excluded.body, acted = excluded.acted");
  const std::string body = to_json(step.body);
  put.run(name_, step.generation, to_string(step.stage), step.time.micros(), body);
}

}  // namespace autopilot::loop
