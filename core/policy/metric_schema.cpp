// The fields of a deployment's metric, and which provider takes which. docs/metrics.md explains
// them.
#include <fmt/format.h>

#include <algorithm>

#include "core/base/text.h"
#include "core/policy/deployment.h"
#include "core/policy/deployment_shapes.h"

namespace autopilot::policy::deployment {
namespace {

constexpr std::string_view kMetricProviders[] = {"prometheus", "prom",        "http",    "exec",
                                                 "file",       "nginx",       "haproxy", "probe",
                                                 "process",    "alertmanager"};
constexpr std::string_view kMetricKinds[] = {"count", "value"};
constexpr std::string_view kDirections[] = {"increase", "decrease", "either"};
constexpr std::string_view kCounts[] = {"counters", "increments"};
constexpr std::string_view kFormats[] = {"jsonl", "csv"};

constexpr ValueShape kScalar{.kind = ShapeKind::scalar};
constexpr ValueShape kWords{.kind = ShapeKind::list, .element = &kText, .least = 1};
constexpr ValueShape kOneOrMore{.kind = ShapeKind::one_or_list, .element = &kText, .least = 1};
constexpr ValueShape kTextMap{.kind = ShapeKind::map, .element = &kText};
constexpr ValueShape kScalarMap{.kind = ShapeKind::map, .element = &kScalar};
constexpr ValueShape kCount{.kind = ShapeKind::integer, .minimum = 0};
constexpr ValueShape kBurst{.kind = ShapeKind::integer, .minimum = 1, .maximum = 10'000};

constexpr Field kMetricFields[] = {
    {"provider", {.kind = ShapeKind::text, .choices = kMetricProviders}, "where it is read"},
    {"template", kText, "name under templates whose fields it takes where it has none itself"},
    {"kind",
     {.kind = ShapeKind::text, .choices = kMetricKinds},
     "count: bad events of all, as raw counters; value: a number; by default what its fields say"},
    {"bad", kScalar,
     "count: the bad events: a query, a place in JSON, a column; of nginx's log statuses, 5xx by "
     "default"},
    {"good", kText, "count: the good events, in the place of the bad ones"},
    {"total", kText, "count: all events"},
    {"histogram", kText, "prometheus: selector of a histogram, without _bucket; with above"},
    {"query", kText,
     "value: a query, a place in JSON, a column; p95 and the like of latencies; failures in a row "
     "of probe; memory or rss of process"},
    {"counts",
     {.kind = ShapeKind::text, .choices = kCounts},
     "http, exec, file: whether numbers are running totals (counters) or what is new in each "
     "(increments)"},
    {"above", kDuration, "what took longer is bad; of a histogram the bound of one of its buckets"},
    {"url", kText, "address of the service, or of what is probed"},
    {"method", kText, "http, probe: method of the request; GET by default"},
    {"headers", kTextMap, "headers of requests; ${env:NAME} and its like keep secrets out"},
    {"body", kText, "http, probe: body of the request"},
    {"ca_file", kText, "certificates (PEM) to trust in the place of the system's"},
    {"argv", kWords, "exec: command that prints a number or JSON"},
    {"pass", kOneOrMore, "exec: variables of autopilot's own environment that it sees"},
    {"path", kText, "file, nginx: the file"},
    {"format", {.kind = ShapeKind::text, .choices = kFormats}, "file: by its name by default"},
    {"time", kText, "file: column of the time; time by default"},
    {"where", kScalarMap, "file, nginx: what columns or variables must be in rows that count"},
    {"log_format", kText, "nginx: combined, timed, or the text of the log_format"},
    {"field", kText, "nginx: variable of the latency; request_time by default"},
    {"socket", kText, "haproxy: its runtime socket, or host:port"},
    {"backend", kText, "haproxy: the backend"},
    {"server", kText, "haproxy: the server; all of the backend by default"},
    {"requests", kBurst, "probe: requests of one reading; 10 by default, 1 for failures"},
    {"status", kScalar, "probe: statuses that are good; 200-399 by default"},
    {"pid_file", kText, "process: file with the process id; that of the arm by default"},
    {"matchers", kOneOrMore, "alertmanager: which alerts; severity=\"critical\" by default"},
    {"window", kDuration, "how far back the samples count for conditions; 1m by default"},
    {"min_requests", kCount, "count: fewer in the window are no data; 1 by default"},
    {"direction",
     {.kind = ShapeKind::text, .choices = kDirections},
     "which way is worse; increase by default"},
    {"timeout", kDuration, "how long a reading may take; 10s by default, 2s of probe"},
    {"dry_run", {.kind = ShapeKind::boolean}, "true: shown, and without effect"},
    {"on_fail",
     {.kind = ShapeKind::text, .choices = kOnFail},
     "what an analysis that fails by it does; rollback by default"},
    {"no_data",
     {.kind = ShapeKind::text, .choices = kNoData},
     "hold: nothing goes forward; fail: as on_fail after three intervals; ignore"},
    {"unit", kText, "for reports"},
};

// What every metric may have; the provider's own are below.
constexpr std::string_view kCommon[] = {"provider",     "template",  "kind",    "window",
                                        "min_requests", "direction", "timeout", "dry_run",
                                        "on_fail",      "no_data",   "unit"};

struct Own {
  std::string_view provider;
  std::string_view fields;  // with spaces between
};
constexpr Own kOwn[] = {
    {"prometheus", "url bad good total histogram above query headers ca_file"},
    {"http", "url bad good total query counts method headers body ca_file"},
    {"exec", "argv pass bad good total query counts"},
    {"file", "path format time where bad good total query counts"},
    {"nginx", "path url log_format field where bad above query headers ca_file"},
    {"haproxy", "socket url backend server bad total query headers ca_file"},
    {"probe", "url method headers body ca_file requests status above query"},
    {"process", "pid_file query"},
    {"alertmanager", "url matchers headers ca_file"},
};

std::string_view text_in(const Value& metric, std::string_view field) {
  const Value* found = metric.get(field);
  return found != nullptr && found->is_string() ? std::string_view(found->as_string())
                                                : std::string_view();
}

bool is_written(const Value& metric, std::string_view field) {
  const Value* found = metric.get(field);
  return found != nullptr && !found->is_null();
}

class MetricCheck {
 public:
  MetricCheck(const Value& metric, const YamlEntry* written, Span where, Diagnostics& diagnostics)
      : metric_(metric), written_(written), where_(where), diagnostics_(diagnostics) {
    provider_ = text_in(metric, "provider");
    if (provider_ == "prom") provider_ = "prometheus";
  }

  void check() {
    for (const Own& own : kOwn) {
      if (own.provider == provider_) check_fields(split(own.fields, ' '));
    }
    if (provider_ == "http" || provider_ == "probe") need("url", "url: http://127.0.0.1:{{port}}/");
    if (provider_ == "exec") need("argv", "argv: [./roi, \"{{arm}}\"]");
    if (provider_ == "file") need("path", "path: metrics.csv");
    if (provider_ == "nginx") one_of("path", "url", "path is its log, url its stub_status page");
    if (provider_ == "haproxy") {
      need("backend", "backend: the name of the backend");
      one_of("socket", "url", "socket is its runtime socket, url its page that ends in ;csv");
    }
    if (metric_is_count(metric_))
      check_count();
    else
      check_value();
  }

 private:
  void check_count() {
    if (provider_ != "prometheus" && provider_ != "file") return;
    if (has("histogram")) return need("above", "above: 200ms, the bound of one of its buckets");
    need("total", "total counts all events");
    one_of("bad", "good", "bad counts the failures, good what is left");
  }
  void check_value() {
    if (provider_ == "prometheus" || provider_ == "file")
      need("query", "a value has a query; a count has bad and total");
    if (provider_ == "haproxy") need("query", "query: rtime, or kind: count");
    if (provider_ == "probe") need("query", "query: p95, or kind: count");
    if (provider_ == "nginx" && has("path")) need("query", "query: p95, or kind: count");
  }
  bool has(std::string_view field) const { return is_written(metric_, field); }

  void check_fields(const std::vector<std::string>& own) {
    for (const auto& [field, value] : metric_.as_map()) {
      if (value.is_null() || std::find(own.begin(), own.end(), field) != own.end()) continue;
      if (std::find(std::begin(kCommon), std::end(kCommon), field) != std::end(kCommon)) continue;
      const YamlEntry* entry = written_ == nullptr ? nullptr : written_->value.entry(field);
      diagnostics_
          .error("unknown-field", entry == nullptr ? where_ : entry->key_span,
                 fmt::format("a metric of the provider {} has no field \"{}\"", provider_, field))
          .help = "it has " + join(own, ", ");
    }
  }

  void need(std::string_view field, std::string_view help) {
    if (has(field)) return;
    diagnostics_
        .error("missing-field", where_,
               fmt::format("a metric of the provider {} needs {}", provider_, field))
        .help = help;
  }
  void one_of(std::string_view a, std::string_view b, std::string_view help) {
    if (has(a) != has(b)) return;
    diagnostics_
        .error(has(a) ? "conflicting-fields" : "missing-field", where_,
               fmt::format("a metric of the provider {} needs one of {} and {}", provider_, a, b))
        .help = help;
  }

  const Value& metric_;
  const YamlEntry* written_;
  Span where_;
  Diagnostics& diagnostics_;
  std::string_view provider_;
};

}  // namespace

constinit const Schema kMetric{"a metric", kMetricFields};

void check_metric(const Value& metric, const YamlEntry* written, Span where,
                  Diagnostics& diagnostics) {
  if (metric.is_map()) MetricCheck(metric, written, where, diagnostics).check();
}

}  // namespace autopilot::policy::deployment

namespace autopilot::policy {

bool metric_is_count(const Value& metric) {
  using deployment::is_written;
  const std::string_view kind = deployment::text_in(metric, "kind");
  if (!kind.empty()) return kind == "count";
  for (const char* field : {"bad", "good", "total", "histogram"}) {
    if (is_written(metric, field)) return true;
  }
  // These say what is bad by themselves; a query asks for something else.
  const std::string_view provider = deployment::text_in(metric, "provider");
  const bool counts = provider == "probe" || (provider == "nginx" && is_written(metric, "above"));
  return counts && !is_written(metric, "query");
}

bool metric_has_history(const Value& metric) {
  const std::string_view provider = deployment::text_in(metric, "provider");
  return provider == "prometheus" || provider == "prom" || provider == "file" ||
         (provider == "nginx" && deployment::is_written(metric, "path"));
}

Duration metric_delay(const Value& metric) {
  const bool is_log =
      deployment::text_in(metric, "provider") == "nginx" && deployment::is_written(metric, "path");
  return is_log ? kAccessLogDelay : Duration{};
}

}  // namespace autopilot::policy
