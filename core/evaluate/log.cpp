#include "core/evaluate/log.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <deque>

#include "core/base/error.h"
#include "core/base/mix.h"
#include "core/base/text.h"
#include "core/base/units.h"
#include "core/evaluate/row_expression.h"
#include "core/stats/ope_blocks.h"

namespace autopilot::evaluate {
namespace {

using events::Batch;
using events::Kind;

// Names that logs have for it, the likeliest first.
const std::vector<std::string> kTimes{"time", "timestamp", "ts", "event_time", "datetime"};
const std::vector<std::string> kUnits{"unit", "user_id", "visitor_id", "session_id"};
const std::vector<std::string> kActions{"action", "item_id", "arm", "variant", "destination"};
const std::vector<std::string> kPropensities{"propensity",  "propensity_score", "pscore",
                                             "action_prob", "probability",      "prob"};
const std::vector<std::string> kRewards{"reward", "click", "conversion", "converted", "revenue"};
const std::vector<std::string> kPositions{"position", "slot"};

bool has(const std::vector<std::string>& columns, const std::string& name) {
  return std::find(columns.begin(), columns.end(), name) != columns.end();
}

void find_column(std::string& role, const std::vector<std::string>& names,
                 const std::vector<std::string>& columns) {
  for (const std::string& name : names) {
    if (role.empty() && has(columns, name)) role = name;
  }
}

void must_have(const std::vector<std::string>& columns, const std::string& name) {
  if (name.empty() || has(columns, name)) return;
  const std::string close = did_you_mean(name, columns);
  throw Error(ErrorKind::invalid, fmt::format("the log has no column '{}'", name),
              close.empty() ? fmt::format("its columns: {}", join(columns, ", "))
                            : std::string(trim(close)));
}

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
    for (const std::string& name : request.numbers) keep_number(name);
    for (const std::string& prefix : request.prefixes) {
      for (const std::string& name : columns) {
        if (name.size() > prefix.size() && name.starts_with(prefix)) keep_number(name);
      }
    }
    if (request.is_played) {
      log.played = add({"(played)", Kind::number, false, 0});
      log.kept = add({"(kept)", Kind::number, false, 0});
      log.look = add({"(look)", Kind::number, false, 0});
    }
    if (request.judge != nullptr) log.let = add({"(let)", Kind::number, false, 0});
    for (const std::string& rule : request.rules)
      log.rules.push_back({rule, add({"(rule) " + rule, Kind::label, false, 0})});
  }

  // The columns that an expression reads.
  void bind(RowExpression& expression) {
    std::vector<std::size_t> places;
    for (const std::string& name : expression.columns()) places.push_back(value_column(name));
    expression.bind(std::move(places));
  }

  events::Schema take() { return std::move(schema_); }

 private:
  static constexpr const char* kMadeReward = "(reward)";

  std::size_t add(events::WantedColumn column) {
    if (column.name.empty()) return Log::kNone;
    schema_.push_back(std::move(column));
    return schema_.size() - 1;
  }
  void keep_number(const std::string& name) {
    log_.numbers.push_back({name, add({name, Kind::number, true, 0})});
  }
  std::size_t value_column(const std::string& name) {
    for (std::size_t i = 0; i < schema_.size(); ++i) {
      if (schema_[i].name == name && schema_[i].kind == Kind::value) return i;
    }
    return add({name, Kind::value, false, 0});
  }

  Log& log_;
  events::Schema schema_;
};

// What expressions make of each row: its reward, and the actions that rules would have chosen. A
// row of which one fails is bad.
class MadeColumns {
 public:
  MadeColumns(const LogRequest& request, const std::vector<std::string>& columns, Log& log,
              LogSchema& schema)
      : log_(log) {
    if (!request.reward.empty()) {
      reward_.emplace(request.reward, columns, "--reward");
      schema.bind(*reward_);
    }
    for (const std::string& rule : request.rules) {
      rules_.emplace_back(rule, columns, "--target");
      schema.bind(rules_.back());
    }
  }

  void make(Batch& batch, std::vector<events::Labels>& labels, events::BadRows& bad) {
    if (!reward_ && rules_.empty()) return;
    std::vector<std::size_t> kept;
    for (std::size_t i = 0; i < batch.rows; ++i) {
      ++row_;
      std::string why;
      if ((!reward_ || make_reward(batch, i, labels, why)) && make_rules(batch, i, labels, why))
        kept.push_back(i);
      else
        bad.add("an expression failed", {fmt::format("row {}", row_), 0, why});
    }
    if (kept.size() < batch.rows) keep(batch, kept);
  }

 private:
  bool make_reward(Batch& batch, std::size_t i, const std::vector<events::Labels>& labels,
                   std::string& why) {
    expr::Val value;
    if (!reward_->evaluate(batch, i, labels, value, why)) {
      why = fmt::format("--reward: {}", why);
      return false;
    }
    double& to = batch.columns[log_.reward].numbers[i];
    if (value.tag == expr::Tag::boolean)
      to = value.boolean ? 1 : 0;
    else if (value.tag == expr::Tag::integer)
      to = static_cast<double>(value.integer);
    else if (value.tag == expr::Tag::uinteger)
      to = static_cast<double>(value.uinteger);
    else if (value.tag == expr::Tag::real && std::isfinite(value.real))
      to = value.real;
    else {
      why = fmt::format("--reward gives {}, no finite number", expr::to_text(value));
      return false;
    }
    return true;
  }

