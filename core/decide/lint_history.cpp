#include "core/decide/lint_history.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string>

#include "core/base/text.h"
#include "core/decide/archive.h"
#include "core/decide/record.h"
#include "core/decide/values.h"
#include "core/policy/lint_checks.h"

namespace autopilot::decide {
namespace {

using expr::Tag;
using expr::Val;

constexpr std::array<std::string_view, 4> kVariables{"metrics", "features", "segment", "data"};
constexpr std::size_t kMostNames = 10'000;  // distinct names or values that are kept

// What the newest recorded inputs looked like.
class Observed {
 public:
  explicit Observed(Database& database) {
    expr::SlotTable table;
    for (std::size_t i = 0; i < kVariables.size(); ++i) {
      expr::Path path{std::string(kVariables[i])};
      if (kVariables[i] == "data") path.insert(path.begin(), "action");
      slots_[i] = static_cast<std::size_t>(table.slot(path));
    }
    Decoder decoder(table);
    Archive archive(database);
    Range range = archive.newest(kLookedAt);
    Page page;
    while (archive.next(range, page)) {
      for (std::size_t i = 0; i < page.size(); ++i) read(page.line(i), decoder);
    }
  }

  // How many inputs had something under the variable, and the names that were there.
  struct Seen {
    std::int64_t inputs = 0;
    std::set<std::string, std::less<>> names;
  };
  const Seen& seen(std::string_view variable) const {
    const auto at = std::find(kVariables.begin(), kVariables.end(), variable);
    return seen_[static_cast<std::size_t>(at - kVariables.begin())];
  }

  // For an attribute of the segment and a value of it, the inputs that had it, by number.
  const std::vector<std::uint32_t>* having(const std::string& attribute,
                                           const std::string& value) const {
    const auto values = segments_.find(attribute);
    if (values == segments_.end()) return nullptr;
    const auto found = values->second.find(value);
    return found == values->second.end() ? nullptr : &found->second;
  }
  std::vector<std::string> values(const std::string& attribute) const {
    std::vector<std::string> out;
    const auto found = segments_.find(attribute);
    if (found == segments_.end()) return out;
    for (const auto& [value, inputs] : found->second) out.push_back(value);
    return out;
  }

 private:
  void read(std::string_view line, Decoder& decoder) {
    scratch_.reset();
    reader_.read(line, record_);
    InputFault fault;
    if (!decoder.decode_parts(record_.proposed, record_.context, input_, scratch_, fault)) return;
    for (std::size_t i = 0; i < kVariables.size(); ++i) {
      const Val& value = input_.slots[slots_[i]];
      if (value.tag == Tag::map && value.map->size > 0) add(i, *value.map);
    }
  }

  void add(std::size_t variable, const expr::MapRep& map) {
    Seen& seen = seen_[variable];
    const auto input = static_cast<std::uint32_t>(seen.inputs++);
    for (std::uint32_t i = 0; i < map.size; ++i) {
      const expr::MapEntry& entry = map.entries[i];
      if (seen.names.size() < kMostNames && !seen.names.contains(entry.key.text()))
        seen.names.emplace(entry.key.text());
      if (kVariables[variable] != "segment" || entry.value.tag == Tag::null) continue;
      std::map<std::string, std::vector<std::uint32_t>>& values =
          segments_[std::string(entry.key.text())];
      values[plain_text(entry.value)].push_back(input);
    }
  }

  std::array<std::size_t, kVariables.size()> slots_{};
  std::array<Seen, kVariables.size()> seen_;
  std::map<std::string, std::map<std::string, std::vector<std::uint32_t>>> segments_;
  RecordReader reader_;
  Record record_;
  Input input_;
  expr::Scratch scratch_;
};

std::vector<std::uint32_t> matching(const Observed& observed, const policy::Selector& selector) {
  std::vector<std::uint32_t> out;
  for (const std::string& value : selector.values) {
    if (const auto* inputs = observed.having(selector.attribute, value))
      out.insert(out.end(), inputs->begin(), inputs->end());
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

std::string help_for(const Observed& observed, const policy::Selector& selector) {
  const auto& names = observed.seen("segment").names;
  if (!names.contains(selector.attribute)) {
    const std::string meant(trim(
        did_you_mean(selector.attribute, std::vector<std::string>(names.begin(), names.end()))));
    return meant.empty()
               ? fmt::format("none of them had segment.{}", selector.attribute)
               : fmt::format("none of them had segment.{}; {}", selector.attribute, meant);
  }
  const std::vector<std::string> values = observed.values(selector.attribute);
  for (const std::string& value : selector.values) {
    const std::string meant(trim(did_you_mean(value, values)));
    if (!meant.empty())
      return fmt::format("segment.{} was never {}; {}", selector.attribute, value, meant);
  }
  return fmt::format("segment.{} was never one of {}", selector.attribute,
                     join(selector.values, ", "));
}

void check_selector(const Observed& observed, const policy::Policy& p, std::size_t index,
                    policy::Findings& findings) {
  if (!p.enabled || p.selector.empty()) return;
  std::vector<std::uint32_t> left = matching(observed, p.selector.front());
  const policy::Selector* culprit = left.empty() ? &p.selector.front() : nullptr;
  for (std::size_t i = 1; i < p.selector.size() && culprit == nullptr; ++i) {
    const std::vector<std::uint32_t> next = matching(observed, p.selector[i]);
    if (next.empty()) culprit = &p.selector[i];
    std::vector<std::uint32_t> both;
    std::set_intersection(left.begin(), left.end(), next.begin(), next.end(),
                          std::back_inserter(both));
    left = std::move(both);
  }
  if (culprit == nullptr && !left.empty()) return;
  policy::Finding& f = findings.warning(
      "unmatched-selector", {index, {}, 0, "selector", {}},
      fmt::format("none of the {} newest recorded inputs that have a segment matches the selector",
                  observed.seen("segment").inputs));
  f.help = culprit != nullptr ? help_for(observed, *culprit)
                              : "each attribute matched alone, never all of them at once";
}

void check_name(const Observed& observed, const std::string& variable, const std::string& name,
                const std::vector<policy::Spot>& uses, policy::Findings& findings) {
  const Observed::Seen& seen = observed.seen(variable);
  if (seen.inputs < kEnough || seen.names.contains(name)) return;
  const auto meant =
      std::find_if(seen.names.begin(), seen.names.end(),
                   [&](const std::string& other) { return policy::look_alike(name, other); });
  if (meant == seen.names.end()) return;
  const std::string prefix = variable == "data" ? "action.data" : variable;
  for (const policy::Spot& use : uses) {
    findings
        .warning("unseen-name", use,
                 fmt::format("none of the {} newest recorded inputs that have {} has {}.{}",
                             seen.inputs, prefix, prefix, name))
        .help = fmt::format("did you mean {}?", *meant);
  }
}

}  // namespace

HistoryResult lint_history(Database& database, const std::vector<policy::Policy>& policies,
                           const policy::NameUses& names) {
  const Observed observed(database);
  policy::Findings findings(false);
  HistoryResult out;
  out.enough = std::any_of(kVariables.begin(), kVariables.end(),
                           [&](std::string_view v) { return observed.seen(v).inputs >= kEnough; });
  if (observed.seen("segment").inputs >= kEnough) {
    for (std::size_t i = 0; i < policies.size(); ++i)
      check_selector(observed, policies[i], i, findings);
  }
  for (const auto& [variable, used] : names) {
    for (const auto& [name, uses] : used) check_name(observed, variable, name, uses, findings);
  }
  out.findings = findings.take();
  return out;
}

}  // namespace autopilot::decide
