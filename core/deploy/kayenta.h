#pragma once
// Kayenta's canary judge, NetflixACAJudge-v1.0: what became of each metric by the Mann-Whitney
// interval of canary against baseline, and a weighted score of all. Here for parity with it; its
// weak points (tiny samples, zero-inflated counts, units far from 1, repeated looks) are its own.
// `exact` mends what can be mended within it: the interval from ordered differences instead of a
// solver with an absolute tolerance, and no verdict on samples too small for the confidence.
// Behaviour: spinnaker/kayenta at a69573be, kayenta-judge and kayenta-mannwhitney.

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace autopilot::deploy::kayenta {

enum class Direction { increase, decrease, either };  // the bad one
enum class Effect { mean_ratio, cles };
enum class Label { pass, high, low, nodata, nodata_fail_metric, error };

std::string_view to_string(Label label);  // as Kayenta writes it: "Pass", "NodataFailMetric"

struct MetricConfig {
  std::string name;
  std::vector<std::string> groups;
  Direction direction = Direction::either;
  bool replace_nan = false;  // by 0; otherwise NaN is left out
  bool remove_outliers = false;
  double outlier_factor = 3;
  bool critical = false;        // a failure of it fails all
  bool must_have_data = false;  // no data counts as a failure
  bool muted = false;           // shown, not scored
  Effect effect = Effect::mean_ratio;
  double allowed_increase = 1, allowed_decrease = 1;  // effects this side of them pass
  double critical_increase = 1, critical_decrease = 1;
  // What the judge itself passes to its classifier.
  double tolerance = 0.25;  // of the estimate: shifts within it pass
  double confidence = 0.98;
  bool exact = false;
};

struct Classified {
  Label label = Label::pass;
  std::string reason;    // empty when there is nothing to say
  double deviation = 1;  // mean of canary by mean of baseline; NaN when one is 0
  bool critical = false;
  // Of the shift canary - baseline, where one was computed.
  bool has_interval = false;
  double low = 0, high = 0, estimate = 0;
};

// The whole of it for one metric: NaN, outliers, then classify_values.
Classified classify(const MetricConfig& config, std::vector<double> canary,
                    std::vector<double> baseline);
// The Mann-Whitney classifier, on values without NaN.
Classified classify_values(const MetricConfig& config, const std::vector<double>& canary,
                           const std::vector<double>& baseline);
// By the means alone: Kayenta's yardstick for its other classifier.
Classified classify_means(const MetricConfig& config, const std::vector<double>& canary,
                          const std::vector<double>& baseline);

double mean_ratio(const std::vector<double>& canary, const std::vector<double>& baseline);
// Vargha and Delaney's A: the share of pairs in which the canary's value is higher.
double cles(const std::vector<double>& canary, const std::vector<double>& baseline);
double cohen_d(const std::vector<double>& canary, const std::vector<double>& baseline);

struct Scored {  // one metric, for the score
  Label label = Label::pass;
  bool critical = false;
  std::vector<std::string> groups;
  std::string reason;
};

struct Score {
  double score = 0;  // 0 to 100, two decimals
  std::string reason;
  std::map<std::string, double> groups;
};

// `weights` of groups, in per cent; groups without one share what is left. Muted metrics are left
// out by the caller.
Score score(const std::vector<Scored>& metrics, const std::map<std::string, double>& weights);

}  // namespace autopilot::deploy::kayenta
