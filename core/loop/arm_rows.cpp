#include "core/loop/arm_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

#include "core/base/json.h"
#include "core/base/text.h"
#include "core/base/units.h"
#include "core/base/yaml.h"
#include "core/deploy/csv.h"
#include "core/events/csv.h"
#include "core/events/text_form.h"
#include "core/loop/arm_names.h"
#include "core/loop/time_in.h"

namespace autopilot::loop {
namespace {

// Where a row is, and each of its values.
struct RowPlace {
  Span row;
  std::function<Span(const std::string& column)> of;  // null: they are not told apart
};

class RowReader {
 public:
  RowReader(const ArmFormat& format, Diagnostics& diagnostics)
      : format_(format), diagnostics_(diagnostics) {}

  // A name that is nearly one of ours is a typing error; others are columns that nobody asked for.
  // False when rows with these columns say nothing.
  bool check_names(const std::vector<std::string>& names, Span place) {
    checked_ = sound_ = true;
    names_ = names;
    place_ = {place, nullptr};
    understood_ = understand_names(names, format_.names);
    if (!understood_.fault.empty()) fault(understood_.fault, understood_.help);
    if (!has_column(column("arm")) && sound_) no_column(column("arm"), "arm");
    for (const std::string& key : format_.segment) {
      if (!has_column(key)) no_column(key, "");
    }
    return sound_;
  }

  void read(const Map& row, RowPlace place) {
    row_ = &row;
    if (!checked_ && !check_names(names_of(row), place.row)) return;
    place_ = std::move(place);
    sound_ = true;
    ArmRow out;
    out.arm = text("arm");
    for (const std::string& key : format_.segment) out.segment.push_back(segment_text(key));
    out.time = time();
    out.weight = share("weight");
    out.floor = share("floor");
    out.cap = share("cap");
    out.alpha = positive("alpha");
    out.beta = positive("beta");
    read_rewards(out);
    if (sound_) check_again(out);
    if (sound_) rows_.push_back(std::move(out));
  }

  std::vector<ArmRow> rows() && { return std::move(rows_); }
  const ColumnNames& understood() const { return understood_.names; }

 private:
  std::string column(const std::string& ours) const {
    if (const auto at = format_.names.find(ours); at != format_.names.end()) return at->second;
    const auto at = understood_.names.find(ours);
    return at == understood_.names.end() ? ours : at->second;
  }
  const Value* find(const std::string& ours) const {
    const Value* value = row_->find(column(ours));
    const bool empty = value != nullptr &&
                       (value->is_null() || (value->is_string() && value->as_string().empty()));
    return empty ? nullptr : value;
  }

  void fault(std::string message, std::string help = {}) {
    sound_ = false;
    diagnostics_.error("bad-arm", place_.row, std::move(message)).help = std::move(help);
  }
  // Of one value of the row.
  void fault_at(const std::string& ours, std::string message) {
    sound_ = false;
    diagnostics_.error("bad-arm", place_.of ? place_.of(column(ours)) : place_.row,
                       std::move(message));
  }

  bool has_column(const std::string& name) const {
    return std::find(names_.begin(), names_.end(), name) != names_.end();
  }

  void no_column(const std::string& name, const std::string& ours) {
    const std::string meant = did_you_mean(name, names_);
    std::string help = fmt::format("its columns: {}", join(names_, ", "));
    if (!ours.empty())
      help = fmt::format("say which one names the {0} with --columns {0}=NAME; {1}", ours, help);
    fault(fmt::format("there is no column {}", name),
          meant.empty() ? std::move(help) : std::string(trim(meant)));
  }

  static std::vector<std::string> names_of(const Map& row) {
    std::vector<std::string> out;
    for (const auto& [name, value] : row) out.push_back(name);
    return out;
  }

  void missing(const std::string& ours) {
    fault(fmt::format("{} is missing", column(ours)),
          std::string(trim(did_you_mean(column(ours), names_of(*row_)))));
  }

  std::string text(const std::string& ours) {
    const Value* value = find(ours);
    if (value == nullptr) {
      if (sound_) fault(fmt::format("{} is missing", column(ours)));
      return {};
    }
    return value->is_string() ? value->as_string() : to_json(*value);
  }

  std::string segment_text(const std::string& key) const {
    const Value* value = row_->find(key);
    if (value == nullptr || value->is_null()) return "";
    return value->is_string() ? value->as_string() : to_json(*value);
  }

