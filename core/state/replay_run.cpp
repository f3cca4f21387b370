#include "core/state/replay_run.h"

#include <exception>
#include <mutex>
#include <thread>

#include "core/state/policy_sets.h"

namespace autopilot::state {
namespace {

constexpr std::int64_t kWorthThreads = 8 * decide::Archive::kPageRows;
constexpr unsigned kMostThreads = 8;

// What the workers share: whose turn it is to read, and what went wrong first.
struct Shared {
  std::mutex mutex;
  decide::Archive& archive;
  decide::Range range;
  decide::ReplaySummary summary;
  std::exception_ptr fault;
};

bool next_page(Shared& shared, decide::Page& page) {
  const std::lock_guard guard(shared.mutex);
  return shared.fault == nullptr && shared.archive.next(shared.range, page);
}

void work(Shared& shared, PolicySets& policies) {
  decide::ReplaySummary mine;
  std::exception_ptr fault;
  try {
    decide::Replayer replayer(policies);
    decide::Page page;
    while (next_page(shared, page)) {
      for (std::size_t i = 0; i < page.size(); ++i) check_record(replayer, page.line(i), mine);
    }
  } catch (...) {
    fault = std::current_exception();
  }
  const std::lock_guard guard(shared.mutex);
  if (fault != nullptr && shared.fault == nullptr) shared.fault = fault;
  merge(shared.summary, std::move(mine));
}

}  // namespace

decide::ReplaySummary replay_range(Store& store, decide::Range range) {
  decide::Archive archive(store.database());
  // Policies of old revisions are read through a connection of their own: the other one is busy
  // with pages.
  const std::unique_ptr<Store> documents = Store::open(store.database().path());
  PolicySets policies(*documents);
  Shared shared{{}, archive, range, {}, nullptr};
  const unsigned cores = std::clamp(std::thread::hardware_concurrency(), 1u, kMostThreads);
  std::vector<std::thread> helpers;
  if (archive.count(range) >= kWorthThreads) {
    for (unsigned i = 1; i < cores; ++i)
      helpers.emplace_back(work, std::ref(shared), std::ref(policies));
  }
  work(shared, policies);
  for (std::thread& t : helpers) t.join();
  if (shared.fault != nullptr) std::rethrow_exception(shared.fault);
  return std::move(shared.summary);
}

}  // namespace autopilot::state
