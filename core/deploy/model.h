#pragma once
// What a Deployment says, as data: the expanded document (core/policy/deployment.h) with units
// parsed and defaults filled in. Knows no rollout and does nothing.

#include <optional>
#include <string>
#include <vector>

#include "core/base/time.h"
#include "core/base/value.h"
#include "core/deploy/routing.h"
#include "core/deploy/slot.h"
#include "core/policy/model.h"

namespace autopilot::deploy {

enum class OnFail { rollback, pause, notify };
enum class NoData { hold, fail, ignore };
enum class OnTimeout { rollback, pause, go_on };
enum class OnInconclusive { hold, pause, rollback };

struct MetricModel {
  std::string name;
  Value spec;  // as written, for make_metrics
  bool is_count = true;
  bool lower_is_bad = false, either_is_bad = false;
  Duration window = Duration::seconds(60);
  std::int64_t min_requests = 1;
  bool dry_run = false;
  OnFail on_fail = OnFail::rollback;
  NoData no_data = NoData::hold;
  bool has_history = false;
  Duration delay;  // of its newest numbers behind a reading, which is no silence
};

struct AnalysisModel {
  std::string name;
  Value spec;
  std::vector<std::string> metrics;
  std::optional<OnFail> on_fail;
};

struct RuleModel {
  std::string name, when;
  std::optional<Duration> lasting, over, ago;
  int consecutive = 1;
  OnFail on_fail = OnFail::rollback;
};

struct ObjectiveModel {
  std::string name, when, target;
  int from_bp = 0;
};

struct CheckModel {
  std::string name;
  std::vector<std::string> argv;
  std::string url;
  int status = 200;
  std::string manual;
  policy::Role role = policy::Role::operator_;
  Duration timeout = Duration::seconds(30);
  bool critical = false;
};

// A freeze or a maintenance: by cron, or from and until.
struct WindowModel {
  std::string cron, timezone;
  std::optional<Instant> from, until;
  std::string reason;
  policy::Role emergency = policy::Role::admin;
  bool holds(Instant now) const;
};

struct StepModel {
  enum class Kind { weight, match, mirror, end, hold, pause, gate, smoke, load };
  Kind kind = Kind::weight;
  std::string name;
  int weight_bp = 0;
  Match match;
  int mirror_bp = 0;
  bool ends_match = false, ends_mirror = false;
  Duration hold;
  std::vector<std::string> analyses;
  std::vector<std::string> require;
  std::optional<Duration> pause;  // absent: until somebody resumes
  int approvals = 0;              // that it takes; 0: a gate that one person opens
  policy::Role role = policy::Role::operator_;
  Duration timeout;
  OnTimeout on_timeout = OnTimeout::rollback;
  std::string smoke;
  Value load;
  Duration deadline;
};

struct Deadlines {
  Duration prepare = Duration::seconds(600);
  Duration step = Duration::seconds(86400);
  Duration gate = Duration::seconds(86400);
  Duration promote = Duration::seconds(3600);
  Duration bake = Duration::seconds(86400);
  Duration rollback = Duration::seconds(60);
  Duration drain = Duration::seconds(30);
};

struct BakeModel {
  Duration lasting;
  int holdback_bp = 0;
  std::vector<std::string> analyses;
};

struct Deployment {
  std::string id, type;
  Value spec;  // expanded
  std::vector<Slot> slots;
  std::vector<Host> hosts;
  int hosts_batch = 1;
  std::vector<std::string> ssh;
  Duration interval = Duration::seconds(10);
  Duration tick;  // at least the interval
  Value process, traffic, health;
  Duration grace = Duration::seconds(10);
  std::vector<MetricModel> metrics;
  std::vector<AnalysisModel> analyses;
  std::vector<StepModel> steps;
  std::vector<RuleModel> rules;
  std::vector<ObjectiveModel> objectives;
  OnInconclusive on_inconclusive = OnInconclusive::hold;
  std::vector<WindowModel> freeze, maintenance;
  Deadlines deadlines;
  std::optional<BakeModel> bake;
  std::vector<CheckModel> before, during, after;
  std::vector<std::string> hook_before, hook_promoted, hook_rolled_back;

  const MetricModel* metric(std::string_view name) const;      // null when unknown
  const AnalysisModel* analysis(std::string_view name) const;  // likewise
  bool is_local() const;                                       // all runs on this machine
  bool is_hotfix() const { return type == "hotfix"; }
  // Between two samples there may be at most three of these.
  Duration spacing() const;
  // How far back conditions look.
  Duration longest_window() const;
};

// REQUIRES an expanded spec that passed validation; throws Error(storage) otherwise.
Deployment deployment_from(const std::string& id, const Value& spec);

std::string_view to_string(OnFail on_fail);
std::string_view to_string(StepModel::Kind kind);

}  // namespace autopilot::deploy
