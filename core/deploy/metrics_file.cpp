// Numbers in files that something else appends to and rotates: JSONL, or CSV with a header. A row
// has a time and numbers; rows of other arms are told apart by `where`. What is older than anything
// that can still be asked for is passed over: of JSONL it is not even read again.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/deploy/csv.h"
#include "core/deploy/log_place.h"
#include "core/deploy/metric_source.h"
#include "core/events/followed_logs.h"
#include "core/policy/deployment.h"

namespace autopilot::deploy {
namespace {

using events::FollowedLog;

constexpr double kMilliseconds = 1e11;  // a greater number of seconds would be after the year 5000

// RFC 3339, or a number: seconds or milliseconds since 1970.
std::optional<Instant> time_of(const Value& value) {
  if (value.is_string()) {
    if (const auto instant = parse_rfc3339(value.as_string())) return instant;
  }
  const std::optional<double> number = number_of(value);
  if (!number || !(std::abs(*number) < 1e15)) return std::nullopt;
  const double seconds = std::abs(*number) >= kMilliseconds ? *number / 1000 : *number;
  return Instant::from_micros(std::llround(seconds * 1e6));
}

// A row as its reader sees it: the value of a column, or null.
using Row = std::function<const Value*(const std::string& column)>;

struct Column {
  std::string name;
  std::vector<Series>* into = nullptr;
};

class RowReader {
 public:
  RowReader(const Query& query, std::string file, std::string time_column,
            std::vector<Column> columns, std::map<std::string, std::string> where)
      : query_(query),
        file_(std::move(file)),
        time_(std::move(time_column)),
        columns_(std::move(columns)),
        where_(std::move(where)) {
    for (const Column& column : columns_) column.into->push_back({column.name, {}});
  }

  // Whether the row is over: of others, or older than what later queries ask for.
  bool take(const Row& row, const std::string& place) {
    for (const auto& [column, wanted] : where_) {
      const Value* found = row(column);
      if (found == nullptr) return fault(place, fmt::format("has no {}", column));
      const std::string text = found->is_string() ? found->as_string() : to_json(*found);
      if (text != wanted) return true;
    }
    const Value* time = row(time_);
    if (time == nullptr) return fault(place, fmt::format("has no {}", time_));
    const std::optional<Instant> at = time_of(*time);
    if (!at) return fault(place, fmt::format("has no RFC 3339 time and no Unix time in {}", time_));
    if (*at < query_.from - query_.step) return true;
    if (*at > query_.to) return false;
    for (const Column& column : columns_) take_cell(row, column, *at, place);
    return false;
  }

  bool fault(const std::string& place, const std::string& what) {
    if (faults_++ == 0) first_fault_ = place + " " + what;
    return true;
  }

  void finish(Reply& reply) const {
    if (faults_ > 0) {
      reply.warnings.push_back(
          faults_ == 1 ? fmt::format("{}: {}", file_, first_fault_)
                       : fmt::format("{}: {} lines are no good; {}", file_, faults_, first_fault_));
    }
    for (const Column& column : columns_) {
      if (!column.into->back().points.empty()) continue;
      reply.no_data = faults_ > 0 ? fmt::format("{}: {}", file_, first_fault_)
                                  : fmt::format("{} has no new rows", file_);
      return;
    }
  }

 private:
  void take_cell(const Row& row, const Column& column, Instant at, const std::string& place) {
    const Value* cell = row(column.name);
    const std::optional<double> number = cell == nullptr ? std::nullopt : number_of(*cell);
    if (number) {
      column.into->back().points.push_back({at, *number});
    } else {
      fault(place, fmt::format("has no number in {}", column.name));
    }
  }

  const Query& query_;
  std::string file_, time_;
  std::vector<Column> columns_;
  std::map<std::string, std::string> where_;
  std::size_t faults_ = 0;
  std::string first_fault_;
};

std::string line_place(std::size_t line) { return fmt::format("line {}", line); }

class FileMetrics final : public Metrics {
 public:
  FileMetrics(const Value& spec, World& world)
      : spec_(spec), world_(world), path_(needed_text(spec, "path")) {
    format_ = text_in(spec, "format", path_.ends_with(".csv") ? "csv" : "jsonl");
    count_ = policy::metric_is_count(spec);
    if (count_ && text_in(spec, "bad", "").empty() == text_in(spec, "good", "").empty()) {
      throw Error(ErrorKind::invalid, "a count needs one of bad and good",
                  "bad counts the failures, good what is left");
    }
    if (!count_) needed_text(spec, "query");
    if (count_) needed_text(spec, "total");
  }

  bool has_history() const override { return true; }

