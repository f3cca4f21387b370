// Prometheus' HTTP API (https://prometheus.io/docs/prometheus/latest/querying/api/), and what
// speaks it: Thanos, Mimir, VictoriaMetrics.
#include <fmt/format.h>

#include <cmath>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/deploy/metric_source.h"
#include "core/policy/deployment.h"

namespace autopilot::deploy {
namespace {

constexpr std::int64_t kMostSteps = 10'000;  // the API refuses more than 11,000 points a series

// Seconds with a fraction, as the API takes times.
std::string seconds_text(std::int64_t micros) {
  return fmt::format("{}.{:06}", micros / 1'000'000, micros % 1'000'000);
}

std::string encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += std::isalnum(byte) != 0 ? std::string(1, c) : fmt::format("%{:02X}", byte);
  }
  return out;
}

std::vector<std::string> texts_said_at(const Value& json, std::string_view key) {
  std::vector<std::string> out;
  const Value* found = json.get(key);
  if (found == nullptr || !found->is_list()) return out;
  for (const Value& one : found->as_list()) {
    if (one.is_string()) out.push_back(one.as_string());
  }
  return out;
}

// Several labels, each once, make a series' name; the order that they come in does not matter.
std::string key_of(const Value& result) {
  const Value* labels = result.get("metric");
  return labels == nullptr ? std::string("{}") : to_canonical_json(*labels);
}

struct Range {
  std::int64_t from, to, step;  // µs
};

