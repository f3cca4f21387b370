#include "core/evaluate/log.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/base/units.h"
#include "core/evaluate/made_columns.h"
#include "core/evaluate/unit_census.h"
#include "core/stats/ope_blocks.h"

namespace autopilot::evaluate {
namespace {

using events::Batch;
using events::Kind;

// Builds the schema of a log and remembers where each role went.
class LogSchema {
 public:
  LogSchema(const LogRequest& request, const std::vector<std::string>& columns, Log& log)
      : log_(log) {
    const Mapping& c = log.columns;
    if (request.reward.empty())
      log.reward = add(
          {c.reward, Kind::number, !request.missing_reward, request.missing_reward.value_or(0)});
    else
      log.reward = add({kMadeReward, Kind::number, false, 0});
    if (request.propensities == Propensities::logged)
      log.propensity = add({c.propensity, Kind::share, true, 0});
    log.action = add({c.action, Kind::label, true, 0});
    log.position = add({c.position, Kind::label, true, 0});
    log.time = add({c.time, Kind::time, true, 0, request.keep_times});
    log.unit = add({c.unit, Kind::key, true, 0});
    for (const std::string& name : c.context)
      log.context.push_back({name, add({name, Kind::value, false, 0})});
    keep_numbers(request.probabilities, request.probability_prefixes, columns, Kind::probability);
    keep_numbers(request.numbers, request.prefixes, columns, Kind::number);
    if (request.is_played) {
      log.played = add({"(played)", Kind::number, false, 0});
      log.kept = add({"(kept)", Kind::number, false, 0});
      log.look = add({"(look)", Kind::number, false, 0});
    }
    if (request.judge != nullptr) log.let = add({"(let)", Kind::number, false, 0});
    for (const std::string& rule : request.rules)
      log.rules.push_back({rule, add({"(rule) " + rule, Kind::label, false, 0})});
  }

  // The columns that expressions read, and where their rows stand.
  void bind(MadeColumns& made) {
    for (RowExpression* expression : made.expressions()) {
      std::vector<std::size_t> places;
      for (const std::string& name : expression->columns()) places.push_back(value_column(name));
      expression->bind(std::move(places));
      if (line_ == Log::kNone) line_ = add({"(line)", Kind::line, false, 0, false});
    }
  }
  std::size_t line() const { return line_; }

  events::Schema take() { return std::move(schema_); }

 private:
  static constexpr const char* kMadeReward = "(reward)";

  std::size_t add(events::WantedColumn column) {
    if (column.name.empty()) return Log::kNone;
    schema_.push_back(std::move(column));
    return schema_.size() - 1;
  }
  void keep_numbers(const std::vector<std::string>& names, const std::vector<std::string>& prefixes,
                    const std::vector<std::string>& columns, Kind kind) {
    for (const std::string& name : names) keep_number(name, kind);
    for (const std::string& prefix : prefixes) {
      for (const std::string& name : columns) {
        if (name.size() > prefix.size() && name.starts_with(prefix)) keep_number(name, kind);
      }
    }
  }
  void keep_number(const std::string& name, Kind kind) {
    for (const ContextColumn& kept : log_.numbers) {
      if (kept.name == name) return;
    }
    log_.numbers.push_back({name, add({name, kind, true, 0})});
  }
  std::size_t value_column(const std::string& name) {
    for (std::size_t i = 0; i < schema_.size(); ++i) {
      if (schema_[i].name == name && schema_[i].kind == Kind::value) return i;
    }
    return add({name, Kind::value, false, 0});
  }

  Log& log_;
  events::Schema schema_;
  std::size_t line_ = Log::kNone;
};

// What is found out about all rows as they come.
class LogCensus {
 public:
  explicit LogCensus(Log& log) : log_(log) {}

  void add(const Batch& batch) {
    if (batch.rows == 0) return;
    const std::vector<double>& rewards = batch.columns[log_.reward].numbers;
    if (first_) log_.least_reward = log_.most_reward = rewards.front();
    for (const double r : rewards) {
      log_.least_reward = std::min(log_.least_reward, r);
      log_.most_reward = std::max(log_.most_reward, r);
      log_.reward_sum += r;
    }
    if (log_.time != Log::kNone) times(batch.columns[log_.time].integers);
    if (log_.unit != Log::kNone) {
      for (const std::int64_t unit : batch.columns[log_.unit].integers) units_.add(unit);
    }
    first_ = false;
  }
  void finish() { log_.rows_per_unit = units_.rows_per_unit(); }

 private:
  void times(const std::vector<std::int64_t>& times) {
    if (first_) log_.first_time = log_.last_time = last_ = times.front();
    for (const std::int64_t t : times) {
      log_.in_time_order = log_.in_time_order && t >= last_;
      last_ = t;
    }
    const auto [least, most] = std::minmax_element(times.begin(), times.end());
    log_.first_time = std::min(log_.first_time, *least);
    log_.last_time = std::max(log_.last_time, *most);
  }

