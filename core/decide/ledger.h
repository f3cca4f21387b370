#pragma once
// What earlier decisions used up, per account (ledger, policy, limit, key, run). Windows are (t −
// per, t]. Amounts are integers of micro-units, so sums are exact and in any order the same.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/sqlite.h"
#include "core/decide/engine.h"

namespace autopilot::decide {

// The account's name in the store: canonical JSON, e.g. ["enforce","traffic","hourly","bandit"].
std::string account_name(const Use& use, std::string_view run);

// One account's entries in order of time, with running sums: a window costs two binary searches.
class Account {
 public:
  void add(std::int64_t at, std::int64_t amount);  // micros; any order, in order is O(1)
  // Sum of the entries in (from, to].
  std::int64_t sum(std::int64_t from, std::int64_t to) const;
  void clear() { entries_.clear(); }
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::int64_t at;
    std::int64_t total;  // of this and all before
  };
  std::vector<Entry> entries_;
};

// A ledger that lives and dies with the process: for replay under other policies, tests and dry
// runs.
class MemoryLedger : public LedgerView {
 public:
  std::int64_t used(const Use& use, std::string_view run, Instant now) override;
  virtual void consume(const Use& use, std::string_view run, Instant now, std::int64_t seq);

 protected:
  struct Known {
    Account account;
    const std::string* name = nullptr;     // its key in the map
    std::int64_t id = -1;                  // row of ledger_account
    std::int64_t loaded_from = INT64_MAX;  // entries after this are in memory
    std::size_t last_row = 0;              // of pending rows: maybe the last of this account
  };
  Known& known(const Use& use, std::string_view run);
  void forget_accounts();

 private:
  // An account that was asked for lately, by what names it: composing the name and looking it up
  // takes longer than all else that a limit does.
  struct Recent {
    std::string policy, limit, key, run;
    bool monitor = false;
    bool per_run = false;
    Known* known = nullptr;
    bool is(const Use& use, std::string_view of_run) const;
  };
  static constexpr std::size_t kRecent = 64;
  Known& find(const Use& use, std::string_view run);

  std::unordered_map<std::string, Known> accounts_;
  std::array<Recent, kRecent> recent_;
};

// The ledger of the state. Reads accounts when first asked, remembers them, writes what was
// consumed on flush(): one row for all that one account gave in one instant, under the seq of the
// last decision that took from it.
class StoredLedger : public MemoryLedger {
 public:
  explicit StoredLedger(Database& database);
  std::int64_t used(const Use& use, std::string_view run, Instant now) override;
  void consume(const Use& use, std::string_view run, Instant now, std::int64_t seq) override;
  // Call first in each transaction: forgets what it knew when somebody else wrote meanwhile.
  void refresh();
  // REQUIRES a write transaction. The rows are durable when it commits.
  void flush();
  // Forgets everything, written or not: after a transaction that failed.
  void forget();

 private:
  struct Row {
    Known* known;
    std::int64_t at, seq, amount;
    bool per_run;
  };
  void load(Known& known, std::int64_t from);
  std::int64_t id_of(Known& known);

  Database& database_;
  Statement find_account_, add_account_, read_, write_, write_run_;
  std::vector<Row> pending_;
  std::int64_t data_version_ = -1;
};

}  // namespace autopilot::decide
