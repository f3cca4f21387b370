#include "core/deploy/model.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/cron.h"
#include "core/base/error.h"
#include "core/base/timezone.h"
#include "core/base/units.h"
#include "core/policy/deployment.h"
#include "core/policy/deployment_hosts.h"

namespace autopilot::deploy {
namespace {

const List kNothing;

// Reads the fields of one map with their defaults.
class Fields {
 public:
  explicit Fields(const Value* value) : value_(value) {}
  explicit Fields(const Value& value) : value_(&value) {}

  const Value* get(std::string_view name) const {
    return value_ == nullptr ? nullptr : value_->get(name);
  }
  bool has(std::string_view name) const { return get(name) != nullptr; }
  std::string text(std::string_view name, std::string fallback = {}) const {
    const Value* v = get(name);
    return v != nullptr && v->is_string() ? v->as_string() : std::move(fallback);
  }
  bool flag(std::string_view name) const {
    const Value* v = get(name);
    return v != nullptr && v->is_bool() && v->as_bool();
  }
  std::int64_t integer(std::string_view name, std::int64_t fallback) const {
    const Value* v = get(name);
    if (v == nullptr || !v->is_number()) return fallback;
    return v->is_integer() ? v->as_int() : static_cast<std::int64_t>(v->as_double());
  }
  std::optional<Duration> duration(std::string_view name) const {
    const Value* v = get(name);
    return v != nullptr && v->is_string() ? parse_duration(v->as_string()) : std::nullopt;
  }
  Duration duration(std::string_view name, Duration fallback) const {
    return duration(name).value_or(fallback);
  }
  std::optional<Instant> instant(std::string_view name) const {
    const Value* v = get(name);
    return v != nullptr && v->is_string() ? parse_rfc3339(v->as_string()) : std::nullopt;
  }
  int points(std::string_view name) const {
    const Value* v = get(name);
    return v == nullptr ? 0 : policy::basis_points(*v).value_or(0);
  }
  policy::Role role(std::string_view name, policy::Role fallback) const {
    return policy::parse_role(text(name)).value_or(fallback);
  }
  const List& list(std::string_view name) const {
    const Value* v = get(name);
    return v != nullptr && v->is_list() ? v->as_list() : kNothing;
  }
  // One text, or a list of them.
  std::vector<std::string> texts(std::string_view name) const {
    std::vector<std::string> out;
    const Value* v = get(name);
    if (v != nullptr && v->is_string()) out.push_back(v->as_string());
    for (const Value& item : list(name)) {
      if (item.is_string()) out.push_back(item.as_string());
    }
    return out;
  }

