#include "core/loop/algorithm.h"

#include <algorithm>

#include "core/base/units.h"
#include "core/deploy/spec.h"

namespace autopilot::loop {
namespace {

using deploy::duration_in;
using deploy::integer_in;
using deploy::text_in;

std::optional<double> share_in(const Value& spec, std::string_view field) {
  const Value* found = spec.get(field);
  if (found == nullptr) return std::nullopt;
  return found->is_number() ? found->as_double() : parse_share(found->as_string());
}

std::optional<Duration> span_in(const Value& spec, std::string_view field) {
  if (spec.get(field) == nullptr) return std::nullopt;
  return duration_in(spec, field, {});
}

double number_in(const Value& spec, std::string_view field, double otherwise) {
  const Value* found = spec.get(field);
  return found == nullptr ? otherwise : found->as_double();
}

// An absent section says nothing.
Value section(const Value& spec, std::string_view name) {
  const Value* found = spec.get(name);
  return found == nullptr || !found->is_map() ? Value(Map()) : *found;
}

AlgorithmArm arm_from(const std::string& name, const Value& spec) {
  AlgorithmArm out;
  out.name = name;
  out.floor = share_in(spec, "floor");
  out.cap = share_in(spec, "cap");
  out.port = static_cast<int>(integer_in(spec, "port", 0));
  out.host = text_in(spec, "host", out.host);
  return out;
}

void read_events(const Value& spec, Algorithm& out) {
  const Value events = section(spec, "events"), columns = section(events, "columns");
  out.files = deploy::texts_in(events, "files");
  out.columns.arm = text_in(columns, "arm", out.columns.arm);
  out.columns.reward = text_in(columns, "reward", out.columns.reward);
  out.columns.time = text_in(columns, "time", out.columns.time);
  out.columns.id = text_in(columns, "id", "");
  out.columns.generation = text_in(columns, "generation", "");
  out.attribution = duration_in(events, "attribution", {});
  out.max_bad = share_in(events, "max_bad").value_or(out.max_bad);
}

void read_optimiser(const Value& spec, Algorithm& out) {
  const Value optimiser = section(spec, "optimizer"), objective = section(spec, "objective");
  OptimiserSpec& o = out.optimiser;
  o.method = text_in(optimiser, "method", o.method);
  o.settings.noise = number_in(optimiser, "noise", 0);
  o.settings.leader_share = share_in(optimiser, "leader_share").value_or(0.5);
  o.floor = share_in(optimiser, "floor").value_or(0);
  o.cap = share_in(optimiser, "cap").value_or(1);
  o.min_count = static_cast<double>(integer_in(optimiser, "min_trials", 0));
  o.batch = static_cast<std::size_t>(integer_in(optimiser, "batch", 1000));
  o.width = number_in(optimiser, "width", o.width);
  o.lambda = number_in(optimiser, "lambda", o.lambda);
  if (const Value* prior = optimiser.get("prior")) {
    o.settings.alpha = prior->as_list()[0].as_double();
    o.settings.beta = prior->as_list()[1].as_double();
  }
  if (const Value* range = objective.get("range")) {
    o.low = range->as_list()[0].as_double();
    o.high = range->as_list()[1].as_double();
  }
  out.minimize = text_in(objective, "direction", "maximize") == "minimize";
  out.memory.half_life = span_in(optimiser, "half_life");
  out.memory.window = span_in(optimiser, "window");
}

void read_schedule(const Value& spec, Algorithm& out) {
  const Value schedule = section(spec, "schedule");
  Schedule& s = out.schedule;
  s.every = duration_in(schedule, "every", {});
  s.cron_text = text_in(schedule, "cron", "");
  if (!s.cron_text.empty()) s.cron = parse_cron(s.cron_text).cron;
  s.zone = TimeZone::load(text_in(schedule, "timezone", "UTC")).value_or(TimeZone());
  s.makes_up = text_in(schedule, "missed", "once") == "once";
  out.growth = share_in(schedule, "growth").value_or(0);
  out.min_events = static_cast<double>(integer_in(schedule, "min_events", 1));
}

}  // namespace

bool Algorithm::has_arm(const std::string& name) const {
  return std::any_of(arms.begin(), arms.end(),
                     [&](const AlgorithmArm& arm) { return arm.name == name; });
}

Algorithm algorithm_from(const policy::Document& document) {
  const Value spec = section(document.content, "spec");
  Algorithm out;
  out.id = document.id;
  const Value arms = section(spec, "arms");
  for (const auto& [name, arm] : arms.as_map()) {
    out.arms.push_back(arm_from(name, arm));
  }
  std::sort(out.arms.begin(), out.arms.end(),
            [](const AlgorithmArm& a, const AlgorithmArm& b) { return a.name < b.name; });
  read_events(spec, out);
  read_optimiser(spec, out);
  read_schedule(spec, out);
  if (spec.get("segment") != nullptr) out.segment = deploy::texts_in(spec, "segment");
  out.actuator = section(spec, "actuator");
  return out;
}

}  // namespace autopilot::loop
