// The fields of an Algorithm: where it learns from, how it chooses, when, and what it moves.
#include "core/policy/kinds.h"

namespace autopilot::policy {
namespace {

constexpr std::string_view kMethods[] = {"thompson",  "gaussian", "top_two",     "ucb1",
                                         "ucb_tuned", "kl_ucb",   "kl_ucb_plus", "imed",
                                         "lin_ts",    "lin_ucb"};
constexpr std::string_view kMissed[] = {"once", "skip"};
constexpr std::string_view kDirections[] = {"maximize", "minimize"};
constexpr std::string_view kProviders[] = {"haproxy", "nginx",   "kubernetes",
                                           "exec",    "webhook", "file"};

constexpr ValueShape kText{.kind = ShapeKind::text};
constexpr ValueShape kShare{.kind = ShapeKind::share};
constexpr ValueShape kDuration{.kind = ShapeKind::duration};
constexpr ValueShape kNumber{.kind = ShapeKind::number};
constexpr ValueShape kPositive{.kind = ShapeKind::number, .minimum = 0};
constexpr ValueShape kCount{.kind = ShapeKind::integer, .minimum = 0};
constexpr ValueShape kTexts{.kind = ShapeKind::list, .element = &kText, .least = 1};
constexpr ValueShape kTextOrTexts{.kind = ShapeKind::one_or_list, .element = &kText, .least = 1};
constexpr ValueShape kTextMap{.kind = ShapeKind::map, .element = &kText};
constexpr ValueShape kAnything{.kind = ShapeKind::anything};
constexpr ValueShape kAnyMap{.kind = ShapeKind::map, .element = &kAnything};
constexpr ValueShape kPair{.kind = ShapeKind::list, .element = &kNumber, .least = 2, .most = 2};

constexpr Field kArmFields[] = {
    {"floor", kShare, "least share of the traffic; the optimizer's by default"},
    {"cap", kShare, "greatest share of the traffic; the optimizer's by default"},
    {"port",
     {.kind = ShapeKind::integer, .minimum = 1, .maximum = 65535},
     "nginx: where the arm listens"},
    {"host", kText, "nginx: address that it listens at; 127.0.0.1 by default"},
};
constexpr Schema kArm{"an arm", kArmFields, {}, true};
constexpr ValueShape kArmShape{.kind = ShapeKind::object, .schema = &kArm};

constexpr Field kColumnFields[] = {
    {"arm", kText, "which arm was played; arm by default"},
    {"reward", kText, "what it earned; reward by default"},
    {"time", kText, "when, RFC 3339 or seconds since 1970; time by default"},
    {"id", kText,
     "what joins a reward on a line of its own with the play that it is for; without it each line "
     "has both"},
    {"generation", kText,
     "the generation of weights that the play was made under; by its time without it"},
};
constexpr Schema kColumns{"columns", kColumnFields};

constexpr Field kEventFields[] = {
    {"files", kTextOrTexts,
     "logs, one JSON object a line, from the project's root; * in the last part of a path finds "
     "those "
     "that were rotated, packed (gzip, zstd) or not",
     true},
    {"columns", {.kind = ShapeKind::object, .schema = &kColumns}, "how the logs call things"},
    {"attribution", kDuration,
     "how long rewards are waited for: no play counts sooner; 0s by default"},
    {"max_bad", kShare, "share of lines that may be wrong before nothing is read; 1% by default"},
};
constexpr Schema kEvents{"events", kEventFields};

constexpr Field kObjectiveFields[] = {
    {"direction",
     {.kind = ShapeKind::text, .choices = kDirections},
     "whether rewards are to be great or small; maximize by default"},
    {"range", kPair, "what a reward can be; [0, 1] by default"},
};
constexpr Schema kObjective{"an objective", kObjectiveFields};

constexpr Field kOptimizerFields[] = {
    {"method", {.kind = ShapeKind::text, .choices = kMethods}, "the bandit; thompson by default"},
    {"prior", kPair, "Beta prior of every arm; [1, 1] by default"},
    {"noise", kPositive, "gaussian, lin_ts: standard deviation of a reward; that seen by default"},
    {"width", kPositive, "lin_ucb: standard errors that are added; 1 by default"},
    {"lambda", kPositive, "lin_ts, lin_ucb: ridge of the regression; 1 by default"},
    {"leader_share", kShare, "top_two: how often the leader itself is played; 50% by default"},
    {"floor", kShare, "least share of every arm; none by default"},
    {"cap", kShare, "greatest share of every arm; all by default"},
    {"min_trials", kCount, "an arm with fewer gets an even share; 0 by default"},
    {"batch",
     {.kind = ShapeKind::integer, .minimum = 1, .maximum = 100000},
     "rounds that the index methods look ahead; 1000 by default"},
    {"half_life", kDuration, "age at which a reward counts half"},
    {"window", kDuration, "age at which it no longer counts"},
};
constexpr Schema kOptimizer{"an optimizer", kOptimizerFields};

constexpr Field kScheduleFields[] = {
    {"every", kDuration, "least time between two steps; every run steps by default"},
    {"cron",
     {.kind = ShapeKind::cron},
     "Vixie cron expression: a step is due when its time has come since the last step"},
    {"timezone", {.kind = ShapeKind::timezone}, "IANA time zone of the expression; UTC by default"},
    {"missed",
     {.kind = ShapeKind::text, .choices = kMissed},
     "times that no run came for: once makes one step for all of them, skip none; once by default"},
    {"growth", kShare,
     "a step waits for so many new events, as a share of all so far; 0% by default"},
    {"min_events", kCount, "a step waits for so many new events; 1 by default"},
};
constexpr Schema kSchedule{"a schedule", kScheduleFields};

constexpr Field kActuatorFields[] = {
    {"provider", {.kind = ShapeKind::text, .choices = kProviders}, "what is moved", true},
    {"socket", kText, "haproxy: its runtime socket, a path or HOST:PORT"},
    {"backend", kText, "haproxy: the backend; the algorithm's name by default"},
    {"servers", kAnyMap, "haproxy: server or list of servers by arm; its name by default"},
    {"state_file", kText, "haproxy: its server-state-file, so that weights survive a restart"},
    {"set", kTexts, "exec: command that sets the shares, which it reads as JSON"},
    {"read", kTexts, "exec: command that prints the shares in force, {\"weights\": {\"a\": 0.2}}"},
    {"pass", kTextOrTexts, "exec: variables of autopilot's own environment that they see"},
    {"timeout", kDuration, "exec, webhook: how long each may take; 30s by default"},
    {"url", kText, "webhook: where the shares are posted as JSON"},
    {"headers", kTextMap, "webhook: headers of the request"},
    {"path", kText, "file: what the shares, or budgets, are written to as JSON"},
    {"total", kPositive, "file, exec, webhook: a budget that is divided by the shares"},
    {"traffic", kAnyMap, "nginx, kubernetes: as the traffic of a Deployment, for two arms"},
};
constexpr Schema kActuator{"an actuator", kActuatorFields};

constexpr Field kAlgorithmFields[] = {
    {"description", kText, "what it is for, in words"},
    {"arms",
     {.kind = ShapeKind::map, .element = &kArmShape, .least = 2, .most = 1000},
     "what it chooses between, by name",
     true},
    {"segment", kTextOrTexts,
     "columns of the logs by whose values the shares differ; everybody has the same by default"},
    {"events", {.kind = ShapeKind::object, .schema = &kEvents}, "what it learns from", true},
    {"objective", {.kind = ShapeKind::object, .schema = &kObjective}, "what rewards mean"},
    {"optimizer", {.kind = ShapeKind::object, .schema = &kOptimizer}, "how it chooses"},
    {"schedule", {.kind = ShapeKind::object, .schema = &kSchedule}, "when it steps"},
    {"actuator", {.kind = ShapeKind::object, .schema = &kActuator}, "what it moves", true},
};

}  // namespace

constinit const Schema kAlgorithmSpec{"an Algorithm", kAlgorithmFields};

}  // namespace autopilot::policy
