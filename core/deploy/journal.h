#pragma once
// The rollouts in the state: what each was when last written, its effects (the intent before they
// run, the result after), samples, events with keys that are unique for ever, and what people asked
// for. Whoever acts on a deployment holds its lease, and each write of a rollout proves that it
// still does.

#include <optional>
#include <string>
#include <vector>

#include "core/base/sqlite.h"
#include "core/base/world.h"
#include "core/deploy/machine.h"

namespace autopilot::deploy {

// One deployment in one environment: what at most one rollout is about at a time.
struct Place {
  std::string deployment, environment;
  std::string text() const {
    return environment.empty() ? deployment : deployment + "/" + environment;
  }
};

struct Holder {
  std::string actor;
  std::int64_t pid = 0;
  std::string host, boot_id, process_start, token;
  Instant started, heartbeat;
};
inline constexpr Duration kLeaseLasts = Duration::seconds(60);

struct Recorded {  // a row of the history
  std::string id, deployment, environment, version, previous, outcome;
  Instant created;
  std::optional<Instant> finished;
};

struct JournalEvent {
  std::string key, rollout, kind, text;
  Instant at;
};

struct JournalEffect {
  Effect effect;
  Instant intended;
  std::optional<Instant> confirmed;
  bool ok = false;
  std::string why;
};

class Journal {
 public:
  Journal(Database& database, World& world);

  // --- lease
  // Takes it, or throws Error(locked) naming who has it. Taken over from one that is gone.
  void take_lease(const Place& place, const std::string& actor);
  void release_lease();
  // Before a deed that takes up to so long and writes nothing meanwhile.
  void keep_lease(Duration deed);
  // Who holds it and is alive; absent: nobody.
  std::optional<Holder> holder(const Place& place);

  // --- rollouts
  void create(const Rollout& rollout, const std::vector<Event>& events);
  bool is_known(const std::string& id);
  // With windows of its samples.
  Rollout load(const std::string& id);
  std::optional<std::string> unfinished(const Place& place);
  std::vector<Recorded> history(const std::string& deployment);  // newest first; empty: of all
  std::vector<std::string> open_rollouts();
  // The version that was promoted last, and where it runs.
  struct Current {
    std::string version, slot;
  };
  std::optional<Current> current(const Place& place);
  std::vector<std::string> promoted_versions(const Place& place);  // newest first

  // The rollout's copy of its document is another one from now on, and who said so is in the audit
  // chain. REQUIRES the lease.
  void replace_spec(const std::string& rollout, const Value& spec, const std::string& actor,
                    const std::string& reason);

  // One transaction: the state, what was seen, what is to be done and what was answered. Throws
  // Error(locked) when the lease was lost.
  void record(const Stepped& stepped, const Observation& seen);

  // --- requests
  std::int64_t ask(const std::string& rollout, const Request& request);
  std::vector<Request> requests(const std::string& rollout, std::int64_t after);
  std::optional<Answer> answer_to(std::int64_t request);

  std::vector<JournalEvent> events(const std::string& rollout);  // empty: of all; oldest first
  std::vector<JournalEffect> effects(const std::string& rollout);
  std::vector<Sample> samples(const std::string& rollout, Instant after);

 private:
  void write_rollout(const Rollout& rollout);
  void write_events(const std::string& rollout, const std::vector<Event>& events);
  void check_lease();

  Database& database_;
  World& world_;
  std::optional<Place> place_;
  std::string token_;
};

}  // namespace autopilot::deploy
