// The fields of what a Deployment leaves to providers: processes, traffic, metrics, analyses, load.
#include "core/policy/deployment_shapes.h"

namespace autopilot::policy::deployment {
namespace {

constexpr std::string_view kProcessProviders[] = {"exec", "systemd", "compose"};
constexpr std::string_view kTrafficProviders[] = {"nginx", "haproxy", "exec", "kubernetes"};
constexpr std::string_view kMetricProviders[] = {"prometheus", "prom",        "http",    "exec",
                                                 "file",       "nginx",       "haproxy", "probe",
                                                 "process",    "alertmanager"};
constexpr std::string_view kMetricKinds[] = {"count", "value"};
constexpr std::string_view kDirections[] = {"increase", "decrease", "either"};
constexpr std::string_view kMethods[] = {"rules", "sequential", "kayenta", "exact", "burn_rate"};

constexpr ValueShape kTexts{.kind = ShapeKind::list, .element = &kText, .least = 1};
constexpr ValueShape kTextMap{.kind = ShapeKind::map, .element = &kText};
constexpr ValueShape kAnything{.kind = ShapeKind::anything};
constexpr ValueShape kAnyMap{.kind = ShapeKind::map, .element = &kAnything};
constexpr ValueShape kPositive{.kind = ShapeKind::number, .minimum = 0};
constexpr ValueShape kCount{.kind = ShapeKind::integer, .minimum = 0};

constexpr Field kProcessFields[] = {
    {"provider", {.kind = ShapeKind::text, .choices = kProcessProviders}, "what runs it", true},
    {"start", kTexts,
     "exec: command that is the process; {{port}}, {{slot}} and {{version}} are filled in"},
    {"stop", kTexts, "exec: command that ends it; a signal by default"},
    {"unit", kText, "systemd: name of the unit, with {{slot}}"},
    {"file", kText, "compose: the file"},
    {"service", kText, "compose: the service, with {{slot}}"},
    {"environment", kTextMap, "variables that it is started with"},
    {"directory", kText, "folder that it is started in"},
    {"grace", kDuration, "between the request to end and the end; 10s by default"},
};

constexpr Field kHealthFields[] = {
    {"http", kText, "path that must answer with a status below 400"},
    {"tcp", {.kind = ShapeKind::boolean}, "true: the port must take connections"},
    {"exec", kTexts, "command that must succeed"},
    {"timeout", kDuration, "how long an answer may take; 2s by default"},
    {"healthy",
     {.kind = ShapeKind::integer, .minimum = 1, .maximum = 1000},
     "good answers in a row that make it well; 2 by default"},
    {"unhealthy",
     {.kind = ShapeKind::integer, .minimum = 1, .maximum = 1000},
     "bad answers in a row that make it unwell; 3 by default"},
};
constexpr std::string_view kHealthOneOf[] = {"http", "tcp", "exec"};

constexpr Field kTrafficFields[] = {
    {"provider", {.kind = ShapeKind::text, .choices = kTrafficProviders}, "what splits it", true},
    {"directory", kText, "nginx: folder for the generated files and the flags"},
    {"config", kText, "nginx, haproxy: the main configuration file"},
    {"pid_file", kText, "nginx: file with the process id of its master"},
    {"binary", kText, "nginx, haproxy: the program"},
    {"listen", kText, "nginx: address that the generated server listens at"},
    {"key", kText, "nginx: what the split goes by; one that stays with a user keeps cohorts"},
    {"url", kText, "nginx: address to probe the split at"},
    {"socket", kText, "haproxy: its runtime socket"},
    {"backend", kText, "haproxy: the backend"},
    {"servers", kTextMap, "haproxy: server by slot; the slot's name by default"},
    {"argv", kTexts, "exec: command that sets a weight: {{canary}}, {{stable}}, {{weight}}"},
    {"verify", kTexts, "exec: command that prints the weight in force"},
    {"route", kText, "kubernetes: name of the HTTPRoute"},
    {"namespace", kText, "kubernetes: its namespace"},
    {"options", kAnyMap, "what else the provider takes"},
};

constexpr Field kMetricFields[] = {
    {"provider", {.kind = ShapeKind::text, .choices = kMetricProviders}, "where it is read"},
    {"template", kText, "name under templates whose fields it takes where it has none itself"},
    {"kind",
     {.kind = ShapeKind::text, .choices = kMetricKinds},
     "count: bad events of all, as raw counters; value: a number"},
    {"bad", kText, "count: query or column of the counter of bad events"},
    {"total", kText, "count: query or column of the counter of all events"},
    {"query", kText, "value: query"},
    {"url", kText, "address of the service"},
    {"path", kText, "file; or place in a JSON answer"},
    {"argv", kTexts, "exec: command that prints it"},
    {"headers", kTextMap, "http: headers of the request"},
    {"above", kDuration, "probe, logs: requests slower than that are the bad ones"},
    {"window", kDuration, "how far back the samples count for conditions; 1m by default"},
    {"min_requests", kCount, "count: fewer in the window are no data; 1 by default"},
    {"direction",
     {.kind = ShapeKind::text, .choices = kDirections},
     "which way is worse; increase by default"},
    {"timeout", kDuration, "how long a reading may take; 10s by default"},
    {"dry_run", {.kind = ShapeKind::boolean}, "true: shown, and without effect"},
    {"on_fail",
     {.kind = ShapeKind::text, .choices = kOnFail},
     "what an analysis that fails by it does; rollback by default"},
    {"no_data",
     {.kind = ShapeKind::text, .choices = kNoData},
     "hold: nothing goes forward; fail: as on_fail after three intervals; ignore"},
    {"unit", kText, "for reports"},
    {"options", kAnyMap, "what else the provider takes"},
};

constexpr Field kAnalysisFields[] = {
    {"method", {.kind = ShapeKind::text, .choices = kMethods}, "how it judges", true},
    {"metrics",
     {.kind = ShapeKind::list, .element = &kName, .least = 1},
     "names of the metrics; all that the method can judge by default"},
    {"alpha", kShare, "sequential: chance of a false alarm in a whole rollout; 1% by default"},
    {"ratio", kPositive, "sequential: how much worse than stable is tolerated; 1.25 by default"},
    {"slo", kShare, "sequential, burn_rate: share of bad events that is allowed"},
    {"overdispersion",
     {.kind = ShapeKind::number, .minimum = 1},
     "sequential: variance of the counts over that of a Poisson process"},
    {"min_requests", kCount, "fewer of the canary, and it holds"},
    {"pass", kPositive, "kayenta: least score that passes"},
    {"marginal", kPositive, "kayenta: least score that does not fail"},
    {"options", kAnyMap, "what else the method takes"},
    {"on_fail", {.kind = ShapeKind::text, .choices = kOnFail}, "what happens when it fails"},
};

constexpr Field kLoadFields[] = {
    {"rate", kText, "requests per time: 500/m", true},
    {"for", kDuration, "how long", true},
    {"url", kText, "address, with {{port}}; the canary's root by default"},
    {"max_p95", kDuration, "greatest 95th percentile of the latency that passes"},
    {"max_errors", kShare, "greatest share of failed requests that passes; 1% by default"},
};

}  // namespace

constinit const Schema kProcess{"process", kProcessFields};
constinit const Schema kHealth{"health", kHealthFields, kHealthOneOf};
constinit const Schema kTraffic{"traffic", kTrafficFields};
constinit const Schema kMetric{"a metric", kMetricFields};
constinit const Schema kAnalysis{"an analysis", kAnalysisFields};
constinit const Schema kLoad{"load", kLoadFields};

}  // namespace autopilot::policy::deployment