  bool make_rules(Batch& batch, std::size_t i, std::vector<events::Labels>& labels,
                  std::string& why) {
    for (std::size_t r = 0; r < rules_.size(); ++r) {
      expr::Val value;
      if (!rules_[r].evaluate(batch, i, labels, value, why)) {
        why = fmt::format("--target: {}", why);
        return false;
      }
      const std::size_t column = log_.rules[r].index;
      const std::string text =
          value.tag == expr::Tag::string ? std::string(value.text()) : expr::to_text(value);
      batch.columns[column].codes[i] = labels[column].code(text);
    }
    return true;
  }

  static void keep(Batch& batch, const std::vector<std::size_t>& kept) {
    const auto pick = [&](auto& values) {
      if (values.empty()) return;
      for (std::size_t k = 0; k < kept.size(); ++k) values[k] = values[kept[k]];
      values.resize(kept.size());
    };
    for (events::Column& column : batch.columns) {
      pick(column.numbers);
      pick(column.codes);
      pick(column.integers);
    }
    batch.rows = kept.size();
  }

  Log& log_;
  std::optional<RowExpression> reward_;
  std::deque<RowExpression> rules_;
  std::uint64_t row_ = 0;
};

// What is found out about all rows as they come.
class LogCensus {
 public:
  explicit LogCensus(Log& log) : log_(log) {}

  void add(const Batch& batch) {
    if (batch.rows == 0) return;
    const std::vector<double>& rewards = batch.columns[log_.reward].numbers;
    const auto [least, most] = std::minmax_element(rewards.begin(), rewards.end());
    log_.least_reward = first_ ? *least : std::min(log_.least_reward, *least);
    log_.most_reward = first_ ? *most : std::max(log_.most_reward, *most);
    for (const double r : rewards) log_.reward_sum += r;
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

}  // namespace

void UnitCensus::add(std::int64_t unit) {
  auto hash = static_cast<std::uint64_t>(unit);
  if (hash == 0) hash = 1;
  if (level_ > 0 && (hash >> (64 - level_)) != 0) return;
  if (slots_.empty()) slots_.resize(4 * kMost);
  std::size_t at = (hash * kMixStep) >> 46;
  while (slots_[at].first != 0 && slots_[at].first != hash) at = (at + 1) % slots_.size();
  units_ += slots_[at].first == 0;
  slots_[at].first = hash;
  ++slots_[at].second;
  if (units_ > kMost) halve();
}

// Adaptive sampling (Wegman; Flajolet 1990): keeps the units of the next level.
void UnitCensus::halve() {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> old(slots_.size());
  old.swap(slots_);
  ++level_;
  units_ = 0;
  for (const auto& [hash, rows] : old) {
    if (hash == 0 || (hash >> (64 - level_)) != 0) continue;
    std::size_t at = (hash * kMixStep) >> 46;
    while (slots_[at].first != 0) at = (at + 1) % slots_.size();
    slots_[at] = {hash, rows};
    ++units_;
  }
}

double UnitCensus::rows_per_unit() const {
  std::uint64_t rows = 0;
  for (const auto& slot : slots_) rows += slot.second;
  return units_ == 0 ? 1 : static_cast<double>(rows) / static_cast<double>(units_);
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

Mapping complete_mapping(const Mapping& given, const std::vector<std::string>& columns) {
  Mapping out = given;
  for (const std::string* name :
       {&out.time, &out.unit, &out.action, &out.propensity, &out.reward, &out.position})
    must_have(columns, *name);
  for (const std::string& name : out.context) must_have(columns, name);
  find_column(out.time, kTimes, columns);
  find_column(out.unit, kUnits, columns);
  find_column(out.action, kActions, columns);
  find_column(out.propensity, kPropensities, columns);
  find_column(out.reward, kRewards, columns);
  find_column(out.position, kPositions, columns);
  return out;
}

Log read_log(Files& files, const LogRequest& request,
             const events::EventReader::Progress& progress) {
  std::vector<std::string> paths;
  for (const std::string& word : request.paths) {
    for (std::string& path : events::expand_glob(files, word)) paths.push_back(std::move(path));
  }
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
  if (!wanted.reward.empty() && has(reader.columns(), wanted.reward)) {
    log.columns.reward = wanted.reward;
    wanted.reward.clear();
  }
  if (wanted.reward.empty())
    need(log.columns.reward, "reward", "say it with --reward NAME, or CEL over the columns");
  // What policies let through does not depend on them.
  if (request.judge != nullptr && log.columns.propensity.empty())
    wanted.propensities = log.propensities = Propensities::uniform;
  if (wanted.propensities == Propensities::logged)
    need(log.columns.propensity, "propensity",
         "say it with --columns propensity=NAME; a log without any can be used with --propensity "
         "uniform when all actions were alike, or --propensity estimated when no context was used");
  LogSchema layout(wanted, reader.columns(), log);
  MadeColumns made(wanted, reader.columns(), log, layout);
  const events::Schema schema = layout.take();
  log.rows = std::make_unique<events::RowStore>(files, schema);
  LogCensus census(log);
  reader.read(
      schema,
      [&](Batch&& batch) {
        made.make(batch, reader.labels(), reader.bad());
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
  log.labels = std::move(reader.labels());
  check_bad(log, request.max_bad);
  if (log.rows->rows() == 0)
    throw Error(ErrorKind::invalid, fmt::format("{} holds no rows: there is nothing to learn from",
                                                shown_path(paths.front())));
  if (log.propensities != Propensities::logged) estimate_propensities(log);
  return log;
}

}  // namespace autopilot::evaluate
