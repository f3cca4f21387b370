// The built-in prober: a burst of requests to the arm itself, where nothing else measures it.
#include <fmt/format.h>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/deploy/metric_source.h"
#include "core/deploy/statistic.h"
#include "core/policy/deployment.h"

namespace autopilot::deploy {
namespace {

constexpr Duration kProbeTimeout = Duration::seconds(2);
constexpr Duration kLongestBurst = Duration::seconds(10);
constexpr int kRequests = 10;

struct Burst {
  Histogram latencies;  // of the requests that were answered
  std::int64_t sent = 0, bad = 0;
  std::string first_fault;  // what the first bad one came to
  std::string no_data;      // why nothing was measured
  Series outcomes{"outcomes", {}};
};

class Probe final : public Metrics {
 public:
  Probe(const Value& spec, World& world)
      : spec_(spec),
        world_(world),
        url_(needed_text(spec, "url")),
        above_(duration_if_any(spec, "above")) {
    const std::string statuses = text_in(spec, "status", "200-399");
    const auto set = StatusSet::parse(statuses);
    if (!set) {
      throw Error(ErrorKind::invalid, fmt::format("status is no set of statuses: {}", statuses),
                  "write 2xx, 200 or 200-399, several with commas");
    }
    statuses_ = *set;
    query_ = text_in(spec, "query", "");
    count_ = policy::metric_is_count(spec);
    if (!count_ && query_ != "failures" && query_ != "error_rate") read_statistic();
    const std::optional<double> requests =
        parse_number(text_in(spec, "requests", query_ == "failures" ? "1" : "10"));
    requests_ =
        requests && *requests >= 1 && *requests <= 10'000 ? static_cast<int>(*requests) : kRequests;
  }

  bool has_history() const override { return false; }

  Reply read(const Query& query) override {
    HttpRequest request = request_of(spec_, url_, query);
    request.timeout = duration_in(spec_, "timeout", kProbeTimeout);
    request.connect_timeout = request.timeout;
    request.closes_connection = true;
    const Burst burst = probe(request, query.to);
    if (!burst.no_data.empty()) return no_data(burst.no_data);
    Reply reply = reply_of(burst, query.to);
    if (!burst.first_fault.empty()) {
      reply.warnings.push_back(
          fmt::format("{} of {} requests failed: {}", burst.bad, burst.sent, burst.first_fault));
    }
    return reply;
  }

 private:
  void read_statistic() {
    statistic_ = parse_statistic(query_);
    if (statistic_) return;
    throw Error(ErrorKind::invalid,
                fmt::format("query is {}, which the prober does not measure", query_),
                fmt::format("write failures, error_rate, {}", kStatistics));
  }

  Burst probe(const HttpRequest& request, Instant at) {
    Burst burst;
    const std::int64_t start = world_.clock.monotonic_nanos();
    for (int i = 0; i < requests_; ++i) {
      const HttpResult result = world_.http.send(request);
      using Fault = HttpResult::Fault;
      if (result.fault == Fault::bad_request || result.fault == Fault::refused ||
          result.fault == Fault::unavailable || result.fault == Fault::unresolved) {
        burst.no_data = result.why;  // says nothing about the arm
        return burst;
      }
      const std::string fault = fault_of(result);
      if (result.ok()) burst.latencies.record(result.response.took);
      ++burst.sent;
      if (!fault.empty()) ++burst.bad;
      if (burst.first_fault.empty()) burst.first_fault = fault;
      // A microsecond apart: each counts as one.
      const Duration back = Duration{(requests_ - 1 - i) * std::int64_t{1000}};
      burst.outcomes.points.push_back({at - back, fault.empty() ? 1.0 : 0.0});
      if (world_.clock.monotonic_nanos() - start > kLongestBurst.nanos) break;
    }
    return burst;
  }

  std::string fault_of(const HttpResult& result) const {
    if (!result.ok()) return result.why;
    if (!statuses_.contains(result.response.status))
      return fmt::format("status {}", result.response.status);
    if (above_ && result.response.took > *above_)
      return fmt::format("slower than {}", format_duration(*above_));
    return {};
  }

  Reply reply_of(const Burst& burst, Instant at) const {
    Reply reply;
    if (count_) {
      reply.reading = Reading::increments;
      reply.bad.push_back({"bad", {{at, static_cast<double>(burst.bad)}}});
      reply.total.push_back({"total", {{at, static_cast<double>(burst.sent)}}});
      return reply;
    }
    if (query_ == "failures") {
      reply.reading = Reading::health;
      reply.values.push_back(burst.outcomes);
      return reply;
    }
    if (statistic_ && burst.latencies.count() == 0)
      return no_data(fmt::format("no request was answered: {}", burst.first_fault));
    const double value =
        statistic_ ? static_cast<double>(statistic_of(burst.latencies, *statistic_).nanos) / 1e9
                   : static_cast<double>(burst.bad) / static_cast<double>(burst.sent);
    reply.values.push_back({query_, {{at, value}}});
    return reply;
  }

  const Value spec_;
  World& world_;
  std::string url_, query_;
  std::optional<Duration> above_;
  StatusSet statuses_;
  std::optional<Statistic> statistic_;
  bool count_ = false;
  int requests_ = kRequests;
};

}  // namespace

std::unique_ptr<Metrics> probe_metrics(const Value& spec, World& world) {
  return std::make_unique<Probe>(spec, world);
}

}  // namespace autopilot::deploy
