#include <algorithm>
#include <cmath>

#include "core/base/units.h"
#include "core/policy/deployment.h"

namespace autopilot::policy {
namespace {

constexpr std::string_view kNotOfEnvironments[] = {"requires", "metrics"};

bool has_all(const Map& metrics, const Value* names) {
  if (names == nullptr || !names->is_list()) return true;
  const List& list = names->as_list();
  return std::all_of(list.begin(), list.end(),
                     [&](const Value& n) { return metrics.contains(n.as_string()); });
}

// Entries whose metrics are not there go, and the word "needs" with them.
Value fitting(const Value& entries, const Map& metrics) {
  if (entries.is_list()) {
    List out;
    for (const Value& entry : entries.as_list()) {
      if (!has_all(metrics, entry.get("needs"))) continue;
      Value kept = entry;
      kept.as_map().erase("needs");
      out.push_back(std::move(kept));
    }
    return out;
  }
  Map out;
  for (const auto& [name, entry] : entries.as_map()) {
    if (!has_all(metrics, entry.get("needs"))) continue;
    Value kept = entry;
    kept.as_map().erase("needs");
    out.append(name, std::move(kept));
  }
  return out;
}

// Leaves only analyses that are there in a step or a bake of a preset.
void keep_analyses(Value& holder, const Value* analyses) {
  Value* wanted = holder.as_map().find("analysis");
  if (wanted == nullptr) return;
  List kept;
  for (const Value& name : wanted->as_list()) {
    if (analyses != nullptr && analyses->get(name.as_string()) != nullptr) kept.push_back(name);
  }
  if (kept.empty()) {
    holder.as_map().erase("analysis");
  } else {
    *wanted = std::move(kept);
  }
}

// Fields of `low` that `high` lacks; of maps such as analyses, the entries too.
void fill_in(Map& high, const Map& low) {
  for (const auto& [name, value] : low) {
    Value* own = high.find(name);
    if (own == nullptr) {
      high.append(name, value);
    } else if (name == "analyses" && own->is_map()) {
      fill_in(own->as_map(), value.as_map());
    }
  }
}

void apply_environment(Map& spec, const Value* environment) {
  if (environment == nullptr || !environment->is_map()) return;
  for (const auto& [name, value] : environment->as_map()) {
    const bool own = std::find(std::begin(kNotOfEnvironments), std::end(kNotOfEnvironments),
                               name) != std::end(kNotOfEnvironments);
    if (!own && !value.is_null()) spec[name] = value;
  }
  const Value* metrics = environment->get("metrics");
  if (metrics == nullptr || !metrics->is_map()) return;
  Value& all = spec["metrics"];
  if (!all.is_map()) all = Map{};
  for (const auto& [name, value] : metrics->as_map()) all.as_map()[name] = value;
}

void apply_templates(Map& spec) {
  const Value* templates = spec.find("templates");
  Value* metrics = spec.find("metrics");
  if (metrics == nullptr || !metrics->is_map()) return;
  for (auto& [name, metric] : metrics->as_map()) {
    if (!metric.is_map()) continue;
    const Value* wanted = metric.get("template");
    if (wanted != nullptr && wanted->is_string() && templates != nullptr) {
      const std::string from = wanted->as_string();
      metric.as_map().erase("template");
      if (const Value* found = templates->get(from); found != nullptr && found->is_map())
        fill_in(metric.as_map(), found->as_map());
    }
    Value* provider = metric.as_map().find("provider");
    if (provider != nullptr && *provider == Value("prom")) *provider = "prometheus";
  }
}

void apply_preset(Map& spec) {
  const Value* name = spec.find("preset");
  if (name == nullptr || !name->is_string()) return;
  Value preset = deployment_preset(name->as_string());
  if (preset.is_null()) return;
  const Value* metrics = spec.find("metrics");
  const Map none;
  const Map& known = metrics != nullptr && metrics->is_map() ? metrics->as_map() : none;
  Map& low = preset.as_map();
  for (const char* part : {"analyses", "rollback", "objectives"}) {
    if (Value* entries = low.find(part)) *entries = fitting(*entries, known);
  }
  const Value* analyses = preset.get("analyses");
  for (Value& step : low.find("steps")->as_list()) keep_analyses(step, analyses);
  if (Value* bake = low.find("bake")) keep_analyses(*bake, preset.get("analyses"));
  fill_in(spec, low);
}

}  // namespace

Value expand_deployment(const Value& spec, const std::string& environment) {
  if (!spec.is_map()) return Map{};
  Map out = spec.as_map();
  if (const Value* all = out.find("environments"); all != nullptr && !environment.empty()) {
    const Value* found = all->get(environment);
    if (found != nullptr) {
      const Value own = *found;  // `out` changes under it
      apply_environment(out, &own);
    }
  }
  apply_templates(out);
  apply_preset(out);
  for (const char* done : {"environments", "templates", "preset"}) out.erase(done);
  return out;
}

std::vector<std::string> metric_names(const Value& spec) {
  std::vector<std::string> names;
  const Value* metrics = spec.get("metrics");
  if (metrics == nullptr || !metrics->is_map()) return names;
  for (const auto& [name, metric] : metrics->as_map()) names.push_back(name);
  return names;
}

expr::Environment deployment_conditions(const std::vector<std::string>& metrics) {
  std::vector<expr::Type::Field> fields;
  for (const std::string& name : metrics)
    fields.emplace_back(name, expr::Type(expr::TypeKind::real));
  const expr::Type arm = expr::Type::record(std::move(fields), false);
  expr::Environment environment;
  for (const char* name : {"canary", "stable", "before", "earlier"})
    environment.variables.emplace(name, arm);
  environment.variables.emplace("weight", expr::Type(expr::TypeKind::real));
  environment.validate_literals = true;
  return environment;
}

std::optional<int> basis_points(const Value& share) {
  std::optional<double> part;
  if (share.is_string()) part = parse_share(share.as_string());
  if (share.is_number()) part = share.as_double();
  if (!part || !(*part >= 0 && *part <= 1)) return std::nullopt;
  const double points = *part * 10000;
  if (std::abs(points - std::round(points)) > 1e-6) return std::nullopt;
  return static_cast<int>(std::lround(points));
}

}  // namespace autopilot::policy
