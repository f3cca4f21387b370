// Names of inputs that policies read, and whether two of them are so alike that one may be a slip
// of the other.

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <utility>

#include "core/base/text.h"
#include "core/policy/lint_checks.h"

namespace autopilot::policy {
namespace {

constexpr std::size_t kShortWord = 5;  // shorter words are often alike on purpose
constexpr std::size_t kSeveral = 3;    // policies that share a name
constexpr std::size_t kLongestName = 64;

bool is_letter(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }
bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

// The runs of letters, lower case; digits go to `numbers`.
std::vector<std::string> words_of(std::string_view name, std::string& numbers) {
  std::vector<std::string> out;
  bool inside = false;
  for (const char c : name) {
    if (is_digit(c)) numbers += c;
    if (is_letter(c)) {
      if (!inside) out.emplace_back();
      out.back() += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    } else if (is_digit(c)) {
      numbers += '.';
    }
    inside = is_letter(c);
  }
  return out;
}

// One letter more, less or other, or two neighbours swapped.
bool is_slip(std::string_view a, std::string_view b) {
  if (a.size() < b.size()) std::swap(a, b);
  if (b.size() < kShortWord || a.size() - b.size() > 1) return false;
  const auto at =
      static_cast<std::size_t>(std::mismatch(b.begin(), b.end(), a.begin()).first - b.begin());
  const std::string_view rest_a = a.substr(at), rest_b = b.substr(at);
  if (a.size() > b.size()) return rest_a.substr(1) == rest_b;
  if (rest_a.size() < 2 || rest_a.substr(1) == rest_b.substr(1)) return true;
  return rest_a[0] == rest_b[1] && rest_a[1] == rest_b[0] && rest_a.substr(2) == rest_b.substr(2);
}

class NameCollector {
 public:
  explicit NameCollector(const LintModel& model) : model_(model) {
    const Project& p = model.project();
    for (const auto& [name, shape] :
         {std::pair("metrics", &p.metrics), std::pair("features", &p.features),
          std::pair("segment", &p.segment), std::pair("data", &p.data)}) {
      if (!shape->has_value()) uses_[name];
    }
  }

  NameUses run() {
    for (const LintPolicy& p : model_.policies()) {
      for (std::size_t i = 0; i < p.gates.size(); ++i) add(p.gates[i], p.gate_spot(i));
      for (const auto* rules : {&p.mutations, &p.guards, &p.limits}) {
        for (const LintRule& rule : *rules) add(rule);
      }
      for (const Selector& s : p.policy->selector) add("segment", s.attribute, p.spot("selector"));
      for (const LintRule& rule : p.mutations) {
        const Mutation& m = static_cast<const Mutation&>(*rule.rule);
        if (!m.field.empty()) add("data", m.field, rule.spot("field"));
        if (!m.from.empty()) add("data", m.from, rule.spot("from"));
      }
    }
    return std::move(uses_);
  }

 private:
  void add(const LintRule& rule) {
    if (rule.when) add(*rule.when, rule.spot("when"));
    if (rule.condition) add(*rule.condition, rule.spot(rule.condition_field));
  }

  void add(const LintCondition& condition, const Spot& at) {
    for (const expr::Path& path : condition.inputs) {
      if (path.size() >= 3 && path[0] == "action" && path[1] == "data") add("data", path[2], at);
      if (path.size() >= 2 && path[0] != "action") add(path[0], path[1], at);
    }
  }

  void add(const std::string& variable, const std::string& name, const Spot& at) {
    const auto open = uses_.find(variable);
    if (open == uses_.end() || name.size() > kLongestName) return;
    std::vector<Spot>& uses = open->second[name];
    if (uses.empty() || uses.back().policy != at.policy) uses.push_back(at);
  }

  const LintModel& model_;
  NameUses uses_;
};

bool in_policy(const std::vector<Spot>& uses, std::size_t policy) {
  return std::any_of(uses.begin(), uses.end(), [&](const Spot& u) { return u.policy == policy; });
}

}  // namespace

bool look_alike(std::string_view a, std::string_view b) {
  if (a == b || a.size() > b.size() + 3 || b.size() > a.size() + 3) return false;
  std::string numbers_of_a, numbers_of_b;
  const std::vector<std::string> first = words_of(a, numbers_of_a),
                                 second = words_of(b, numbers_of_b);
  if (numbers_of_a != numbers_of_b) return false;
  if (join(first, "") == join(second, "")) return true;
  if (first.size() != second.size()) return false;
  std::size_t slips = 0;
  for (std::size_t i = 0; i < first.size(); ++i) {
    if (first[i] == second[i]) continue;
    if (!is_slip(first[i], second[i])) return false;
    ++slips;
  }
  return slips == 1;
}

NameUses open_names(const LintModel& model) { return NameCollector(model).run(); }

// A name that one policy reads, beside one much like it that several others read.
void check_names(const NameUses& all, Findings& findings) {
  for (const auto& [variable, names] : all) {
    for (const auto& [name, uses] : names) {
      if (uses.size() != 1) continue;
      for (const auto& [other, others] : names) {
        if (others.size() < kSeveral || !look_alike(name, other) ||
            in_policy(others, uses[0].policy))
          continue;
        findings
            .warning("odd-name", uses[0],
                     fmt::format("only this policy reads {}.{}, and {} others read {}.{}",
                                 variable == "data" ? "action.data" : variable, name, others.size(),
                                 variable == "data" ? "action.data" : variable, other))
            .help = fmt::format("did you mean {}?", other);
        break;
      }
    }
  }
}

}  // namespace autopilot::policy
