#include "core/deploy/health.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.h"
#include "core/deploy/process_providers.h"
#include "core/deploy/programs.h"
#include "core/deploy/spec.h"

namespace autopilot::deploy {
namespace {

class CheckedHealth final : public Health {
 public:
  CheckedHealth(const Value& spec, const Site& site, World& world)
      : spec_(spec),
        site_(site),
        world_(world),
        timeout_(duration_in(spec, "timeout", Duration::seconds(2))) {
    const int kinds = (spec.get("http") != nullptr) + (spec.get("tcp") != nullptr) +
                      (spec.get("exec") != nullptr);
    if (kinds != 1) throw Error(ErrorKind::invalid, "health needs one of http, tcp and exec");
  }

  HealthAnswer check(const Slot& slot, const std::string& version) override {
    const std::int64_t begin = world_.clock.monotonic_nanos();
    HealthAnswer answer;
    for (const Slot& one : slots_by_host(slot)) {
      answer.why = fault_or_error(one, version);
      if (answer.why.empty()) continue;
      if (!slot.more.empty()) answer.why = one.host + ": " + answer.why;
      break;
    }
    answer.healthy = answer.why.empty();
    answer.latency = {world_.clock.monotonic_nanos() - begin};
    return answer;
  }

 private:
  std::string fault_or_error(const Slot& slot, const std::string& version) {
    try {
      return fault(slot, version);
    } catch (const Error& e) {
      return e.what();
    }
  }

  std::string fault(const Slot& slot, const std::string& version) {
    if (spec_.get("http") != nullptr) return http_fault(slot, version);
    if (spec_.get("tcp") != nullptr) {
      return world_.sockets.connect(address_of(slot), {timeout_}).why;
    }
    CaptureLimits limits;
    limits.time = timeout_;
    limits.pass = texts_in(spec_, "pass");
    output_of(world_, fill_words(*spec_.get("exec"), process_words(site_, slot, version)), limits);
    return {};
  }

  std::string http_fault(const Slot& slot, const std::string& version) {
    const std::string path = fill(text_in(spec_, "http"), process_words(site_, slot, version));
    HttpRequest request;
    request.url = "http://" + address_of(slot) + path;
    request.timeout = timeout_;
    request.closes_connection = true;
    request.connect_timeout = timeout_;
    const HttpResult result = world_.http.send(request);
    if (!result.ok()) return result.why;
    const int status = result.response.status;
    const std::int64_t wanted = integer_in(spec_, "status", 0);
    const bool is_good = wanted != 0 ? status == wanted : status >= 200 && status < 400;
    return is_good ? "" : fmt::format("{} from {}", status, path);
  }

  Value spec_;
  Site site_;
  World& world_;
  Duration timeout_;
};

}  // namespace

std::unique_ptr<Health> make_health(const Value& spec, const Site& site, World& world) {
  return std::make_unique<CheckedHealth>(spec, site, world);
}

HealthThresholds health_thresholds(const Value& spec) {
  HealthThresholds out;
  out.healthy =
      static_cast<int>(std::max<std::int64_t>(1, integer_in(spec, "healthy", out.healthy)));
  out.unhealthy =
      static_cast<int>(std::max<std::int64_t>(1, integer_in(spec, "unhealthy", out.unhealthy)));
  return out;
}

HealthCount count_answer(const HealthCount& before, bool healthy, const HealthThresholds& limits) {
  HealthCount after = before;
  after.in_a_row = before.in_a_row > 0 && before.last == healthy ? before.in_a_row + 1 : 1;
  after.last = healthy;
  if (healthy && after.in_a_row >= limits.healthy) after.state = HealthCount::State::healthy;
  if (!healthy && after.in_a_row >= limits.unhealthy) after.state = HealthCount::State::unhealthy;
  return after;
}

}  // namespace autopilot::deploy
