#include "bench/canary_rules.h"

#include <cmath>
#include <deque>
#include <limits>

#include "core/deploy/analysis_counts.h"
#include "core/deploy/kayenta.h"

namespace autopilot::bench {
namespace {

constexpr double kSlo = 0.01;
constexpr double kAlpha = 0.01;

class Sequential : public RollbackRule {
 public:
  explicit Sequential(stats::Dispersion dispersion) : judge_(settings(dispersion), nullptr) {}

  bool rolls_back(const RolloutTick& tick) override {
    const deploy::Sample canary = sample("canary", tick.index, tick.canary);
    const deploy::Sample stable = sample("stable", tick.index, tick.stable);
    judge_.add({canary.to, &canary, &stable});
    verdict_ = judge_.verdict();
    return verdict_ == deploy::Verdict::fail;
  }
  bool holds() const override { return verdict_ == deploy::Verdict::hold; }

 private:
  static deploy::CountSettings settings(stats::Dispersion dispersion) {
    deploy::CountSettings s;
    s.slo = kSlo;
    s.alpha = kAlpha;
    s.dispersion = dispersion;
    return s;
  }
  static deploy::Sample sample(const char* arm, int index, const stats::Count& count) {
    deploy::Sample out;
    out.metric = "errors";
    out.arm = arm;
    out.from = Instant{10 * index, 0};
    out.to = Instant{10 * (index + 1), 0};
    out.bad = count.events;
    out.total = count.trials;
    return out;
  }

  deploy::CountJudge judge_;
  deploy::Verdict verdict_ = deploy::Verdict::hold;
};

// The canary's error rate over the last minute, once a minute; NaN without requests.
class EachMinute : public RollbackRule {
 public:
  bool rolls_back(const RolloutTick& tick) override {
    minute_.events += tick.canary.events;
    minute_.trials += tick.canary.trials;
    if (tick.index % kTicksPerMinute != kTicksPerMinute - 1) return false;
    const double rate = minute_.trials == 0 ? std::numeric_limits<double>::quiet_NaN()
                                            : double(minute_.events) / double(minute_.trials);
    minute_ = {};
    return fails(rate);
  }

 protected:
  virtual bool fails(double rate) = 0;

 private:
  stats::Count minute_;
};

// analysis.go: a metric fails when the count of failed measurements exceeds failureLimit; the count
// never falls.
class Argo : public EachMinute {
 public:
  explicit Argo(int limit) : limit_(limit) {}

 protected:
  bool fails(double rate) override {
    failed_ += rate > kSlo;
    return failed_ > limit_;
  }

 private:
  int limit_;
  int failed_ = 0;
};

// scheduler.go: failedChecks grows with each failed check, and rolls back when it reaches
// threshold.
class Flagger : public EachMinute {
 protected:
  bool fails(double rate) override {
    failed_ += !(rate <= kSlo);
    return failed_ >= 5;
  }

 private:
  int failed_ = 0;
};

class Kayenta : public RollbackRule {
 public:
  bool rolls_back(const RolloutTick& tick) override {
    add(canary_minute_, tick.canary);
    add(stable_minute_, tick.stable);
    if (tick.index % kTicksPerMinute != kTicksPerMinute - 1) return false;
    close(canary_minute_, canary_);
    close(stable_minute_, stable_);
    if (canary_.size() % 5 != 0) return false;
    deploy::kayenta::MetricConfig config;
    config.name = "errors";
    config.groups = {"errors"};
    config.direction = deploy::kayenta::Direction::increase;
    config.replace_nan = true;
    config.critical = true;
    return deploy::kayenta::classify(config, canary_, stable_).label ==
           deploy::kayenta::Label::high;
  }

 private:
  static void add(stats::Count& sum, const stats::Count& more) {
    sum.events += more.events;
    sum.trials += more.trials;
  }
  static void close(stats::Count& minute, std::vector<double>& rates) {
    rates.push_back(minute.trials == 0 ? std::nan("")
                                       : double(minute.events) / double(minute.trials));
    minute = {};
  }

  stats::Count canary_minute_, stable_minute_;
  std::vector<double> canary_, stable_;
};

}  // namespace

const std::vector<RuleMaker>& rollback_rules() {
  static const std::vector<RuleMaker> rules{
      {"sequential",
       [](stats::Dispersion d) -> std::unique_ptr<RollbackRule> {
         return std::make_unique<Sequential>(d);
       }},
      {"Argo, failureLimit 0",
       [](stats::Dispersion) -> std::unique_ptr<RollbackRule> {
         return std::make_unique<Argo>(0);
       }},
      {"Argo, failureLimit 3",
       [](stats::Dispersion) -> std::unique_ptr<RollbackRule> {
         return std::make_unique<Argo>(3);
       }},
      {"Flagger, threshold 5",
       [](stats::Dispersion) -> std::unique_ptr<RollbackRule> {
         return std::make_unique<Flagger>();
       }},
      {"Kayenta",
       [](stats::Dispersion) -> std::unique_ptr<RollbackRule> {
         return std::make_unique<Kayenta>();
       },
       10},
  };
  return rules;
}

}  // namespace autopilot::bench
