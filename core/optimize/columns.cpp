#include "core/optimize/columns.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "core/base/json.h"
#include "core/base/text.h"
#include "core/base/units.h"

namespace autopilot::optimize {
namespace {

constexpr std::size_t kNone = static_cast<std::size_t>(-1);
constexpr std::uint64_t kExact = std::uint64_t{1} << 53;  // whole numbers below it are doubles

struct Cell {
  std::string_view text;
  std::size_t begin = 0;  // in the whole text
};

// What spreadsheets write before the first name.
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// The separators that spreadsheets write, the commonest first: one that the names do not have
// cannot be it.
char separator_of(std::string_view names) {
  for (const char c : {',', ';', '\t'}) {
    if (names.find(c) != std::string_view::npos) return c;
  }
  return ',';
}

// The cells of one CSV line. Of a quoted one, what is between the quotes, doubled quotes as they
// are.
void cut(std::string_view line, std::size_t offset, char separator, std::vector<Cell>& out) {
  out.clear();
  const auto is_blank = [separator](char c) {
    return c == ' ' || c == '\r' || (c == '\t' && separator != '\t');
  };
  std::size_t at = 0;
  for (;;) {
    while (at < line.size() && is_blank(line[at])) ++at;
    if (at < line.size() && line[at] == '"') {
      std::size_t end = at + 1;
      while (end < line.size()) {
        if (line[end] != '"') {
          ++end;
        } else if (end + 1 < line.size() && line[end + 1] == '"') {
          end += 2;
        } else {
          break;
        }
      }
      out.push_back({line.substr(at + 1, end - at - 1), offset + at + 1});
      at = std::min(line.find(separator, end), line.size());
    } else {
      std::size_t end = at;
      while (end < line.size() && line[end] != separator) ++end;
      std::size_t last = end;
      while (last > at && is_blank(line[last - 1])) --last;
      out.push_back({line.substr(at, last - at), offset + at});
      at = end;
    }
    if (at >= line.size()) return;
    ++at;
  }
}

class Reader {
 public:
  Reader(std::uint32_t source, const std::vector<std::string>& names,
         const std::vector<std::string>& needed, Diagnostics& diagnostics)
      : source_(source), names_(names), diagnostics_(diagnostics) {
    for (const std::string& name : needed)
      needed_.push_back(
          static_cast<std::size_t>(std::find(names_.begin(), names_.end(), name) - names_.begin()));
  }

  Span span(std::size_t begin, std::size_t size) const {
    return {source_, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(begin + size)};
  }
  Span span(const Cell& cell) const { return span(cell.begin, cell.text.size()); }

  void unknown(const std::string& name, Span where) {
    std::string help(trim(did_you_mean(name, names_)));
    if (help.empty()) help = "known are " + join(names_, ", ");
    diagnostics_.error("unknown-field", where, fmt::format("unknown column \"{}\"", name)).help =
        std::move(help);
  }
  template <class Has>
  bool check_needed(Has has, Span where) {
    for (const std::size_t column : needed_) {
      if (has(column)) continue;
      diagnostics_.error("missing-field", where, fmt::format("{} is missing", names_[column]));
      return false;
    }
    return true;
  }

  std::uint32_t source_;
  const std::vector<std::string>& names_;
  std::vector<std::size_t> needed_;  // columns
  Diagnostics& diagnostics_;
};

class CsvRow : public Row {
 public:
  CsvRow(Reader& reader) : reader_(reader), place_(reader.names_.size(), kNone) {
    names = &reader.names_;
  }

  // The first line.
  bool name_columns(std::string_view line, std::size_t offset) {
    separator_ = separator_of(line);
    cut(line, offset, separator_, cells_);
    columns_ = cells_.size();
    for (std::size_t k = 0; k < cells_.size(); ++k) {
      const auto found = std::find(reader_.names_.begin(), reader_.names_.end(), cells_[k].text);
      if (found == reader_.names_.end())
        reader_.unknown(std::string(cells_[k].text), reader_.span(cells_[k]));
      else
        place_[static_cast<std::size_t>(found - reader_.names_.begin())] = k;
    }
    return reader_.check_needed([&](std::size_t c) { return place_[c] != kNone; },
                                reader_.span(offset, line.size()));
  }
  void load(std::string_view line, std::size_t offset) {
    line_ = reader_.span(offset, line.size());
    cut(line, offset, separator_, cells_);
    for (std::size_t k = columns_; k < cells_.size(); ++k)
      reader_.diagnostics_.error("wrong-value", reader_.span(cells_[k]),
                                 fmt::format("a cell too many: there are {} columns", columns_));
  }
  std::string_view text(std::size_t column) const override {
    const std::size_t at = place_[column];
    return at < cells_.size() ? cells_[at].text : std::string_view();
  }
  void fault(std::size_t column, std::string message) const override {
    const std::size_t at = place_[column];
    reader_.diagnostics_.error("wrong-value", at < cells_.size() ? reader_.span(cells_[at]) : line_,
                               std::move(message));
  }
  bool has_needed() {
    return reader_.check_needed([&](std::size_t c) { return !text(c).empty(); }, line_);
  }

