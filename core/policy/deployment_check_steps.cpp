// The steps of a Deployment: each does one thing, they rise, and the proxy can do what they want.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/base/text.h"
#include "core/base/units.h"
#include "core/policy/deployment_checked.h"

namespace autopilot::policy::deployment {
namespace {

constexpr std::string_view kDoings[] = {"weight", "match",    "mirror", "end", "pause",
                                        "gate",   "approval", "smoke",  "load"};
// After these a step may watch what it began.
constexpr std::string_view kWatched[] = {"weight", "match", "mirror", "end"};
constexpr std::string_view kMethods[] = {"sequential", "kayenta", "exact", "burn_rate"};
// HAProxy has weights from 0 to 256: the least share that is none of nothing.
constexpr int kLeastOfHaproxy = 39;
constexpr int kAll = 10000;

class StepsCheck {
 public:
  explicit StepsCheck(const CheckedSpec& checked) : c_(checked) {}

  void check() {
    const YamlNode* written = c_.section("steps");
    if (written == nullptr) return;  // a preset's
    std::set<std::string> names;
    const std::size_t errors = c_.input.diagnostics.errors();
    const List& steps = c_.spec.get("steps")->as_list();
    for (std::size_t i = 0; i < steps.size(); ++i) {
      const YamlNode& node = written->items[i];
      const std::string name = text_of(steps[i].get("name"));
      if (!name.empty() && !names.insert(name).second)
        c_.input.diagnostics.error("duplicate-name", node.find("name")->span,
                                   fmt::format("two steps are called {}", name));
      check_doing(node);
      check_weight(steps[i], node);
      check_match_step(node);
      check_mirror(steps[i], node);
      check_end(node);
      check_analysis(c_, node.find("analysis"), steps[i].get("analysis"));
      check_pause(node.find("pause"));
      check_load(node.find("load"));
    }
    if (weight_ == 0 && c_.input.diagnostics.errors() == errors) refuse_weightless(*written);
  }

 private:
  void refuse_weightless(const YamlNode& written) {
    Diagnostic& d =
        c_.fault(written.span, has_match_ || has_mirror_
                                   ? "no step has a weight: after testers and copies all users "
                                     "would get the canary at once"
                                   : "no step has a weight, so nothing is ever tried");
    d.help = has_match_ || has_mirror_ ? "let {weight: 5%, hold: 10m} follow"
                                       : "start with {weight: 5%, hold: 10m}";
  }

  void check_doing(const YamlNode& node) {
    const YamlEntry* first = nullptr;
    for (const std::string_view doing : kDoings) {
      const YamlEntry* entry = node.entry(doing);
      if (entry == nullptr) continue;
      if (first != nullptr) {
        c_.input.diagnostics
            .error("conflicting-fields", entry->key_span,
                   fmt::format("a step can't have both {} and {}", first->key, doing))
            .help = "split it in two";
        return;
      }
      first = entry;
    }
    if (first == nullptr && node.find("hold") == nullptr) {
      c_.input.diagnostics.error(
          "missing-field", node.span,
          "a step needs a weight, match, mirror, end, hold, pause, gate, approval, smoke or load");
      return;
    }
    const bool waits = first == nullptr || std::find(std::begin(kWatched), std::end(kWatched),
                                                     first->key) != std::end(kWatched);
    for (const char* field : {"hold", "analysis", "require"}) {
      if (!waits && node.find(field) != nullptr)
        needs_other(node.entry(field)->key_span, field, "weight, match and mirror");
    }
    const bool gate = first != nullptr && (first->key == "gate" || first->key == "approval");
    for (const char* field : {"timeout", "on_timeout", "role"}) {
      if (!gate && node.find(field) != nullptr)
        needs_other(node.entry(field)->key_span, field, "gate and approval");
    }
    if (first != nullptr && (first->key == "match" || first->key == "mirror")) check_able(*first);
  }

  // Who can do it beside the weights. A program says by its words whether it does.
  void check_able(const YamlEntry& doing) {
    const std::string provider = c_.traffic_provider();
    if (provider == "nginx" || provider.empty()) return;
    const bool is_match = doing.key == "match";
    const std::string place = fmt::format("{{{{{}}}}}", doing.key);
    if (provider == "exec" && set_has(place)) return;
    Diagnostic& d = c_.fault(
        doing.key_span,
        fmt::format("the traffic provider {} cannot {}{}", provider,
                    is_match ? "choose requests by header" : "send copies of requests",
                    provider == "exec" ? fmt::format(": traffic.set has no {}", place) : ""));
    d.help = provider == "exec"
                 ? fmt::format("pass {} to your program, and let traffic.read print {} again",
                               place, doing.key)
                 : fmt::format("nginx can, and exec where your program takes {}", place);
  }

  bool set_has(const std::string& place) const {
    const Value* set = c_.spec.get("traffic")->get("set");
    if (set == nullptr || !set->is_list()) return false;
    return std::any_of(set->as_list().begin(), set->as_list().end(), [&](const Value& word) {
      return text_of(&word).find(place) != std::string::npos;
    });
  }

