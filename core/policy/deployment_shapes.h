#pragma once
// The shapes that the tables of a Deployment share: deployment_schema.cpp,
// deployment_providers.cpp.

#include <string_view>

#include "core/policy/kinds.h"

namespace autopilot::policy::deployment {

inline constexpr ValueShape kText{.kind = ShapeKind::text};
inline constexpr ValueShape kName{.kind = ShapeKind::name};
inline constexpr ValueShape kCel{.kind = ShapeKind::expression};
inline constexpr ValueShape kShare{.kind = ShapeKind::share};
inline constexpr ValueShape kDuration{.kind = ShapeKind::duration};

inline constexpr std::string_view kOnFail[] = {"rollback", "pause", "notify"};
inline constexpr std::string_view kNoData[] = {"hold", "fail", "ignore"};

extern const Schema kProcess;
extern const Schema kHealth;
extern const Schema kTraffic;
extern const Schema kMetric;
extern const Schema kAnalysis;
extern const Schema kLoad;

// Fields that the provider of a metric lacks, and needs. `metric` is the whole one, templates
// filled in; `written` is where it stands, or null.
void check_metric(const Value& metric, const YamlEntry* written, Span where,
                  Diagnostics& diagnostics);

}  // namespace autopilot::policy::deployment