 private:
  const Value* value_;
};

OnFail on_fail_of(const std::string& text, OnFail fallback) {
  if (text == "rollback") return OnFail::rollback;
  if (text == "pause") return OnFail::pause;
  return text == "notify" ? OnFail::notify : fallback;
}

NoData no_data_of(const std::string& text, NoData fallback) {
  if (text == "hold") return NoData::hold;
  if (text == "fail") return NoData::fail;
  return text == "ignore" ? NoData::ignore : fallback;
}

std::vector<Host> hosts_from(const Fields& spec) {
  std::vector<Host> out;
  const Fields addresses(spec.get("addresses"));
  for (const std::string& target : spec.texts("hosts")) {
    const std::string own = target == "local" ? "" : policy::address_of_target(target);
    out.push_back({target, addresses.text(target, own)});
  }
  return out;
}

Slot slot_from(const std::string& name, const Value& spec, const std::vector<Host>& hosts) {
  const Fields f(spec);
  Slot slot{name, static_cast<int>(f.integer("port", 0)), f.text("host", "127.0.0.1")};
  const std::string here = slot.host;
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    const std::string& address = hosts[i].address.empty() ? here : hosts[i].address;
    if (i == 0) slot.host = address;
    if (i > 0) slot.more.push_back(address);
  }
  return slot;
}

MetricModel metric_from(const std::string& name, const Value& spec, NoData no_data) {
  const Fields f(spec);
  MetricModel m;
  m.name = name;
  m.spec = spec;
  m.is_count = policy::metric_is_count(spec);
  m.lower_is_bad = f.text("direction") == "decrease";
  m.either_is_bad = f.text("direction") == "either";
  m.window = f.duration("window", m.window);
  m.min_requests = std::max<std::int64_t>(f.integer("min_requests", 1), 1);
  m.dry_run = f.flag("dry_run");
  m.on_fail = on_fail_of(f.text("on_fail"), m.on_fail);
  m.no_data = no_data_of(f.text("no_data"), no_data);
  m.has_history = policy::metric_has_history(spec);
  m.delay = policy::metric_delay(spec);
  return m;
}

RuleModel rule_from(const Value& spec, std::size_t index) {
  const Fields f(spec);
  RuleModel r;
  r.name = f.text("name", fmt::format("rollback[{}]", index));
  r.when = f.text("when");
  r.lasting = f.duration("for");
  r.over = f.duration("over");
  r.ago = f.duration("ago");
  r.consecutive = static_cast<int>(f.integer("consecutive", 1));
  r.on_fail = on_fail_of(f.text("on_fail"), r.on_fail);
  return r;
}

CheckModel check_from(const Value& spec) {
  const Fields f(spec);
  CheckModel c;
  c.name = f.text("name");
  c.argv = f.texts("argv");
  c.url = f.text("url");
  c.status = static_cast<int>(f.integer("status", c.status));
  c.manual = f.text("manual");
  c.role = f.role("role", c.role);
  c.timeout = f.duration("timeout", c.timeout);
  c.critical = f.flag("critical");
  return c;
}

std::vector<WindowModel> windows_from(const List& list) {
  std::vector<WindowModel> out;
  for (const Value& spec : list) {
    const Fields f(spec);
    out.push_back({f.text("cron"), f.text("timezone", "UTC"), f.instant("from"), f.instant("until"),
                   f.text("reason"), f.role("emergency", policy::Role::admin)});
  }
  return out;
}

StepModel step_from(const Value& spec, std::size_t index, const Deadlines& deadlines) {
  const Fields f(spec);
  using Kind = StepModel::Kind;
  StepModel s;
  s.kind = f.has("weight")                      ? Kind::weight
           : f.has("match")                     ? Kind::match
           : f.has("mirror")                    ? Kind::mirror
           : f.has("end")                       ? Kind::end
           : f.has("gate") || f.has("approval") ? Kind::gate
           : f.has("pause")                     ? Kind::pause
           : f.has("smoke")                     ? Kind::smoke
           : f.has("load")                      ? Kind::load
                                                : Kind::hold;
  s.weight_bp = f.points("weight");
  if (const Value* match = f.get("match")) s.match = match_from(*match);
  s.mirror_bp = f.points("mirror");
  s.ends_match = f.text("end") == "match";
  s.ends_mirror = f.text("end") == "mirror";
  s.hold = f.duration("hold", {});
  s.analyses = f.texts("analysis");
  s.require = f.texts("require");
  if (s.kind == Kind::pause) s.pause = f.duration("pause");
  s.approvals = static_cast<int>(f.integer("approval", 0));
  s.role = f.role("role", s.role);
  s.timeout = f.duration("timeout", deadlines.gate);
  const std::string timeout = f.text("on_timeout");
  s.on_timeout = timeout == "pause"      ? OnTimeout::pause
                 : timeout == "continue" ? OnTimeout::go_on
                                         : OnTimeout::rollback;
  s.smoke = f.text("smoke");
  if (const Value* load = f.get("load")) s.load = *load;
  s.deadline = f.duration("deadline", Duration{s.hold.nanos + deadlines.step.nanos});
  const std::string fallback = s.kind == Kind::weight ? format_share(s.weight_bp / 10000.0)
                               : f.has("gate")        ? f.text("gate")
                               : f.has("end")         ? f.text("end")
                               : f.has("approval")
                                   ? fmt::format("approval {}", index + 1)
                                   : fmt::format("{} {}", to_string(s.kind), index + 1);
  s.name = f.text("name", fallback);
  return s;
}

Deadlines deadlines_from(const Value* spec) {
  const Fields f(spec);
  Deadlines d;
  d.prepare = f.duration("prepare", d.prepare);
  d.step = f.duration("step", d.step);
  d.gate = f.duration("gate", d.gate);
  d.promote = f.duration("promote", d.promote);
  d.bake = f.duration("bake", d.bake);
  d.rollback = f.duration("rollback", d.rollback);
  d.drain = f.duration("drain", d.drain);
  return d;
}

// Names of analyses that are used, their own entries, and plain methods as analyses of their name.
void read_analyses(Deployment& d, const Fields& spec) {
  std::vector<std::string> used;
  const auto use = [&](const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      if (std::find(used.begin(), used.end(), name) == used.end()) used.push_back(name);
    }
  };
  for (const StepModel& s : d.steps) use(s.analyses);
  if (d.bake) use(d.bake->analyses);
  const Fields all(spec.get("analyses"));
  for (const std::string& name : used) {
    AnalysisModel a;
    a.name = name;
    const Value* own = all.get(name);
    a.spec = own != nullptr ? *own : Value(Map{{"method", name}});
    const Fields f(a.spec);
    if (f.has("on_fail")) a.on_fail = on_fail_of(f.text("on_fail"), OnFail::rollback);
    a.metrics = f.texts("metrics");
    const bool counts_only = f.text("method") != "kayenta" && f.text("method") != "exact";
    for (const MetricModel& m : d.metrics) {
      if (!f.has("metrics") && (m.is_count || !counts_only)) a.metrics.push_back(m.name);
    }
    d.analyses.push_back(std::move(a));
  }
}

}  // namespace

