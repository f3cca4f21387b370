// Shares, or a budget divided by them, as a JSON file that other programs read: replaced as a
// whole.
#include "core/base/json.h"
#include "core/deploy/spec.h"
#include "core/loop/actuators.h"

namespace autopilot::loop {
namespace {

class FileActuator final : public Actuator {
 public:
  FileActuator(const Algorithm& algorithm, const Site& site)
      : algorithm_(algorithm), files_(site.world.files) {
    path_ = deploy::text_in(algorithm.actuator, "path");
    if (!path_.starts_with('/')) path_ = site.root + "/" + path_;
  }

  bool can_be_read() const override { return true; }

  SegmentShares current() override {
    if (!files_.exists(path_)) return {};
    const JsonResult seen = parse_json(files_.read(path_));
    return seen.ok ? shares_in(seen.value, algorithm_.segment) : SegmentShares();
  }

  void set(const Order& order) override {
    const std::size_t slash = path_.rfind('/');
    if (slash != std::string::npos && slash > 0) files_.make_directories(path_.substr(0, slash));
    files_.write(path_, to_pretty_json(order_data(order, algorithm_)) + "\n");
  }

  deploy::SplitCheck verify(const Order& order) override {
    return compare_shares(current(), order.shares, algorithm_.segment);
  }

 private:
  const Algorithm& algorithm_;
  Files& files_;
  std::string path_;
};

}  // namespace

std::unique_ptr<Actuator> make_file_actuator(const Algorithm& algorithm, const Site& site) {
  return std::make_unique<FileActuator>(algorithm, site);
}

}  // namespace autopilot::loop