Range asked_range(const Query& query, bool with_one_before) {
  const std::int64_t to = query.to.micros();
  std::int64_t step = std::max<std::int64_t>(query.step.nanos / 1000, 1'000);
  step = std::max(step, (to - query.from.micros()) / kMostSteps + 1);
  // Steps end at `to`; the first is at or before `from`.
  const std::int64_t steps =
      std::max<std::int64_t>(0, (to - query.from.micros() + step - 1) / step);
  return {to - step * (steps + (with_one_before ? 1 : 0)), to, step};
}

class Prometheus final : public Metrics {
 public:
  Prometheus(const Value& spec, World& world) : spec_(spec), world_(world) {
    url_ = text_in(spec, "url", "http://127.0.0.1:9090");
    while (url_.ends_with('/')) url_.pop_back();
    count_ = policy::metric_is_count(spec);
    if (count_) {
      read_counts();
    } else {
      query_ = needed_text(spec, "query");
    }
  }

  bool has_history() const override { return true; }

  Reply read(const Query& query) override {
    Reply reply;
    reply.reading = count_ ? Reading::counters : Reading::values;
    if (!count_) {
      ask("query", query_, query, reply, reply.values);
      return reply;
    }
    ask("total", total_, query, reply, reply.total);
    if (!reply.no_data.empty()) return reply;
    const bool by_good = !good_.empty();
    const std::size_t warned = reply.warnings.size();
    ask(by_good ? "good" : "bad", by_good ? good_ : bad_, query, reply,
        by_good ? reply.good : reply.bad);
    if (by_good || reply.no_data.empty() || !empty_) return with_hint(std::move(reply));
    // A counter of errors often appears with its first error.
    reply.no_data.clear();
    reply.warnings.resize(warned);
    reply.warnings.push_back(
        "the query for bad has no series yet; it counts as no bad events, which is right unless "
        "it is misspelt");
    return reply;
  }

 private:
  void read_counts() {
    bad_ = text_in(spec_, "bad", "");
    good_ = text_in(spec_, "good", "");
    total_ = text_in(spec_, "total", "");
    const std::string histogram = text_in(spec_, "histogram", "");
    if (!histogram.empty()) return read_histogram(histogram);
    if (total_.empty()) needed_text(spec_, "total");
    if (bad_.empty() == good_.empty()) {
      throw Error(ErrorKind::invalid, "a count needs one of bad and good",
                  "bad counts the failures, good what is left");
    }
  }

  // http_seconds{job="shop"}, above: 200ms → …_count, …_bucket{…,le="0.2"}. Prometheus 3 writes
  // whole bounds as 1.0.
  void read_histogram(const std::string& histogram) {
    const auto above = duration_if_any(spec_, "above");
    if (!above) {
      throw Error(ErrorKind::invalid, "histogram needs above, the bound of one of its buckets",
                  "above: 200ms counts requests over 0.2 s as bad");
    }
    const std::size_t brace = std::min(histogram.find('{'), histogram.size());
    const std::string name(trim(histogram.substr(0, brace)));
    std::string labels(trim(histogram.substr(brace)));
    if (!labels.empty() && (labels.front() != '{' || labels.back() != '}')) {
      throw Error(ErrorKind::invalid, fmt::format("histogram is no selector: {}", histogram),
                  "write its name without _bucket, and labels: http_seconds{job=\"shop\"}");
    }
    labels = labels.empty() ? "" : std::string(trim(labels.substr(1, labels.size() - 2)));
    const std::string bound = double_text(static_cast<double>(above->nanos) / 1e9);
    std::string pattern;
    for (const char c : bound) pattern += c == '.' ? std::string("[.]") : std::string(1, c);
    if (bound.find('.') == std::string::npos) pattern += "([.]0)?";
    total_ = fmt::format("{}_count{{{}}}", name, labels);
    good_ = fmt::format("{}_bucket{{{}{}le=~\"{}\"}}", name, labels, labels.empty() ? "" : ",",
                        pattern);
    bound_ = bound;
  }

  Reply with_hint(Reply reply) const {
    if (empty_ && !bound_.empty() && !reply.no_data.empty()) {
      reply.no_data +=
          fmt::format("; is {} a bound (le) of its buckets? above can only be one of them", bound_);
    }
    return reply;
  }

  void ask(std::string_view what, const std::string& promql, const Query& query, Reply& reply,
           std::vector<Series>& into) {
    empty_ = false;
    const Range range = asked_range(query, count_);
    HttpRequest request = request_of(spec_, url_ + "/api/v1/query_range", query);
    request.method = "POST";  // no limit on its length, and no query in the logs of proxies
    request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
    request.most_bytes = 16 << 20;
    request.body = fmt::format(
        "query={}&start={}&end={}&step={}", encoded(fill(promql, query, Quoting::promql)),
        seconds_text(range.from), seconds_text(range.to), seconds_text(range.step));
    const HttpResult result = world_.http.send(request);
    reply.no_data = take(what, result, reply, into);
  }

  // Fills `into`; why there is nothing, or "".
  std::string take(std::string_view what, const HttpResult& result, Reply& reply,
                   std::vector<Series>& into) {
    if (result.ok() && result.response.status >= 400) {
      const std::string said = error_of(result.response.body);
      if (!said.empty()) return fmt::format("Prometheus refuses the query for {}: {}", what, said);
    }
    const JsonAnswer answer = json_of(result, url_);
    if (!answer.ok()) return answer.why;
    if (said_at(answer.json, "status") != "success") {
      const std::string said = said_at(answer.json, "error");
      return said.empty() ? fmt::format("{} does not answer as Prometheus does; check the URL",
                                        shown_url(url_))
                          : fmt::format("Prometheus refuses the query for {}: {}", what, said);
    }
    for (const char* list : {"warnings", "infos"}) {
      for (std::string& warning : texts_said_at(answer.json, list))
        reply.warnings.push_back("Prometheus: " + std::move(warning));
    }
    const Value* data = answer.json.get("data");
    const Value* found = data == nullptr ? nullptr : data->get("result");
    if (found == nullptr || !found->is_list() || said_at(*data, "resultType") != "matrix")
      return fmt::format("{} does not answer with a matrix; check the URL", shown_url(url_));
    return take_series(what, found->as_list(), into);
  }

  static std::string error_of(const std::string& body) {
    const JsonResult parsed = parse_json(body);
    return parsed.ok ? said_at(parsed.value, "error") : std::string();
  }

  std::string take_series(std::string_view what, const List& results, std::vector<Series>& into) {
    for (const Value& result : results) {
      Series series{key_of(result), {}};
      const Value* values = result.get("values");
      if (values == nullptr || !values->is_list()) {
        if (result.get("histograms") == nullptr) continue;
        return fmt::format(
            "the query for {} returns native histograms; take a number of them, such as with "
            "histogram_count()",
            what);
      }
      for (const Value& pair : values->as_list()) {
        if (!take_point(pair, series)) return "Prometheus answered with something that is no point";
      }
      if (!series.points.empty()) into.push_back(std::move(series));
    }
    empty_ = into.empty();
    if (!empty_) return {};
    return fmt::format(
        "the query for {} has no series in the time asked for; does it match what "
        "is scraped?",
        what);
  }

  static bool take_point(const Value& pair, Series& series) {
    if (!pair.is_list() || pair.as_list().size() != 2) return false;
    const auto time = number_of(pair.as_list()[0]);
    const auto value = number_of(pair.as_list()[1]);
    if (!time || !value || !(std::abs(*time) < 1e12)) return false;
    series.points.push_back({Instant::from_micros(std::llround(*time * 1e6)), *value});
    return true;
  }

  const Value spec_;
  World& world_;
  std::string url_, query_, bad_, good_, total_;
  std::string bound_;  // of a histogram's bucket
  bool count_ = false;
  bool empty_ = false;  // the last answer was sound and had no series
};

}  // namespace

std::unique_ptr<Metrics> prometheus_metrics(const Value& spec, World& world) {
  return std::make_unique<Prometheus>(spec, world);
}

}  // namespace autopilot::deploy
