// What the fields of a Deployment must say together: steps that rise and do one thing each, rules
// that can be judged, names that are there, weights that the proxy can do.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/base/text.h"
#include "core/base/units.h"
#include "core/policy/deployment.h"
#include "core/policy/deployment_hosts.h"
#include "core/policy/deployment_placeholders.h"
#include "core/policy/deployment_shapes.h"
#include "core/policy/kinds.h"
#include "core/policy/places.h"

namespace autopilot::policy {
namespace {

constexpr std::string_view kDoings[] = {"weight", "match",    "mirror", "pause",
                                        "gate",   "approval", "smoke",  "load"};
constexpr std::string_view kMethods[] = {"sequential", "kayenta", "exact", "burn_rate"};
// HAProxy has weights from 0 to 256: the least share that is none of nothing.
constexpr int kLeastOfHaproxy = 39;
constexpr Duration kDefaultInterval = Duration::seconds(10);

std::optional<Duration> duration_of(const Value& holder, std::string_view field) {
  const Value* found = holder.get(field);
  return found != nullptr && found->is_string() ? parse_duration(found->as_string()) : std::nullopt;
}

std::string text_of(const Value* value) {
  return value != nullptr && value->is_string() ? value->as_string() : std::string();
}

// The checks of one spec: the document's own, or that of one environment.
class DeploymentChecker {
 public:
  DeploymentChecker(const CheckInput& input, std::string environment)
      : input_(input),
        places_(input.root),
        environment_(std::move(environment)),
        spec_(expand_deployment(*input.content.get("spec"), environment_)),
        metrics_(metric_names(spec_)),
        names_(deployment_conditions(metrics_)) {}

  void check() {
    check_needed();
    check_hosts();
    check_slots();
    check_metrics();
    check_steps();
    check_bake();
    check_rules();
    for (const char* name :
         {"metrics", "templates", "process", "health", "hooks", "checks", "steps"}) {
      if (const YamlNode* node = section(name))
        deployment::check_placeholders(name, *node, input_.diagnostics);
    }
  }
  void check_expressions() {
    for (const char* section : {"rollback", "objectives"}) {
      each(section, [&](const YamlNode& entry) { expression(entry.find("when")); });
    }
    each("steps", [&](const YamlNode& step) {
      const YamlNode* require = step.find("require");
      if (require == nullptr) return;
      if (require->is_scalar()) expression(require);
      for (const YamlNode& item : require->items) expression(&item);
    });
  }

 private:
  // Where the section of this environment stands: its own, or the document's.
  const YamlNode* section(std::string_view name) const {
    const YamlEntry* environments = places_.entry("environments");
    if (environments != nullptr && !environment_.empty()) {
      const YamlNode* own = environments->value.find(environment_);
      if (own != nullptr && own->find(name) != nullptr) return own->find(name);
    }
    const YamlEntry* entry = places_.entry(name);
    return entry == nullptr ? nullptr : &entry->value;
  }
  Span span(std::string_view name) const {
    const YamlNode* found = section(name);
    return found != nullptr ? found->span : places_.span();
  }
  template <class F>
  void each(std::string_view name, F visit) const {
    const YamlNode* list = section(name);
    if (list == nullptr || !list->is_list()) return;
    for (const YamlNode& entry : list->items) visit(entry);
  }

  std::string traffic_provider() const {
    const Value* traffic = spec_.get("traffic");
    return traffic == nullptr ? "" : text_of(traffic->get("provider"));
  }

  Diagnostic& fault(Span where, std::string message) {
    return input_.diagnostics.error("wrong-value", where, std::move(message));
  }
  Diagnostic& unknown(Span where, std::string message, const std::string& word,
                      const std::vector<std::string>& known) {
    Diagnostic& d = input_.diagnostics.error("unknown-name", where, std::move(message));
    d.help = std::string(trim(did_you_mean(word, known)));
    if (d.help.empty() && !known.empty()) d.help = "known are " + join(known, ", ");
    return d;
  }

