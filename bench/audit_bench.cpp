// The audit: entries hashed into chain and tree a second, beside SHA-256 of the same bytes alone,
// and the whole of `audit verify` on a state of many entries, beside SQLite reading them.
#include <fmt/format.h>

#include "bench/measure.h"
#include "bench/project.h"
#include "core/base/json.h"
#include "core/state/audit.h"
#include "core/state/audit_tree.h"

namespace autopilot::bench {
namespace {

constexpr int kRounds = 5;
constexpr double kGoal = 200'000;  // entries a second

// As long as the usual ones: a batch of decisions has 150 bytes, an apply 500.
AuditEntry entry_of(std::int64_t seq) {
  return {seq, 1'767'225'600'000'000 + seq, "deploy-bot", "decisions",
          to_canonical_json(Map{{"first", seq * 4096},
                                {"last", seq * 4096 + 63},
                                {"count", 64},
                                {"sha256", to_hex(sha256(std::to_string(seq)))}})};
}

std::vector<AuditEntry> entries_of(std::int64_t count) {
  std::vector<AuditEntry> entries;
  for (std::int64_t seq = 1; seq <= count; ++seq) entries.push_back(entry_of(seq));
  return entries;
}

double rate(const Timing& timing, std::int64_t count) {
  return static_cast<double>(count) / timing.median;
}

void hashing(std::int64_t count) {
  const std::vector<AuditEntry> entries = entries_of(count);
  std::vector<std::string> texts;
  for (const AuditEntry& e : entries) texts.push_back(audit_text(e));
  const auto ours = [&] {
    MerkleTree tree;
    Digest previous = audit_origin();
    for (const AuditEntry& e : entries) {
      previous = audit_hash(previous, e);
      tree.add(state::audit_leaf(previous));
    }
    keep(tree.root());
  };
  const auto floor = [&] {
    for (const std::string& text : texts) keep(sha256(text));
  };
  const auto t = interleave({ours, floor}, kRounds);
  report({"audit: chain and tree hashed, entries",
          rate(t[0], count),
          "/s",
          "SHA-256 of their bytes",
          rate(t[1], count),
          {figure_at_least(kGoal)}});
}

void verifying(const Setting& setting, std::int64_t count) {
  const auto store = state::Store::open_or_create(setting.folder + "/audit.db");
  {
    WriteTransaction transaction(store->database());
    for (std::int64_t i = 0; i < count; ++i) {
      append_audit(
          store->database(), "refused",
          Map{{"operation", "apply"}, {"why", "eve is viewer and may not apply this plan"}}, "eve",
          Instant::from_micros(1'767'225'600'000'000 + i));
    }
    transaction.commit();
  }
  const auto ours = [&] { keep(state::verify_audit(*store).entries); };
  const auto floor = [&] {
    Statement rows = store->database().prepare("SELECT * FROM audit ORDER BY seq");
    std::size_t bytes = 0;
    while (rows.step()) bytes += rows.text(4).size() + rows.blob(5).size();
    keep(bytes);
  };
  const auto t = interleave({ours, floor}, kRounds);
  report({fmt::format("audit verify, {} k entries", count / 1000),
          rate(t[0], count),
          "/s",
          "SQLite reading them",
          rate(t[1], count),
          {figure_at_least(kGoal)}});
}

}  // namespace
}  // namespace autopilot::bench

int main(int count, char** words) {
  using namespace autopilot::bench;
  const Setting setting = setting_from(count, words);
  const std::int64_t entries = setting.full ? 1'000'000 : 200'000;
  hashing(entries);
  verifying(setting, entries);
}
