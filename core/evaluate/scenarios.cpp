#include "core/evaluate/scenarios.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/base/yaml.h"
#include "core/evaluate/algorithm.h"

namespace autopilot::evaluate {
namespace {

using render::Line;
using render::Tone;

const std::vector<std::string> kKeys{
    "logs",       "columns", "context",        "reward",   "target",      "baseline",
    "estimators", "model",   "folds",          "refits",   "segments",    "window",
    "propensity", "max_bad", "missing_reward", "policies", "action_type", "algorithm"};

std::vector<std::string> scalars(const YamlNode& node) {
  if (!node.is_list()) return split(node.text, ',');
  std::vector<std::string> out;
  for (const YamlNode& item : node.items) out.push_back(item.text);
  return out;
}

// Reads the members that a file and each of its scenarios may have.
class ScenarioReader {
 public:
  ScenarioReader(Diagnostics& faults, Scenario& scenario)
      : faults_(faults), scenario_(scenario), q_(scenario.question) {}

  void read(const YamlEntry& entry) {
    try {
      set(entry.key, entry.value);
    } catch (const Error& error) {
      faults_.error("bad-scenario", entry.value.span, error.what()).help = error.hint();
    }
  }

 private:
  void set(const std::string& key, const YamlNode& value) {
    if (key == "logs")
      q_.log.paths = scalars(value);
    else if (key == "columns")
      columns(value);
    else if (key == "context")
      q_.log.columns.context = scalars(value);
    else if (key == "reward")
      q_.log.reward = value.text;
    else if (key == "target")
      q_.target = policy(value);
    else if (key == "policies")
      scenario_.policies = value.text;
    else if (key == "action_type")
      scenario_.as.type = value.text;
    else if (key == "algorithm")
      scenario_.as.algorithm = value.text;
    else if (key == "baseline")
      q_.baseline = policy(value);
    else if (key == "estimators")
      estimators(value);
    else if (key == "model")
      model(value);
    else if (key == "folds")
      q_.spec.model.folds = static_cast<std::size_t>(number(value));
    else if (key == "refits")
      q_.spec.refits = static_cast<std::size_t>(number(value));
    else if (key == "segments")
      q_.spec.segments = scalars(value);
    else if (key == "window")
      window(value);
    else if (key == "propensity")
      propensity(value);
    else if (key == "max_bad")
      q_.log.max_bad = number(value);
    else if (key == "missing_reward")
      q_.log.missing_reward = number(value);
  }

  // What is no policy or model is a fault of its place.
  static std::string policy(const YamlNode& value) {
    const TargetWords words = parse_target(value.text);
    if (words.kind == TargetKind::algorithm) parse_algorithm(words.rest);
    return value.text;
  }
  void model(const YamlNode& value) {
    parse_model(value.text, {});
    q_.model = value.text;
  }

  static double number(const YamlNode& value) {
    const Value typed = scalar_value(value);
    if (typed.is_number() && typed.as_double() >= 0) return typed.as_double();
    throw Error(ErrorKind::invalid, fmt::format("'{}' is no number from 0 on", value.text));
  }

  void columns(const YamlNode& value) {
    Mapping& m = q_.log.columns;
    const std::vector<std::pair<std::string, std::string*>> roles{
        {"time", &m.time},     {"unit", &m.unit},         {"action", &m.action},
        {"reward", &m.reward}, {"position", &m.position}, {"propensity", &m.propensity}};
    for (const YamlEntry& entry : value.entries) {
      const auto role = std::find_if(roles.begin(), roles.end(),
                                     [&](const auto& r) { return r.first == entry.key; });
      if (role != roles.end())
        *role->second = entry.value.text;
      else
        faults_.error("unknown-field", entry.key_span, fmt::format("no column role {}", entry.key))
            .help = "roles are time, unit, action, propensity, reward, position";
    }
  }

  void estimators(const YamlNode& value) {
    q_.spec.estimators.clear();
    for (const std::string& name : scalars(value))
      q_.spec.estimators.push_back(parse_estimator(std::string(trim(name))));
  }

