#include "core/deploy/deltas.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <random>

#include "core/base/json.h"

namespace autopilot::deploy {
namespace {

const Instant kStart = *parse_rfc3339("2026-11-20T10:00:00Z");

Instant at(double seconds) { return kStart + Duration{std::llround(seconds * 1e9)}; }

Query query(double from, double to) {
  Query q;
  q.metric = "errors";
  q.arm = "canary";
  q.from = at(from);
  q.to = at(to);
  return q;
}

Reply counters(std::vector<Series> bad, std::vector<Series> total) {
  Reply reply;
  reply.reading = Reading::counters;
  reply.bad = std::move(bad);
  reply.total = std::move(total);
  return reply;
}

Series series(std::vector<std::pair<double, double>> points, std::string key = "{}") {
  Series out{std::move(key), {}};
  for (const auto& [time, value] : points) out.points.push_back({at(time), value});
  return out;
}

struct Sum {
  std::int64_t bad = 0, total = 0;
};
Sum sum(const std::vector<Sample>& samples) {
  Sum out;
  for (const Sample& s : samples) {
    out.bad += s.bad;
    out.total += s.total;
  }
  return out;
}

TEST(Deltas, each_interval_has_what_the_counters_grew_by) {
  const Taken taken = take_samples(
      query(0, 20),
      counters({series({{0, 5}, {10, 6}, {20, 6}})}, {series({{0, 100}, {10, 150}, {20, 250}})}),
      {});
  ASSERT_EQ(taken.samples.size(), 2u);
  EXPECT_EQ(taken.samples[0].bad, 1);
  EXPECT_EQ(taken.samples[0].total, 50);
  EXPECT_EQ(taken.samples[0].from, at(0));
  EXPECT_EQ(taken.samples[0].to, at(10));
  EXPECT_EQ(taken.samples[0].metric, "errors");
  EXPECT_EQ(taken.samples[0].arm, "canary");
  EXPECT_EQ(taken.samples[1].total, 100);
}

TEST(Deltas, a_counter_that_starts_again_counts_from_zero) {
  const Taken taken =
      take_samples(query(0, 20), counters({}, {series({{0, 100}, {10, 130}, {20, 7}})}), {});
  EXPECT_EQ(sum(taken.samples).total, 37);
}

TEST(Deltas, the_first_reading_of_all_counts_nothing) {
  const Taken taken = take_samples(query(0, 10), counters({}, {series({{0, 1e6}, {10, 1e6}})}), {});
  EXPECT_EQ(sum(taken.samples).total, 0);
}

TEST(Deltas, a_series_that_appears_while_others_are_read_began_at_zero) {
  const Taken taken = take_samples(
      query(0, 20), counters({series({{20, 3}}, "500")}, {series({{0, 10}, {10, 20}, {20, 30}})}),
      {});
  EXPECT_EQ(sum(taken.samples).bad, 3);
  EXPECT_EQ(sum(taken.samples).total, 20);
}

TEST(Deltas, no_bad_series_at_all_is_no_bad_event) {
  const Taken taken = take_samples(query(0, 10), counters({}, {series({{0, 1}, {10, 9}})}), {});
  ASSERT_EQ(taken.samples.size(), 1u);
  EXPECT_TRUE(taken.samples[0].no_data.empty());
  EXPECT_EQ(taken.samples[0].bad, 0);
  EXPECT_EQ(taken.samples[0].total, 8);
}

TEST(Deltas, the_good_ones_leave_the_bad_ones) {
  Reply reply = counters({}, {series({{0, 100}, {10, 200}})});
  reply.good = {series({{0, 95}, {10, 188}})};
  EXPECT_EQ(sum(take_samples(query(0, 10), reply, {}).samples).bad, 7);
}

TEST(Deltas, fractions_are_carried_and_never_lost) {
  std::vector<std::pair<double, double>> points{{0, 0}};
  for (int i = 1; i <= 10; ++i) points.emplace_back(i * 10, i * 0.7);
  const Taken taken = take_samples(query(0, 100), counters({}, {series(points)}), {});
  EXPECT_EQ(sum(taken.samples).total, 7);
}

TEST(Deltas, there_are_never_more_bad_events_than_events) {
  const Taken taken = take_samples(
      query(0, 20),
      counters({series({{0, 0}, {10, 3}, {20, 3}})}, {series({{0, 0}, {10, 1}, {20, 9}})}), {});
  EXPECT_EQ(taken.samples[0].bad, 1);
  EXPECT_EQ(taken.samples[1].bad, 2);
}

TEST(Deltas, far_more_bad_events_than_events_is_no_data) {
  const Taken taken = take_samples(
      query(0, 10), counters({series({{0, 0}, {10, 500}})}, {series({{0, 0}, {10, 20}})}), {});
  EXPECT_NE(taken.samples.back().no_data.find("more bad events"), std::string::npos);
}

TEST(Deltas, a_failed_read_leaves_the_cursor_and_the_next_one_catches_up) {
  Taken first = take_samples(query(0, 10), counters({}, {series({{0, 10}, {10, 20}})}), {});
  Reply broken;
  broken.no_data = "unreachable";
  const Taken second = take_samples(query(10, 20), broken, first.cursor);
  ASSERT_EQ(second.samples.size(), 1u);
  EXPECT_EQ(second.samples[0].no_data, "unreachable");
  EXPECT_EQ(second.samples[0].from, at(10));
  EXPECT_EQ(second.samples[0].to, at(20));
  const Taken third = take_samples(
      query(10, 30), counters({}, {series({{10, 20}, {20, 50}, {30, 60}})}), second.cursor);
  EXPECT_EQ(sum(third.samples).total, 40);
}

TEST(Deltas, numbers_that_are_none_are_passed_over) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double inf = std::numeric_limits<double>::infinity();
  const Taken taken =
      take_samples(query(0, 40),
                   counters({}, {series({{0, 10}, {10, nan}, {20, inf}, {30, -5}, {40, 12}})}), {});
  EXPECT_EQ(sum(taken.samples).total, 2);
}

TEST(Deltas, values_are_samples_and_nan_is_no_data) {
  Reply reply;
  reply.values = {
      series({{10, 0.5}, {20, std::nan("")}, {30, std::numeric_limits<double>::infinity()}})};
  const Taken taken = take_samples(query(0, 30), reply, {});
  ASSERT_EQ(taken.samples.size(), 3u);
  EXPECT_EQ(taken.samples[0].value, 0.5);
  EXPECT_EQ(taken.samples[1].no_data, "the value is NaN");
  EXPECT_FALSE(taken.samples[1].value);
  EXPECT_EQ(taken.samples[2].no_data, "the value is infinite");
}

TEST(Deltas, several_series_are_no_value) {
  Reply reply;
  reply.values = {series({{10, 1}}, "a"), series({{10, 2}}, "b")};
  EXPECT_NE(take_samples(query(0, 10), reply, {}).samples[0].no_data.find("2 series"),
            std::string::npos);
  reply.values.clear();
  EXPECT_EQ(take_samples(query(0, 10), reply, {}).samples[0].no_data, "there is no value");
}

TEST(Deltas, failures_in_a_row_are_counted_across_reads) {
  Reply reply;
  reply.reading = Reading::health;
  reply.values = {series({{10, 1}, {20, 0}})};
  const Taken first = take_samples(query(0, 20), reply, {});
  EXPECT_EQ(first.samples.back().value, 1);
  reply.values = {series({{30, 0}, {40, 0}, {50, 1}})};
  const Taken second = take_samples(query(20, 50), reply, first.cursor);
  EXPECT_EQ(second.samples[0].value, 2);
  EXPECT_EQ(second.samples[1].value, 3);
  EXPECT_EQ(second.samples[2].value, 0);
}

TEST(Deltas, the_cursor_survives_json) {
  const Taken first = take_samples(
      query(0, 10),
      counters({series({{0, 1}, {10, 1.5}}, R"({"a":"b\"c"})")}, {series({{0, 1}, {10, 9}})}), {});
  const Value again = parse_json(to_json(first.cursor)).value;
  EXPECT_EQ(again, first.cursor);
  const Taken second = take_samples(query(10, 20), counters({}, {series({{20, 12}})}), again);
  EXPECT_EQ(sum(second.samples).total, 3);
}

TEST(Deltas, too_many_series_are_no_data) {
  std::vector<Series> many;
  for (int i = 0; i < 6000; ++i) many.push_back(series({{0, 0}, {10, 1}}, std::to_string(i)));
  EXPECT_NE(take_samples(query(0, 10), counters({}, many), {}).samples[0].no_data.find("more than"),
            std::string::npos);
}

// Processes that count events and die, new ones among them; a scraper that misses; answers that
// overlap, repeat and are out of order; reads that fail. A restart is visible (the next value is
// smaller): of one that is not, no reader can know.
class Fleet {
 public:
  explicit Fleet(unsigned seed) : random_(seed) {}

  void run() {
    for (int i = 0; i < 3; ++i) processes_.emplace_back();
    scrape(0);
    for (int now = 10; now <= 2000; now += 10) {
      if (chance(0.02) && processes_.size() < 8) processes_.emplace_back();
      for (Process& p : processes_) {
        if (chance(0.03)) p.restart();
        work(p.total, 50);
        if (chance(0.3)) work(p.bad, 5);
      }
      if (!chance(0.2)) scrape(now);
      if (chance(0.15) || now == 2000) read(now, now != 2000 && chance(0.2));
    }
    EXPECT_EQ(taken_.bad, seen(&Process::bad));
    EXPECT_EQ(taken_.total, seen(&Process::total));
    EXPECT_GT(taken_.total, 1000);
  }

 private:
  struct Counter {
    std::int64_t now = 0, scraped = 0, seen = 0;
    bool restarted = false;  // since the last scrape
    bool exists = false;     // its first event has come
    Series points;
  };
  struct Process {
    Counter bad, total;
    void restart() {
      for (Counter* c : {&bad, &total}) {
        c->now = 0;
        c->restarted = true;
        c->exists = false;
      }
    }
  };

  bool chance(double p) { return std::uniform_real_distribution<>()(random_) < p; }

  void work(Counter& c, int most) {
    std::int64_t events = std::uniform_int_distribution<>(0, most)(random_);
    if (c.restarted && c.scraped > 0) events = std::min(events, c.scraped - 1 - c.now);
    c.now += std::max<std::int64_t>(0, events);
    c.exists = c.exists || c.now > 0;
  }

  void scrape(int now) {
    for (std::size_t i = 0; i < processes_.size(); ++i) {
      processes_[i].total.exists = true;
      for (Counter* c : {&processes_[i].bad, &processes_[i].total}) {
        if (!c->exists) continue;
        c->seen += c->restarted ? c->now : c->now - c->scraped;
        c->scraped = c->now;
        c->restarted = false;
        c->points.key = std::to_string(i);
        c->points.points.push_back({at(now), static_cast<double>(c->now)});
      }
    }
  }

  std::vector<Series> answer(Counter Process::*which, Instant from) {
    std::vector<Series> out;
    for (Process& p : processes_) {
      Series one{(p.*which).points.key, {}};
      for (const Point& point : (p.*which).points.points) {
        if (point.at < from) continue;
        one.points.push_back(point);
        if (chance(0.2)) one.points.push_back(point);
      }
      std::shuffle(one.points.begin(), one.points.end(), random_);
      if (!one.points.empty()) out.push_back(std::move(one));
    }
    return out;
  }

  void read(int now, bool fails) {
    Query q = query(last_read_, now);
    if (const Value* through = cursor_.get("through"))
      q.from = Instant::from_micros(through->as_int());
    const Instant from =
        q.from - Duration::seconds(std::uniform_int_distribution<>(0, 60)(random_));
    Reply reply = counters(answer(&Process::bad, from), answer(&Process::total, from));
    if (fails) reply.no_data = "unreachable";
    const Taken taken = take_samples(q, reply, cursor_);
    Instant end = told_;
    for (const Sample& s : taken.samples) {
      EXPECT_LT(s.from, s.to);
      if (!s.no_data.empty()) continue;
      EXPECT_GE(s.from, end);
      EXPECT_LE(s.bad, s.total);
      end = s.to;
    }
    told_ = end;
    taken_.bad += sum(taken.samples).bad;
    taken_.total += sum(taken.samples).total;
    cursor_ = parse_json(to_json(taken.cursor)).value;
    last_read_ = now;
  }

  std::int64_t seen(Counter Process::*which) {
    std::int64_t all = 0;
    for (const Process& p : processes_) all += (p.*which).seen;
    return all;
  }

  std::mt19937 random_;
  std::vector<Process> processes_;
  Value cursor_;
  Instant told_ = kStart;
  int last_read_ = 0;
  Sum taken_;
};

TEST(Deltas, every_event_that_a_scrape_saw_is_counted_once_whatever_happens) {
  for (unsigned seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(seed);
    Fleet(seed).run();
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace autopilot::deploy