  void expression(const YamlNode* node) {
    if (node != nullptr && node->is_scalar()) input_.expressions.check_condition(*node, names_);
  }

  void check_needed() {
    for (const auto& [field, help] :
         {std::pair<const char*, const char*>{"steps", "write steps, or name a preset"},
          {"slots", "slots: {blue: {port: 8001}, green: {port: 8002}}"},
          {"traffic", "say what splits the traffic, such as provider: nginx"},
          {"process", "say what starts a version, such as provider: exec"}}) {
      if (spec_.get(field) != nullptr) continue;
      input_.diagnostics
          .error("missing-field", places_.span(),
                 environment_.empty()
                     ? fmt::format("a Deployment needs {}", field)
                     : fmt::format("the environment {} has no {}", environment_, field))
          .help = help;
    }
  }

  void check_hosts() {
    const Value* hosts = spec_.get("hosts");
    const YamlNode* written = section("hosts");
    if (hosts == nullptr || written == nullptr) return;
    std::set<std::string> targets;
    for (std::size_t i = 0; i < hosts->as_list().size(); ++i) {
      const std::string& host = hosts->as_list()[i].as_string();
      check_host(host, written->items[i].span);
      if (!targets.insert(host).second)
        input_.diagnostics.error("duplicate-name", written->items[i].span,
                                 fmt::format("{} is there twice", host));
    }
    check_servers(targets.size());
    const bool is_local = targets == std::set<std::string>{"local"};
    if (!is_local) check_remote(targets);
  }

  void check_host(const std::string& host, Span where) {
    if (host == "local") return;
    if (!is_ssh_target(host)) {
      fault(where, fmt::format("hosts: {:?} is neither local nor a target of ssh", host)).help =
          "write deploy@web1, or ssh://deploy@web1:2222";
      return;
    }
    const Value* addresses = spec_.get("addresses");
    const std::string given = addresses == nullptr ? "" : text_of(addresses->get(host));
    const std::string address = given.empty() ? address_of_target(host) : given;
    if (traffic_provider() != "nginx" || is_numeric_address(address)) return;
    fault(where, fmt::format("hosts: nginx is verified by addresses, and {} is a name", address))
        .help = fmt::format("addresses: {{{}: 10.0.0.1}}", host);
  }

  // What only works where autopilot is.
  void check_remote(const std::set<std::string>& targets) {
    const Value* process = spec_.get("process");
    const std::string provider = process == nullptr ? "" : text_of(process->get("provider"));
    if (provider == "exec" || provider == "kubernetes") {
      fault(span("hosts"), provider == "exec" ? "process: exec starts programs on local only"
                                              : "process: kubernetes chooses hosts itself")
          .help = provider == "exec" ? "over ssh there are systemd and compose" : "remove hosts";
    }
    if (process != nullptr && process->get("pass") != nullptr)
      fault(span("process"),
            "process.pass takes variables of this machine, which are not sent to others")
          .help = "name them with their values in process.environment";
    for (const std::string& name : metrics_) {
      const Value& metric = *spec_.get("metrics")->get(name);
      if (text_of(metric.get("provider")) != "process") continue;
      fault(span("metrics"), fmt::format("the metric {} looks at processes of local only", name))
          .help = "let an exporter on the hosts tell it to Prometheus";
    }
    if (const Value* addresses = spec_.get("addresses")) check_addresses(*addresses, targets);
    const Value* slots = spec_.get("slots");
    if (slots == nullptr || targets.count("local") != 0) return;
    for (const auto& [name, slot] : slots->as_map()) {
      if (slot.get("host") != nullptr)
        fault(span("slots"), fmt::format("the host of slot {} is an address on local", name)).help =
            "addresses says where the slots of other hosts listen";
    }
  }

