// Numbers in a file that something else appends to: JSONL, or CSV with a header. A row has a time
// and numbers; rows of other arms are told apart by `where`.
#include <fmt/format.h>

#include <cmath>
#include <functional>
#include <limits>
#include <map>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/deploy/csv.h"
#include "core/deploy/metric_source.h"
#include "core/policy/deployment.h"

namespace autopilot::deploy {
namespace {

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

  void take(const Row& row, std::size_t line) {
    for (const auto& [column, wanted] : where_) {
      const Value* found = row(column);
      if (found == nullptr) return fault(line, fmt::format("has no {}", column));
      const std::string text = found->is_string() ? found->as_string() : to_json(*found);
      if (text != wanted) return;
    }
    const Value* time = row(time_);
    if (time == nullptr) return fault(line, fmt::format("has no {}", time_));
    const std::optional<Instant> at = time_of(*time);
    if (!at) return fault(line, fmt::format("has no RFC 3339 time and no Unix time in {}", time_));
    if (*at > query_.to || *at < query_.from - query_.step) return;
    for (const Column& column : columns_) take_cell(row, column, *at, line);
  }

  void fault(std::size_t line, const std::string& what) {
    if (faults_++ == 0) first_fault_ = fmt::format("line {} {}", line, what);
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
  void take_cell(const Row& row, const Column& column, Instant at, std::size_t line) {
    const Value* cell = row(column.name);
    const std::optional<double> number = cell == nullptr ? std::nullopt : number_of(*cell);
    if (number) {
      column.into->back().points.push_back({at, *number});
    } else {
      fault(line, fmt::format("has no number in {}", column.name));
    }
  }

  const Query& query_;
  std::string file_, time_;
  std::vector<Column> columns_;
  std::map<std::string, std::string> where_;
  std::size_t faults_ = 0;
  std::string first_fault_;
};

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
    if (!world_.files.exists(path)) return no_data(fmt::format("there is no file {}", path));
    const std::string text = world_.files.read(path);
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
    const std::string missing =
        format_ == "csv" ? read_csv(text, path, columns, rows, reply) : read_jsonl(text, rows);
    if (!missing.empty()) return no_data(missing);
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

  static std::string read_jsonl(std::string_view text, RowReader& rows) {
    std::size_t line = 0;
    while (!text.empty()) {
      ++line;
      const std::size_t end = std::min(text.find('\n'), text.size());
      const std::string_view one = trim(text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
      if (one.empty()) continue;
      const JsonResult parsed = parse_json(one);
      if (!parsed.ok || !parsed.value.is_map()) {
        // What is being written at this moment is whole at the next reading.
        if (!text.empty()) rows.fault(line, "is no JSON object");
        continue;
      }
      rows.take([&](const std::string& column) { return parsed.value.get(column); }, line);
    }
    return {};
  }

  std::string read_csv(const std::string& text, const std::string& path,
                       const std::vector<Column>& columns, RowReader& rows, Reply& reply) const {
    CsvReader reader(text);
    const auto header = reader.next();
    if (!header) return fmt::format("{} is empty", path);
    std::map<std::string, std::size_t> places;
    for (std::size_t i = 0; i < header->size(); ++i)
      places.emplace(std::string(trim((*header)[i])), i);
    std::vector<std::string> needed{text_in(spec_, "time", "time")};
    for (const Column& column : columns) needed.push_back(column.name);
    for (const std::string& name : needed) {
      if (!places.contains(name)) {
        return fmt::format("{} has no column {}; it has {}", path, name, join(*header, ", "));
      }
    }
    while (const auto record = reader.next()) {
      if (!reader.ended()) {
        reply.warnings.push_back(
            fmt::format("{}: line {} has no end yet; it is left out", path, reader.line()));
        break;
      }
      std::vector<Value> cells(record->begin(), record->end());
      rows.take(
          [&](const std::string& column) -> const Value* {
            const auto at = places.find(column);
            return at == places.end() || at->second >= cells.size() ? nullptr : &cells[at->second];
          },
          reader.line());
    }
    return {};
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
