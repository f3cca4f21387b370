// Does one rule do its work whenever another one fires? The question behind shadowed rules and
// limits that are never reached.
#include <algorithm>
#include <cstdint>

#include "core/policy/lint_checks.h"

namespace autopilot::policy {

bool outlasts(const Policy& wide, const Policy& narrow) {
  if (&wide == &narrow) return true;
  if (wide.rollout < 1 || wide.authority < narrow.authority) return false;
  if (wide.cron && (wide.cron != narrow.cron || wide.timezone != narrow.timezone)) return false;
  return !wide.expires || (narrow.expires && *narrow.expires <= *wide.expires);
}

void Coverage::of(const Candidate& narrow, const std::vector<FormulaId>& fires,
                  const std::vector<FormulaId>& surely) {
  narrow_ = narrow;
  const auto with = [&](bool within_policy, const std::vector<FormulaId>& more) {
    std::vector<FormulaId> out = narrow.rule->reach(within_policy).needs;
    out.insert(out.end(), more.begin(), more.end());
    return out;
  };
  within_ = with(true, fires);
  outside_ = with(false, fires);
  facts_ = model_.logic().facts(with(false, surely));
}

// A quick no: the miss is about one term, all that is known of that term is known, and it allows
// it.
bool Coverage::surely_open(FormulaId miss) const {
  if (!facts_.complete) return false;
  const expr::Formula& f = model_.logic().formula(miss);
  if (f.kind != expr::Formula::Kind::domain) return false;
  const expr::Domain* known = facts_.find(f.a);
  return known == nullptr || !known->excludes(f.domain);
}

bool Coverage::covered(FormulaId miss, const std::vector<FormulaId>& when) {
  std::vector<FormulaId> all = when;
  all.push_back(miss);
  ++questions_;
  return model_.logic().possible(all) == expr::Answer::no;
}

// Thousands of rules that are alike would take the square of their number.
bool Coverage::is_tired() {
  constexpr std::size_t kMostComparisons = 2'000'000, kMostQuestions = 50'000;
  if (++comparisons_ < kMostComparisons && questions_ < kMostQuestions) return false;
  if (comparisons_ != SIZE_MAX) {
    findings_.undecided(narrow_.rule->spot(),
                        "there are too many rules like it to compare it with all of them");
  }
  comparisons_ = SIZE_MAX - 1;
  return true;
}

bool Coverage::by(const Candidate& wide, const std::vector<FormulaId>& misses) {
  if (is_tired()) return false;
  const bool same_policy = wide.policy == narrow_.policy;
  const std::vector<FormulaId>& ways = wide.rule->reach(same_policy).misses;
  const auto open = [&](FormulaId miss) { return surely_open(miss); };
  if (std::any_of(misses.begin(), misses.end(), open) ||
      std::any_of(ways.begin(), ways.end(), open))
    return false;
  const std::vector<FormulaId>& when = same_policy ? within_ : outside_;
  const auto closed = [&](FormulaId miss) { return covered(miss, when); };
  return std::all_of(ways.begin(), ways.end(), closed) &&
         std::all_of(misses.begin(), misses.end(), closed);
}

// The strings that a rule needs an input to be one of, input by input.
std::vector<CoverageIndex::Anchor> CoverageIndex::anchors(const Candidate& c) const {
  std::vector<Anchor> out;
  for (const FormulaId need : c.rule->outer.needs) {
    const expr::Formula& f = logic_.formula(need);
    if (f.kind == expr::Formula::Kind::domain && f.domain.only(expr::kind::string) &&
        f.domain.texts)
      out.push_back({f.a, &*f.domain.texts});
  }
  return out;
}

std::string CoverageIndex::key(const std::string& subject, expr::TermId term,
                               const std::string& text) {
  return subject + '\n' + std::to_string(term) + '\n' + text;
}

void CoverageIndex::add(std::string subject, const Candidate& candidate) {
  for (const Anchor& a : anchors(candidate)) {
    for (const std::string& text : *a.texts) ++counts_[key(subject, a.term, text)];
  }
  entries_.emplace_back(std::move(subject), candidate);
}

// Each goes where the fewest others are.
void CoverageIndex::build() {
  for (const auto& [subject, candidate] : entries_) {
    const std::vector<std::string>* texts = nullptr;
    expr::TermId term = expr::kNoTerm;
    std::size_t fewest = SIZE_MAX;
    for (const Anchor& a : anchors(candidate)) {
      std::size_t count = 0;
      for (const std::string& text : *a.texts) count += counts_[key(subject, a.term, text)];
      if (count >= fewest) continue;
      fewest = count;
      texts = a.texts;
      term = a.term;
    }
    if (texts == nullptr) by_key_[subject].push_back(candidate);
    for (std::size_t i = 0; texts != nullptr && i < texts->size(); ++i)
      by_key_[key(subject, term, (*texts)[i])].push_back(candidate);
  }
}

bool CoverageIndex::any(const std::string& subject, const Logic::Facts& facts,
                        const std::function<bool(const Candidate&)>& visit) const {
  const auto look = [&](const std::string& key) {
    const auto found = by_key_.find(key);
    return found != by_key_.end() && std::any_of(found->second.begin(), found->second.end(), visit);
  };
  if (look(subject)) return true;
  return std::any_of(facts.domains.begin(), facts.domains.end(), [&](const auto& known) {
    const auto& [term, domain] = known;
    return domain.only(expr::kind::string) && domain.texts && !domain.texts->empty() &&
           look(key(subject, term, domain.texts->front()));
  });
}

}  // namespace autopilot::policy
