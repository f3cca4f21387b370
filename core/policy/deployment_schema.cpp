// The fields of a Deployment: what is deployed where, how it is judged, how it goes forward and
// back. The providers' own fields are in deployment_providers.cpp.
#include "core/policy/deployment_shapes.h"

namespace autopilot::policy {
namespace {

using namespace deployment;  // NOLINT: the shapes that its files share

constexpr std::string_view kTypes[] = {"normal", "model", "hotfix"};
constexpr std::string_view kPresets[] = {"blue-green", "canary-5-25-100", "canary-10", "hotfix",
                                         "model"};
constexpr std::string_view kRoles[] = {"viewer", "operator", "admin", "dg_ai"};
constexpr std::string_view kTimeouts[] = {"rollback", "pause", "continue"};
constexpr std::string_view kInconclusive[] = {"hold", "pause", "rollback"};

constexpr ValueShape kRole{.kind = ShapeKind::text, .choices = kRoles};
constexpr ValueShape kTexts{.kind = ShapeKind::list, .element = &kText, .least = 1};
constexpr ValueShape kTextMap{.kind = ShapeKind::map, .element = &kText};
constexpr ValueShape kConditions{.kind = ShapeKind::one_or_list, .element = &kCel, .least = 1};

constexpr Field kSlotFields[] = {
    {"port",
     {.kind = ShapeKind::integer, .minimum = 1, .maximum = 65535},
     "where it listens",
     true},
    {"host", kText, "address that it listens at on local; 127.0.0.1 by default"},
};
constexpr Schema kSlot{"a slot", kSlotFields};
constexpr ValueShape kSlotShape{.kind = ShapeKind::object, .schema = &kSlot};

constexpr ValueShape kOneOrTexts{
    .kind = ShapeKind::one_or_list, .element = &kText, .least = 1, .most = 100};
constexpr Field kMatcherFields[] = {
    {"header", kText, "name of a header"},
    {"cookie", kText, "name of a cookie"},
    {"exact", kOneOrTexts, "the value, or several of which it is one; case counts"},
    {"prefix", kOneOrTexts, "what the value begins with, or several such"},
    {"regex", kOneOrTexts, "regular expression that the whole value matches, or several"},
};
constexpr Schema kMatcher{"a match", kMatcherFields};
constexpr ValueShape kMatcherShape{.kind = ShapeKind::object, .schema = &kMatcher};
constexpr std::string_view kEnds[] = {"match", "mirror"};

constexpr Field kStepFields[] = {
    {"name", kName, "what status, history and messages call it"},
    {"weight", kShare, "share of the traffic that the canary gets from here on"},
    {"hold", kDuration,
     "how long it must be observed without a gap before the next step; without a weight, at the "
     "present one"},
    {"analysis",
     {.kind = ShapeKind::anything},
     "name of an analysis or a method, or a list of them; all must pass before the next step"},
    {"require", kConditions, "CEL conditions that must hold at the end of the step"},
    {"match",
     {.kind = ShapeKind::one_or_list, .element = &kMatcherShape, .least = 1, .most = 8},
     "requests that go to the canary whatever the weight, by a header or cookie, or several that "
     "must all fit; from here on, until end: match or all traffic"},
    {"mirror", kShare,
     "share of the requests that are also sent to the canary, its answers thrown away; until the "
     "next weight or match, or end: mirror"},
    {"end",
     {.kind = ShapeKind::text, .choices = kEnds},
     "match or mirror: what earlier steps began is over"},
    {"pause", {.kind = ShapeKind::scalar}, "a duration, or true: until deploy resume"},
    {"gate", kName, "name of a gate that somebody must open with deploy promote"},
    {"approval",
     {.kind = ShapeKind::integer, .minimum = 1, .maximum = 100},
     "how many people must approve before it goes on"},
    {"role", kRole, "least role of who opens a gate; operator by default"},
    {"timeout", kDuration, "how long a gate waits; 24h by default"},
    {"on_timeout",
     {.kind = ShapeKind::text, .choices = kTimeouts},
     "what happens then; rollback by default"},
    {"smoke", kText, "file of HTTP assertions that the canary must pass"},
    {"load", {.kind = ShapeKind::object, .schema = &kLoad}, "load to put on the canary"},
    {"deadline", kDuration, "how long the step may take in all; deadlines.step by default"},
};
constexpr Schema kStep{"a step", kStepFields};
constexpr ValueShape kStepShape{.kind = ShapeKind::object, .schema = &kStep};

constexpr Field kRuleFields[] = {
    {"name", kName, "what messages call it; its place in the list by default"},
    {"when", kCel,
     "CEL condition over canary, stable, before and earlier: the metrics by their names, and "
     "weight",
     true},
    {"for", kDuration,
     "how long it must hold without a gap; the first sample is enough by default"},
    {"consecutive",
     {.kind = ShapeKind::integer, .minimum = 1, .maximum = 1000},
     "how many samples in a row it must hold, in the place of for"},
    {"over", kDuration, "window that the metrics are taken over; their own by default"},
    {"ago", kDuration, "how long ago earlier is"},
    {"on_fail",
     {.kind = ShapeKind::text, .choices = kOnFail},
     "what happens when it held for so long; rollback by default"},
};
constexpr Schema kRule{"a rollback rule", kRuleFields};
constexpr ValueShape kRuleShape{.kind = ShapeKind::object, .schema = &kRule};

constexpr Field kObjectiveFields[] = {
    {"name", kName, "what reports call it"},
    {"when", kCel, "CEL condition that a healthy canary fulfils", true},
    {"target", kText, "the target in words, for reports"},
    {"from", kShare, "weight from which on it must hold; from the first by default"},
};
constexpr Schema kObjective{"an objective", kObjectiveFields};
constexpr ValueShape kObjectiveShape{.kind = ShapeKind::object, .schema = &kObjective};

constexpr Field kWindowFields[] = {
    {"cron", {.kind = ShapeKind::cron}, "Vixie cron expression: every minute that matches"},
    {"timezone", {.kind = ShapeKind::timezone}, "IANA time zone of the expression; UTC by default"},
    {"from", {.kind = ShapeKind::instant}, "when it begins"},
    {"until", {.kind = ShapeKind::instant}, "when it ends"},
    {"reason", kText, "why, for those who meet it", true},
    {"emergency", kRole, "least role that may go forward in it all the same; admin by default"},
};
constexpr Schema kWindow{"a window of time", kWindowFields};
constexpr ValueShape kWindowShape{.kind = ShapeKind::object, .schema = &kWindow};
constexpr ValueShape kWindows{.kind = ShapeKind::list, .element = &kWindowShape};

constexpr Field kDeadlineFields[] = {
    {"prepare", kDuration, "checks and start of the canary; 10m by default"},
    {"step", kDuration, "a step beyond what it holds; 24h by default"},
    {"gate", kDuration, "a gate without a timeout of its own; 24h by default"},
    {"promote", kDuration, "from the last step to the end, the bake aside; 1h by default"},
    {"bake", kDuration, "the bake beyond its own time; 24h by default"},
    {"rollback", kDuration, "until a rollback that is not verified counts as stuck; 1m by default"},
    {"drain", kDuration, "how long connections may take to end before a stop; 30s by default"},
};
constexpr Schema kDeadlines{"deadlines", kDeadlineFields};

constexpr Field kBakeFields[] = {
    {"for", kDuration, "how long the new version is watched before the old one is stopped", true},
    {"holdback", kShare, "share that stays on the old version meanwhile, to compare with"},
    {"analysis", {.kind = ShapeKind::anything}, "as in a step"},
};
constexpr Schema kBake{"bake", kBakeFields};

constexpr Field kCheckFields[] = {
    {"name", kName, "what reports call it", true},
    {"argv", kTexts, "command that must succeed; never a shell"},
    {"url", kText, "address that must answer"},
    {"status",
     {.kind = ShapeKind::integer, .minimum = 100, .maximum = 599},
     "status that it must answer with; 200 by default"},
    {"manual", kText, "what somebody must confirm, with deploy promote --check NAME"},
    {"role", kRole, "least role of who confirms; operator by default"},
    {"timeout", kDuration, "how long it may take; 30s by default, the deadline when manual"},
    {"critical", {.kind = ShapeKind::boolean}, "whether a hotfix runs it, too; false by default"},
};
constexpr std::string_view kCheckOneOf[] = {"argv", "url", "manual"};
constexpr Schema kCheck{"a check", kCheckFields, kCheckOneOf};
constexpr ValueShape kCheckShape{.kind = ShapeKind::object, .schema = &kCheck};
constexpr ValueShape kCheckList{.kind = ShapeKind::list, .element = &kCheckShape};
constexpr Field kChecksFields[] = {
    {"before", kCheckList, "before anything is started"},
    {"during", kCheckList, "when the canary runs and has no traffic yet"},
    {"after", kCheckList, "when the new version has all traffic"},
};
constexpr Schema kChecks{"checks", kChecksFields};

constexpr Field kHooksFields[] = {
    {"before", kTexts, "command run before the canary is started"},
    {"promoted", kTexts, "command run when the rollout is over, and the new version stays"},
    {"rolled_back", kTexts, "command run when the old version has all traffic again"},
};
constexpr Schema kHooks{"hooks", kHooksFields};
constexpr ValueShape kChecksShape{.kind = ShapeKind::object, .schema = &kChecks};
constexpr ValueShape kBakeShape{.kind = ShapeKind::object, .schema = &kBake};
constexpr ValueShape kHosts{.kind = ShapeKind::list, .element = &kText, .least = 1};
constexpr ValueShape kSlots{.kind = ShapeKind::map, .element = &kSlotShape, .least = 2, .most = 2};
constexpr ValueShape kSteps{.kind = ShapeKind::list, .element = &kStepShape, .least = 1};
constexpr ValueShape kPreset{.kind = ShapeKind::text, .choices = kPresets};
constexpr ValueShape kProcessShape{.kind = ShapeKind::object, .schema = &kProcess};
constexpr ValueShape kHealthShape{.kind = ShapeKind::object, .schema = &kHealth};
constexpr ValueShape kTrafficShape{.kind = ShapeKind::object, .schema = &kTraffic};
constexpr ValueShape kMetricShape{.kind = ShapeKind::object, .schema = &kMetric};
constexpr ValueShape kMetrics{.kind = ShapeKind::map, .element = &kMetricShape};
constexpr ValueShape kAnalysisShape{.kind = ShapeKind::object, .schema = &kAnalysis};

constexpr Field kEnvironmentFields[] = {
    {"requires", kText, "environment in which a version must have been promoted first"},
    {"hosts", kHosts, "in the place of the hosts above"},
    {"hosts_batch",
     {.kind = ShapeKind::integer, .minimum = 1, .maximum = 1000},
     "in the place of the hosts_batch above"},
    {"slots", kSlots, "in the place of the slots above"},
    {"process", kProcessShape, "in the place of the process above"},
    {"traffic", kTrafficShape, "in the place of the traffic above"},
    {"metrics", kMetrics, "in the place of those above that have the same names"},
    {"preset", kPreset, "in the place of the preset above"},
    {"steps", kSteps, "in the place of the steps above"},
    {"bake", kBakeShape, "in the place of the bake above"},
    {"checks", kChecksShape, "in the place of the checks above"},
};
constexpr Schema kEnvironment{"an environment", kEnvironmentFields, {}, true};
constexpr ValueShape kEnvironmentShape{.kind = ShapeKind::object, .schema = &kEnvironment};

constexpr Field kDeploymentFields[] = {
    {"description", kText, "what it deploys, in words"},
    {"type",
     {.kind = ShapeKind::text, .choices = kTypes},
     "normal, model, or hotfix: critical checks only; normal by default"},
    {"preset", kPreset, "a ready strategy; what is written beside it comes before it"},
    {"environments",
     {.kind = ShapeKind::map, .element = &kEnvironmentShape, .least = 1},
     "where it is deployed, and what differs there"},
    {"hosts", kHosts,
     "machines that have both slots: local, and targets of ssh such as deploy@web1 or "
     "ssh://web1:2222; [local] by default"},
    {"hosts_batch",
     {.kind = ShapeKind::integer, .minimum = 1, .maximum = 1000},
     "how many hosts a version is started on before it must be seen to run there; 1 by default"},
    {"addresses", kTextMap,
     "where the slots of a host listen, by its target; the host of the target by default"},
    {"ssh", kTexts, "the client of ssh and options for it; [ssh] by default"},
    {"slots", kSlots, "the two places in which a version can run"},
    {"interval", kDuration, "how often it is measured and judged; 10s by default"},
    {"tick", kDuration,
     "how often deploy tick is called, where deploy run is not used; the interval by default"},
    {"process", kProcessShape, "how a version is started and stopped"},
    {"health", kHealthShape, "how a version is seen to be well"},
    {"traffic", kTrafficShape, "how traffic is split between the slots"},
    {"templates",
     {.kind = ShapeKind::map, .element = &kMetricShape},
     "fields that metrics share, by a name for metrics to refer to"},
    {"metrics", kMetrics, "what is measured, by the names that conditions use"},
    {"analyses",
     {.kind = ShapeKind::map, .element = &kAnalysisShape},
     "ways of judging, by the names that steps use"},
    {"steps", kSteps, "the way to 100%"},
    {"rollback",
     {.kind = ShapeKind::list, .element = &kRuleShape},
     "conditions that take everything back, or pause it, or tell"},
    {"objectives",
     {.kind = ShapeKind::list, .element = &kObjectiveShape},
     "what must hold before each step forward"},
    {"on_inconclusive",
     {.kind = ShapeKind::text, .choices = kInconclusive},
     "what an analysis that cannot tell does at the end of a step; hold by default"},
    {"no_data",
     {.kind = ShapeKind::text, .choices = kNoData},
     "what a metric without data does where it says nothing itself; hold by default"},
    {"freeze", kWindows, "when nothing goes forward"},
    {"maintenance", kWindows, "when nothing goes forward and nothing is judged"},
    {"deadlines",
     {.kind = ShapeKind::object, .schema = &kDeadlines},
     "how long each state may last"},
    {"bake", kBakeShape, "what follows the last step"},
    {"checks", kChecksShape, "what is looked at beside the metrics"},
    {"hooks",
     {.kind = ShapeKind::object, .schema = &kHooks},
     "commands that are told; they may be run twice when a machine fails"},
};

}  // namespace

constinit const Schema kDeploymentSpec{"a Deployment", kDeploymentFields};

}  // namespace autopilot::policy