  // Of the whole document: an environment uses those of its own hosts.
  void check_addresses(const Value& addresses, const std::set<std::string>& targets) {
    if (!environment_.empty()) return;
    for (const auto& [target, address] : addresses.as_map()) {
      if (targets.count(target) != 0) continue;
      unknown(span("addresses"), fmt::format("addresses: {} is not among the hosts", target),
              target, {targets.begin(), targets.end()});
    }
  }

  // A slot on several hosts is several servers.
  void check_servers(std::size_t hosts) {
    if (traffic_provider() != "haproxy" || hosts < 2) return;
    const Value* servers = spec_.get("traffic")->get("servers");
    const Value* slots = spec_.get("slots");
    if (slots == nullptr) return;
    for (const auto& [name, slot] : slots->as_map()) {
      const Value* own = servers == nullptr ? nullptr : servers->get(name);
      const std::size_t count = own != nullptr && own->is_list() ? own->as_list().size() : 1;
      if (count == hosts) continue;
      fault(span("hosts"),
            fmt::format("slot {} has {} on {} hosts", name,
                        count == 1 ? "1 server" : fmt::format("{} servers", count), hosts))
          .help = fmt::format("traffic.servers: {{{0}: [{0}1, {0}2, …]}}", name);
    }
  }

  void check_slots() {
    const Value* slots = spec_.get("slots");
    if (slots == nullptr) return;
    std::set<std::int64_t> ports;
    for (const auto& [name, slot] : slots->as_map()) {
      if (!is_name(name)) fault(span("slots"), fmt::format("\"{}\" cannot be a slot's name", name));
      if (!ports.insert(slot.get("port")->as_int()).second)
        fault(span("slots"), "both slots have the same port").help =
            "two versions run side by side: give each a port of its own";
    }
  }

  void check_metrics() {
    for (const std::string& name : metrics_) {
      const Value& metric = *spec_.get("metrics")->get(name);
      const YamlNode* written = section("metrics");
      const YamlEntry* entry = written == nullptr ? nullptr : written->entry(name);
      const Span where = entry != nullptr ? entry->key_span : span("metrics");
      const bool word = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
      }) && std::isdigit(static_cast<unsigned char>(name[0])) == 0;
      if (!word)
        fault(where, fmt::format("\"{}\" cannot be the name of a metric", name)).help =
            "conditions name it: letters, digits and underscores";
      if (const Value* wanted = metric.get("template"))
        check_template(*wanted, where);
      else if (metric.get("provider") == nullptr)
        input_.diagnostics
            .error("missing-field", where, fmt::format("the metric {} has no provider", name))
            .help = "provider: prometheus, for example";
      else
        deployment::check_metric(metric, entry, where, input_.diagnostics);
    }
  }
  // Expansion takes away what it can fill in, so this one is not there.
  void check_template(const Value& wanted, Span where) {
    const YamlEntry* templates = places_.entry("templates");
    std::vector<std::string> known;
    if (templates != nullptr) {
      for (const YamlEntry& e : templates->value.entries) known.push_back(e.key);
    }
    unknown(where, fmt::format("no template is called {}", wanted.as_string()), wanted.as_string(),
            known);
  }

  void check_steps() {
    const YamlNode* written = section("steps");
    if (written == nullptr) return;  // a preset's
    std::set<std::string> names;
    int weight = 0;
    const std::size_t errors = input_.diagnostics.errors();
    const List& steps = spec_.get("steps")->as_list();
    for (std::size_t i = 0; i < steps.size(); ++i) {
      const YamlNode& node = written->items[i];
      const std::string name = text_of(steps[i].get("name"));
      if (!name.empty() && !names.insert(name).second)
        input_.diagnostics.error("duplicate-name", node.find("name")->span,
                                 fmt::format("two steps are called {}", name));
      check_doing(node);
      check_weight(steps[i], node, weight);
      check_analysis(node.find("analysis"), steps[i].get("analysis"));
      check_pause(node.find("pause"));
      check_load(node.find("load"));
    }
    if (weight == 0 && input_.diagnostics.errors() == errors)
      fault(written->span, "no step has a weight, so nothing is ever tried").help =
          "start with {weight: 5%, hold: 10m}";
  }