  // A number, however it is written.
  std::optional<double> number(const std::string& ours) {
    const Value* value = find(ours);
    if (value == nullptr) return std::nullopt;
    if (value->is_bool()) return value->as_bool() ? 1 : 0;
    if (value->is_number()) return value->as_double();
    if (value->is_string()) {
      const JsonResult parsed = parse_json(trim(value->as_string()));
      if (parsed.ok && parsed.value.is_number()) return parsed.value.as_double();
      if (parsed.ok && parsed.value.is_bool()) return parsed.value.as_bool() ? 1 : 0;
    }
    fault_at(ours, fmt::format("{} is {}, not a number", column(ours), to_json(*value)));
    return std::nullopt;
  }

  std::optional<double> positive(const std::string& ours) {
    const auto value = number(ours);
    if (value && !(*value > 0)) fault_at(ours, fmt::format("{} must be above 0", column(ours)));
    return value;
  }

  std::optional<double> share(const std::string& ours) {
    const Value* value = find(ours);
    if (value == nullptr) return std::nullopt;
    const std::string written = value->is_string() ? value->as_string() : to_json(*value);
    const auto parsed = parse_share(written);
    if (!parsed) {
      fault_at(ours,
               fmt::format("{} is {}, not a share such as 25% or 0.25", column(ours), written));
    }
    return parsed;
  }

  std::optional<Instant> time() {
    const Value* value = find("time");
    if (value == nullptr) return std::nullopt;
    if (const auto parsed = time_in(*value)) return parsed;
    fault_at("time", fmt::format("{} is {}, not a time such as 2026-11-20T10:01:00Z",
                                 column("time"), to_json(*value)));
    return std::nullopt;
  }

  void read_rewards(ArmRow& out) {
    const auto trials = number("trials"), sum = number("sum"), reward = number("reward");
    out.square_sum = number("square_sum");
    if (!sound_) return;
    if (reward && (trials || sum)) return fault("a row has either trials and sum, or reward");
    if (!reward && !trials && !sum) {
      if (out.alpha || out.weight) return;  // an arm that is known by its prior alone
      return fault(fmt::format("there is neither {} nor {}", column("trials"), column("reward")),
                   "--columns trials=NAME,sum=NAME says how they are called");
    }
    out.count = reward ? 1 : trials.value_or(0);
    out.sum = reward ? *reward : sum.value_or(0);
    if (reward) out.square_sum = *reward * *reward;
    if (out.count < 0) fault_at("trials", fmt::format("{} is below 0", column("trials")));
    if (trials && !sum) missing("sum");
    if (sum && !trials) missing("trials");
    if (sound_ && out.count == 0 && out.sum != 0) fault("there are rewards without trials");
    const double least = out.count > 0 ? out.sum * out.sum / out.count : 0;
    if (out.square_sum && *out.square_sum < least * (1 - 1e-9)) {
      fault_at("square_sum",
               fmt::format("{} is less than such rewards can have", column("square_sum")));
    }
  }

  // Sums of one arm may come in parts, which something tells apart: a time, another column. Where
  // nothing does, a row is likely there twice.
  void check_again(const ArmRow& row) {
    if (find("trials") == nullptr && find("sum") == nullptr) return;
    Map rest = *row_;
    for (const char* ours :
         {"trials", "sum", "square_sum", "weight", "floor", "cap", "alpha", "beta"})
      rest.erase(column(ours));
    const auto [first, is_new] = seen_.try_emplace(to_canonical_json(rest), place_.row);
    if (is_new) return;
    diagnostics_
        .warning("repeated-arm", place_.row,
                 fmt::format("arm {} is here again: its rows are added up", row.arm))
        .related.push_back({"the first one is here", first->second});
  }