  Reply read(const Query& query) override {
    const std::string path = fill(path_, query, Quoting::path);
    const std::vector<std::string> paths = events::find_logs(world_.files, "", {path});
    if (paths.empty()) return no_data(fmt::format("there is no file {}", path));
    const bool is_csv = format_ == "csv";  // its header is at the beginning
    events::FollowedLogs logs(
        world_.files, paths, is_csv ? std::vector<events::LogCursor>() : unpack_place(query.place));
    Reply reply;
    reply.reading = !count_                                                ? Reading::values
                    : text_in(spec_, "counts", "increments") == "counters" ? Reading::counters
                                                                           : Reading::increments;
    std::vector<Column> columns;
    const auto add = [&](const char* key, std::vector<Series>& into) {
      if (std::string name = text_in(spec_, key, ""); !name.empty())
        columns.push_back({name, &into});
    };
    if (count_) {
      add("bad", reply.bad);
      add("good", reply.good);
      add("total", reply.total);
    } else {
      add("query", reply.values);
    }
    RowReader rows(query, path, text_in(spec_, "time", "time"), columns, where(query));
    for (events::FollowedLog& log : logs.logs()) {
      const std::string missing =
          is_csv ? read_csv(log, columns, rows, reply) : read_jsonl(log, rows);
      if (!missing.empty()) return no_data(missing);
      if (!log.fault().empty()) reply.warnings.push_back(log.fault());
    }
    if (!is_csv) reply.place = pack_place(logs.cursors(world_.clock.now()));
    rows.finish(reply);
    return reply;
  }

 private:
  std::map<std::string, std::string> where(const Query& query) const {
    std::map<std::string, std::string> out;
    for (const auto& [column, text] : pairs_in(spec_, "where"))
      out[column] = fill(text, query, Quoting::none);
    return out;
  }

  static std::string read_jsonl(FollowedLog& log, RowReader& rows) {
    std::size_t number = 0;
    bool all_over = true;
    std::string_view line;
    while (log.next(line)) {
      const std::string place = log.begin() == 0
                                    ? line_place(++number)
                                    : fmt::format("the line at byte {}", log.line_offset());
      const std::optional<bool> over = take_json(line, place, rows);
      if (!over) rows.fault(place, "is no JSON object");
      all_over = all_over && over.value_or(true);
      if (all_over) log.mark();
    }
    // What is being written at this moment is whole at the next reading, or already.
    take_json(log.rest(), line_place(number + 1), rows);
    return {};
  }

  // Whether the row is over; nothing when it is none.
  static std::optional<bool> take_json(std::string_view line, const std::string& place,
                                       RowReader& rows) {
    if (trim(line).empty()) return true;
    const JsonResult parsed = parse_json(trim(line));
    if (!parsed.ok || !parsed.value.is_map()) return std::nullopt;
    return rows.take([&](const std::string& column) { return parsed.value.get(column); }, place);
  }

  std::string read_csv(FollowedLog& log, const std::vector<Column>& columns, RowReader& rows,
                       Reply& reply) const {
    std::size_t number = 0;
    const auto header = next_record(log, number);
    if (!header) return fmt::format("{} is empty", log.path());
    std::map<std::string, std::size_t> places;
    for (std::size_t i = 0; i < header->size(); ++i)
      places.emplace(std::string(trim((*header)[i])), i);
    std::vector<std::string> needed{text_in(spec_, "time", "time")};
    for (const Column& column : columns) needed.push_back(column.name);
    for (const std::string& name : needed) {
      if (!places.contains(name)) {
        return fmt::format("{} has no column {}; it has {}", log.path(), name, join(*header, ", "));
      }
    }
    while (const auto record = next_record(log, number)) {
      std::vector<Value> cells(record->begin(), record->end());
      rows.take(
          [&](const std::string& column) -> const Value* {
            const auto at = places.find(column);
            return at == places.end() || at->second >= cells.size() ? nullptr : &cells[at->second];
          },
          line_place(number));
    }
    if (!trim(log.rest()).empty()) {
      reply.warnings.push_back(
          fmt::format("{}: line {} has no end yet; it is left out", log.path(), number + 1));
    }
    return {};
  }

  // A record may have line ends within quotes. `number` becomes that of its last line.
  static std::optional<std::vector<std::string>> next_record(FollowedLog& log,
                                                             std::size_t& number) {
    std::string text;
    std::string_view line;
    while (log.next(line)) {
      ++number;
      text.append(line).append("\n");
      const bool is_open = std::count(text.begin(), text.end(), '"') % 2 != 0;
      if (is_open || trim(text).empty()) continue;
      return CsvReader(text).next();
    }
    return std::nullopt;
  }

  const Value spec_;
  World& world_;
  std::string path_, format_;
  bool count_ = false;
};

}  // namespace

std::unique_ptr<Metrics> file_metrics(const Value& spec, World& world) {
  return std::make_unique<FileMetrics>(spec, world);
}

}  // namespace autopilot::deploy
