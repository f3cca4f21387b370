// HAProxy's counters: `show stat` on its runtime socket, or the page /…;csv
// (https://docs.haproxy.org/2.6/management.html, 9.1).
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/deploy/csv.h"
#include "core/deploy/metric_source.h"
#include "core/policy/deployment.h"

namespace autopilot::deploy {
namespace {

// A server counts the answers that it gave; what it failed to answer is in econ and eresp, and a
// client sees the 502 or 503 of the backend.
constexpr char kResponses[] = "hrsp_1xx+hrsp_2xx+hrsp_3xx+hrsp_4xx+hrsp_5xx+hrsp_other";
constexpr char kServerBad[] = "hrsp_5xx+econ+eresp";
constexpr char kServerTotal[] =
    "hrsp_1xx+hrsp_2xx+hrsp_3xx+hrsp_4xx+hrsp_5xx+hrsp_other+econ+eresp";

using StatRow = std::map<std::string, std::string>;

class Haproxy final : public Metrics {
 public:
  Haproxy(const Value& spec, World& world)
      : spec_(spec), world_(world), backend_(needed_text(spec, "backend")) {
    server_ = text_in(spec, "server", "BACKEND");
    if (text_in(spec, "socket", "").empty() == text_in(spec, "url", "").empty()) {
      throw Error(ErrorKind::invalid,
                  "a metric of the provider haproxy needs one of socket and url",
                  "socket is its stats socket, url its page with ;csv at the end");
    }
    const bool whole = server_ == "BACKEND";
    bad_ = text_in(spec, "bad", whole ? "hrsp_5xx" : kServerBad);
    total_ = text_in(spec, "total", whole ? kResponses : kServerTotal);
    count_ = policy::metric_is_count(spec);
    if (!count_) query_ = needed_text(spec, "query");
  }

  bool has_history() const override { return false; }

  Reply read(const Query& query) override {
    std::string csv;
    if (std::string fault = fetch(query, csv); !fault.empty()) return no_data(fault);
    const std::string backend = fill(backend_, query, Quoting::none);
    const std::string server = fill(server_, query, Quoting::none);
    StatRow row;
    if (std::string fault = find(csv, backend, server, row); !fault.empty()) return no_data(fault);
    Reply reply;
    reply.reading = count_ ? Reading::counters : Reading::values;
    std::string fault;
    const auto add = [&](const std::string& columns, std::vector<Series>& into) {
      double value = 0;
      if (fault.empty()) fault = sum(row, columns, value);
      into.push_back({backend + "/" + server + "/" + columns, {{query.to, value}}});
    };
    if (count_) {
      add(bad_, reply.bad);
      add(total_, reply.total);
    } else {
      add(query_, reply.values);
    }
    return fault.empty() ? reply : no_data(fault);
  }

 private:
  std::string fetch(const Query& query, std::string& csv) const {
    const std::string socket = text_in(spec_, "socket", "");
    if (!socket.empty()) {
      SocketAnswer answer = world_.sockets.exchange(
          socket, "show stat\n", {duration_in(spec_, "timeout", kMetricTimeout)});
      csv = std::move(answer.text);
      return answer.why;
    }
    const HttpRequest request = request_of(spec_, text_in(spec_, "url", ""), query);
    HttpResult result = world_.http.send(request);
    csv = std::move(result.response.body);
    return fault_of_status(result, request.url);
  }

  static std::string find(const std::string& csv, const std::string& backend,
                          const std::string& server, StatRow& row) {
    CsvReader reader(csv);
    auto header = reader.next();
    if (!header || !header->front().starts_with("# ")) {
      return fmt::format("HAProxy answered with something that is no statistics: {}",
                         csv.substr(0, csv.find('\n')).substr(0, 80));
    }
    header->front().erase(0, 2);
    std::vector<std::string> servers;
    while (const auto record = reader.next()) {
      StatRow one;
      for (std::size_t i = 0; i < std::min(header->size(), record->size()); ++i)
        one[(*header)[i]] = (*record)[i];
      if (one["pxname"] != backend) continue;
      if (one["svname"] == server) {
        row = std::move(one);
        return {};
      }
      servers.push_back(one["svname"]);
    }
    if (servers.empty()) return fmt::format("HAProxy has no backend {}", backend);
    return fmt::format("HAProxy's backend {} has no server {}; it has {}", backend, server,
                       join(servers, ", "));
  }

  // Columns with + between them. A column that is there and empty counts as 0 among several.
  static std::string sum(const StatRow& row, const std::string& columns, double& value) {
    const std::vector<std::string> names = split(columns, '+');
    for (const std::string& part : names) {
      const std::string name(trim(part));
      const auto found = row.find(name);
      if (found == row.end()) return fmt::format("HAProxy's statistics have no column {}", name);
      if (found->second.empty() && names.size() > 1) continue;
      const std::optional<double> number = parse_number(found->second);
      if (!number) {
        return fmt::format("HAProxy says \"{}\" in {} where a number is wanted", found->second,
                           name);
      }
      value += *number;
    }
    return {};
  }

  const Value spec_;
  World& world_;
  std::string backend_, server_, bad_, total_, query_;
  bool count_ = false;
};

}  // namespace

std::unique_ptr<Metrics> haproxy_metrics(const Value& spec, World& world) {
  return std::make_unique<Haproxy>(spec, world);
}

}  // namespace autopilot::deploy
