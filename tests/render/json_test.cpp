#include "core/render/json.h"

#include <gtest/gtest.h>

namespace autopilot::render {
namespace {

TEST(JsonReport, the_schema_comes_first) {
  const Report report{
      "autopilot.test/v1", {{"items", List{}}, {"schema", "other"}, {"n", 1}}, {Paragraph{"text"}}};
  EXPECT_EQ(report_json_line(report), "{\"schema\":\"autopilot.test/v1\",\"items\":[],\"n\":1}\n");
  EXPECT_EQ(report_json(report),
            "{\n  \"schema\": \"autopilot.test/v1\",\n  \"items\": [],\n  \"n\": 1\n}\n");
}

}  // namespace
}  // namespace autopilot::render