  void check_doing(const YamlNode& node) {
    const YamlEntry* first = nullptr;
    for (const std::string_view doing : kDoings) {
      const YamlEntry* entry = node.entry(doing);
      if (entry == nullptr) continue;
      if (first != nullptr) {
        input_.diagnostics
            .error("conflicting-fields", entry->key_span,
                   fmt::format("a step can't have both {} and {}", first->key, doing))
            .help = "split it in two";
        return;
      }
      first = entry;
    }
    if (first == nullptr && node.find("hold") == nullptr) {
      input_.diagnostics.error("missing-field", node.span,
                               "a step needs a weight, hold, pause, gate, approval, smoke or load");
      return;
    }
    const bool waits = first == nullptr || first->key == "weight";
    for (const char* field : {"hold", "analysis", "require"}) {
      if (!waits && node.find(field) != nullptr)
        needs_other(node.entry(field)->key_span, field, "weight");
    }
    const bool gate = first != nullptr && (first->key == "gate" || first->key == "approval");
    for (const char* field : {"timeout", "on_timeout", "role"}) {
      if (!gate && node.find(field) != nullptr)
        needs_other(node.entry(field)->key_span, field, "gate and approval");
    }
    if (first != nullptr && (first->key == "match" || first->key == "mirror")) {
      fault(first->key_span, fmt::format("the traffic provider {} cannot {}", traffic_provider(),
                                         first->key == "match" ? "choose requests by header"
                                                               : "send copies of requests"));
    }
  }
  void needs_other(Span where, std::string_view field, std::string_view other) {
    input_.diagnostics
        .error("conflicting-fields", where,
               fmt::format("{} has a meaning only with {}", field, other))
        .help = "remove it, or make it a step of its own";
  }

  void check_weight(const Value& step, const YamlNode& node, int& weight) {
    const Value* share = step.get("weight");
    if (share == nullptr) return;
    const Span where = node.find("weight")->span;
    const std::optional<int> points = basis_points(*share);
    if (!points) {
      fault(where, "weights are whole hundredths of a per cent").help = "5% or 0.25%, for example";
      return;
    }
    if (*points == 0) {
      fault(where, "a step to 0% is a rollback").help = "that is what rollback rules are for";
    } else if (*points < weight) {
      fault(where, fmt::format("the weight goes down, from {} to {}",
                               format_share(weight / 10000.0), format_share(*points / 10000.0)))
          .help = "steps go up; the way down is the rollback";
    } else if (traffic_provider() == "haproxy" && *points < kLeastOfHaproxy) {
      fault(where, "HAProxy cannot give so small a share: its weights end at 256").help =
          "start at 0.4% or above";
    }
    weight = std::max(weight, *points);
  }

  void check_pause(const YamlNode* pause) {
    if (pause == nullptr || pause->text == "true" || parse_duration(pause->text)) return;
    fault(pause->span, "pause: expected a duration or true").help =
        "pause: 10m, or pause: true to wait for deploy resume";
  }

  void check_load(const YamlNode* load) {
    const YamlNode* rate = load == nullptr ? nullptr : load->find("rate");
    if (rate == nullptr || parse_rate(rate->text)) return;
    fault(rate->span, fmt::format("{} is no rate", rate->text)).help =
        fmt::format("write {}", kRates);
  }

