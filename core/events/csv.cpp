#include "core/events/csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "core/base/error.h"
#include "core/base/text.h"

namespace autopilot::events {
namespace {

class CsvLines {
 public:
  CsvLines(std::string_view text, const CsvLayout& layout, const Schema& schema, Parsed& out)
      : at_(text.data()),
        end_(text.data() + text.size()),
        layout_(layout),
        rows_(schema, out),
        out_(out) {
    rows_.reserve(out.expected > 0 ? 0 : std::max<std::size_t>(16, text.size() / 48));
  }

  void parse() {
    while (at_ < end_) {
      const std::uint64_t line = ++out_.lines;
      if (skip_empty()) continue;
      rows_.begin(line);
      row();
      rows_.end();
    }
  }

 private:
  // An empty line is no row.
  bool skip_empty() {
    const char* to = at_ + (*at_ == '\r' && at_ + 1 < end_ ? 1 : 0);
    if (*to != '\n') return false;
    at_ = to + 1;
    return true;
  }

  void row() {
    std::size_t field = 0;
    for (bool more = true; more; ++field) {
      if (field == layout_.readers.size()) {
        field += rest();
        break;
      }
      const std::string_view text = next(more);
      for (const std::size_t column : layout_.readers[field]) rows_.text(column, text);
    }
    if (field != layout_.names.size())
      rows_.fault("wrong number of fields",
                  fmt::format("{} fields, not {}", field, layout_.names.size()));
  }

  // The field at hand; `more`: another follows in the row.
  std::string_view next(bool& more) {
    if (at_ < end_ && *at_ == '"') return quoted(more);
    const char* const begin = at_;
    while (at_ < end_ && *at_ != layout_.separator && *at_ != '\n') ++at_;
    const char* stop = at_;
    pass(more);
    if (!more && stop > begin && stop[-1] == '\r') --stop;
    return {begin, static_cast<std::size_t>(stop - begin)};
  }

  void pass(bool& more) {
    more = at_ < end_ && *at_ == layout_.separator;
    if (at_ < end_) ++at_;
  }

  std::string_view quoted(bool& more) {
    scratch_.clear();
    const std::uint64_t opened = out_.lines;
    for (++at_; at_ < end_; ++at_) {
      if (*at_ == '\n') ++out_.lines;
      if (*at_ != '"') {
        scratch_ += *at_;
      } else if (at_ + 1 < end_ && at_[1] == '"') {
        scratch_ += *at_++;
      } else {
        break;
      }
    }
    if (at_ == end_) {
      rows_.fault("a quote is not closed", "a quote is not closed");
      if (out_.lines > opened + 1) out_.open_quote = opened;
    } else {
      ++at_;
    }
    if (at_ < end_ && *at_ == '\r') ++at_;
    if (at_ < end_ && *at_ != layout_.separator && *at_ != '\n')
      rows_.fault("text behind a quote", "text behind a closing quote");
    while (at_ < end_ && *at_ != layout_.separator && *at_ != '\n') ++at_;
    pass(more);
    return scratch_;
  }

  // Fields that nobody reads, to the end of the row.
  std::size_t rest() {
    const void* found = std::memchr(at_, '\n', static_cast<std::size_t>(end_ - at_));
    const char* const stop = found != nullptr ? static_cast<const char*>(found) : end_;
    if (std::memchr(at_, '"', static_cast<std::size_t>(stop - at_)) != nullptr) return slow_rest();
    const auto separators = std::count(at_, stop, layout_.separator);
    at_ = stop < end_ ? stop + 1 : end_;
    return static_cast<std::size_t>(separators) + 1;
  }

  std::size_t slow_rest() {
    std::size_t fields = 0;
    for (bool more = true; more; ++fields) next(more);
    return fields;
  }

  const char* at_;
  const char* const end_;
  const CsvLayout& layout_;
  RowBuilder rows_;
  Parsed& out_;
  std::string scratch_;
};

}  // namespace

char csv_separator(std::string_view line) {
  const auto count = [&](char c) { return std::count(line.begin(), line.end(), c); };
  const char other = count('\t') >= count(';') ? '\t' : ';';
  return count(other) > count(',') ? other : ',';
}

std::vector<std::string> csv_fields(std::string_view line, char separator) {
  std::vector<std::string> out(1);
  bool inside = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '"') {
      if (inside && i + 1 < line.size() && line[i + 1] == '"')
        out.back() += line[i++];
      else
        inside = !inside;
    } else if (line[i] == separator && !inside) {
      out.emplace_back();
    } else if (line[i] != '\r' && line[i] != '\n') {
      out.back() += line[i];
    }
  }
  return out;
}

std::vector<std::pair<std::size_t, std::size_t>> csv_field_places(std::string_view line,
                                                                  char separator) {
  std::vector<std::pair<std::size_t, std::size_t>> out{{0, line.size()}};
  bool inside = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    inside = inside != (line[i] == '"');
    if (inside || line[i] != separator) continue;
    out.back().second = i;
    out.emplace_back(i + 1, line.size());
  }
  return out;
}

CsvLayout csv_layout(std::string_view header, const Schema& schema, const std::string& file) {
  CsvLayout out;
  out.separator = csv_separator(header);
  out.names = csv_fields(header, out.separator);
  for (std::size_t column = 0; column < schema.size(); ++column) {
    const auto found = std::find(out.names.begin(), out.names.end(), schema[column].name);
    if (found == out.names.end()) {
      if (!schema[column].required) continue;
      throw Error(ErrorKind::invalid,
                  fmt::format("{} has no column '{}'", file, schema[column].name),
                  fmt::format("its columns: {}", join(out.names, ", ")));
    }
    if (std::find(found + 1, out.names.end(), *found) != out.names.end())
      throw Error(ErrorKind::invalid,
                  fmt::format("{}:1: two columns are called '{}'", file, *found),
                  "which one is meant cannot be told: rename one of them");
    const auto field = static_cast<std::size_t>(found - out.names.begin());
    if (out.readers.size() <= field) out.readers.resize(field + 1);
    out.readers[field].push_back(column);
  }
  return out;
}

void parse_csv(std::string_view text, const CsvLayout& layout, const Schema& schema, Parsed& out) {
  CsvLines(text, layout, schema, out).parse();
}

}  // namespace autopilot::events
