#include "core/loop/loop_store.h"

#include "core/base/error.h"
#include "core/base/json.h"

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

std::vector<LogCursor> LoopStore::cursors() {
  Statement rows = database_.prepare(
      "SELECT path, inode, head, head_bytes, position FROM loop_cursor WHERE algorithm = ?1 "
      "ORDER BY path, inode");
  rows.bind(name_);
  std::vector<LogCursor> out;
  while (rows.step()) {
    out.push_back({std::string(rows.text(0)), static_cast<std::uint64_t>(rows.integer(1)),
                   std::string(rows.text(2)), static_cast<std::uint64_t>(rows.integer(3)),
                   static_cast<std::uint64_t>(rows.integer(4))});
  }
  return out;
}

// A file has one cursor; its first bytes become more as it grows.
void LoopStore::put(const std::vector<LogCursor>& cursors) {
  Statement forget =
      database_.prepare("DELETE FROM loop_cursor WHERE algorithm = ?1 AND inode = ?2");
  Statement add = database_.prepare(
      "INSERT INTO loop_cursor (algorithm, inode, head, head_bytes, path, position) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
  for (const LogCursor& cursor : cursors) {
    forget.run(name_, cursor.inode);
    add.run(name_, cursor.inode, cursor.head, cursor.head_bytes, cursor.path, cursor.offset);
  }
}

std::vector<StoredCount> LoopStore::counts() {
  Statement rows = database_.prepare(
      "SELECT generation, arm, bucket, trials, sum, square_sum FROM loop_count "
      "WHERE algorithm = ?1 ORDER BY generation, arm, bucket");
  rows.bind(name_);
  std::vector<StoredCount> out;
  while (rows.step()) {
    StoredCount one;
    one.key = {rows.integer(0), std::string(rows.text(1)), rows.integer(2)};
    one.rewards.count = rows.real(3);
    one.rewards.sum = rows.real(4);
    one.rewards.square_sum = rows.real(5);
    out.push_back(std::move(one));
  }
  return out;
}

void LoopStore::add(const std::map<CountKey, stats::ArmRewards>& counts) {
  Statement add = database_.prepare(
      "INSERT INTO loop_count (algorithm, generation, arm, bucket, trials, sum, square_sum) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (algorithm, generation, arm, bucket) "
      "DO UPDATE SET trials = trials + excluded.trials, sum = sum + excluded.sum, "
      "square_sum = square_sum + excluded.square_sum");
  for (const auto& [key, rewards] : counts) {
    add.run(name_, key.generation, key.arm, key.bucket, rewards.count, rewards.sum,
            rewards.square_sum);
  }
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
      "INSERT INTO loop_step (algorithm, generation, stage, time, body) VALUES (?1, ?2, ?3, ?4, "
      "?5) "
      "ON CONFLICT (algorithm, generation) DO UPDATE SET stage = excluded.stage, "
      "body = excluded.body");
  const std::string body = to_json(step.body);
  put.run(name_, step.generation, to_string(step.stage), step.time.micros(), body);
}

}  // namespace autopilot::loop