  void window(const YamlNode& value) {
    q_.spec.window = parse_duration(value.text);
    if (!q_.spec.window)
      throw Error(ErrorKind::invalid, fmt::format("'{}' is no duration such as 1d", value.text));
  }

  void propensity(const YamlNode& value) {
    if (value.text == "uniform")
      q_.log.propensities = Propensities::uniform;
    else if (value.text == "estimated")
      q_.log.propensities = Propensities::estimated;
    else if (value.text == "logged")
      q_.log.propensities = Propensities::logged;
    else
      throw Error(ErrorKind::invalid, "propensity is logged, uniform or estimated");
  }

  Diagnostics& faults_;
  Scenario& scenario_;
  Question& q_;
};

// Whether a target or policies are asked about: what a scenario says itself comes before what
// holds for all. Of the estimators of all, policies have those that a filter can have.
void settle_question(const YamlNode& node, Scenario& scenario) {
  if (node.find("target") != nullptr) scenario.policies.clear();
  if (scenario.policies.empty()) return;
  scenario.question.target.clear();
  if (node.find("estimators") != nullptr) return;
  std::erase_if(scenario.question.spec.estimators, [](const stats::OpeEstimator& e) {
    return e.kind != stats::Ope::ips && e.kind != stats::Ope::snips;
  });
}

// True when the key is known; `also` is what else may stand here.
bool known(const YamlEntry& entry, const std::string& also, Diagnostics& faults) {
  std::vector<std::string> keys = kKeys;
  keys.push_back(also);
  if (entry.key == also) return false;
  if (std::find(keys.begin(), keys.end(), entry.key) != keys.end()) return true;
  faults.error("unknown-field", entry.key_span, fmt::format("there is no field {}", entry.key))
      .help = std::string(trim(did_you_mean(entry.key, keys)));
  return false;
}

void read_scenario(const YamlNode& node, const Scenario& common, std::set<std::string>& names,
                   std::vector<Scenario>& out, Diagnostics& faults) {
  if (!node.is_map()) {
    faults.error("bad-scenario", node.span, "a scenario is a map with a name and a target");
    return;
  }
  Scenario scenario = common;
  ScenarioReader reader(faults, scenario);
  const std::size_t before = faults.errors();
  for (const YamlEntry& entry : node.entries) {
    if (entry.key == "name")
      scenario.name = entry.value.text;
    else if (known(entry, "name", faults))
      reader.read(entry);
  }
  if (faults.errors() > before) return;
  if (node.find("target") != nullptr && node.find("policies") != nullptr) {
    faults.error("bad-scenario", node.span, "target and policies are two questions").help =
        "make it two scenarios";
    return;
  }
  settle_question(node, scenario);
  if (scenario.name.empty())
    scenario.name = scenario.policies.empty() ? scenario.question.target : scenario.policies;
  if (scenario.question.target.empty() && scenario.policies.empty())
    faults.error("bad-scenario", node.span, "the scenario has neither a target nor policies");
  else if (scenario.question.log.paths.empty())
    faults.error("bad-scenario", node.span, "neither the scenario nor the file names logs");
  else if (!names.insert(scenario.name).second)
    faults.error("bad-scenario", node.span,
                 fmt::format("there are two scenarios '{}'", scenario.name));
  else
    out.push_back(std::move(scenario));
}

// The estimate that a scenario is told by.
const Estimated& spokesman(const Backtest& b) {
  for (const stats::Ope kind : {stats::Ope::sndr, stats::Ope::snips, stats::Ope::dr}) {
    for (const Estimated& e : b.estimates) {
      if (e.estimator.kind == kind) return e;
    }
  }
  return b.estimates.front();
}

std::string percent_text(double share) {
  return std::isnan(share) ? "-" : fmt::format("{:+.3g}%", share * 100);
}

}  // namespace

std::vector<Scenario> read_scenarios(const std::string& text, const std::string& file,
                                     Diagnostics& faults) {
  YamlBudget budget;
  const std::uint32_t source = faults.sources().add(file, text);
  const std::vector<YamlDocument> documents = parse_yaml(source, budget, faults);
  std::vector<Scenario> out;
  if (!faults.ok()) return {};
  if (documents.empty() || !documents[0].root.is_map()) {
    faults.error("bad-scenario", {source, 0, 0}, "the file is no map with scenarios");
    return {};
  }
  Scenario common;
  ScenarioReader reader(faults, common);
  const YamlNode* list = nullptr;
  for (const YamlEntry& entry : documents[0].root.entries) {
    if (entry.key == "scenarios")
      list = &entry.value;
    else if (known(entry, "scenarios", faults))
      reader.read(entry);
  }
  std::set<std::string> names;
  if (list == nullptr || !list->is_list() || list->items.empty())
    faults.error("bad-scenario", documents[0].root.span, "the file lists no scenarios");
  else
    for (const YamlNode& node : list->items) read_scenario(node, common, names, out, faults);
  if (!faults.ok()) out.clear();
  return out;
}

render::Report describe_scenarios(const std::vector<ScenarioResult>& results) {
  render::Report out{"autopilot.backtest_counterfactual/v1", {}, {}};
  std::vector<double> p;
  for (const ScenarioResult& r : results) {
    const Estimated& e = spokesman(r.answer->backtest);
    p.push_back(e.uplift && e.delta.is_sound() ? e.uplift->p : 1);
  }
  const std::vector<double> corrected = stats::holm(p);
  List scenarios;
  render::Table table{
      {"SCENARIO", "VALUE", "INTERVAL", "UPLIFT", "HOLM", "VERDICT"}, {}, {false, true}};
  std::set<std::string> estimators;
  for (std::size_t i = 0; i < results.size(); ++i) {
    const Backtest& b = results[i].answer->backtest;
    const Estimated& e = spokesman(b);
    Map entry{{"name", results[i].name}, {"estimator", name_of(e.estimator)}};
    render::Report one = describe(*results[i].answer, results[i].story);
    if (results[i].governor) add_governed(*results[i].governor, *results[i].answer, one);
    entry["p_holm"] = corrected[i];
    entry["backtest"] = Value(one.data);
    scenarios.emplace_back(std::move(entry));
    std::vector<Line> row{results[i].name};
    estimators.insert(name_of(e.estimator));
    const bool refused = is_refused(b, results[i].story);
    const bool sound = e.bootstrap.is_sound() && e.uplift;
    if (refused)
      row.insert(row.end(), 4, "-");
    else {
      row.insert(row.end(), {Line(number_text(e.value)),
                             Line(sound ? interval_text(*e.bootstrap.interval) : std::string("-")),
                             Line(e.uplift ? percent_text(e.uplift->relative) : std::string("-")),
                             Line(sound ? fmt::format("{:.2g}", corrected[i]) : std::string("-"))});
    }
    const Tone tone = b.trust == Trust::yes     ? Tone::good
                      : b.trust == Trust::doubt ? Tone::warn
                                                : Tone::bad;
    row.push_back(Line({{std::string(to_string(b.trust)), tone}}));
    table.rows.push_back(std::move(row));
  }
  out.data["scenarios"] = std::move(scenarios);
  out.text.emplace_back(std::move(table));
  const std::vector<std::string> names(estimators.begin(), estimators.end());
  out.text.emplace_back(render::Paragraph{
      Line({{fmt::format("By {}. HOLM is the p-value of the uplift, corrected for {} scenario{}.",
                         join(names, ", "), results.size(), results.size() == 1 ? "" : "s"),
             Tone::dim}})});
  for (const ScenarioResult& r : results) {
    if (r.governor)
      out.text.emplace_back(render::Paragraph{
          Line({{fmt::format("{}: ", r.name), Tone::strong},
                {"the policies " + governed_text(*r.governor, *r.answer), Tone::plain}})});
    for (const Finding& f : r.answer->backtest.findings)
      out.text.emplace_back(render::Paragraph{
          Line({{fmt::format("{}: ", r.name), Tone::strong}, {f.text, Tone::plain}})});
  }
  return out;
}

}  // namespace autopilot::evaluate
