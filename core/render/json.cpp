#include "core/render/json.h"

#include "core/base/json.h"

namespace autopilot::render {
namespace {

Value with_schema(const Report& report) {
  Map data{{"schema", report.schema}};
  for (const Map::Entry& entry : report.data) {
    if (entry.first != "schema") data.append(entry.first, entry.second);
  }
  for (const LateField& field : report.late) data.append(field.name, field.make());
  return data;
}

}  // namespace

std::string report_json(const Report& report) { return to_pretty_json(with_schema(report)) + "\n"; }
std::string report_json_line(const Report& report) { return to_json(with_schema(report)) + "\n"; }

}  // namespace autopilot::render
