#include "core/state/audit.h"

#include "core/state/audit_rows.h"
#include "core/state/audit_tree.h"

namespace autopilot::state {
namespace {

class Verifier {
 public:
  Verifier(Store& store, const Checkpoint* checkpoint)
      : database_(store.database()), chain_(database_), rows_(store) {
    if (checkpoint != nullptr) watch_.emplace(*checkpoint);
  }

  AuditReport run() {
    follow();  // the long part holds nobody up
    if (!report_.fault) {
      const ReadTransaction view(database_);
      follow();
      if (!report_.fault) end();
    }
    report_.decisions = rows_.decisions();
    report_.head = to_hex(head_);
    if (!report_.fault) report_.root = to_hex(tree_.root());
    return std::move(report_);
  }

 private:
  // To the present end, or to the first fault.
  void follow() {
    ChainLink link;
    while (!report_.fault && chain_.next(link)) take(link);
    if (!report_.fault) report_.fault = chain_.fault();
  }

  void take(const ChainLink& link) {
    const AuditEntry& entry = link.entry;
    tree_.add(audit_leaf(link.hash));
    if (watch_) fail(entry.seq, watch_->take(entry.seq, entry.kind, link.hash, tree_));
    fail(entry.seq, rows_.take(entry));
    if (report_.fault) return;
    report_.entries = entry.seq;
    head_ = link.hash;
  }

  // Nothing is wrong when `what` is empty; the first fault counts.
  void fail(std::int64_t seq, std::string what) {
    if (!what.empty() && !report_.fault) report_.fault = AuditFault{seq, std::move(what)};
  }

  void end() {
    if (watch_) fail(report_.entries + 1, watch_->end(report_.entries));
    if (!report_.fault) report_.fault = rows_.finish();
  }

  Database& database_;
  ChainReader chain_;
  AuditedRows rows_;
  MerkleTree tree_;
  std::optional<CheckpointWatch> watch_;
  Digest head_ = audit_origin();
  AuditReport report_;
};

}  // namespace

AuditReport verify_audit(Store& store, const Checkpoint* checkpoint) {
  return Verifier(store, checkpoint).run();
}

}  // namespace autopilot::state