  const ArmFormat& format_;
  Diagnostics& diagnostics_;
  const Map* row_ = nullptr;
  std::vector<std::string> names_;    // of the header, or of the first row
  std::map<std::string, Span> seen_;  // rows of sums, by what else they say
  RowPlace place_;
  bool sound_ = true;
  bool checked_ = false;
  UnderstoodNames understood_;
  std::vector<ArmRow> rows_;
};

// Where the record that begins at `begin` has a column; where it begins if that cannot be told.
Span field_place(std::string_view text, std::uint32_t source, std::size_t begin,
                 const std::vector<std::string>& header, const std::string& column,
                 char separator) {
  const std::string_view line = text.substr(begin, text.find('\n', begin) - begin);
  const auto places = events::csv_field_places(line, separator);
  const auto field =
      static_cast<std::size_t>(std::find(header.begin(), header.end(), column) - header.begin());
  const auto at = static_cast<std::uint32_t>(begin);
  if (field >= places.size() || places.size() != header.size()) return {source, at, at};
  return {source, at + static_cast<std::uint32_t>(places[field].first),
          at + static_cast<std::uint32_t>(places[field].second)};
}

void read_csv(std::string_view text, std::uint32_t source, RowReader& rows,
              Diagnostics& diagnostics) {
  const char separator = events::csv_separator(text.substr(0, text.find('\n')));
  deploy::CsvReader reader(text, separator);
  const auto header = reader.next();
  if (!header) return;
  const auto length = static_cast<std::uint32_t>(std::min(text.find('\n'), text.size()));
  if (!rows.check_names(*header, {source, 0, length})) return;
  std::size_t line = 1, begin = 0;
  while (const auto record = reader.next()) {
    for (; line < reader.line() && begin < text.size(); ++line) {
      const std::size_t end = text.find('\n', begin);
      begin = end == std::string_view::npos ? text.size() : end + 1;
    }
    const auto at = static_cast<std::uint32_t>(begin);
    const Span place{source, at, at};
    if (record->size() != header->size()) {
      diagnostics.error(
          "bad-arm", place,
          fmt::format("the row has {} fields, the header {}", record->size(), header->size()));
      continue;
    }
    Map map;
    for (std::size_t i = 0; i < record->size(); ++i) map[(*header)[i]] = (*record)[i];
    rows.read(map, {place, [&, begin](const std::string& column) {
                      return field_place(text, source, begin, *header, column, separator);
                    }});
  }
}

void read_json_lines(std::string_view text, std::uint32_t source, RowReader& rows,
                     Diagnostics& diagnostics) {
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = text.substr(begin, end - begin);
    const auto at = static_cast<std::uint32_t>(begin);
    begin = end + 1;
    if (trim(line).empty()) continue;
    const JsonResult parsed = parse_json(line);
    if (!parsed.ok) {
      const auto offset = at + static_cast<std::uint32_t>(parsed.fault.offset);
      diagnostics.error("bad-arm", {source, offset, offset}, parsed.fault.message);
    } else if (!parsed.value.is_map()) {
      diagnostics.error(
          "bad-arm", {source, at, at},
          fmt::format("a row is a JSON object, not {}", to_string(parsed.value.kind())));
    } else if (parsed.value.get("schema") == nullptr) {
      rows.read(parsed.value.as_map(), {{source, at, at}, nullptr});
    }
  }
}

void read_yaml(std::uint32_t source, RowReader& rows, Diagnostics& diagnostics) {
  YamlBudget budget;
  for (const YamlDocument& document : parse_yaml(source, budget, diagnostics)) {
    if (!document.sound) continue;
    const YamlNode* arms = document.root.find("arms");
    const YamlNode& list = arms != nullptr ? *arms : document.root;
    if (!list.is_list()) {
      diagnostics.error("bad-arm", list.span, "the arms are no list");
      continue;
    }
    for (const YamlNode& item : list.items) {
      const Value value = to_value(item, diagnostics);
      if (value.is_map()) {
        rows.read(value.as_map(), {item.span, [&](const std::string& column) {
                                     const YamlNode* at = item.find(column);
                                     return at != nullptr ? at->span : item.span;
                                   }});
      } else {
        diagnostics.error("bad-arm", item.span, "an arm is no mapping");
      }
    }
  }
}

enum class Form { csv, json_lines, yaml };

// JSON documents are YAML, too; lines of JSON are not.
Form form_of(std::string_view text, const std::string& name) {
  if (name.ends_with(".csv")) return Form::csv;
  if (name.ends_with(".jsonl") || name.ends_with(".ndjson")) return Form::json_lines;
  if (name.ends_with(".yaml") || name.ends_with(".yml")) return Form::yaml;
  const std::string_view start = trim(text);
  if (start.starts_with("{")) {
    const JsonResult whole = parse_json(start);
    return whole.ok && whole.value.get("arms") != nullptr ? Form::yaml : Form::json_lines;
  }
  return start.starts_with("[") || start.starts_with("- ") || start.starts_with("arms:")
             ? Form::yaml
             : Form::csv;
}

}  // namespace

const std::vector<std::string>& arm_columns() {
  static const std::vector<std::string> names{"arm",        "trials", "sum",    "reward",
                                              "square_sum", "time",   "weight", "floor",
                                              "cap",        "alpha",  "beta"};
  return names;
}

std::vector<ArmRow> read_arm_rows(std::string_view text, const std::string& name,
                                  const ArmFormat& format, Diagnostics& diagnostics,
                                  std::map<std::string, std::string>* understood) {
  events::must_be_text(text, name);
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  const std::uint32_t source = diagnostics.sources().add(name, std::string(text));
  RowReader reader(format, diagnostics);
  switch (form_of(text, name)) {
    case Form::csv:
      read_csv(text, source, reader, diagnostics);
      break;
    case Form::json_lines:
      read_json_lines(text, source, reader, diagnostics);
      break;
    case Form::yaml:
      read_yaml(source, reader, diagnostics);
      break;
  }
  if (understood != nullptr) *understood = reader.understood();
  return std::move(reader).rows();
}

}  // namespace autopilot::loop
