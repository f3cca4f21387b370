// Shares posted as JSON. A request that may have arrived is sent again with the same
// Idempotency-Key.
#include <fmt/format.h>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/deploy/spec.h"
#include "core/loop/actuators.h"

namespace autopilot::loop {
namespace {

class WebhookActuator final : public Actuator {
 public:
  WebhookActuator(const Algorithm& algorithm, const Site& site)
      : algorithm_(algorithm), spec_(algorithm.actuator), site_(site) {}

  SegmentShares current() override { return {}; }

  void set(const Order& order) override {
    HttpRequest request;
    request.method = "POST";
    request.url = std::string(site_.secrets.resolve(deploy::text_in(spec_, "url")).reveal());
    request.timeout = deploy::duration_in(spec_, "timeout", request.timeout);
    request.headers = {{"Content-Type", "application/json"}, {"Idempotency-Key", order.key}};
    for (const auto& [name, value] : deploy::pairs_in(spec_, "headers")) {
      request.headers.emplace_back(name, std::string(site_.secrets.resolve(value).reveal()));
    }
    request.body = to_json(order_data(order, algorithm_));
    const HttpResult result = site_.world.http.send(request);
    if (!result.ok()) throw Error(ErrorKind::outside, result.why, result.hint);
    status_ = result.response.status;
    if (status_ >= 200 && status_ < 300) return;
    throw Error(ErrorKind::outside,
                fmt::format("{} answers with status {}", shown_url(request.url), status_));
  }

  deploy::SplitCheck verify(const Order&) override {
    return {true, fmt::format("taken with status {}", status_), Map{{"status", status_}}};
  }

 private:
  const Algorithm& algorithm_;
  const Value& spec_;
  Site site_;
  int status_ = 0;
};

}  // namespace

std::unique_ptr<Actuator> make_webhook_actuator(const Algorithm& algorithm, const Site& site) {
  return std::make_unique<WebhookActuator>(algorithm, site);
}

}  // namespace autopilot::loop
