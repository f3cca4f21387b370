#include "core/deploy/haproxy_runtime.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "core/base/error.h"
#include "core/base/text.h"

namespace autopilot::deploy {
namespace {

constexpr const char* kDynamic =
    "shares of requests follow weights with balance roundrobin or random(1)";
constexpr Duration kCommandTimeout = Duration::seconds(5);

[[noreturn]] void refuse_answer(std::string_view text, std::string_view what) {
  throw Error(ErrorKind::outside,
              fmt::format("HAProxy's answer is no {}: {}", what,
                          text.substr(0, std::min<std::size_t>(80, text.find('\n')))));
}

std::int64_t number(const std::string& text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;  // an empty column is 0
}

// Columns by the names of the header line.
class Columns {
 public:
  Columns(const std::string& header, char separator) : names_(split(header, separator)) {}
  bool has(std::string_view name) const { return index(name) < names_.size(); }
  const std::string& of(const std::vector<std::string>& fields, std::string_view name) const {
    static const std::string kNothing;
    const std::size_t at = index(name);
    return at < fields.size() ? fields[at] : kNothing;
  }

 private:
  std::size_t index(std::string_view name) const {
    return static_cast<std::size_t>(std::find(names_.begin(), names_.end(), name) - names_.begin());
  }
  std::vector<std::string> names_;
};

std::string hint_for(std::string_view answer) {
  if (answer.find("ermission denied") != answer.npos) {
    return "the socket needs admin rights: stats socket PATH level admin";
  }
  if (answer.find("static") != answer.npos) {
    return kDynamic;
  }
  return "";
}

}  // namespace

std::vector<HaproxyServer> parse_servers_state(std::string_view text) {
  const std::vector<std::string> lines = split(text, '\n');
  // "1", the version of the format; "# be_id be_name …"; then a line for each server.
  if (lines.size() < 2 || lines[1].rfind("# ", 0) != 0) refuse_answer(text, "servers state");
  const Columns columns(lines[1].substr(2), ' ');
  if (!columns.has("srv_name") || !columns.has("srv_uweight")) refuse_answer(text, "servers state");
  std::vector<HaproxyServer> out;
  for (std::size_t i = 2; i < lines.size(); ++i) {
    const std::vector<std::string> fields = split(trim(lines[i]), ' ');
    if (fields.size() < 5) continue;
    HaproxyServer server;
    server.name = columns.of(fields, "srv_name");
    // 0 stopped, 1 starting, 2 running, 3 stopping (server-t.h, enum srv_state).
    server.is_up = number(columns.of(fields, "srv_op_state")) != 0;
    server.is_drained = number(columns.of(fields, "srv_admin_state")) != 0;
    server.weight = static_cast<int>(number(columns.of(fields, "srv_uweight")));
    out.push_back(server);
  }
  return out;
}

std::vector<HaproxyCount> parse_stat(std::string_view text, std::string_view backend) {
  const std::vector<std::string> lines = split(text, '\n');
  if (lines.empty() || lines[0].rfind("# pxname,", 0) != 0) refuse_answer(text, "statistics");
  const Columns columns(lines[0].substr(2), ',');
  std::vector<HaproxyCount> out;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const std::vector<std::string> fields = split(lines[i], ',');
    const std::string& server = columns.of(fields, "svname");
    if (columns.of(fields, "pxname") != backend || server == "BACKEND" || server == "FRONTEND") {
      continue;
    }
    out.push_back({server, number(columns.of(fields, "scur")), number(columns.of(fields, "stot"))});
  }
  return out;
}

std::string parse_algorithm(std::string_view text, std::string_view backend) {
  const std::vector<std::string> lines = split(text, '\n');
  const Columns columns(lines.at(0).substr(lines[0].find(' ') + 1), ',');
  for (const std::string& line : lines) {
    const std::vector<std::string> fields = split(line, ',');
    if (columns.of(fields, "pxname") == backend && columns.of(fields, "svname") == "BACKEND") {
      return columns.of(fields, "algo");
    }
  }
  return {};
}

std::vector<HaproxyServer> HaproxyRuntime::servers(const std::string& backend) {
  const std::string answer = ask("show servers state " + backend);
  if (answer.find("an't find backend") != std::string::npos) {
    throw Error(ErrorKind::outside, fmt::format("HAProxy has no backend {}", backend),
                "traffic.backend names it");
  }
  return parse_servers_state(answer);
}

std::vector<HaproxyCount> HaproxyRuntime::counts(const std::string& backend) {
  return parse_stat(ask("show stat"), backend);
}

void HaproxyRuntime::set_weight(const std::string& backend, const std::string& server, int weight) {
  const std::string answer(trim(ask(fmt::format("set weight {}/{} {}", backend, server, weight))));
  if (answer.empty()) return;
  throw Error(
      ErrorKind::outside,
      fmt::format("HAProxy refuses weight {} for {}/{}: {}", weight, backend, server, answer),
      hint_for(answer));
}

// Weights of hashing algorithms can be set when their hash is consistent: HAProxy itself refuses
// the others when it is asked. It does not tell of random how many servers it draws.
void HaproxyRuntime::refuse_unweighted(const std::string& backend) {
  const std::string algorithm = parse_algorithm(ask("show stat"), backend);
  const bool is_fixed = algorithm == "static-rr" || algorithm == "first";
  if (!is_fixed && algorithm != "leastconn") return;
  throw Error(ErrorKind::outside,
              fmt::format("HAProxy's backend {} has balance {}, which {}", backend, algorithm,
                          is_fixed ? "keeps its weights" : "divides connections, not requests"),
              kDynamic);
}

std::string HaproxyRuntime::state_text() { return ask("show servers state"); }

void HaproxyRuntime::refuse_without_admin() {
  const std::string level(trim(ask("show cli level")));
  if (level == "admin") return;
  throw Error(
      ErrorKind::outside,
      fmt::format("HAProxy's socket {} has level {}", socket_, level.empty() ? "none" : level),
      "weights need: stats socket PATH level admin");
}

std::string HaproxyRuntime::ask(const std::string& command) {
  const SocketAnswer answer = world_.sockets.exchange(socket_, command + "\n", {kCommandTimeout});
  if (answer.ok()) return answer.text;
  const bool is_denied = answer.why.find("ermission denied") != std::string::npos;
  throw Error(ErrorKind::outside, answer.why,
              is_denied
                  ? "your user must be able to write to the socket: stats socket PATH mode 660 "
                    "group GROUP level admin"
                  : "HAProxy does not run, or its configuration lacks: stats socket PATH level "
                    "admin");
}

}  // namespace autopilot::deploy
