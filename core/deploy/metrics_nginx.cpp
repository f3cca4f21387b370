// nginx: its access log (counts and latencies of requests, by upstream) or its stub_status page.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/deploy/access_log.h"
#include "core/deploy/log_place.h"
#include "core/deploy/metric_source.h"
#include "core/deploy/nginx_probe.h"
#include "core/deploy/statistic.h"
#include "core/events/followed_logs.h"
#include "core/policy/deployment.h"

namespace autopilot::deploy {
namespace {

constexpr Duration kSettled = policy::kAccessLogDelay;
constexpr Duration kLeastStep = Duration::seconds(1);
constexpr std::int64_t kMostLogSteps = 10'000;
constexpr std::uint64_t kFirstPiece = 1 << 20;  // bytes read from the end, more until it suffices
constexpr std::uint64_t kMostBack = std::uint64_t{1} << 40;

// "127.0.0.1:8001, 127.0.0.1:8002" when the first did not answer: the last is who did.
std::string_view last_of_list(std::string_view text) {
  const std::size_t comma = text.rfind(", ");
  return comma == std::string_view::npos ? text : text.substr(comma + 2);
}

// Seconds; of several upstreams the sum. Null for "-".
std::optional<double> seconds_of(std::string_view text) {
  double sum = 0;
  for (const std::string& part : split(text, ',')) {
    const std::optional<double> one = parse_number(part);
    if (!one || !(*one >= 0 && *one < 1e9)) return std::nullopt;
    sum += *one;
  }
  return sum;
}

struct Request {
  Instant at;
  int status = 0;
  std::optional<double> seconds;
};

class NginxLog final : public Metrics {
 public:
  NginxLog(const Value& spec, World& world)
      : spec_(spec),
        world_(world),
        path_(needed_text(spec, "path")),
        format_(text_in(spec, "log_format", "combined")),
        above_(duration_if_any(spec, "above")) {
    time_field_ = text_in(spec, "field", "request_time");
    read_statuses();
    if (!policy::metric_is_count(spec)) read_statistic();
    if ((above_ || statistic_) && !format_.has(time_field_)) {
      throw Error(ErrorKind::invalid, fmt::format("log_format has no ${}", time_field_),
                  "the log must say how long requests took; log_format: timed does");
    }
  }

  bool has_history() const override { return true; }

  Reply read(const Query& query) override {
    const std::string path = fill(path_, query, Quoting::path);
    // The one before it may hold the beginning of what is asked for.
    const std::vector<std::string> paths =
        events::find_logs(world_.files, "", {path, path + ".1", path + ".1.gz"});
    if (paths.empty()) return no_data(fmt::format("there is no log {}", path));
    const std::int64_t until = (query.to - kSettled).seconds;
    const Instant settled{until, 0};
    if (settled <= query.from)
      return no_data("the log is read with 2 s of delay; nothing is old enough");
    Gathered reading{query, settled, wanted(query), {}, 0, 0};
    std::vector<events::LogCursor> known = unpack_place(query.place);
    if (known.empty()) known = beginnings(paths, query);
    events::FollowedLogs logs(world_.files, paths, std::move(known));
    std::string damage;
    for (events::FollowedLog& log : logs.logs()) {
      take_lines(log, reading);
      if (damage.empty()) damage = log.fault();
    }
    Reply reply = reply_of(reading, query, path);
    reply.place = pack_place(logs.cursors(world_.clock.now()));
    if (!damage.empty()) reply.warnings.push_back(damage);
    return reply;
  }

 private:
  // What one read() gathers.
  struct Gathered {
    const Query& query;
    Instant settled;
    std::map<std::string, std::string> where;
    std::vector<Request> requests;
    std::size_t lines, foreign;
  };

  void read_statuses() {
    const std::string bad = text_in(spec_, "bad", above_ ? "" : "5xx");
    if (bad.empty()) return;
    statuses_ = StatusSet::parse(bad);
    if (statuses_) return;
    throw Error(ErrorKind::invalid, fmt::format("bad is no set of statuses: {}", bad),
                "write 5xx, 404 or 500-504, several with commas");
  }

  void read_statistic() {
    const std::string text = needed_text(spec_, "query");
    statistic_ = parse_statistic(text);
    if (!statistic_) {
      throw Error(ErrorKind::invalid, fmt::format("query is {}, which is no statistic", text),
                  fmt::format("write {}", kStatistics));
    }
  }

