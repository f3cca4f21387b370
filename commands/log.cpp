// autopilot log: the revisions, the newest first.
#include <fmt/format.h>

#include "cli/command.h"
#include "core/state/store.h"

namespace autopilot::commands {
namespace {

constexpr char kLogDetails[] =
    R"(Lists the applied revisions, the newest first: id, time, who applied it, what it changed and why.

EXAMPLES
  autopilot log
  autopilot log -n 3 --json
)";

constexpr std::int64_t kDefaultCount = 50;

std::string summary_of(const state::Revision& r) {
  return fmt::format("+{} ~{} -{}", r.created, r.updated, r.deleted);
}

Value to_data(const state::Revision& r) {
  return Map{{"revision", r.hash},   {"seq", r.seq},
             {"parent", r.parent},   {"time", format_rfc3339(r.time)},
             {"actor", r.actor},     {"message", r.message},
             {"created", r.created}, {"updated", r.updated},
             {"deleted", r.deleted}, {"what", r.what}};
}

// Whole seconds are enough for people.
std::string when(const state::Revision& r) { return format_rfc3339({r.time.seconds, 0}); }

class Log : public cli::Invocation {
 public:
  explicit Log(cli::Options& o) { o.option("-n,--count N", count_, "at most N (default 50)"); }

  cli::Exit run(cli::Context& context) override {
    render::Report report{"autopilot.log/v1", {}, {}};
    List revisions;
    render::Table table{{"REVISION", "TIME", "ACTOR", "CHANGES", "MESSAGE"}, {}, {}};
    for (const state::Revision& r : context.existing_store().revisions(count_)) {
      revisions.push_back(to_data(r));
      table.rows.push_back({r.hash.substr(0, 12), when(r), r.actor, summary_of(r), r.message});
    }
    report.data.append("revisions", std::move(revisions));
    if (table.rows.empty()) {
      report.text.emplace_back(render::Lines{{"Nothing was applied yet."}});
    } else {
      report.text.emplace_back(std::move(table));
    }
    context.show(report);
    return cli::Exit::ok;
  }

 private:
  std::int64_t count_ = kDefaultCount;
};

}  // namespace

extern const cli::Command log{"log", "List the applied revisions", kLogDetails, cli::bind<Log>, {}};

}  // namespace autopilot::commands
