// autopilot state info: what the state holds.
#include <fmt/format.h>

#include <map>

#include "cli/command.h"
#include "core/state/lock.h"
#include "core/state/rollout.h"
#include "core/state/store.h"

namespace autopilot::commands {
namespace {

constexpr char kInfoDetails[] =
    R"(Shows where the state is, what it holds, and who has locked it.

EXAMPLES
  autopilot state info
  autopilot state info --json
)";

struct Counts {
  std::map<std::string, std::int64_t> documents;  // by kind
  std::int64_t revisions = 0;
  std::int64_t decisions = 0;
  state::RollbackCounts rollbacks;
  std::int64_t audit = 0;
  std::int64_t bytes = 0;
  std::int64_t version = 0;
};

Counts count(state::Store& store) {
  Counts counts;
  Database& database = store.database();
  for (const state::DocumentKey& key : store.keys()) ++counts.documents[key.kind];
  counts.revisions = store.head().seq;
  counts.decisions = database.integer("SELECT count(*) FROM decision");
  counts.rollbacks = state::count_rollbacks(store);
  counts.audit = database.integer("SELECT max(seq) FROM audit");
  counts.bytes = database.integer("PRAGMA page_count") * database.integer("PRAGMA page_size");
  counts.version = database.user_version();
  return counts;
}

std::string documents_line(const Counts& counts) {
  std::string line;
  for (const auto& [kind, number] : counts.documents) {
    line += fmt::format("{}{} {}", line.empty() ? "" : ", ", number, kind);
  }
  return line.empty() ? "none" : line;
}

std::string rollbacks_line(const state::RollbackCounts& rollbacks) {
  if (rollbacks.by_rule == 0) return std::to_string(rollbacks.total());
  return fmt::format("{}, {} of them by a rule", rollbacks.total(), rollbacks.by_rule);
}

std::string lock_line(const std::optional<state::Lease>& lease, World& world) {
  if (!lease) return "none";
  std::string line = fmt::format("{}, until {}", lease->holder, format_rfc3339(lease->expires));
  if (lease->pid != 0) line += fmt::format(", process {} on {}", lease->pid, lease->host);
  if (!lease->reason.empty()) line += ": " + lease->reason;
  const std::string over = state::why_over(*lease, world);
  return over.empty() ? line : line + " (over: " + over + ")";
}

class StateInfo : public cli::Invocation {
 public:
  explicit StateInfo(cli::Options&) {}

  cli::Exit run(cli::Context& context) override {
    state::Store& store = context.existing_store();
    const Counts counts = count(store);
    const state::Revision head = store.head();
    const std::optional<state::Lease> lease = state::read_lock(store.database());
    render::Report report{"autopilot.state-info/v1", data(context, counts, head, lease), {}};
    render::Table table;
    table.rows = {
        {"state", context.state_path()},
        {"revision", head.seq == 0 ? std::string("none yet") : head.hash},
        {"documents", documents_line(counts)},
        {"revisions", std::to_string(counts.revisions)},
        {"decisions", std::to_string(counts.decisions)},
        {"rollbacks", rollbacks_line(counts.rollbacks)},
        {"audit", fmt::format("{} entries", counts.audit)},
        {"size", fmt::format("{} bytes, version {}", counts.bytes, counts.version)},
        {"lock", lock_line(lease, context.world)},
    };
    report.text.emplace_back(std::move(table));
    context.show(report);
    return cli::Exit::ok;
  }

 private:
  static Map data(cli::Context& context, const Counts& counts, const state::Revision& head,
                  const std::optional<state::Lease>& lease) {
    Map documents;
    for (const auto& [kind, number] : counts.documents) documents.append(kind, number);
    Value lock;
    if (lease) {
      Map map = state::to_map(*lease);
      map.append("over", !state::why_over(*lease, context.world).empty());
      lock = std::move(map);
    }
    return {{"path", context.state_path()},
            {"version", counts.version},
            {"bytes", counts.bytes},
            {"revision", head.hash},
            {"documents", documents},
            {"revisions", counts.revisions},
            {"decisions", counts.decisions},
            {"audit_entries", counts.audit},
            {"lock", std::move(lock)},
            {"policy_rollbacks_total", counts.rollbacks.total()},
            {"policy_rollbacks_by_rule_total", counts.rollbacks.by_rule}};
  }
};

}  // namespace

extern const cli::Command state_info{"state info",
                                     "Show what the state holds and who locked it",
                                     kInfoDetails,
                                     cli::bind<StateInfo>,
                                     {}};

}  // namespace autopilot::commands