  std::map<std::string, std::string> wanted(const Query& query) const {
    std::map<std::string, std::string> out;
    for (const auto& [variable, text] : pairs_in(spec_, "where")) {
      const std::string name = variable.starts_with('$') ? variable.substr(1) : variable;
      if (!format_.has(name))
        throw Error(ErrorKind::invalid, fmt::format("where: log_format has no ${}", name));
      out[name] = fill(text, query, Quoting::none);
    }
    return out;
  }

  // A log that was never read may be long: reading begins where it is older than what is asked for.
  std::vector<events::LogCursor> beginnings(const std::vector<std::string>& paths,
                                            const Query& query) const {
    std::vector<events::LogCursor> out;
    for (const std::string& path : paths) {
      if (path.ends_with(".gz")) continue;
      const FilePiece head = world_.files.read_piece(path, 0, events::FollowedLog::kHead);
      events::LogCursor one;
      one.path = path;
      one.inode = head.inode;
      one.head = to_hex(sha256(head.bytes));
      one.head_bytes = head.bytes.size();
      one.offset = offset_before(path, asked_later(query));
      one.seen = world_.clock.now();
      if (one.offset > 0) out.push_back(std::move(one));
    }
    return out;
  }

  // Of a line that is older, looked for from the end; 0: there may be none.
  std::uint64_t offset_before(const std::string& path, Instant from) const {
    const std::uint64_t size = world_.files.open(path)->size();
    for (std::uint64_t most = kFirstPiece; most < size && most <= kMostBack; most *= 4) {
      const std::uint64_t begin = size - most;
      const std::string text = world_.files.read_piece(path, begin, kFirstPiece).bytes;
      if (const auto line = older_line(text, from)) return begin + *line;
    }
    return 0;
  }

  // Where the first line of a piece that can be read begins, if it is older.
  std::optional<std::size_t> older_line(std::string_view text, Instant from) const {
    std::vector<std::string_view> values;
    for (std::size_t at = text.find('\n'); at < text.size();) {
      const std::size_t end = text.find('\n', at + 1);
      if (end == std::string_view::npos) break;
      if (format_.split(text.substr(at + 1, end - at - 1), values)) {
        const auto time = format_.time_of(values);
        if (time) return *time < from ? std::optional(at + 1) : std::nullopt;
      }
      at = end;
    }
    return std::nullopt;
  }

  // No later query asks for what is older.
  static Instant asked_later(const Query& query) { return query.from - query.step - kSettled; }

  // What comes before the first line that a later query may ask for is not read again.
  void take_lines(events::FollowedLog& log, Gathered& into) const {
    const Instant kept = asked_later(into.query);
    std::vector<std::string_view> values;
    bool is_over = true;
    for (std::string_view line; log.next(line);) {
      ++into.lines;
      const auto time = format_.split(line, values) ? format_.time_of(values) : std::nullopt;
      if (!time) ++into.foreign;
      is_over = is_over && (!time || *time <= kept);
      if (is_over && time) log.mark();  // a log of another form is told each time
      if (time && *time > into.query.from && *time <= into.settled)
        take_request(values, *time, into);
    }
  }

  void take_request(const std::vector<std::string_view>& values, Instant at, Gathered& into) const {
    const auto value = [&](std::string_view name) {
      const int index = format_.index_of(name);
      return index < 0 ? std::string_view() : values[static_cast<std::size_t>(index)];
    };
    if (value("http_user_agent") == kProbeAgent) return;  // what autopilot asks is nobody's request
    for (const auto& [name, text] : into.where) {
      if (value(name) != text && last_of_list(value(name)) != text) return;
    }
    const std::optional<double> status = parse_number(value("status"));
    into.requests.push_back(
        {at, status ? static_cast<int>(*status) : 0, seconds_of(value(time_field_))});
  }

  bool is_bad(const Request& request) const {
    if (statuses_ && statuses_->contains(request.status)) return true;
    return above_ && request.seconds && *request.seconds > static_cast<double>(above_->nanos) / 1e9;
  }

  Reply reply_of(const Gathered& reading, const Query& query, const std::string& path) const {
    if (reading.lines > 0 && reading.foreign == reading.lines) {
      return no_data(fmt::format("no line of {} has the form of log_format", path));
    }
    Reply reply = statistic_ ? statistic_reply(reading) : count_reply(reading, query);
    if (reading.foreign > 0) {
      reply.warnings.push_back(fmt::format("{} of {} lines of {} have another form than log_format",
                                           reading.foreign, reading.lines, path));
    }
    return reply;
  }

