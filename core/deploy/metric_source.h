#pragma once
// What the metrics providers share: fields of a spec, placeholders, HTTP answers that must be JSON,
// and replies that say why there are none.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/http.h"
#include "core/deploy/json_path.h"
#include "core/deploy/metrics.h"
#include "core/deploy/placeholders.h"
#include "core/deploy/spec.h"

namespace autopilot::deploy {

inline constexpr Duration kMetricTimeout = Duration::seconds(10);

// How what fills a placeholder is written where it stands.
enum class Quoting {
  none,    // a word of a command: no shell reads it
  promql,  // inside of a quoted label value
  url,     // percent-encoded
  path,    // a name of a file: no slash
};

// As fill() of placeholders.h with {{version}}, {{arm}}, {{slot}}, {{host}}, {{port}}, {{pid}} and
// {{metric}}. Throws Error(invalid) on a value that cannot stand there, too.
std::string fill(std::string_view text, const Query& query, Quoting quoting);

std::optional<Duration> duration_if_any(const Value& spec, std::string_view key);
// A text of an answer; `otherwise` when there is none.
std::string said_at(const Value& json, std::string_view key, std::string_view otherwise = {});
// Throws Error(invalid) saying that the provider needs the field.
std::string needed_text(const Value& spec, std::string_view key);

Reply no_data(std::string why);

// A request as url, method, headers, body, timeout and ca_file of the spec say. References to
// secrets in headers are resolved when it is sent (core/base/secret_http.h).
HttpRequest request_of(const Value& spec, std::string_view url, const Query& query);

// The JSON of an answer, or why there is none.
struct JsonAnswer {
  Value json;
  std::string why;
  std::string hint;

  bool ok() const { return why.empty(); }
};
JsonAnswer json_of(const HttpResult& result, const std::string& url);
// The same for an answer that may have any form: "" when its status is 2xx.
std::string fault_of_status(const HttpResult& result, const std::string& url);

// `bad`, `good`, `total` and `query` as places in a JSON answer; the whole answer may be one
// number.
class Places {
 public:
  explicit Places(const Value& spec);
  // `at`: the time of the points.
  Reply reply(const Value& json, Instant at, std::string_view source) const;

 private:
  struct Place {
    std::string text;
    JsonPath path;
  };
  static std::optional<Place> place_at(const Value& spec, std::string_view key);
  static std::string take(const Place& place, const Value& json, Instant at,
                          std::string_view source, std::vector<Series>& into);

  std::optional<Place> bad_, good_, total_, value_;
  Reading reading_;
};

std::unique_ptr<Metrics> prometheus_metrics(const Value& spec, World& world);
std::unique_ptr<Metrics> http_metrics(const Value& spec, World& world);
std::unique_ptr<Metrics> exec_metrics(const Value& spec, World& world);
std::unique_ptr<Metrics> file_metrics(const Value& spec, World& world);
std::unique_ptr<Metrics> nginx_metrics(const Value& spec, World& world);
std::unique_ptr<Metrics> haproxy_metrics(const Value& spec, World& world);
std::unique_ptr<Metrics> probe_metrics(const Value& spec, World& world);
std::unique_ptr<Metrics> process_metrics(const Value& spec, World& world);
std::unique_ptr<Metrics> alertmanager_metrics(const Value& spec, World& world);

}  // namespace autopilot::deploy