  void check_analysis(const YamlNode* node, const Value* value) {
    if (node == nullptr || value == nullptr) return;
    if (!node->is_list()) {
      check_one_analysis(*node, *value);
      return;
    }
    for (std::size_t i = 0; i < node->items.size(); ++i)
      check_one_analysis(node->items[i], value->as_list()[i]);
  }
  void check_one_analysis(const YamlNode& node, const Value& value) {
    if (!value.is_string()) {
      input_.diagnostics.error("wrong-type", node.span, "analysis: expected a name").help =
          "describe it under analyses, and write its name here";
      return;
    }
    std::vector<std::string> known(std::begin(kMethods), std::end(kMethods));
    const Value* analyses = spec_.get("analyses");
    if (analyses != nullptr) {
      for (const auto& [name, analysis] : analyses->as_map()) known.push_back(name);
    }
    const std::string& name = value.as_string();
    if (std::find(known.begin(), known.end(), name) == known.end())
      unknown(node.span, fmt::format("no analysis is called {}", name), name, known);
  }

  void check_bake() {
    const Value* bake = spec_.get("bake");
    const YamlNode* node = section("bake");
    if (bake == nullptr || node == nullptr) return;
    const Value* share = bake->get("holdback");
    const std::optional<int> points = share == nullptr ? std::nullopt : basis_points(*share);
    if (share != nullptr && (!points || *points == 0 || *points > 5000))
      fault(node->find("holdback")->span, "holdback: expected more than 0% and at most 50%");
    check_analysis(node->find("analysis"), bake->get("analysis"));
  }

  void check_rules() {
    const YamlNode* written = section("rollback");
    if (written == nullptr || !written->is_list()) return;
    const List& rules = spec_.get("rollback")->as_list();
    for (std::size_t i = 0; i < rules.size(); ++i) {
      const YamlNode& node = written->items[i];
      if (node.find("for") != nullptr && node.find("consecutive") != nullptr)
        input_.diagnostics
            .error("conflicting-fields", node.entry("consecutive")->key_span,
                   "a rollback rule can't have both for and consecutive")
            .help = "either a time or a number of samples in a row";
      check_for(rules[i], node);
      const std::string when = text_of(rules[i].get("when"));
      if (when.find("earlier.") != std::string::npos && node.find("ago") == nullptr)
        input_.diagnostics
            .error("missing-field", node.find("when")->span, "earlier needs the field ago")
            .help = "ago: 10m, for example";
    }
  }

  // Of a provider without history a tick sees one moment: two of them make the shortest stretch.
  void check_for(const Value& rule, const YamlNode& node) {
    const auto lasting = duration_of(rule, "for");
    if (!lasting) return;
    const Duration interval = duration_of(spec_, "interval").value_or(kDefaultInterval);
    const Duration tick = duration_of(spec_, "tick").value_or(interval);
    for (const std::string& name : metrics_) {
      if (text_of(rule.get("when")).find("." + name) == std::string::npos) continue;
      const Value& metric = *spec_.get("metrics")->get(name);
      const std::string provider = text_of(metric.get("provider"));
      const bool history = metric_has_history(metric);
      const Duration shortest{2 * (history ? interval : std::max(interval, tick)).nanos};
      if (*lasting >= shortest) continue;
      fault(node.find("for")->span,
            history ? fmt::format("for: {} is less than two intervals", format_duration(*lasting))
                    : fmt::format("for: {} is less than two ticks, and {} has no history to fill "
                                  "them",
                                  format_duration(*lasting), provider))
          .help = fmt::format("write for: {} or more", format_duration(shortest));
      return;
    }
  }

  const CheckInput& input_;
  Places places_;
  std::string environment_;
  Value spec_;
  std::vector<std::string> metrics_;
  expr::Environment names_;
};

// What is the same in all environments.
class CommonChecker {
 public:
  explicit CommonChecker(const CheckInput& input) : input_(input), places_(input.root) {}

  void check() {
    for (const char* section : {"freeze", "maintenance"}) check_windows(section);
    check_durations();
    check_environments();
    warn_of_blindness();
  }