  void needs_other(Span where, std::string_view field, std::string_view other) {
    c_.input.diagnostics
        .error("conflicting-fields", where,
               fmt::format("{} has a meaning only with {}", field, other))
        .help = "remove it, or make it a step of its own";
  }

  void check_weight(const Value& step, const YamlNode& node) {
    const Value* share = step.get("weight");
    if (share == nullptr) return;
    const Span where = node.find("weight")->span;
    const std::optional<int> points = basis_points(*share);
    if (!points) {
      c_.fault(where, "weights are whole hundredths of a per cent").help =
          "5% or 0.25%, for example";
      return;
    }
    if (*points == 0) {
      c_.fault(where, "a step to 0% is a rollback").help = "that is what rollback rules are for";
    } else if (*points < weight_) {
      c_.fault(where, fmt::format("the weight goes down, from {} to {}",
                                  format_share(weight_ / 10000.0), format_share(*points / 10000.0)))
          .help = "steps go up; the way down is the rollback";
    } else if (c_.traffic_provider() == "haproxy" && *points < kLeastOfHaproxy) {
      c_.fault(where, "HAProxy cannot give so small a share: its weights end at 256").help =
          "start at 0.4% or above";
    }
    weight_ = std::max(weight_, *points);
    is_mirroring_ = false;
  }

  void check_match_step(const YamlNode& node) {
    const YamlEntry* match = node.entry("match");
    if (match == nullptr) return;
    check_match(c_, match->value);
    refuse_after_all(*match, "all requests go to the canary already");
    has_match_ = is_matching_ = true;
    is_mirroring_ = false;
  }

  void check_mirror(const Value& step, const YamlNode& node) {
    const Value* share = step.get("mirror");
    if (share == nullptr) return;
    const YamlEntry& entry = *node.entry("mirror");
    const std::optional<int> points = basis_points(*share);
    if (!points) {
      c_.fault(entry.value.span, "mirror: shares are whole hundredths of a per cent").help =
          "20% or 0.25%, for example";
    } else if (*points == 0) {
      c_.fault(entry.value.span, "a mirror of 0% copies nothing").help =
          "write {end: mirror} to end one";
    }
    refuse_after_all(entry, "no request is left that the canary does not get");
    has_mirror_ = is_mirroring_ = true;
  }

  void refuse_after_all(const YamlEntry& entry, std::string_view why) {
    if (weight_ == kAll)
      c_.fault(entry.key_span, fmt::format("{} after a weight of 100%: {}", entry.key, why)).help =
          "write it before";
  }

  void check_end(const YamlNode& node) {
    const YamlEntry* end = node.entry("end");
    if (end == nullptr) return;
    bool& is_on = end->value.text == "match" ? is_matching_ : is_mirroring_;
    if (!is_on)
      c_.fault(end->value.span, fmt::format("no {} is left to end here", end->value.text)).help =
          end->value.text == "match" ? "a match holds until all traffic is given"
                                     : "a mirror ends by itself at the next weight or match";
    is_on = false;
  }

  void check_pause(const YamlNode* pause) {
    if (pause == nullptr || pause->text == "true" || parse_duration(pause->text)) return;
    c_.fault(pause->span, "pause: expected a duration or true").help =
        "pause: 10m, or pause: true to wait for deploy resume";
  }

  void check_load(const YamlNode* load) {
    const YamlNode* rate = load == nullptr ? nullptr : load->find("rate");
    if (rate == nullptr || parse_rate(rate->text)) return;
    c_.fault(rate->span, fmt::format("{} is no rate", rate->text)).help =
        fmt::format("write {}", kRates);
  }

  const CheckedSpec& c_;
  int weight_ = 0;  // so far
  bool has_match_ = false, has_mirror_ = false, is_matching_ = false, is_mirroring_ = false;
};

void check_one_analysis(const CheckedSpec& c, const YamlNode& node, const Value& value) {
  if (!value.is_string()) {
    c.input.diagnostics.error("wrong-type", node.span, "analysis: expected a name").help =
        "describe it under analyses, and write its name here";
    return;
  }
  std::vector<std::string> known(std::begin(kMethods), std::end(kMethods));
  const Value* analyses = c.spec.get("analyses");
  if (analyses != nullptr) {
    for (const auto& [name, analysis] : analyses->as_map()) known.push_back(name);
  }
  const std::string& name = value.as_string();
  if (std::find(known.begin(), known.end(), name) == known.end())
    c.unknown(node.span, fmt::format("no analysis is called {}", name), name, known);
}

}  // namespace

void check_steps(const CheckedSpec& checked) { StepsCheck(checked).check(); }

void check_analysis(const CheckedSpec& checked, const YamlNode* node, const Value* value) {
  if (node == nullptr || value == nullptr) return;
  if (!node->is_list()) return check_one_analysis(checked, *node, *value);
  for (std::size_t i = 0; i < node->items.size(); ++i)
    check_one_analysis(checked, node->items[i], value->as_list()[i]);
}

}  // namespace autopilot::policy::deployment