bool WindowModel::holds(Instant now) const {
  if (cron.empty()) return (!from || now >= *from) && (!until || now < *until);
  const CronResult parsed = parse_cron(cron);
  const std::optional<TimeZone> zone = TimeZone::load(timezone);
  if (!parsed.cron || !zone) return false;
  const LocalTime t = zone->to_civil(now);
  return matches(*parsed.cron, t.civil.minute, t.civil.hour, t.civil.day, t.civil.month, t.weekday);
}

const MetricModel* Deployment::metric(std::string_view name) const {
  const auto at = std::find_if(metrics.begin(), metrics.end(),
                               [&](const MetricModel& m) { return m.name == name; });
  return at == metrics.end() ? nullptr : &*at;
}

const AnalysisModel* Deployment::analysis(std::string_view name) const {
  const auto at = std::find_if(analyses.begin(), analyses.end(),
                               [&](const AnalysisModel& a) { return a.name == name; });
  return at == analyses.end() ? nullptr : &*at;
}

bool Deployment::is_local() const {
  return std::all_of(hosts.begin(), hosts.end(), [](const Host& host) { return host.is_local(); });
}

Duration Deployment::spacing() const {
  const bool all_history = std::all_of(metrics.begin(), metrics.end(),
                                       [](const MetricModel& m) { return m.has_history; });
  return all_history && !metrics.empty() ? interval : std::max(interval, tick);
}

Duration Deployment::longest_window() const {
  Duration longest = interval;
  for (const MetricModel& m : metrics) longest = std::max(longest, m.window);
  for (const RuleModel& r : rules) {
    const Duration over = r.over.value_or(longest);
    longest = std::max(longest, Duration{over.nanos + r.ago.value_or(Duration{}).nanos});
  }
  return longest;
}

