#include "core/deploy/nginx_copies.h"

#include <algorithm>

#include "core/base/text.h"
#include "core/deploy/spec.h"

namespace autopilot::deploy {
namespace {

constexpr std::size_t kMostLog = 64 << 10;
constexpr std::uint64_t kLongLog = 1 << 20;
constexpr Duration kPoll = Duration::milliseconds(20);
constexpr Duration kSlack = Duration::seconds(1);

struct Lines {
  std::size_t over = 0;
  CopiesSeen seen;
};

// Of `log`, whose lines are ID ADDRESS STATUS.
Lines lines_of(const std::string& log, const Slot& slot, const std::vector<std::string>& ids) {
  Lines out;
  for (const std::string& line : split(log, '\n')) {
    const std::vector<std::string> words = split(line, ' ');
    if (words.size() < 3 || std::find(ids.begin(), ids.end(), words[0]) == ids.end()) continue;
    ++out.over;
    if (!is_at(words[1], slot)) continue;
    ++out.seen.arrived;
    out.seen.answered += words.back() < "500";
  }
  return out;
}

// nginx goes on appending to the file that it has open, so the file is emptied where it is. Where
// autopilot may not do that, it stays.
void empty_when_long(World& world, const std::string& path) {
  if (!world.files.exists(path)) return;
  if (world.files.read_piece(path, kLongLog, 1).bytes.empty()) return;
  world.processes.capture({"truncate", "-s", "0", path}, "", {});
}

}  // namespace

CopiesSeen await_copies(World& world, const NginxSpec& spec, std::size_t slot,
                        const std::vector<std::string>& ids) {
  const std::string path = copy_log(spec);
  const std::int64_t deadline =
      world.clock.monotonic_nanos() + spec.mirror_timeout.nanos + kSlack.nanos;
  for (;;) {
    const std::string log =
        world.files.exists(path) ? world.files.read_tail(path, kMostLog) : std::string();
    const Lines lines = lines_of(log, spec.slots.at(slot), ids);
    if (lines.over >= ids.size() || world.clock.monotonic_nanos() > deadline) {
      empty_when_long(world, path);
      return lines.seen;
    }
    world.clock.sleep(kPoll);
  }
}

bool is_at(const std::string& address, const Slot& slot) {
  const std::vector<Slot> all = slots_by_host(slot);
  return std::any_of(all.begin(), all.end(),
                     [&](const Slot& one) { return address_of(one) == address; });
}

}  // namespace autopilot::deploy
