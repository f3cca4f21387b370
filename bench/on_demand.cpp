#include "bench/on_demand.h"

#include <simdjson.h>

namespace autopilot::bench {

Sum read_in_order(const std::vector<std::string_view>& lines, int passes) {
  namespace od = simdjson::ondemand;
  od::parser parser;
  Sum sum;
  for (int pass = 0; pass < passes; ++pass) {
    for (const std::string_view line : lines) {
      od::document document =
          parser.iterate(line.data(), line.size(), line.size() + simdjson::SIMDJSON_PADDING);
      od::object root = document.get_object();
      od::object action = root.find_field("action").get_object();
      sum += std::string_view(action.find_field("type").get_string());
      sum += std::string_view(action.find_field("algorithm").get_string());
      od::object data = action.find_field("data").get_object();
      sum += double(data.find_field("weight").get_double());
      sum += double(data.find_field("old_weight").get_double());
      od::object context = root.find_field("context").get_object();
      od::object metrics = context.find_field("metrics").get_object();
      sum += double(metrics.find_field("visits_1h").get_double());
      sum += double(metrics.find_field("cvr_1h").get_double());
      sum += double(metrics.find_field("cost_1h").get_double());
      sum += double(metrics.find_field("error_rate").get_double());
      od::object segment = context.find_field("segment").get_object();
      sum += std::string_view(segment.find_field("geo").get_string());
      sum += std::string_view(segment.find_field("device").get_string());
      sum += std::string_view(segment.find_field("campaign").get_string());
    }
  }
  return sum;
}

}  // namespace autopilot::bench
