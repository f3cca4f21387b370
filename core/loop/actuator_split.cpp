// Two arms behind a traffic provider that splits between two: nginx, kubernetes.
#include "core/deploy/spec.h"
#include "core/loop/actuators.h"

namespace autopilot::loop {
namespace {

class SplitActuator final : public Actuator {
 public:
  SplitActuator(const Algorithm& algorithm, const Site& site)
      : first_(algorithm.arms[0].name), second_(algorithm.arms[1].name) {
    Value spec = *algorithm.actuator.get("traffic");
    spec.as_map()["provider"] = deploy::text_in(algorithm.actuator, "provider");
    deploy::Site place;
    place.deployment = algorithm.id;
    for (const AlgorithmArm& arm : algorithm.arms) {
      place.slots.push_back({arm.name, arm.port, arm.host});
    }
    place.folder = site.root + "/.autopilot/algorithms/" + algorithm.id;
    traffic_ = deploy::make_traffic(spec, place, site.world);
  }

  SegmentShares current() override {
    ArmShares shares = traffic_->shares();
    if (shares.empty()) return {};
    return {{Segment(), std::move(shares)}};
  }

  void set(const Order& order) override {
    const deploy::Split split = split_of(order);
    traffic_->install({split.canary_bp});
    traffic_->set(split);
  }

  deploy::SplitCheck verify(const Order& order) override {
    return traffic_->verify(split_of(order));
  }

 private:
  deploy::Split split_of(const Order& order) const {
    return {second_, first_, order.of_all().at(second_)};
  }

  std::string first_, second_;
  std::unique_ptr<deploy::Traffic> traffic_;
};

}  // namespace

std::unique_ptr<Actuator> make_split_actuator(const Algorithm& algorithm, const Site& site) {
  return std::make_unique<SplitActuator>(algorithm, site);
}

}  // namespace autopilot::loop
