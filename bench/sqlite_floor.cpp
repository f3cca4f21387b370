// What recording decisions costs SQLite alone: takes the decisions of one state and inserts them
// into another, with the same file settings, tables, keys and transactions as `decide`, the rows
// ready in memory. Prints the CPU seconds from opening the state to closing it. A process of its
// own, so that its memory is as fresh as that of `decide`.
#include <cstdio>
#include <string>
#include <vector>

#include "bench/measure.h"
#include "core/base/sqlite.h"
#include "core/decide/line_source.h"

namespace autopilot::bench {
namespace {

struct Decision {
  std::int64_t seq;
  std::string id;
  std::int64_t result;
  std::string body;
  std::string algorithm;
  std::string key;
};

std::vector<Decision> rows_of(const std::string& path) {
  Database database(path);
  Statement rows = database.prepare(
      "SELECT d.seq, d.id, d.result, d.body, i.algorithm, i.key FROM idempotency i JOIN decision d "
      "ON d.seq = i.seq ORDER BY d.seq");
  std::vector<Decision> out;
  while (rows.step()) {
    out.push_back({rows.integer(0), std::string(rows.blob(1)), rows.integer(2),
                   std::string(rows.text(3)), std::string(rows.text(4)),
                   std::string(rows.text(5))});
  }
  return out;
}

void insert(const std::string& path, const std::vector<Decision>& rows) {
  Database database(path);
  Statement decision =
      database.prepare("INSERT INTO decision (seq, id, result, body) VALUES (?1, ?2, ?3, ?4)");
  Statement key =
      database.prepare("INSERT INTO idempotency (algorithm, key, seq) VALUES (?1, ?2, ?3)");
  for (std::size_t begin = 0; begin < rows.size(); begin += decide::LineSource::kBatchLines) {
    WriteTransaction transaction(database);
    const std::size_t end = std::min(rows.size(), begin + decide::LineSource::kBatchLines);
    for (std::size_t i = begin; i < end; ++i) {
      const Decision& row = rows[i];
      decision.run(row.seq, Blob{row.id}, row.result, row.body);
      key.run(row.algorithm, row.key, row.seq);
    }
    transaction.commit();
  }
}

}  // namespace
}  // namespace autopilot::bench

int main(int count, char** words) {
  using namespace autopilot::bench;
  if (count != 3) {
    std::fputs("usage: sqlite_floor FROM TO\n", stderr);
    return 2;
  }
  const std::vector<Decision> rows = rows_of(words[1]);
  const double before = cpu_seconds();
  insert(words[2], rows);
  std::printf("%.6f\n", cpu_seconds() - before);
}