 private:
  Reader& reader_;
  std::vector<std::size_t> place_;  // by column: the cell
  std::vector<Cell> cells_;
  char separator_ = ',';
  std::size_t columns_ = 0;  // that the first line names
  Span line_;
};

class JsonRow : public Row {
 public:
  JsonRow(Reader& reader, const Value& object, Span span)
      : reader_(reader), object_(object), span_(span) {
    names = &reader.names_;
  }
  std::string_view text(std::size_t column) const override {
    const Value* value = object_.get(reader_.names_[column]);
    if (value == nullptr || value->is_null()) return {};
    if (value->is_string()) return value->as_string();
    return written_ = to_json(*value);
  }
  void fault(std::size_t, std::string message) const override {
    reader_.diagnostics_.error("wrong-value", span_, std::move(message));
  }

 private:
  Reader& reader_;
  const Value& object_;
  Span span_;
  mutable std::string written_;
};

// What most cells are, digits and a point: a whole number below 2^53 over a power of ten that is
// exact, too, is rounded once, as it should be. Anything else is left to others.
std::optional<double> plain_number(std::string_view cell) {
  constexpr double kTens[] = {1,   1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                              1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
  if (cell.size() > 16 || cell.front() == '.' || cell.back() == '.') return std::nullopt;
  std::uint64_t digits = 0;
  std::size_t point = cell.size();
  for (std::size_t i = 0; i < cell.size(); ++i) {
    const auto digit = static_cast<unsigned>(cell[i] - '0');
    if (digit <= 9)
      digits = digits * 10 + digit;
    else if (cell[i] == '.' && point == cell.size())
      point = i;
    else
      return std::nullopt;
  }
  if (digits >= kExact) return std::nullopt;
  const std::size_t places = point == cell.size() ? 0 : cell.size() - 1 - point;
  return static_cast<double>(digits) / kTens[places];
}

template <class F>
void each_line(std::string_view text, F visit) {
  for (std::size_t at = text.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
       at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line = text.substr(at, end - at);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!trim(line).empty()) visit(line, at);
    at = end + 1;
  }
}

void read_json_line(std::string_view line, std::size_t offset, Reader& reader,
                    const std::function<void(const Row&)>& visit) {
  const JsonResult parsed = parse_json(line);
  const Span span = reader.span(offset, line.size());
  if (!parsed.ok || !parsed.value.is_map()) {
    reader.diagnostics_.error("wrong-type", span,
                              parsed.ok ? "a line that is no JSON object" : parsed.fault.message);
    return;
  }
  if (parsed.value.get("schema") != nullptr) return;
  for (const auto& [name, value] : parsed.value.as_map()) {
    if (std::find(reader.names_.begin(), reader.names_.end(), name) == reader.names_.end())
      reader.unknown(name, span);
  }
  const JsonRow row(reader, parsed.value, span);
  if (reader.check_needed([&](std::size_t c) { return !row.text(c).empty(); }, span)) visit(row);
}

}  // namespace

std::optional<double> Row::number(std::size_t column) const {
  const std::string_view cell = text(column);
  if (cell.empty()) return std::nullopt;
  if (const std::optional<double> value = plain_number(cell)) return value;
  double value = 0;
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  if (error == std::errc() && end == cell.data() + cell.size() && std::isfinite(value))
    return value;
  fault(column, fmt::format("{}: \"{}\" is no number", (*names)[column], cell));
  return std::nullopt;
}

std::optional<double> Row::amount(std::size_t column) const {
  const std::optional<double> value = number(column);
  if (value && *value < 0) fault(column, fmt::format("{} is below 0", (*names)[column]));
  return value;
}

std::optional<double> Row::share(std::size_t column) const {
  const std::string_view cell = text(column);
  if (cell.empty()) return std::nullopt;
  const std::optional<double> value = parse_share(cell);
  if (!value)
    fault(column, fmt::format("{}: \"{}\" is no share such as 5% or 0.05", (*names)[column], cell));
  return value;
}

std::size_t rows_at_most(std::string_view text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
}

void read_table(std::string_view text, std::uint32_t source, const std::vector<std::string>& names,
                const std::vector<std::string>& needed, Diagnostics& diagnostics,
                const std::function<void(const Row&)>& visit) {
  Reader reader(source, names, needed, diagnostics);
  std::string_view head = text.substr(0, std::min<std::size_t>(text.size(), 256));
  if (head.starts_with(kByteOrderMark)) head.remove_prefix(kByteOrderMark.size());
  const bool json = trim(head).starts_with('{');
  CsvRow row(reader);
  bool first = true, sound = true;
  each_line(text, [&](std::string_view line, std::size_t offset) {
    if (json) return read_json_line(line, offset, reader, visit);
    if (first) {
      first = false;
      sound = row.name_columns(line, offset);
      return;
    }
    if (!sound) return;
    row.load(line, offset);
    if (row.has_needed()) visit(row);
  });
}

}  // namespace autopilot::optimize