  Reply statistic_reply(const Gathered& reading) const {
    Histogram histogram;
    for (const Request& r : reading.requests) {
      if (r.seconds) histogram.record(Duration{static_cast<std::int64_t>(*r.seconds * 1e9)});
    }
    if (histogram.count() == 0) return no_data("there were no requests");
    Reply reply;
    const double seconds = static_cast<double>(statistic_of(histogram, *statistic_).nanos) / 1e9;
    reply.values.push_back({"latency", {{reading.settled, seconds}}});
    return reply;
  }

  // A point for every step, so that quiet ones count as such.
  Reply count_reply(const Gathered& reading, const Query& query) const {
    Reply reply;
    reply.reading = Reading::increments;
    Series bad{"bad", {}}, total{"total", {}};
    const Duration all = reading.settled - query.from;
    const Duration step{std::max({query.step.nanos, all.nanos / kMostLogSteps, kLeastStep.nanos})};
    for (Instant end = query.from; end < reading.settled;) {
      end = std::min(end + step, reading.settled);
      bad.points.push_back({end, 0});
      total.points.push_back({end, 0});
    }
    for (const Request& request : reading.requests) {
      const std::int64_t behind = (request.at - query.from).nanos - 1;
      const auto index = static_cast<std::size_t>(behind / step.nanos);
      total.points[index].value += 1;
      if (is_bad(request)) bad.points[index].value += 1;
    }
    reply.bad.push_back(std::move(bad));
    reply.total.push_back(std::move(total));
    return reply;
  }

  const Value spec_;
  World& world_;
  std::string path_, time_field_;
  AccessLogFormat format_;
  std::optional<Duration> above_;
  std::optional<StatusSet> statuses_;
  std::optional<Statistic> statistic_;
};

// https://nginx.org/en/docs/http/ngx_http_stub_status_module.html
class NginxStatus final : public Metrics {
 public:
  NginxStatus(const Value& spec, World& world)
      : spec_(spec), world_(world), url_(needed_text(spec, "url")) {}

  bool has_history() const override { return false; }

  Reply read(const Query& query) override {
    const HttpRequest request = request_of(spec_, url_, query);
    const HttpResult result = world_.http.send(request);
    if (std::string fault = fault_of_status(result, request.url); !fault.empty())
      return no_data(fault);
    std::map<std::string, double> numbers;
    if (!take(result.response.body, numbers)) {
      return no_data(fmt::format("{} does not answer as stub_status does", shown_url(request.url)));
    }
    Reply reply;
    if (policy::metric_is_count(spec_)) {
      // Connections that were accepted and not handled: a limit was reached.
      reply.reading = Reading::counters;
      reply.good.push_back({"handled", {{query.to, numbers["handled"]}}});
      reply.total.push_back({"accepts", {{query.to, numbers["accepts"]}}});
      return reply;
    }
    const std::string name = text_in(spec_, "query", "active");
    const auto found = numbers.find(name);
    if (found == numbers.end()) {
      return no_data(
          fmt::format("stub_status has no {}; it has active, accepts, handled, "
                      "requests, reading, writing and waiting",
                      name));
    }
    reply.values.push_back({name, {{query.to, found->second}}});
    return reply;
  }

 private:
  static bool take(const std::string& body, std::map<std::string, double>& numbers) {
    std::vector<std::string> words;
    for (const std::string& line : autopilot::split(body, '\n')) {
      for (std::string& word : autopilot::split(line, ' ')) {
        if (!word.empty()) words.push_back(std::move(word));
      }
    }
    // Active connections: N server accepts handled requests A H R Reading: N Writing: N Waiting: N
    constexpr std::pair<std::size_t, const char*> kPlaces[] = {
        {2, "active"},   {7, "accepts"},  {8, "handled"}, {9, "requests"},
        {11, "reading"}, {13, "writing"}, {15, "waiting"}};
    if (words.size() != 16 || words[0] != "Active" || words[3] != "server") return false;
    for (const auto& [at, name] : kPlaces) {
      const std::optional<double> number = parse_number(words[at]);
      if (!number) return false;
      numbers[name] = *number;
    }
    return true;
  }

  const Value spec_;
  World& world_;
  std::string url_;
};

}  // namespace

std::unique_ptr<Metrics> nginx_metrics(const Value& spec, World& world) {
  const bool has_log = !text_in(spec, "path", "").empty();
  if (has_log != text_in(spec, "url", "").empty()) {
    throw Error(ErrorKind::invalid, "a metric of the provider nginx needs one of path and url",
                "path is its access log, url its stub_status page");
  }
  if (has_log) return std::make_unique<NginxLog>(spec, world);
  return std::make_unique<NginxStatus>(spec, world);
}

}  // namespace autopilot::deploy
