#include "core/stats/ope.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "core/stats/ope_blocks.h"
#include "core/stats/ope_bounds.h"
#include "core/stats/ope_interval.h"
#include "core/stats/ope_resample.h"
#include "core/stats/ope_tuning.h"
#include "core/stats/ridge.h"
#include "core/stats/sample.h"
#include "core/stats/special.h"
#include "tests/stats/draws.h"

namespace autopilot::stats {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Rows {
  std::vector<double> weight, reward, value, residual;
  OpeRows view() const {
    OpeRows out;
    out.count = weight.size();
    out.weight = weight.data();
    out.reward = reward.data();
    out.value = out.mrdr_value = value.data();
    out.residual = out.mrdr_residual = residual.data();
    return out;
  }
};

Rows draw_rows(std::size_t count, std::uint64_t seed) {
  Draws draws(seed);
  Rows out;
  for (std::size_t i = 0; i < count; ++i) {
    out.weight.push_back(std::exp(draws.normal()) / std::exp(0.5));
    out.reward.push_back(draws.uniform() < 0.3 ? 1 : 0);
    out.value.push_back(draws.uniform());
    out.residual.push_back(out.reward.back() - draws.uniform());
  }
  return out;
}

double mean_of(const OpeEstimator& estimator, const Rows& rows) {
  std::vector<double> terms(rows.weight.size());
  EXPECT_TRUE(mean_terms(estimator, rows.view(), terms.data()));
  return mean(terms);
}

TEST(Ope, estimators_without_shrinkage_are_those_they_shrink) {
  const Rows rows = draw_rows(500, 1);
  const double ips = mean_of({Ope::ips}, rows), dr = mean_of({Ope::dr}, rows);
  EXPECT_DOUBLE_EQ(mean_of({Ope::cips, kInfinity}, rows), ips);
  EXPECT_DOUBLE_EQ(mean_of({Ope::sg_ips, 0}, rows), ips);
  EXPECT_DOUBLE_EQ(mean_of({Ope::switch_dr, kInfinity}, rows), dr);
  EXPECT_DOUBLE_EQ(mean_of({Ope::dros, kInfinity}, rows), dr);
  EXPECT_DOUBLE_EQ(mean_of({Ope::sg_dr, 0}, rows), dr);
  EXPECT_NEAR(mean_of({Ope::dros, 1e-9}, rows), mean_of({Ope::dm}, rows), 1e-6);
}

TEST(Ope, weights_shrink_as_the_papers_say) {
  EXPECT_EQ(shrunk_weight({Ope::cips, 10}, 12), 10);
  EXPECT_EQ(shrunk_weight({Ope::switch_dr, 10}, 10), 10);  // the threshold itself is kept
  EXPECT_EQ(shrunk_weight({Ope::switch_dr, 10}, 10.1), 0);
  EXPECT_DOUBLE_EQ(shrunk_weight({Ope::dros, 10}, 5), 10. * 5 / 35);
  EXPECT_DOUBLE_EQ(shrunk_weight({Ope::sg_dr, 0.1}, 5), 5 / (0.9 + 0.5));
}

TEST(Ope, names_are_read_back) {
  for (const std::string& name : ope_names()) EXPECT_EQ(to_string(*parse_ope(name)), name);
  EXPECT_FALSE(parse_ope("logged"));
  EXPECT_FALSE(parse_ope("IPS"));
}

// Sums of one self-normalised estimator: count, numerator, denominator.
struct Ratio {
  static constexpr std::size_t kRows = 3000;
  BlockSums sums{kRows, 3};
  Estimand estimand{.ratio = 1, .denominator = 2};
  RowMoments moments;
  std::vector<double> weighted, weight;

