#include "core/policy/lint_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "core/policy/loader.h"
#include "core/policy/places.h"

namespace autopilot::policy {
namespace {

// Where the parts of documents stand. A file is only read as YAML again when something is said
// about it.
class PlaceFinder {
 public:
  explicit PlaceFinder(const SourceMap& sources) : sources_(sources) {}

  Span find(const Document& document, const Spot& spot) {
    const YamlNode* root = root_of(document);
    const YamlNode* kind = root == nullptr ? nullptr : root->find("kind");
    if (kind == nullptr || kind->text != "Policy")
      return document.span;  // an older form: its rules have no places here
    const Places places(*root);
    Span span = document.span;
    if (!spot.section.empty()) {
      span = places.span(spot.section, spot.index, spot.field);
    } else if (places.entry(spot.field) != nullptr) {
      span = places.span(spot.field);
    }
    span.source = document.span.source;
    return span;
  }

 private:
  const YamlNode* root_of(const Document& document) {
    if (!document.span.known()) return nullptr;
    const auto [place, is_new] = read_.try_emplace(document.span.source);
    if (is_new) {
      Diagnostics ignored;
      YamlBudget budget;
      const std::uint32_t source = ignored.sources().add(sources_.name(document.span.source),
                                                         sources_.text(document.span.source));
      place->second = parse_yaml(source, budget, ignored);
    }
    for (const YamlDocument& yaml : place->second) {
      const YamlNode* metadata = yaml.root.find("metadata");
      const YamlNode* id = metadata == nullptr ? nullptr : metadata->find("id");
      if (id != nullptr && id->span.begin == document.span.begin) return &yaml.root;
    }
    return nullptr;
  }

  const SourceMap& sources_;
  std::map<std::uint32_t, std::vector<YamlDocument>> read_;
};

bool contains(const Span& outer, const Span& inner) {
  return outer.source == inner.source && outer.begin <= inner.begin && inner.end <= outer.end;
}

// Where a rule of that name is.
std::optional<Spot> find_rule(const Policy& policy, std::size_t index, const std::string& name) {
  std::optional<Spot> out;
  const auto look = [&](std::string_view section, const auto& rules) {
    for (std::size_t i = 0; i < rules.size(); ++i) {
      if (rules[i].name == name) out = Spot{index, section, i, {}, name};
    }
  };
  look("gates", policy.gates);
  look("mutations", policy.mutations);
  look("guards", policy.guards);
  look("limits", policy.limits);
  return out;
}

class Reporter {
 public:
  Reporter(const PolicySet& set, const std::vector<Document>& documents, Diagnostics& diagnostics)
      : set_(set),
        documents_(documents),
        diagnostics_(diagnostics),
        places_(diagnostics.sources()) {
    for (const Document& d : documents) used_.emplace_back(d.silences.size(), false);
  }

  void add(const Finding& finding) {
    const std::size_t at = set_.documents[finding.at.policy];
    if (finding.severity == Severity::warning && is_silenced(at, finding.code, finding.at.rule))
      return;
    Diagnostic d;
    d.severity = finding.severity;
    d.code = finding.code;
    d.message = finding.message;
    d.help = finding.help;
    d.document = documents_[at].kind + "/" + documents_[at].id;
    if (diagnostics_.all().size() < Diagnostics::kLimit)
      add_places(at, finding, d);  // others are only counted
    diagnostics_.add(std::move(d));
  }

  void add_places(std::size_t document, const Finding& finding, Diagnostic& d) {
    d.span = places_.find(documents_[document], finding.at);
    for (const auto& [message, spot] : finding.related) {
      const Document& other = documents_[set_.documents[spot.policy]];
      d.related.push_back({message, places_.find(other, spot)});
    }
  }

  // Warnings that were given when the documents were read.
  void drop_silenced() {
    diagnostics_.drop_warnings([&](const Diagnostic& d) {
      for (std::size_t i = 0; i < documents_.size(); ++i) {
        const Document& document = documents_[i];
        if (document.silences.empty() || d.document != document.kind + "/" + document.id) continue;
        if (is_silenced_at(i, d)) return true;
      }
      return false;
    });
  }

  void report_useless(const LintScope& scope) {
    for (std::size_t i = 0; i < documents_.size(); ++i) {
      for (std::size_t j = 0; j < documents_[i].silences.size(); ++j) {
        const Silence& silence = documents_[i].silences[j];
        if (used_[i][j] || !was_checked(silence.code, scope)) continue;
        Diagnostic& d =
            diagnostics_.warning("useless-silence", silence.span,
                                 fmt::format("there is no {} to silence here", silence.code));
        d.help = "remove the entry: what it was about is no more";
        d.document = documents_[i].kind + "/" + documents_[i].id;
      }
    }
  }

 private:
  bool is_silenced(std::size_t document, const std::string& code, const std::string& rule) {
    bool found = false;
    const std::vector<Silence>& silences = documents_[document].silences;
    for (std::size_t i = 0; i < silences.size(); ++i) {
      if (silences[i].code != code || (!silences[i].rule.empty() && silences[i].rule != rule))
        continue;
      found = used_[document][i] = true;
    }
    return found;
  }

  bool is_silenced_at(std::size_t document, const Diagnostic& d) {
    bool found = false;
    const std::vector<Silence>& silences = documents_[document].silences;
    for (std::size_t i = 0; i < silences.size(); ++i) {
      if (silences[i].code != d.code || !concerns(document, silences[i], d.span)) continue;
      found = used_[document][i] = true;
    }
    return found;
  }

  bool concerns(std::size_t document, const Silence& silence, const Span& span) {
    if (silence.rule.empty()) return true;
    for (std::size_t i = 0; i < set_.policies.size(); ++i) {
      if (set_.documents[i] != document) continue;
      const auto rule = find_rule(set_.policies[i], i, silence.rule);
      return rule && contains(places_.find(documents_[document], *rule), span);
    }
    return false;
  }

  // Whether a warning of that code would have been given in this run.
  static bool was_checked(const std::string& code, const LintScope& scope) {
    if (code == "unmatched-selector" || code == "unseen-name") return scope.history;
    if (code == "actor-without-role" || code == "always-fails" || code == "always-false" ||
        code == "always-true" || code == "expired-policy" || code == "never-active" ||
        code == "no-rules" || code == "plain-secret" || code == "unknown-action-type")
      return true;
    return scope.whole;
  }

  const PolicySet& set_;
  const std::vector<Document>& documents_;
  Diagnostics& diagnostics_;
  PlaceFinder places_;
  std::vector<std::vector<bool>> used_;  // by document and silence
};

}  // namespace

PolicySet policies_of(const std::vector<Document>& documents) {
  PolicySet out;
  for (std::size_t i = 0; i < documents.size(); ++i) {
    if (documents[i].kind != "Policy") continue;
    out.policies.push_back(policy_from(documents[i]));
    out.documents.push_back(i);
  }
  return out;
}

void report_findings(const PolicySet& set, const std::vector<Document>& documents,
                     const std::vector<Finding>& findings, const LintScope& scope,
                     Diagnostics& diagnostics) {
  Reporter reporter(set, documents, diagnostics);
  reporter.drop_silenced();
  for (const Finding& finding : findings) reporter.add(finding);
  reporter.report_useless(scope);
  diagnostics.sort();
}

}  // namespace autopilot::policy
