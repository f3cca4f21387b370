// Coverage for people, as JSON, and as LCOV for the tools that draw it beside the source.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/base/text.h"
#include "core/trial/report.h"

namespace autopilot::trial {
namespace {

using render::Line;
using render::Tone;

// Down, so that 100% means all.
std::string percent(std::size_t part, std::size_t whole) {
  if (whole == 0 || part == whole) return "100%";
  return fmt::format("{:.1f}%", static_cast<double>(part * 1000 / whole) / 10);
}

std::string of(std::size_t part, std::size_t whole) { return fmt::format("{} of {}", part, whole); }

std::vector<std::string> open_branches(const RuleCoverage& rule) {
  std::vector<std::string> out;
  for (const Branch& b : rule.branches) {
    if (b.taken == 0) out.push_back(b.name);
  }
  return out;
}

render::Table policy_table(const Coverage& coverage) {
  render::Table table{{"policy", "applied", "rules", "branches", "covered"}, {}, {false, true}};
  for (const PolicyCoverage& policy : coverage.policies()) {
    const CoverageTotal t = total_of(policy);
    table.rows.push_back({Line(policy.id), Line(fmt::format("{}", policy.applied)),
                          Line(of(t.rules_evaluated, t.rules)),
                          Line(of(t.branches_taken, t.branches)),
                          Line({{percent(t.branches_taken, t.branches),
                                 t.branches_taken == t.branches ? Tone::good : Tone::warn}})});
  }
  return table;
}

render::Table open_table(const Coverage& coverage, const SourceMap& sources) {
  render::Table table{{"not covered", "place", "evaluated", "never"}, {}, {false, false, true}};
  for (const PolicyCoverage& policy : coverage.policies()) {
    for (const RuleCoverage& rule : policy.rules) {
      const std::vector<std::string> open = open_branches(rule);
      if (open.empty() && rule.evaluated > 0) continue;
      table.rows.push_back({Line(fmt::format("{}/{} ({})", policy.id, rule.name, rule.kind)),
                            Line(place(sources, rule.span)),
                            Line(fmt::format("{}", rule.evaluated)),
                            Line(rule.evaluated == 0 ? "evaluated" : join(open, ", "))});
    }
  }
  return table;
}

Value rule_value(const RuleCoverage& rule, const SourceMap& sources) {
  List branches;
  for (const Branch& b : rule.branches)
    branches.push_back(Map{{"name", b.name}, {"taken", b.taken}});
  return Map{{"kind", rule.kind},
             {"name", rule.name},
             {"place", place(sources, rule.span)},
             {"evaluated", rule.evaluated},
             {"branches", std::move(branches)}};
}

Map total_value(const CoverageTotal& t) {
  return {{"rules", Value(t.rules)},
          {"rules_evaluated", Value(t.rules_evaluated)},
          {"branches", Value(t.branches)},
          {"branches_taken", Value(t.branches_taken)},
          {"share", t.share()}};
}

// One source file for LCOV: what stands on a line is added up.
struct LcovFile {
  std::map<std::uint32_t, std::int64_t> lines;
  std::map<std::uint32_t, std::vector<std::string>> branches;  // "taken", "-" when never evaluated
  std::vector<std::pair<std::uint32_t, const PolicyCoverage*>> policies;
};

std::map<std::string, LcovFile> lcov_files(const Coverage& coverage, const SourceMap& sources) {
  std::map<std::string, LcovFile> files;
  const auto line_of = [&](const Span& span) {
    return sources.position(span.source, span.begin).line;
  };
  for (const PolicyCoverage& policy : coverage.policies()) {
    if (!policy.span.known()) continue;
    LcovFile& file = files[sources.name(policy.span.source)];
    file.policies.emplace_back(line_of(policy.span), &policy);
    for (const RuleCoverage& rule : policy.rules) {
      const std::uint32_t line = line_of(rule.span);
      file.lines[line] += rule.evaluated;
      for (const Branch& b : rule.branches) {
        file.branches[line].push_back(
            rule.evaluated == 0 && b.taken == 0 ? "-" : fmt::format("{}", b.taken));
      }
    }
  }
  return files;
}

void append_file(std::string& out, const std::string& name, const LcovFile& file) {
  out += fmt::format("TN:\nSF:{}\n", name);
  std::size_t hit = 0;
  for (const auto& [line, policy] : file.policies) {
    out += fmt::format("FN:{},{}\nFNDA:{},{}\n", line, policy->id, policy->applied, policy->id);
    hit += policy->applied > 0 ? 1 : 0;
  }
  out += fmt::format("FNF:{}\nFNH:{}\n", file.policies.size(), hit);
  std::size_t found = 0;
  hit = 0;
  for (const auto& [line, ways] : file.branches) {
    for (std::size_t i = 0; i < ways.size(); ++i) {
      out += fmt::format("BRDA:{},0,{},{}\n", line, i, ways[i]);
      ++found;
      hit += ways[i] != "-" && ways[i] != "0" ? 1 : 0;
    }
  }
  out += fmt::format("BRF:{}\nBRH:{}\n", found, hit);
  hit = 0;
  for (const auto& [line, count] : file.lines) {
    out += fmt::format("DA:{},{}\n", line, count);
    hit += count > 0 ? 1 : 0;
  }
  out += fmt::format("LF:{}\nLH:{}\nend_of_record\n", file.lines.size(), hit);
}

}  // namespace

std::string coverage_text(const CoverageTotal& t) {
  return fmt::format("coverage: {} rules evaluated ({}), {} branches taken ({})",
                     of(t.rules_evaluated, t.rules), percent(t.rules_evaluated, t.rules),
                     of(t.branches_taken, t.branches), percent(t.branches_taken, t.branches));
}

std::vector<render::Block> coverage_blocks(const Coverage& coverage, const SourceMap& sources) {
  std::vector<render::Block> out;
  if (!coverage.policies().empty()) out.emplace_back(policy_table(coverage));
  render::Table open = open_table(coverage, sources);
  if (!open.rows.empty()) out.emplace_back(std::move(open));
  return out;
}

Map coverage_values(const Coverage& coverage, const SourceMap& sources) {
  List policies;
  for (const PolicyCoverage& policy : coverage.policies()) {
    List rules;
    for (const RuleCoverage& rule : policy.rules) rules.push_back(rule_value(rule, sources));
    policies.push_back(Map{{"id", policy.id},
                           {"place", place(sources, policy.span)},
                           {"applied", policy.applied},
                           {"total", total_value(total_of(policy))},
                           {"rules", std::move(rules)}});
  }
  return {{"total", total_value(coverage.total())}, {"policies", std::move(policies)}};
}

std::string lcov(const Coverage& coverage, const SourceMap& sources) {
  std::string out;
  for (const auto& [name, file] : lcov_files(coverage, sources)) append_file(out, name, file);
  return out;
}

}  // namespace autopilot::trial