  explicit Ratio(std::uint64_t seed, std::size_t blocks = kRows) : sums(blocks, 3) {
    const Rows rows = draw_rows(kRows, seed);
    weight = rows.weight;
    for (std::size_t i = 0; i < kRows; ++i) weighted.push_back(rows.weight[i] * rows.reward[i]);
    sums.add_rows(0, 0, std::vector<double>(kRows, 1));
    sums.add_rows(1, 0, weighted);
    sums.add_rows(2, 0, weight);
    moments.add(nullptr, weighted.data(), weight.data(), kRows);
  }
};

TEST(BlockSums, the_error_of_a_ratio_is_that_of_its_influence_row_by_row) {
  const Ratio r(2);
  const std::vector<double> totals = r.sums.totals();
  const double theta = totals[1] / totals[2];
  double squares = 0;
  for (std::size_t i = 0; i < Ratio::kRows; ++i) {
    const double influence = (r.weighted[i] - theta * r.weight[i]) * Ratio::kRows / totals[2];
    squares += influence * influence;
  }
  const double n = Ratio::kRows;
  const double expected = std::sqrt(squares / (n - 1) / n);
  EXPECT_DOUBLE_EQ(estimate(r.estimand, totals), theta);
  EXPECT_NEAR(delta_error(r.estimand, totals, r.moments), expected, 1e-12);
  EXPECT_NEAR(error_of_influence(block_influence(r.sums, r.estimand, r.sums.totals())), expected,
              1e-12);
}

TEST(BlockSums, a_bootstrap_over_blocks_gives_the_error_of_one_over_rows) {
  for (const std::size_t blocks : {std::size_t{500}, Ratio::kRows}) {
    const Ratio r(3, blocks);
    std::vector<std::vector<double>> replicates(1, std::vector<double>(4000));
    Resampler(r.sums, 1).run(std::vector{r.estimand}, 0, 4000, replicates);
    const double error = error_of_influence(block_influence(r.sums, r.estimand, r.sums.totals()));
    EXPECT_NEAR(std::sqrt(variance(replicates[0])), error, 0.05 * error) << blocks;
    EXPECT_NEAR(error, delta_error(r.estimand, r.sums.totals(), r.moments), 0.15 * error);
    EXPECT_NEAR(mean(replicates[0]), estimate(r.estimand, r.sums.totals()), 0.1 * error);
  }
}

TEST(BlockSums, replicates_do_not_depend_on_how_they_are_shared_out) {
  const Ratio r(4, 256);
  std::vector<std::vector<double>> whole(1, std::vector<double>(100)), parts = whole;
  const Resampler resampler(r.sums, 9);
  resampler.run(std::vector{r.estimand}, 0, 100, whole);
  resampler.run(std::vector{r.estimand}, 60, 100, parts);
  resampler.run(std::vector{r.estimand}, 0, 60, parts);
  EXPECT_EQ(whole, parts);
}

TEST(BlockSums, replicates_of_a_mean_vary_as_its_error_says_whatever_the_number_of_blocks) {
  for (const std::size_t blocks :
       {std::size_t{1}, std::size_t{37}, std::size_t{1000}, std::size_t{1024}, std::size_t{4096}}) {
    const Rows rows = draw_rows(20'000, 8);
    BlockSums sums(blocks, 2);
    sums.add_rows(0, 0, std::vector<double>(rows.weight.size(), 1));
    sums.add_rows(1, 0, rows.weight);
    const Estimand estimand{.mean = 1};
    constexpr std::size_t kReplicates = 10'000;
    std::vector<std::vector<double>> replicates(1, std::vector<double>(kReplicates));
    Resampler(sums, 5).run(std::vector{estimand}, 0, kReplicates, replicates);
    const double b = static_cast<double>(blocks);
    const double error = blocks == 1
                             ? 0
                             : error_of_influence(block_influence(sums, estimand, sums.totals())) *
                                   std::sqrt((b - 1) / b);
    // The standard deviation of so many is known to 0.7 %.
    EXPECT_NEAR(std::sqrt(variance(replicates[0])), error, 0.03 * error + 1e-9) << blocks;
    EXPECT_NEAR(mean(replicates[0]), mean(rows.weight), 0.05 * error + 1e-6) << blocks;
  }
}

TEST(BlockSums, a_log_that_repeats_itself_has_the_error_of_its_rows) {
  for (const std::size_t period : {2, 8, 16, 64, 510, 512}) {
    constexpr std::size_t kRows = 40'000;
    std::vector<double> values(kRows);
    for (std::size_t i = 0; i < kRows; ++i) values[i] = i % period < period / 2 ? 1 : 0;
    BlockSums sums(512, 2);
    sums.add_rows(0, 0, std::vector<double>(kRows, 1));
    // In pieces, as batches come.
    for (std::size_t from = 0; from < kRows; from += 777)
      sums.add_rows(1, from,
                    std::span(values).subspan(from, std::min<std::size_t>(777, kRows - from)));
    const double error = error_of_influence(block_influence(sums, {.mean = 1}, sums.totals()));
    EXPECT_NEAR(error / std::sqrt(variance(values) / kRows), 1, 0.3) << period;
  }
}

TEST(BlockSums, rows_go_to_the_block_that_is_told_of_them) {
  for (const std::size_t blocks : {std::size_t{5}, std::size_t{100}, std::size_t{512}}) {
    BlockSums by_rows(blocks, 1), by_block(blocks, 1);
    std::vector<double> values(3000);
    std::vector<std::uint32_t> block(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] = static_cast<double>(i);
      block[i] = static_cast<std::uint32_t>(block_of_row(i + 17, blocks));
    }
    by_rows.add_rows(0, 17, values);
    by_block.add_to(0, block, values);
    for (std::size_t b = 0; b < blocks; ++b)
      ASSERT_EQ(by_rows.column(0)[b], by_block.column(0)[b]) << b;
  }
}

TEST(BlockSums, as_many_blocks_are_drawn_as_there_are) {
  for (const std::size_t blocks :
       {std::size_t{1}, std::size_t{3}, std::size_t{999}, std::size_t{1024}, std::size_t{4096}}) {
    std::vector<double> times(blocks);
    for (std::size_t i = 0; i < 400; ++i) {
      const std::vector<std::uint16_t> drawn = drawn_blocks(blocks, 3, i);
      EXPECT_EQ(std::accumulate(drawn.begin(), drawn.end(), std::size_t{0}), blocks);
      for (std::size_t b = 0; b < blocks; ++b) times[b] += drawn[b];
    }
    for (const double t : times) EXPECT_NEAR(t / 400, 1, 5.5 / 20) << blocks;
  }
}

TEST(Replicates, are_as_far_out_as_the_error_is_unsure) {
  Draws draws(12);
  std::vector<double> values;
  for (int i = 0; i < 200'000; ++i) values.push_back(draws.normal());
  Replicates of(values, {.freedom = 9, .parts = 10});
  const Interval plain = of.percentiles(0.05), wide = of.interval(0.05);
  EXPECT_NEAR(plain.low, -1.96, 0.03);
  EXPECT_NEAR(plain.high, 1.96, 0.03);
  EXPECT_NEAR(wide.high, student_quantile(9, 0.975) * std::sqrt(10 / 9.), 0.05);
  EXPECT_NEAR(wide.low, -wide.high, 0.1);
}

TEST(Replicates, percentiles_are_those_of_all_sorted) {
  Draws draws(13);
  for (const std::size_t n : {std::size_t{1}, std::size_t{2}, std::size_t{7}, std::size_t{1000}}) {
    std::vector<double> values;
    for (std::size_t i = 0; i < n; ++i) values.push_back(std::exp(2 * draws.normal()));
    values.push_back(std::nan(""));
    Replicates of(values, {});
    const Interval found = of.percentiles(0.1);
    values.pop_back();
    EXPECT_DOUBLE_EQ(found.low, percentile(values, 5)) << n;
    EXPECT_DOUBLE_EQ(found.high, percentile(values, 95)) << n;
  }
}

TEST(Replicates, of_nothing_are_no_interval) {
  EXPECT_TRUE(std::isnan(Replicates({}, {}).interval(0.05).low));
  EXPECT_EQ(Replicates({std::nan("")}, {}).p_of_zero(), 1);
}

TEST(BlockSums, nothing_in_the_denominator_is_no_estimate) {
  BlockSums sums(4, 3);
  EXPECT_TRUE(std::isnan(estimate({.ratio = 1, .denominator = 2}, sums.totals())));
}

TEST(Skewness, of_a_few_large_terms_is_seen) {
  std::vector<double> even(100), rare(100, -0.02);
  for (std::size_t i = 0; i < 100; ++i) even[i] = i % 2 == 0 ? 1 : -1;
  rare[0] = rare[1] = 0.98;
  EXPECT_NEAR(shape_of_influence(even).skewness, 0, 1e-12);
  EXPECT_NEAR(shape_of_influence(rare).skewness, 1 / std::sqrt(2), 0.05);
  EXPECT_NEAR(shape_of_influence(rare).largest, 0.5, 0.02);
}

TEST(Bernstein, covers_the_mean_of_bounded_values) {
  int missed = 0;
  for (std::uint64_t run = 0; run < 500; ++run) {
    Draws draws(run);
    std::vector<double> values;
    for (int i = 0; i < 300; ++i) values.push_back(draws.uniform() < 0.05 ? 1 : 0);
    const Interval i = empirical_bernstein(mean(values), variance(values), 1, 300, 0.05);
    missed += i.low > 0.05 || i.high < 0.05;
  }
  EXPECT_LE(missed, most_by_chance(500, 0.05));
}

TEST(MeanSequence, holds_the_mean_at_all_times_and_narrows) {
  int missed = 0;
  double width = 1;
  for (std::uint64_t run = 0; run < 300; ++run) {
    Draws draws(run);
    MeanSequence sequence(0.05);
    bool out = false;
    for (int look = 0; look < 50; ++look) {
      std::vector<double> values;
      for (int i = 0; i < 40; ++i) values.push_back(draws.uniform() < 0.2 ? 1 : 0);
      sequence.add(values);
      const Interval at = sequence.interval();
      out = out || at.low > 0.2 || at.high < 0.2;
      width = at.high - at.low;
    }
    missed += out;
  }
  EXPECT_LE(missed, most_by_chance(300, 0.05));
  EXPECT_LT(width, 0.12);
}

TEST(MeanAboveZero, grows_on_a_gain_and_not_without_one) {
  int alarms = 0;
  for (std::uint64_t run = 0; run < 500; ++run) {
    Draws draws(run);
    MeanAboveZero none;
    for (int look = 0; look < 20; ++look) {
      std::vector<double> values;
      for (int i = 0; i < 50; ++i) values.push_back(draws.uniform() * 2 - 1);
      none.add(values);
      if (none.log_evidence() > std::log(20)) {
        ++alarms;
        break;
      }
    }
  }
  EXPECT_LE(alarms, most_by_chance(500, 0.05));
  Draws draws(1);
  MeanAboveZero gain;
  std::vector<double> values;
  for (int i = 0; i < 2000; ++i) values.push_back(draws.uniform() * 2 - 0.9);
  gain.add(values);
  EXPECT_GT(gain.log_evidence(), std::log(1000));
}

TEST(Corrections, are_those_of_holm_and_of_benjamini_and_hochberg) {
  const std::vector<double> p{0.01, 0.04, 0.03, 0.005};
  const std::vector<double> by_holm = holm(p), strict{0.03, 0.06, 0.06, 0.02};
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(by_holm[i], strict[i], 1e-12);
  const std::vector<double> adjusted = benjamini_hochberg(p), expected{0.02, 0.04, 0.04, 0.02};
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(adjusted[i], expected[i], 1e-12);
  EXPECT_TRUE(holm({}).empty());
}

TEST(Slope, shrinks_until_the_bias_shows) {
  // Values of rising parameters: far off with a narrow interval, then close to the unbiased one.
  const double n = 1000;
  const auto candidate = [&](double value, double deviation) {
    return TuningSums{{Ope::dros, 1}, value * n, (deviation * deviation + value * value) * n, 0};
  };
  const std::vector<TuningSums> all{candidate(1.0, 0.1), candidate(2.0, 0.5), candidate(2.01, 5)};
  EXPECT_EQ(choose_by_slope(all, 1000), 1u);
}

TEST(Student, quantiles_are_those_of_the_tables) {
  EXPECT_NEAR(student_quantile(30, 0.975), 2.042272, 1e-5);
  EXPECT_NEAR(student_quantile(100, 0.9), 1.290075, 1e-6);
  EXPECT_NEAR(student_quantile(1e9, 0.975), 1.959964, 1e-6);
}

TEST(Ridge, finds_the_line_that_made_the_rows) {
  NormalEquations sums(3);
  Draws draws(5);
  const std::vector<std::uint32_t> index{0, 1, 2};
  for (int i = 0; i < 200; ++i) {
    const std::vector<double> x{1, draws.normal(), draws.normal()};
    sums.add({index, x}, 2 - x[1] + 0.5 * x[2]);
  }
  const std::vector<double> b = sums.solve(1e-9, 0);
  EXPECT_NEAR(b[0], 2, 1e-3);
  EXPECT_NEAR(b[1], -1, 1e-3);
  EXPECT_NEAR(b[2], 0.5, 1e-3);
}

TEST(Ridge, without_rows_says_what_it_is_told) {
  EXPECT_EQ(NormalEquations(2).solve(1, 0.3), (std::vector<double>{0.3, 0}));
}

// Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
TEST(ScoreInterval, is_that_of_wilson_at_published_counts) {
  struct Case {
    double hits, count, low, high;
  };
  for (const Case& c : {Case{81, 263, 0.2553, 0.3662}, Case{15, 148, 0.0624, 0.1605},
                        Case{0, 20, 0.0000, 0.1611}, Case{1, 29, 0.0061, 0.1718}}) {
    const Interval found = score_interval(c.hits / c.count, c.count, {0, 1}, 0.05);
    EXPECT_NEAR(found.low, c.low, 5e-5) << c.hits;
    EXPECT_NEAR(found.high, c.high, 5e-5) << c.hits;
  }
}

TEST(ScoreInterval, moves_with_the_ends_of_the_values) {
  const Interval unit = score_interval(0.2, 50, {0, 1}, 0.1);
  const Interval other = score_interval(-3 + 0.2 * 7, 50, {-3, 4}, 0.1);
  EXPECT_NEAR(other.low, -3 + 7 * unit.low, 1e-12);
  EXPECT_NEAR(other.high, -3 + 7 * unit.high, 1e-12);
}

// Exactly, by the binomial distribution: Student's interval for p = 0.1 covers 0.90 to 0.94 here.
TEST(ScoreInterval, holds_what_it_says_on_average_over_counts) {
  for (const double p : {0.1, 0.25, 0.5}) {
    double covered = 0, counts = 0;
    for (int n = 30; n < 90; ++n) {
      double chance = std::pow(1 - p, n);  // of k hits
      for (int k = 0; k <= n; ++k) {
        const Interval found = score_interval(k / double(n), n, {0, 1}, 0.05);
        if (found.low <= p && p <= found.high) covered += chance;
        chance *= (n - k) / double(k + 1) * p / (1 - p);
      }
      ++counts;
    }
    EXPECT_GT(covered / counts, 0.945) << p;
    EXPECT_LT(covered / counts, 0.96) << p;
  }
}

}  // namespace
}  // namespace autopilot::stats
