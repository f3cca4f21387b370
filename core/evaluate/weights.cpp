#include "core/evaluate/weights.h"

#include <fmt/format.h>

#include <cmath>
#include <map>
#include <utility>

#include "core/base/json.h"
#include "core/base/text.h"
#include "core/base/yaml.h"
#include "core/events/csv.h"

namespace autopilot::evaluate {
namespace {

constexpr const char* kHelp = "it takes a map of actions to weights, or CSV of them";

// What was read so far, each action and position once.
class WeightList {
 public:
  WeightList(std::string file, Diagnostics& faults) : faults_(faults) {
    out_.file = std::move(file);
  }

  Diagnostic& fault(Span at, std::string message) {
    return faults_.error("bad-weights", at, std::move(message));
  }

  void add(const std::string& action, const std::optional<std::string>& position,
           std::string_view written, Span at) {
    const auto [first, is_new] = seen_.try_emplace({action, position}, at);
    if (!is_new) {
      fault(at, fmt::format("{} has a weight already", name_of(action, position)))
          .related.push_back({"here", first->second});
      return;
    }
    const std::optional<double> weight = weight_of(trim(written));
    if (!weight) {
      fault(at, fmt::format("the weight of {} is '{}', not a number from 0 on",
                            name_of(action, position), written));
      return;
    }
    out_.of.push_back({action, position, *weight});
  }

  Weights finish(Span whole) && {
    if (out_.of.empty() && faults_.ok())
      fault(whole, fmt::format("{} holds no weights", out_.file)).help = kHelp;
    return std::move(out_);
  }

 private:
  // Sums of so many are still numbers.
  static std::optional<double> weight_of(std::string_view written) {
    constexpr double kMost = 1e200;
    const bool is_percent = written.ends_with('%');
    if (is_percent) written.remove_suffix(1);
    double out = 0;
    if (!events::parse_number(written, out) || !(out >= 0 && out <= kMost)) return std::nullopt;
    return is_percent ? out / 100 : out;
  }

  static std::string name_of(const std::string& action,
                             const std::optional<std::string>& position) {
    return position ? fmt::format("{} at {}", action, *position) : action;
  }

  Diagnostics& faults_;
  Weights out_;
  std::map<std::pair<std::string, std::optional<std::string>>, Span> seen_;
};

class CsvWeights {
 public:
  CsvWeights(std::string_view text, std::uint32_t source, WeightList& list)
      : text_(text), source_(source), list_(list) {}

  void read() {
    for (std::size_t begin = 0; begin < text_.size();) {
      const std::size_t end = std::min(text_.find('\n', begin), text_.size());
      std::string_view line = text_.substr(begin, end - begin);
      if (line.ends_with('\r')) line.remove_suffix(1);
      at_ = begin;
      begin = end + 1;
      if (trim(line).empty()) continue;
      if (!header_.empty())
        row(line);
      else if (!read_header(line))
        return;
    }
  }

 private:
  Span span(std::size_t begin, std::size_t end) const {
    return {source_, static_cast<std::uint32_t>(at_ + begin),
            static_cast<std::uint32_t>(at_ + end)};
  }

  // Names of positions may be whole numbers; a share there is the weight of a first row.
  bool read_header(std::string_view line) {
    separator_ = events::csv_separator(line);
    header_ = events::csv_fields(line, separator_);
    is_long_ = header_.size() == 3 && (header_[1] == "position" || header_[1] == "slot");
    if (header_.size() < 2) {
      list_.fault(span(0, line.size()), "there is one column: actions without weights").help =
          kHelp;
      return false;
    }
    for (std::size_t f = 1; f < header_.size(); ++f) {
      double number = 0;
      if (!events::parse_number(trim(header_[f]), number)) continue;
      if (header_.size() > 2 && number == std::floor(number)) continue;
      list_.fault(span(0, line.size()), "the first line holds weights: it should name the columns")
          .help = "put a line before it, such as action,weight";
      return false;
    }
    return true;
  }

  void row(std::string_view line) {
    const std::vector<std::string> fields = events::csv_fields(line, separator_);
    const auto places = events::csv_field_places(line, separator_);
    if (fields.size() != header_.size()) {
      list_.fault(span(0, line.size()), fmt::format("the row has {} fields, the header {}",
                                                    fields.size(), header_.size()));
      return;
    }
    const auto add = [&](std::size_t field, const std::optional<std::string>& position) {
      list_.add(fields[0], position, fields[field],
                span(places[field].first, places[field].second));
    };
    if (is_long_) return add(2, fields[1]);
    if (fields.size() == 2) return add(1, std::nullopt);
    for (std::size_t f = 1; f < fields.size(); ++f) add(f, header_[f]);
  }

  std::string_view text_;
  std::uint32_t source_;
  WeightList& list_;
  std::size_t at_ = 0;  // where the line begins
  char separator_ = ',';
  std::vector<std::string> header_;
  bool is_long_ = false;
};

void read_map(const YamlNode& root, WeightList& list) {
  const YamlNode* inner = root.find("weights");
  const YamlNode& weights = inner != nullptr && inner->is_map() ? *inner : root;
  for (const YamlEntry& entry : weights.entries) {
    if (entry.value.is_map()) {
      for (const YamlEntry& position : entry.value.entries)
        list.add(entry.key, position.key, position.value.text, position.value.span);
    } else {
      list.add(entry.key, std::nullopt, entry.value.text, entry.value.span);
    }
  }
}

// JSON is YAML, but the words about what is wrong with it are better as those of JSON.
bool is_sound_json(std::string_view text, std::uint32_t source, WeightList& list) {
  const JsonResult parsed = parse_json(text);
  if (parsed.ok) return true;
  const auto at = static_cast<std::uint32_t>(parsed.fault.offset);
  list.fault({source, at, at}, parsed.fault.message);
  return false;
}

}  // namespace

Weights read_weights(std::string_view text, const std::string& file, Diagnostics& faults) {
  const std::uint32_t source = faults.sources().add(file, std::string(text));
  WeightList list(file, faults);
  Span whole{source, 0, 0};
  if (file.ends_with(".csv")) {
    CsvWeights(text, source, list).read();
  } else if (!file.ends_with(".json") || is_sound_json(text, source, list)) {
    YamlBudget budget;
    const std::vector<YamlDocument> documents = parse_yaml(source, budget, faults);
    if (!documents.empty()) {
      whole = documents[0].root.span;
      read_map(documents[0].root, list);
    }
  }
  return std::move(list).finish(whole);
}

}  // namespace autopilot::evaluate
