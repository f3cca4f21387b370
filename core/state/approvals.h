#pragma once
// Approvals: who must agree before a plan is applied, a waiting decision goes on or a gate opens.
//
// A request names the hash of the very thing that waits; people approve the request; the act
// consumes it in its own transaction, once. Whoever asks never approves, under whatever name.
// Everything is judged anew when it is consumed, by the rules and roles in force then: what stands
// in a row counts for nothing by itself. Where signatures are required a row that nobody signed is
// worth nothing, whoever wrote it.
//
// Every request, verdict, revocation, use and refusal is an entry of the audit, in the transaction
// of the change.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/base/world.h"
#include "core/state/approval_file.h"
#include "core/state/approval_need.h"
#include "core/state/request_rows.h"
#include "core/state/signatures.h"
#include "core/state/store.h"

namespace autopilot::state {

// A request, stored or still to be stored: decisions ask for approval by being recorded.
struct Waiting {
  StoredRequest stored;
  bool kept = true;        // false: follows from a decision and is not in the state yet
  std::int64_t entry = 0;  // of the audit, with which it came; 0: not looked up
  const Request& request() const { return stored.request; }
};

inline constexpr std::string_view kOwnRequest = "whoever asks cannot approve";

// What an approval is worth.
struct Judged {
  Approval approval;
  bool counts = false;
  std::string why_not;      // "it is not signed"; empty when it counts
  std::string name;         // who it is from: of a signed one, whom the key belongs to
  std::string principal;    // of a verified signature
  std::string fingerprint;  // likewise
};

// How a request stands.
struct Standing {
  enum class Status { open, granted, rejected, revoked, expired, consumed };
  Status status = Status::open;
  Need need;  // the stricter of what was asked for and what the rules want now
  std::vector<Judged> approvals;
  std::int64_t counted = 0;  // different people whose approval counts
};
std::string_view to_string(Standing::Status status);

struct Consumed {
  std::string request;
  std::vector<std::string> by;  // names of the approvers
};

class Approvals {
 public:
  // `root`: the project's folder, below which allowed_signers stands. All must outlive this.
  Approvals(Store& store, World& world, std::string root);

  const policy::ApprovalSettings& settings() const { return settings_; }
  Store& store() { return store_; }
  World& world() { return world_; }

  Standing standing(const Waiting& waiting);

  // The newest request with that digest, an open one first; null when nobody asked.
  std::optional<Waiting> with_digest(std::string_view digest);

  // Likewise of a decision or a gate.
  std::optional<Waiting> of_subject(RequestKind kind, std::string_view subject);
  // See RequestRows.
  std::vector<Waiting> newest(std::int64_t limit, bool open_only);
  std::vector<Waiting> matching(std::string_view text);

  // Asks for approval: a new request, or the one that is open for the same content. Throws
  // Error(approval) when that content was rejected and the rejected request has not expired.
  Waiting ask(const ApprovalSubject& subject, const Need& need, const Who& author);
  // The same inside a transaction of the caller's.
  Waiting ask_within(const ApprovalSubject& subject, const Need& need, const Who& author);

  // Records an approval of whoever is `who`; `signature` may be empty. Throws Error(denied) when it
  // would not count, Error(invalid) when the request is no longer open; refusals are audited.
  Judged approve(const Waiting& waiting, const Who& who, const std::string& note,
                 const Signature& signature);
  void reject(const Waiting& waiting, const Who& who, const std::string& reason);
  // Takes back what `who` said of it; where that is nothing, the author or an admin withdraws the
  // request. What was done, in words.
  std::string revoke(const Waiting& waiting, const Who& who);

  // Takes over approvals that were signed elsewhere. REQUIRES a write transaction.
  void admit(const std::vector<ApprovalFile>& files, std::string_view digest, const Who& who);

  // Uses the approval up for an act of `who`; `act` says what was done with it. Throws
  // Error(approval) when it is not granted. REQUIRES a write transaction.
  Consumed consume(const Waiting& waiting, const Map& act, const Who& who);

  // Throws Error(approval) when the clock stands before what has happened already.
  void check_clock(const Waiting& waiting);

 private:
  Instant now() { return world_.clock.now(); }
  Need need_now(const Request& request) const;
  Waiting kept(StoredRequest stored);
  std::vector<Waiting> kept(std::vector<StoredRequest> all);
  std::int64_t entry_of(std::string_view request);
  void judge(const Request& request, const Need& need, std::vector<Judged>& all);
  void judge_one(const Request& request, const Need& need, Judged& judged);
  bool verify_signature(const Request& request, Judged& judged);
  std::string role_fault(const Need& need, const std::string& name);
  void require_open(const Waiting& waiting, const Standing& standing, std::string_view doing);
  void keep(const Waiting& waiting);
  void refuse_revoked(const ApprovalFile& file, const Judged& judged);
  Judged approve_within(const Waiting& waiting, Approval approval);
  // An entry about the request, which must stand as it is from then on. REQUIRES its rows written.
  void audit(std::string_view kind, const Request& request, Map body, const Who& who);

  Store& store_;
  World& world_;
  std::string root_;
  policy::ApprovalSettings settings_;
  RequestRows rows_;
};

// "3f2a9c1d77aa needs 2 approvals by admin and has 1", with each approval that does not count and
// why.
Error approval_error(const Waiting& waiting, const Standing& standing);

}  // namespace autopilot::state