  Log& log_;
  UnitCensus units_;
  std::int64_t last_ = 0;
  bool first_ = true;
};

void check_bad(const Log& log, double max_bad) {
  const auto bad = static_cast<double>(log.bad.count());
  const double allowed = max_bad < 1 ? max_bad * static_cast<double>(log.lines) : max_bad;
  if (bad <= allowed) return;
  std::string hint;
  for (const events::BadRow& row : log.bad.shown())
    hint += fmt::format("{}{}: {}", hint.empty() ? "" : "; ", place_of(row), row.why);
  throw Error(
      ErrorKind::invalid,
      fmt::format("{} of {} rows are bad, more than --max-bad {}", log.bad.count(), log.lines,
                  max_bad < 1 ? format_share(max_bad) : fmt::format("{}", max_bad)),
      hint);
}

// The frequency of an action at its position: right only where the logging policy saw no context.
void estimate_propensities(Log& log) {
  std::vector<double> count(log.cells()), at_position(log.positions());
  log.rows->for_each_in_order([&](const Batch& batch) {
    for (std::size_t i = 0; i < batch.rows; ++i) {
      ++count[log.cell_of(batch, i)];
      ++at_position[log.position_of(batch, i)];
    }
  });
  log.estimated.resize(log.cells());
  for (std::size_t c = 0; c < log.cells(); ++c) {
    const double all = at_position[c % log.positions()];
    log.estimated[c] = log.propensities == Propensities::uniform
                           ? 1 / static_cast<double>(log.actions())
                       : all > 0 ? count[c] / all
                                 : 0;
  }
}

// What words on the command line name, each once.
std::vector<std::string> log_paths(Files& files, const std::vector<std::string>& words) {
  std::vector<std::string> out;
  for (const std::string& word : words) {
    for (std::string& path : events::expand_glob(files, word)) {
      if (std::find(out.begin(), out.end(), path) != out.end())
        throw Error(ErrorKind::usage, fmt::format("{} is named twice", shown_path(path)),
                    "its rows would count twice: name it once");
      out.push_back(std::move(path));
    }
  }
  return out;
}

}  // namespace

Mapping LogRequest::given() const {
  Mapping out = columns;
  if (!reward.empty()) out.reward = reward;
  return out;
}

std::string Log::position_name(std::size_t k) const {
  return position == kNone ? std::string() : labels[position][static_cast<std::uint32_t>(k)];
}

std::uint32_t Log::block_of(const Batch& batch, std::size_t row, std::size_t blocks) const {
  if (unit == kNone)
    return static_cast<std::uint32_t>(stats::block_of_row(batch.first + row, blocks));
  const auto key = static_cast<std::uint64_t>(batch.columns[unit].integers[row]);
  return static_cast<std::uint32_t>(key % blocks);
}

std::size_t Log::fold_of(const Batch& batch, std::size_t row, std::size_t folds) const {
  if (folds <= 1) return 0;
  if (unit == kNone) return (batch.first + row) % folds;
  return (static_cast<std::uint64_t>(batch.columns[unit].integers[row]) >> 20) % folds;
}

std::string place_of(const events::BadRow& row) {
  return row.line > 0 ? fmt::format("{}:{}", row.file, row.line) : row.file;
}

std::string shown_path(const std::string& path) {
  return path == "-" ? std::string("standard input") : path;
}

Log read_log(Files& files, const LogRequest& request,
             const events::EventReader::Progress& progress) {
  const std::vector<std::string> paths = log_paths(files, request.paths);
  events::EventReader reader(files, paths);
  if (reader.columns().empty())
    throw Error(ErrorKind::invalid, fmt::format("{} is empty: there is nothing to learn from",
                                                shown_path(paths.front())));
  Log log;
  log.propensities = request.propensities;
  log.columns = complete_mapping(request.columns, reader.columns());
  const auto need = [&](const std::string& name, const char* role, const std::string& hint) {
    if (!name.empty()) return;
    throw Error(
        ErrorKind::invalid,
        fmt::format("which column is the {}? the log has: {}", role, join(reader.columns(), ", ")),
        hint);
  };
  need(log.columns.action, "action", "say it with --columns action=NAME");
  LogRequest wanted = request;
  if (!wanted.reward.empty() && has_column(reader.columns(), wanted.reward)) {
    log.columns.reward = wanted.reward;
    wanted.reward.clear();
  }
  if (!wanted.reward.empty())
    log.columns.reward = wanted.reward;
  else
    need(log.columns.reward, "reward", "say it with --reward NAME, or CEL over the columns");
  // What policies let through does not depend on them.
  if (request.judge != nullptr && log.columns.propensity.empty())
    wanted.propensities = log.propensities = Propensities::uniform;
  if (wanted.propensities == Propensities::logged)
    need(log.columns.propensity, "propensity",
         "say it with --columns propensity=NAME; a log without any can be used with --propensity "
         "uniform when all actions were alike, or --propensity estimated when no context was used");
  LogSchema layout(wanted, reader.columns(), log);
  MadeColumns made(wanted, reader.columns());
  layout.bind(made);
  const events::Schema schema = layout.take();
  log.rows = std::make_unique<events::RowStore>(files, schema);
  LogCensus census(log);
  reader.read(
      schema,
      [&](Batch&& batch) {
        made.make(log, layout.line(), batch, reader.labels(), reader.bad());
        for (std::size_t i = 0; request.judge != nullptr && i < batch.rows; ++i)
          batch.columns[log.let].numbers[i] =
              request.judge->lets(log, reader.labels(), batch, i) ? 1 : 0;
        census.add(batch);
        log.rows->add(std::move(batch));
      },
      progress);
  census.finish();
  log.bad = std::move(reader.bad());
  log.lines = reader.lines();
  log.alike = reader.alike();
  log.labels = std::move(reader.labels());
  check_bad(log, request.max_bad);
  if (log.rows->rows() == 0)
    throw Error(ErrorKind::invalid, fmt::format("{} holds no rows: there is nothing to learn from",
                                                shown_path(paths.front())));
  if (log.propensities != Propensities::logged) estimate_propensities(log);
  return log;
}

}  // namespace autopilot::evaluate
