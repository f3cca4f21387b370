#pragma once
// Describing a sample: moments, percentiles, ranks, outliers.

#include <span>
#include <vector>

namespace autopilot::stats {

double mean(std::span<const double> values);                 // NaN of none
double variance(std::span<const double> values);             // by n - 1; 0 of one, NaN of none
double population_variance(std::span<const double> values);  // by n; NaN of none

// Percentile p in [0, 100], definition 7 of Hyndman and Fan (The American Statistician 50, 1996),
// which is R's and numpy's default. NaN of none.
double percentile(std::vector<double> values, double p);

// Ranks from 1 in the order of `values`; equal ones share their mean rank, NaN ranks last.
std::vector<double> ranks(std::span<const double> values);
// Sum of t^3 - t over the groups of t equal values: what ties take from a rank test's variance.
double tie_correction(std::span<const double> ranks);

// Values outside of Tukey's fences, p25 - factor * IQR and p75 + factor * IQR. When `lenient`, the
// fences reach to the 1st and 99th percentile at least.
std::vector<bool> outside_fences(const std::vector<double>& values, double factor, bool lenient);
// Values further than `factor` population standard deviations from the mean.
std::vector<bool> outside_sigmas(const std::vector<double>& values, double factor);

}  // namespace autopilot::stats
