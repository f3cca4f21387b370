// Turns the rows that the benchmarks print, one JSON object a line on standard input, into the
// table, and keeps them as JSON in the file named.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/base/system.h"
#include "core/base/text.h"

namespace autopilot::bench {
namespace {

using Cells = std::array<std::string, 6>;

std::string figure(double value, const std::string& unit) {
  if (unit == "/s") {
    if (value >= 1e6) return fmt::format("{:.2f} M/s", value / 1e6);
    return fmt::format("{:.1f} k/s", value / 1e3);
  }
  return fmt::format("{:.{}f} {}", value, value < 10 ? 2 : value < 100 ? 1 : 0, unit);
}

Cells cells_of(const Value& row) {
  const std::string unit = row.get("unit")->as_string();
  Cells cells{
      row.get("what")->as_string(), figure(row.get("ours")->as_double(), unit), "", "", "", ""};
  if (row.get("peer") != nullptr) {
    cells[2] = fmt::format("{}: {}", row.get("peer")->as_string(),
                           figure(row.get("theirs")->as_double(), unit));
    cells[3] = fmt::format("{:.2f}×", row.get("ratio")->as_double());
  }
  for (const Value& goal : row.get("goals")->as_list()) {
    const std::string space = cells[4].empty() ? "" : ", ";
    cells[4] += space + goal.get("goal")->as_string();
    cells[5] += space + (goal.get("met")->as_bool() ? "yes" : "NO");
  }
  return cells;
}

// Characters, not bytes: "≤" and "×" take one column.
std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

void print(const std::vector<Cells>& rows) {
  Cells head{"what", "ours", "peer or floor", "ratio", "goal", "met"};
  std::array<std::size_t, 6> widths{};
  std::vector<Cells> all{head};
  all.insert(all.end(), rows.begin(), rows.end());
  for (const Cells& row : all) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
  }
  for (const Cells& row : all) {
    std::string line = "|";
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += ' ' + row[i] + std::string(widths[i] - width(row[i]), ' ') + " |";
    }
    std::puts(line.c_str());
    if (&row != &all.front()) continue;
    line = "|";
    for (const std::size_t w : widths) line += std::string(w + 2, '-') + '|';
    std::puts(line.c_str());
  }
}

int run(const std::string& path) {
  System system;
  List rows;
  std::string text;
  for (;;) {
    const std::string piece = system.world().files.read_stdin();
    if (piece.empty()) break;
    text += piece;
  }
  std::vector<Cells> cells;
  for (const std::string& line : split(text, '\n')) {
    if (line.empty()) continue;
    rows.push_back(parse_json_or_throw(line, "the benchmarks' output"));
    cells.push_back(cells_of(rows.back()));
  }
  print(cells);
  system.world().files.write(
      path, to_json(Map{{"schema", "autopilot.bench/v1"}, {"rows", std::move(rows)}}) + "\n");
  return 0;
}

}  // namespace
}  // namespace autopilot::bench

int main(int count, char** words) {
  if (count != 2) {
    std::fputs("usage: bench_table FILE < rows.jsonl\n", stderr);
    return 2;
  }
  return autopilot::bench::run(words[1]);
}
