#pragma once
// Comma-separated values as RFC 4180 has them: quotes, doubled quotes, line ends within them. The
// first line names the columns.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/events/row_builder.h"

namespace autopilot::events {

// Where a file has the columns of a schema.
struct CsvLayout {
  static constexpr std::size_t kUnwanted = ~std::size_t{0};

  std::vector<std::string> names;
  char separator = ',';
  // By field: the schema's columns that read it. Fields behind the last wanted one are not listed.
  std::vector<std::vector<std::size_t>> readers;
};

std::vector<std::string> csv_fields(std::string_view line, char separator);
// Where they begin and end in the line, quotes included.
std::vector<std::pair<std::size_t, std::size_t>> csv_field_places(std::string_view line,
                                                                  char separator);
// A tab or a semicolon where the first line has more of them than commas, else a comma.
char csv_separator(std::string_view line);
// Throws Error(invalid) naming `file` when a required column is not there.
CsvLayout csv_layout(std::string_view header, const Schema& schema, const std::string& file);

// Rows of whole lines.
void parse_csv(std::string_view text, const CsvLayout& layout, const Schema& schema, Parsed& out);

}  // namespace autopilot::events