 private:
  void check_windows(std::string_view section) {
    const YamlEntry* list = places_.entry(section);
    if (list == nullptr) return;
    for (const YamlNode& window : list->value.items) {
      const bool cron = window.find("cron") != nullptr;
      const YamlNode* from = window.find("from");
      const YamlNode* until = window.find("until");
      if (cron == (from != nullptr || until != nullptr)) {
        input_.diagnostics
            .error("conflicting-fields", window.span,
                   cron ? "a window of time has either cron or from and until"
                        : "a window of time needs cron, or from and until")
            .help = "cron: \"* * * * 5\", or from and until with times";
      } else if (from != nullptr && until != nullptr &&
                 parse_rfc3339(from->text) >= parse_rfc3339(until->text)) {
        input_.diagnostics.error("wrong-value", until->span, "the window ends before it begins");
      }
    }
  }

  void check_durations() {
    for (const char* field : {"interval", "tick"}) {
      const YamlEntry* entry = places_.entry(field);
      if (entry == nullptr) continue;
      const std::optional<Duration> value = parse_duration(entry->value.text);
      if (value && *value >= Duration::seconds(1)) continue;
      input_.diagnostics
          .error("wrong-value", entry->value.span,
                 fmt::format("{}: {} is too short", field, entry->value.text))
          .help = "write a second or more";
    }
  }

  void check_environments() {
    const YamlEntry* all = places_.entry("environments");
    if (all == nullptr) return;
    std::vector<std::string> names;
    for (const YamlEntry& e : all->value.entries) names.push_back(e.key);
    for (const YamlEntry& e : all->value.entries) {
      if (!is_name(e.key))
        input_.diagnostics.error("odd-name", e.key_span,
                                 fmt::format("\"{}\" cannot be an environment's name", e.key));
      const YamlNode* wanted = e.value.find("requires");
      if (wanted == nullptr) continue;
      if (std::find(names.begin(), names.end(), wanted->text) == names.end()) {
        Diagnostic& d = input_.diagnostics.error(
            "unknown-name", wanted->span, fmt::format("no environment is called {}", wanted->text));
        d.help = std::string(trim(did_you_mean(wanted->text, names)));
      } else if (leads_back(all->value, e.key)) {
        input_.diagnostics.error("wrong-value", wanted->span,
                                 fmt::format("{} requires itself, in a circle", e.key));
      }
    }
  }
  static bool leads_back(const YamlNode& all, const std::string& name) {
    std::string at = name;
    for (std::size_t i = 0; i <= all.entries.size(); ++i) {
      const YamlNode* environment = all.find(at);
      const YamlNode* next = environment == nullptr ? nullptr : environment->find("requires");
      if (next == nullptr) return false;
      at = next->text;
      if (at == name) return true;
    }
    return false;
  }

  void warn_of_blindness() {
    const Value spec = expand_deployment(*input_.content.get("spec"), "");
    if (spec.get("metrics") != nullptr || places_.entry("environments") != nullptr) return;
    input_.diagnostics
        .warning("no-rules", places_.span(),
                 "nothing is measured, so a bad version goes forward as a good one does")
        .help = "add metrics, and rollback rules or an analysis";
  }

  const CheckInput& input_;
  Places places_;
};

}  // namespace

void check_deployment(const CheckInput& input) {
  const Value* spec = input.content.get("spec");
  if (spec == nullptr || !spec->is_map()) return;
  DeploymentChecker(input, "").check_expressions();
  if (!input.sound) return;
  const std::size_t errors = input.diagnostics.errors();
  CommonChecker(input).check();
  const Value* environments = spec->get("environments");
  if (environments == nullptr || environments->as_map().empty()) {
    DeploymentChecker(input, "").check();
    return;
  }
  for (const auto& [name, environment] : environments->as_map()) {
    if (input.diagnostics.errors() == errors) DeploymentChecker(input, name).check();
  }
}

}  // namespace autopilot::policy