Deployment deployment_from(const std::string& id, const Value& spec) {
  const Fields f(spec);
  Deployment d;
  d.id = id;
  d.type = f.text("type", "normal");
  d.spec = spec;
  d.hosts = hosts_from(f);
  d.hosts_batch = static_cast<int>(f.integer("hosts_batch", d.hosts_batch));
  d.ssh = f.texts("ssh");
  if (const Value* slots = f.get("slots"); slots != nullptr && slots->is_map()) {
    for (const auto& [name, slot] : slots->as_map()) {
      d.slots.push_back(slot_from(name, slot, d.hosts));
    }
  }
  if (d.slots.size() != 2 || f.list("steps").empty())
    throw Error(ErrorKind::storage, fmt::format("Deployment/{} lacks slots or steps", id),
                "validate it and apply it again");
  d.interval = f.duration("interval", d.interval);
  d.tick = std::max(f.duration("tick", d.interval), d.interval);
  for (const auto& [name, into] : {std::pair<const char*, Value*>{"process", &d.process},
                                   {"traffic", &d.traffic},
                                   {"health", &d.health}}) {
    if (const Value* v = f.get(name)) *into = *v;
  }
  d.grace = Fields(d.process).duration("grace", d.grace);
  const NoData no_data = no_data_of(f.text("no_data"), NoData::hold);
  if (const Value* metrics = f.get("metrics"); metrics != nullptr && metrics->is_map()) {
    for (const auto& [name, metric] : metrics->as_map())
      d.metrics.push_back(metric_from(name, metric, no_data));
  }
  d.deadlines = deadlines_from(f.get("deadlines"));
  for (const Value& step : f.list("steps"))
    d.steps.push_back(step_from(step, d.steps.size(), d.deadlines));
  for (const Value& rule : f.list("rollback")) d.rules.push_back(rule_from(rule, d.rules.size()));
  for (const Value& objective : f.list("objectives")) {
    const Fields o(objective);
    d.objectives.push_back({o.text("name", fmt::format("objectives[{}]", d.objectives.size())),
                            o.text("when"), o.text("target"), o.points("from")});
  }
  const std::string inconclusive = f.text("on_inconclusive");
  if (inconclusive == "pause") d.on_inconclusive = OnInconclusive::pause;
  if (inconclusive == "rollback") d.on_inconclusive = OnInconclusive::rollback;
  d.freeze = windows_from(f.list("freeze"));
  d.maintenance = windows_from(f.list("maintenance"));
  if (const Value* bake = f.get("bake")) {
    const Fields b(bake);
    d.bake = BakeModel{b.duration("for", {}), b.points("holdback"), b.texts("analysis")};
  }
  const Fields checks(f.get("checks"));
  for (const Value& c : checks.list("before")) d.before.push_back(check_from(c));
  for (const Value& c : checks.list("during")) d.during.push_back(check_from(c));
  for (const Value& c : checks.list("after")) d.after.push_back(check_from(c));
  const Fields hooks(f.get("hooks"));
  d.hook_before = hooks.texts("before");
  d.hook_promoted = hooks.texts("promoted");
  d.hook_rolled_back = hooks.texts("rolled_back");
  read_analyses(d, f);
  return d;
}

std::string_view to_string(OnFail on_fail) {
  switch (on_fail) {
    case OnFail::rollback:
      return "rollback";
    case OnFail::pause:
      return "pause";
    case OnFail::notify:
      return "notify";
  }
  return "rollback";
}

std::string_view to_string(StepModel::Kind kind) {
  switch (kind) {
    case StepModel::Kind::weight:
      return "weight";
    case StepModel::Kind::match:
      return "match";
    case StepModel::Kind::mirror:
      return "mirror";
    case StepModel::Kind::end:
      return "end";
    case StepModel::Kind::hold:
      return "hold";
    case StepModel::Kind::pause:
      return "pause";
    case StepModel::Kind::gate:
      return "gate";
    case StepModel::Kind::smoke:
      return "smoke";
    case StepModel::Kind::load:
      return "load";
  }
  return "weight";
}

}  // namespace autopilot::deploy
