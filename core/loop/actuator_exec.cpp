// A command that sets the shares: it reads them as JSON, with a key that is the same for every try.
#include <fmt/format.h>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/deploy/programs.h"
#include "core/deploy/spec.h"
#include "core/loop/actuators.h"

namespace autopilot::loop {
namespace {

class ExecActuator final : public Actuator {
 public:
  ExecActuator(const Algorithm& algorithm, const Site& site)
      : algorithm_(algorithm), spec_(algorithm.actuator), world_(site.world) {
    limits_.time = deploy::duration_in(spec_, "timeout", Duration::seconds(30));
    limits_.pass = deploy::texts_in(spec_, "pass");
  }

  bool can_be_read() const override { return spec_.get("read") != nullptr; }

  SegmentShares current() override {
    if (spec_.get("read") == nullptr) return {};
    return shares_in(deploy::json_of(world_, deploy::texts_in(spec_, "read"), limits_),
                     algorithm_.segment);
  }

  void set(const Order& order) override {
    const std::vector<std::string> words = deploy::texts_in(spec_, "set");
    deploy::output_of(world_, words, limits_, to_json(order_data(order, algorithm_)) + "\n");
  }

  deploy::SplitCheck verify(const Order& order) override {
    if (spec_.get("read") != nullptr) {
      return compare_shares(current(), order.shares, algorithm_.segment);
    }
    return {true, "the command succeeded; without actuator.read nobody looks", Map{}};
  }

 private:
  const Algorithm& algorithm_;
  const Value& spec_;
  World& world_;
  CaptureLimits limits_;
};

}  // namespace

std::unique_ptr<Actuator> make_exec_actuator(const Algorithm& algorithm, const Site& site) {
  return std::make_unique<ExecActuator>(algorithm, site);
}

}  // namespace autopilot::loop
