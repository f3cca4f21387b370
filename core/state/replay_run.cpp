#include "core/state/replay_run.h"

#include <exception>
#include <mutex>
#include <system_error>
#include <thread>

#include "core/state/policy_sets.h"

namespace autopilot::state {
namespace {

constexpr std::int64_t kWorthThreads = 8192;  // decisions
constexpr unsigned kMostThreads = 8;

// What the workers share: whose turn it is to read, and what went wrong first in the order of the
// records, whoever was the first to notice.
struct Shared {
  std::mutex mutex;
  decide::Archive& archive;
  decide::Range range;  // what nobody has read yet
  decide::ReplaySummary summary;
  std::exception_ptr fault;
  std::int64_t fault_page;  // where the page with the fault begins
};

// After a fault nobody takes another page, but all those before it have been taken and are
// finished.
bool next_page(Shared& shared, decide::Page& page, std::int64_t& begin) {
  const std::lock_guard guard(shared.mutex);
  begin = shared.range.begin;
  return shared.fault == nullptr && shared.archive.next(shared.range, page);
}

void work(Shared& shared, PolicySets& policies) {
  decide::ReplaySummary mine;
  std::exception_ptr fault;
  std::int64_t begin = 0;  // of the page
  try {
    decide::Replayer replayer(policies);
    decide::Page page;
    while (next_page(shared, page, begin)) {
      for (std::size_t i = 0; i < page.size(); ++i) check_record(replayer, page.line(i), mine);
    }
  } catch (...) {
    fault = std::current_exception();
  }
  const std::lock_guard guard(shared.mutex);
  if (fault != nullptr && begin < shared.fault_page) {
    shared.fault = fault;
    shared.fault_page = begin;
  }
  merge(shared.summary, std::move(mine));
}

// As many as the system grants: those there are do the work of those it refuses.
std::vector<std::jthread> start_helpers(unsigned count, Shared& shared, PolicySets& policies) {
  std::vector<std::jthread> helpers;
  helpers.reserve(count);
  try {
    while (helpers.size() < count) helpers.emplace_back(work, std::ref(shared), std::ref(policies));
  } catch (const std::system_error&) {
  }
  return helpers;
}

}  // namespace

// Each page of the file is read once: few that stay in the processor's cache are worth more than
// many that don't.
constexpr const char* kFewPages = "PRAGMA cache_size=-1024";

decide::ReplaySummary replay_range(Store& store, decide::Range range) {
  store.database().execute(kFewPages);
  decide::Archive archive(store.database());
  // Policies of old revisions are read through a connection of their own: the other one is busy
  // with pages.
  const std::unique_ptr<Store> documents = Store::open(store.database().path());
  PolicySets policies(*documents);
  Shared shared{{}, archive, range, {}, nullptr, INT64_MAX};
  const unsigned cores = std::clamp(std::thread::hardware_concurrency(), 1u, kMostThreads);
  {
    const bool is_worth_threads = archive.has(range, kWorthThreads);
    const auto helpers = start_helpers(is_worth_threads ? cores - 1 : 0, shared, policies);
    work(shared, policies);
  }
  if (shared.fault != nullptr) std::rethrow_exception(shared.fault);
  return std::move(shared.summary);
}

}  // namespace autopilot::state
