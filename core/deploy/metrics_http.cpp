// Numbers in a JSON answer of any service, and Alertmanager's alerts.
#include <fmt/format.h>

#include "core/base/text.h"
#include "core/deploy/metric_source.h"

namespace autopilot::deploy {
namespace {

class HttpJson final : public Metrics {
 public:
  HttpJson(const Value& spec, World& world)
      : spec_(spec), world_(world), url_(needed_text(spec, "url")), places_(spec) {}

  bool has_history() const override { return false; }

  Reply read(const Query& query) override {
    HttpRequest request = request_of(spec_, url_, query);
    request.closes_connection = true;
    const JsonAnswer answer = json_of(world_.http.send(request), request.url);
    if (!answer.ok()) return no_data(answer.why);
    return places_.reply(answer.json, query.to, shown_url(request.url));
  }

 private:
  const Value spec_;
  World& world_;
  std::string url_;
  Places places_;
};

// How many alerts fire (API v2): those that are silenced or inhibited don't count.
class Alertmanager final : public Metrics {
 public:
  Alertmanager(const Value& spec, World& world) : spec_(spec), world_(world) {
    url_ = text_in(spec, "url", "http://127.0.0.1:9093");
    while (url_.ends_with('/')) url_.pop_back();
    matchers_ = texts_in(spec, "matchers");
    if (matchers_.empty()) matchers_ = {"severity=\"critical\""};
  }

  bool has_history() const override { return false; }

  Reply read(const Query& query) override {
    std::string url = url_ + "/api/v2/alerts?active=true&silenced=false&inhibited=false";
    Query encoded = query;
    for (const std::string& matcher : matchers_) {
      encoded.metric = fill(matcher, query, Quoting::promql);
      url += "&filter=" + fill("{{metric}}", encoded, Quoting::url);
    }
    const HttpRequest request = request_of(spec_, url, query);
    const JsonAnswer answer = json_of(world_.http.send(request), url_);
    if (!answer.ok()) return no_data(answer.why);
    if (!answer.json.is_list()) {
      return no_data(
          fmt::format("{} does not answer as Alertmanager does; check the URL", shown_url(url_)));
    }
    return counted(answer.json.as_list(), query.to);
  }

 private:
  static Reply counted(const List& alerts, Instant at) {
    Reply reply;
    reply.values.push_back({"alerts", {{at, static_cast<double>(alerts.size())}}});
    std::vector<std::string> names;
    for (const Value& alert : alerts) {
      const Value* labels = alert.get("labels");
      names.push_back(labels == nullptr ? "?" : said_at(*labels, "alertname", "?"));
      if (names.size() == 5) break;
    }
    if (!names.empty()) reply.warnings.push_back("firing: " + join(names, ", "));
    return reply;
  }

  const Value spec_;
  World& world_;
  std::string url_;
  std::vector<std::string> matchers_;
};

}  // namespace

std::unique_ptr<Metrics> http_metrics(const Value& spec, World& world) {
  return std::make_unique<HttpJson>(spec, world);
}

std::unique_ptr<Metrics> alertmanager_metrics(const Value& spec, World& world) {
  return std::make_unique<Alertmanager>(spec, world);
}

}  // namespace autopilot::deploy
