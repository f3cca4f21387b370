#include "core/decide/ledger.h"

#include <algorithm>

#include "core/base/json.h"

namespace autopilot::decide {
namespace {
// A run's account is one row that grows: it has no window, so single entries would serve nobody.
constexpr std::int64_t kRunAt = 0;

std::int64_t window_start(const Use& use, Instant now) {
  return use.per ? now.micros() - use.per->nanos / 1000 : INT64_MIN;
}

std::int64_t entry_time(const Use& use, Instant now) { return use.per ? now.micros() : kRunAt; }
}  // namespace

std::string account_name(const Use& use, std::string_view run) {
  std::string out = use.monitor ? "[\"monitor\"," : "[\"enforce\",";
  append_json_string(out, use.policy);
  out += ',';
  append_json_string(out, use.limit);
  out += ',';
  append_json_string(out, use.key);
  if (!use.per) {
    out += ',';
    append_json_string(out, run);
  }
  return out + ']';
}

void Account::add(std::int64_t at, std::int64_t amount) {
  if (!entries_.empty() && entries_.back().at == at) {
    entries_.back().total += amount;
    return;
  }
  const auto after = std::upper_bound(entries_.begin(), entries_.end(), at,
                                      [](std::int64_t t, const Entry& e) { return t < e.at; });
  const std::int64_t before = after == entries_.begin() ? 0 : (after - 1)->total;
  const auto place = entries_.insert(after, Entry{at, before + amount});
  for (auto later = place + 1; later != entries_.end(); ++later) later->total += amount;
}

std::int64_t Account::sum(std::int64_t from, std::int64_t to) const {
  const auto total_up_to = [&](std::int64_t t) {
    if (entries_.empty() || t < entries_.front().at) return std::int64_t{0};
    if (t >= entries_.back().at) return entries_.back().total;
    const auto after =
        std::upper_bound(entries_.begin(), entries_.end(), t,
                         [](std::int64_t limit, const Entry& e) { return limit < e.at; });
    return (after - 1)->total;
  };
  return total_up_to(to) - total_up_to(from);
}

bool MemoryLedger::Recent::is(const Use& use, std::string_view of_run) const {
  return known != nullptr && key == use.key && limit == use.limit && policy == use.policy &&
         monitor == use.monitor && per_run == !use.per && (!per_run || run == of_run);
}

MemoryLedger::Known& MemoryLedger::known(const Use& use, std::string_view run) {
  const std::size_t place = std::hash<std::string_view>()(use.key) ^
                            reinterpret_cast<std::uintptr_t>(use.limit.data()) / 8;
  Recent& recent = recent_[place % kRecent];
  if (!recent.is(use, run)) {
    recent = {std::string(use.policy),
              std::string(use.limit),
              use.key,
              std::string(run),
              use.monitor,
              !use.per,
              &find(use, run)};
  }
  return *recent.known;
}

MemoryLedger::Known& MemoryLedger::find(const Use& use, std::string_view run) {
  const auto place = accounts_.try_emplace(account_name(use, run)).first;
  place->second.name = &place->first;
  return place->second;
}

void MemoryLedger::forget_accounts() {
  accounts_.clear();
  recent_.fill({});
}

std::int64_t MemoryLedger::used(const Use& use, std::string_view run, Instant now) {
  return known(use, run).account.sum(window_start(use, now), use.per ? now.micros() : INT64_MAX);
}

void MemoryLedger::consume(const Use& use, std::string_view run, Instant now, std::int64_t) {
  if (use.amount != 0) known(use, run).account.add(entry_time(use, now), use.amount);
}

StoredLedger::StoredLedger(Database& database)
    : database_(database),
      find_account_(database.prepare("SELECT account FROM ledger_account WHERE name = ?1")),
      add_account_(
          database.prepare("INSERT INTO ledger_account (account, name) VALUES "
                           "((SELECT coalesce(max(account), 0) + 1 FROM ledger_account), ?1)")),
      read_(database.prepare(
          "SELECT at, amount FROM ledger WHERE account = ?1 AND at > ?2 ORDER BY at")),
      write_(database.prepare(
          "INSERT INTO ledger (account, at, seq, amount) VALUES (?1, ?2, ?3, ?4)")),
      write_run_(database.prepare(
          "INSERT INTO ledger (account, at, seq, amount) VALUES (?1, 0, 0, ?2) "
          "ON CONFLICT (account, at, seq) DO UPDATE SET amount = amount + excluded.amount")) {}

void StoredLedger::refresh() {
  const std::int64_t version = database_.integer("PRAGMA data_version");
  if (version != data_version_) forget_accounts();
  data_version_ = version;
}

void StoredLedger::forget() {
  forget_accounts();
  pending_.clear();
}

void StoredLedger::load(Known& known, std::int64_t from) {
  known.account.clear();
  known.loaded_from = from;
  if (known.id < 0 && find_account_.bind(*known.name).step()) known.id = find_account_.integer(0);
  find_account_.reset();
  if (known.id < 0) return;
  read_.bind(known.id, from);
  while (read_.step()) known.account.add(read_.integer(0), read_.integer(1));
  for (const Row& row : pending_) {
    if (row.known == &known && row.at > from) known.account.add(row.at, row.amount);
  }
}

std::int64_t StoredLedger::used(const Use& use, std::string_view run, Instant now) {
  Known& account = known(use, run);
  const std::int64_t from = window_start(use, now);
  if (from < account.loaded_from) load(account, from);
  return account.account.sum(from, use.per ? now.micros() : INT64_MAX);
}

void StoredLedger::consume(const Use& use, std::string_view run, Instant now, std::int64_t seq) {
  if (use.amount == 0) return;
  Known& account = known(use, run);
  const std::int64_t at = entry_time(use, now);
  if (at > account.loaded_from) account.account.add(at, use.amount);
  if (account.last_row < pending_.size()) {
    Row& last = pending_[account.last_row];
    if (last.known == &account && last.at == at) {
      last.amount += use.amount;
      last.seq = seq;
      return;
    }
  }
  account.last_row = pending_.size();
  pending_.push_back({&account, at, seq, use.amount, !use.per});
}

std::int64_t StoredLedger::id_of(Known& known) {
  if (known.id >= 0) return known.id;
  const std::string& name = *known.name;
  if (find_account_.bind(name).step()) known.id = find_account_.integer(0);
  find_account_.reset();
  if (known.id >= 0) return known.id;
  add_account_.run(name);
  find_account_.bind(name).step();
  known.id = find_account_.integer(0);
  find_account_.reset();
  return known.id;
}

void StoredLedger::flush() {
  std::unordered_map<Known*, std::int64_t> runs;
  for (const Row& row : pending_) {
    const std::int64_t id = id_of(*row.known);
    if (row.per_run) {
      runs[row.known] += row.amount;
    } else {
      write_.run(id, row.at, row.seq, row.amount);
    }
  }
  for (const auto& [account, amount] : runs) write_run_.run(account->id, amount);
  pending_.clear();
}

}  // namespace autopilot::decide
