// The fields of what a Deployment leaves to providers: processes, traffic, analyses, load.
// Those of metrics are in metric_schema.cpp.
#include "core/policy/deployment_shapes.h"

namespace autopilot::policy::deployment {
namespace {

constexpr std::string_view kProcessProviders[] = {"exec", "systemd", "compose", "kubernetes"};
constexpr std::string_view kStops[] = {"scale", "undo"};
constexpr std::string_view kMissing[] = {"stable", "request_id"};
constexpr std::string_view kTrafficProviders[] = {"nginx", "haproxy", "exec", "kubernetes"};
constexpr std::string_view kMethods[] = {"sequential", "kayenta", "exact", "burn_rate"};

constexpr ValueShape kTexts{.kind = ShapeKind::list, .element = &kText, .least = 1};
constexpr ValueShape kTextMap{.kind = ShapeKind::map, .element = &kText};
constexpr ValueShape kAnything{.kind = ShapeKind::anything};
constexpr ValueShape kAnyMap{.kind = ShapeKind::map, .element = &kAnything};
constexpr ValueShape kPositive{.kind = ShapeKind::number, .minimum = 0};
constexpr ValueShape kTextOrTexts{.kind = ShapeKind::one_or_list, .element = &kText, .least = 1};
constexpr ValueShape kScalar{.kind = ShapeKind::scalar};
constexpr ValueShape kScalarMap{.kind = ShapeKind::map, .element = &kScalar};
constexpr ValueShape kFlag{.kind = ShapeKind::boolean};
constexpr ValueShape kCount{.kind = ShapeKind::integer, .minimum = 0};

constexpr Field kProcessFields[] = {
    {"provider", {.kind = ShapeKind::text, .choices = kProcessProviders}, "what runs it", true},
    {"argv", kTexts,
     "exec: command that is the process; {{port}}, {{slot}} and {{version}} are filled in"},
    {"pass", kTextOrTexts, "exec, compose: variables of autopilot's own environment that it sees"},
    {"environment", kScalarMap, "variables that it is started with"},
    {"directory", kText, "exec: folder that it is started in"},
    {"log", kText, "exec: file that its output is appended to; SLOT.log by default"},
    {"grace", kDuration, "between the request to end and the end; 10s by default"},
    {"unit", kText, "systemd: name of the unit, with {{slot}}"},
    {"environment_file", kText,
     "systemd: file, with {{slot}}, that VERSION, PORT and SLOT are written to before a start"},
    {"user", kFlag, "systemd: true for units of the user's own manager"},
    {"file", kText, "compose: the file; it reads VERSION, PORT and SLOT"},
    {"service", kText, "compose: the service; all by default"},
    {"image", kText, "kubernetes: image, with {{version}}"},
    {"container", kText, "kubernetes: name of the container in the pods"},
    {"deployments", kTextMap, "kubernetes: Deployment by slot; NAME-SLOT by default"},
    {"replicas", kCount, "kubernetes: how many pods; 1 by default"},
    {"stop",
     {.kind = ShapeKind::text, .choices = kStops},
     "kubernetes: scale the slot to nothing, or undo its last rollout; scale by default"},
    {"context", kText, "kubernetes: context of kubectl"},
    {"namespace", kText, "kubernetes: namespace"},
    {"systemctl", kTexts, "systemd: the command; [systemctl] by default"},
    {"compose", kTexts, "compose: the command; [docker, compose] by default"},
    {"kubectl", kTexts, "kubernetes: the command; [kubectl] by default"},
};

constexpr Field kHealthFields[] = {
    {"http", kText, "path that must answer with a status below 400"},
    {"tcp", {.kind = ShapeKind::boolean}, "true: the port must take connections"},
    {"exec", kTexts, "command that must succeed"},
    {"status",
     {.kind = ShapeKind::integer, .minimum = 100, .maximum = 599},
     "http: the one status that is well"},
    {"pass", kTextOrTexts, "exec: variables of autopilot's own environment that it sees"},
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
    {"directory", kText, "nginx: folder for the generated file and the flags"},
    {"config", kText, "nginx: file that is generated, to be included in http {}; NAME.conf there"},
    {"server_config", kText,
     "nginx: in the place of listen, lines to be included in a server {} of yours"},
    {"flags", kText, "nginx: folder of the flags, which nginx's workers must be able to enter"},
    {"listen", kTextOrTexts, "nginx: what the generated server {} listens at"},
    {"server_name", kTextOrTexts, "nginx: names of the generated server {}"},
    {"include", kTextOrTexts, "nginx: files of yours included in the generated server {}"},
    {"key",
     {.kind = ShapeKind::anything},
     "nginx: what tells users apart: {cookie: NAME}, {header: NAME}, or request_id"},
    {"missing",
     {.kind = ShapeKind::text, .choices = kMissing},
     "nginx: where requests without the key go; stable by default"},
    {"header", kText, "nginx: header of answers that tells the split in force; X-Gen by default"},
    {"probe", kAnyMap, "nginx: how a split is verified: address, host, path, keys, from"},
    {"nginx", kTexts, "nginx: the command with its options; [nginx] by default"},
    {"reload", kTexts, "nginx: command that makes it read its configuration anew"},
    {"keepalive", kCount, "nginx: idle connections to a slot; 64 by default, 0 for none"},
    {"keepalive_timeout", kDuration, "nginx: how long they stay; 1s by default"},
    {"mirror_timeout", kDuration, "nginx: how long the canary may take for a copy; 3s by default"},
    {"socket", kText, "haproxy: its runtime socket, a path or HOST:PORT"},
    {"backend", kText, "haproxy: the backend; the deployment's name by default"},
    {"servers", kAnyMap, "haproxy: server or list of servers by slot; its name by default"},
    {"state_file", kText, "haproxy: its server-state-file, so that weights survive a restart"},
    {"set", kTexts,
     "exec: command that sets a split: {{canary}}, {{stable}}, {{bp}}, {{percent}}, "
     "{{match}}, {{mirror}}"},
    {"read", kTexts, "exec: command that prints the split in force, as JSON"},
    {"install", kTexts, "exec: command run before the first split"},
    {"pass", kTextOrTexts, "exec: variables of autopilot's own environment that they see"},
    {"timeout", kDuration, "exec: how long each may take; 30s by default"},
    {"sample", kDuration, "haproxy, exec: how long requests are counted to verify a split"},
    {"route", kText, "kubernetes: name of the HTTPRoute; the deployment's by default"},
    {"rule", kCount, "kubernetes: which of its rules, from 0; 0 by default"},
    {"services", kTextMap, "kubernetes: Service by slot; NAME-SLOT by default"},
    {"context", kText, "kubernetes: context of kubectl"},
    {"namespace", kText, "kubernetes: namespace"},
    {"kubectl", kTexts, "kubernetes: the command; [kubectl] by default"},
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
constinit const Schema kAnalysis{"an analysis", kAnalysisFields};
constinit const Schema kLoad{"load", kLoadFields};

}  // namespace autopilot::policy::deployment
