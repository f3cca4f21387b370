#include "bench/on_demand_events.h"

#include <simdjson.h>

#include <charconv>
#include <cstring>
#include <fstream>
#include <iterator>

namespace autopilot::bench {
namespace {

std::string contents_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace

double scan_events(const std::string& path) {
  simdjson::padded_string text = simdjson::padded_string::load(path);
  simdjson::ondemand::parser parser;
  simdjson::ondemand::document_stream stream = parser.iterate_many(text);
  double sum = 0;
  for (auto document : stream) {
    auto object = document.get_object();
    sum += static_cast<double>(object["time"].get_string().value().size());
    sum += static_cast<double>(object["action"].get_string().value().size());
    sum += object["position"].get_double().value();
    sum += object["propensity"].get_double().value();
    sum += object["reward"].get_double().value();
  }
  return sum;
}

double scan_lines(const std::string& path) {
  const std::string text = contents_of(path);
  double sum = 0;
  std::size_t field = 0, begin = 0;
  for (std::size_t i = text.find('\n') + 1; i < text.size(); ++i) {
    if (text[i] != ',' && text[i] != '\n') continue;
    double value = 0;
    if (field > 0 && field < 4) std::from_chars(text.data() + begin, text.data() + i, value);
    sum += value;
    field = text[i] == '\n' ? 0 : field + 1;
    begin = i + 1;
  }
  return sum;
}

}  // namespace autopilot::bench
