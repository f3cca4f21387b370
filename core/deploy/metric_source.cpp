#include "core/deploy/metric_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/text.h"

namespace autopilot::deploy {
namespace {

constexpr char kNames[] = "version, arm, slot, port, pid and metric";

std::string value_of(std::string_view name, const Query& query) {
  if (name == "version") return query.version;
  if (name == "arm") return query.arm;
  if (name == "slot") return query.slot;
  if (name == "port") return std::to_string(query.port);
  if (name == "pid") return std::to_string(query.pid);
  if (name == "metric") return query.metric;
  throw Error(ErrorKind::invalid, fmt::format("{{{{{}}}}} fills in nothing", name),
              fmt::format("there are {}", kNames));
}

std::string quoted(std::string_view name, const std::string& value, Quoting quoting) {
  std::string out;
  switch (quoting) {
    case Quoting::none:
      return value;
    case Quoting::promql:
      for (const char c : value) {
        if (c == '\n') out += "\\n";
        if (c == '"' || c == '\\' || c == '\'' || c == '`') out += '\\';
        if (c != '\n') out += c;
      }
      return out;
    case Quoting::url:
      for (const char c : value) {
        const auto byte = static_cast<unsigned char>(c);
        const bool plain = std::isalnum(byte) != 0 || c == '-' || c == '_' || c == '.' || c == '~';
        out += plain ? std::string(1, c) : fmt::format("%{:02X}", byte);
      }
      return out;
    case Quoting::path:
      if (value.empty() || value == "." || value == ".." || value.find('/') != std::string::npos) {
        throw Error(
            ErrorKind::invalid,
            fmt::format("{{{{{}}}}} is \"{}\", which cannot be a part of a path", name, value));
      }
      return value;
  }
  return value;
}

// Replaces every {{name}} by what `fill_in` makes of the name.
template <class F>
std::string replaced(std::string_view text, F fill_in) {
  std::string out;
  for (;;) {
    const std::size_t open = text.find("{{");
    const std::size_t close = open == std::string_view::npos ? open : text.find("}}", open + 2);
    if (close == std::string_view::npos) return out += text;
    out += text.substr(0, open);
    out += fill_in(trim(text.substr(open + 2, close - open - 2)));
    text.remove_prefix(close + 2);
  }
}

std::string secret(std::string_view name, World& world) {
  if (name.starts_with("env:")) {
    const std::string variable(name.substr(4));
    if (const auto value = world.environment.get(variable)) return *value;
    throw Error(ErrorKind::invalid, fmt::format("the environment variable {} is not set", variable),
                "a header of the metric takes its secret from it");
  }
  return std::string(trim(world.files.read(std::string(name.substr(5)))));
}

bool is_secret(std::string_view name) {
  return name.starts_with("env:") || name.starts_with("file:");
}

// What a body that is no JSON seems to be.
std::string looks_like(const HttpResponse& response) {
  const std::string_view type = response.header("content-type");
  const std::string_view start = trim(response.body).substr(0, 1);
  if (response.body.empty()) return "it is empty";
  if (start == "<") return "it is a page; is there a login or a proxy in front?";
  return type.empty() ? std::string("it has no content type")
                      : fmt::format("its content type is {}", type.substr(0, 80));
}

}  // namespace

std::string fill(std::string_view text, const Query& query, Quoting quoting) {
  return replaced(
      text, [&](std::string_view name) { return quoted(name, value_of(name, query), quoting); });
}

std::string text_at(const Value& spec, std::string_view key, std::string_view otherwise) {
  const Value* found = spec.get(key);
  if (found == nullptr || found->is_null()) return std::string(otherwise);
  return found->is_string() ? found->as_string() : to_json(*found);
}

std::optional<Duration> duration_if_any(const Value& spec, std::string_view key) {
  const std::string text = text_at(spec, key);
  if (text.empty()) return std::nullopt;
  if (const auto d = parse_duration(text)) return d;
  throw Error(ErrorKind::invalid, fmt::format("{} is {}, which is no duration", key, text),
              "write 200ms, 10s or 5m, for example");
}

Duration duration_at(const Value& spec, std::string_view key, Duration otherwise) {
  return duration_if_any(spec, key).value_or(otherwise);
}

std::vector<std::string> texts_at(const Value& spec, std::string_view key) {
  std::vector<std::string> out;
  const Value* found = spec.get(key);
  if (found == nullptr || found->is_null()) return out;
  if (!found->is_list()) return {text_at(spec, key)};
  for (const Value& item : found->as_list())
    out.push_back(item.is_string() ? item.as_string() : to_json(item));
  return out;
}

bool is_count(const Value& spec) {
  const std::string kind = text_at(spec, "kind");
  if (!kind.empty()) return kind == "count";
  return spec.get("total") != nullptr || spec.get("bad") != nullptr ||
         spec.get("good") != nullptr || spec.get("histogram") != nullptr;
}

std::string needed_text(const Value& spec, std::string_view key) {
  std::string text = text_at(spec, key);
  if (!text.empty()) return text;
  throw Error(ErrorKind::invalid, fmt::format("a metric of the provider {} needs {}",
                                              text_at(spec, "provider", "prometheus"), key));
}

Reply no_data(std::string why) {
  Reply reply;
  reply.no_data = std::move(why);
  return reply;
}

HttpRequest request_of(const Value& spec, std::string_view url, const Query& query, World& world) {
  HttpRequest request;
  request.url = fill(url, query, Quoting::url);
  request.method = text_at(spec, "method", "GET");
  request.body = fill(text_at(spec, "body"), query, Quoting::none);
  request.timeout = duration_at(spec, "timeout", kMetricTimeout);
  request.connect_timeout = std::min(request.connect_timeout, request.timeout);
  request.ca_file = text_at(spec, "ca_file");
  const Value* headers = spec.get("headers");
  if (headers == nullptr || !headers->is_map()) return request;
  for (const auto& [name, value] : headers->as_map()) {
    const std::string text = value.is_string() ? value.as_string() : to_json(value);
    request.headers.emplace_back(name, replaced(text, [&](std::string_view hole) {
                                   return is_secret(hole) ? secret(hole, world)
                                                          : value_of(hole, query);
                                 }));
  }
  return request;
}

std::string fault_of_status(const HttpResult& result, const std::string& url) {
  if (!result.ok()) {
    return result.hint.empty() ? result.why : fmt::format("{}; {}", result.why, result.hint);
  }
  const int status = result.response.status;
  const std::string said = fmt::format("{} answered with status {}", shown_url(url), status);
  if (status >= 200 && status < 300) return {};
  if (status >= 300 && status < 400) {
    return fmt::format("{}: redirects are not followed; ask {}", said,
                       shown_url(result.response.header("location")));
  }
  if (status == 401 || status == 403) return said + "; give credentials in headers";
  if (status == 404) return said + "; check the path of the URL";
  if (status == 429) return said + ": too many requests; ask less often (interval)";
  return said;
}

JsonAnswer json_of(const HttpResult& result, const std::string& url) {
  if (std::string fault = fault_of_status(result, url); !fault.empty()) return {{}, fault, {}};
  JsonResult parsed = parse_json(result.response.body);
  if (parsed.ok) return {std::move(parsed.value), {}, {}};
  return {{},
          fmt::format("the answer of {} is no JSON ({} at byte {}): {}", shown_url(url),
                      parsed.fault.message, parsed.fault.offset, looks_like(result.response)),
          {}};
}

std::optional<Places::Place> Places::place_at(const Value& spec, std::string_view key) {
  const std::string text = text_at(spec, key);
  if (text.empty()) return std::nullopt;
  Place place{text, parse_json_path(text)};
  if (place.path.ok()) return place;
  throw Error(ErrorKind::invalid,
              fmt::format("{} is no place in JSON: {}: {}", key, text, place.path.fault),
              "write $.data.errors or $.results[0].count, for example");
}

Places::Places(const Value& spec)
    : bad_(place_at(spec, "bad")),
      good_(place_at(spec, "good")),
      total_(place_at(spec, "total")),
      value_(place_at(spec, "query")),
      reading_(!is_count(spec)                                     ? Reading::values
               : text_at(spec, "counts", "counters") == "counters" ? Reading::counters
                                                                   : Reading::increments) {
  if (reading_ == Reading::values) return;
  // Without places, the answer has the names that one would expect.
  if (!bad_ && !good_) bad_ = Place{"bad", parse_json_path("bad")};
  if (!total_) total_ = Place{"total", parse_json_path("total")};
}

std::string Places::take(const Place& place, const Value& json, Instant at, std::string_view source,
                         std::vector<Series>& into) {
  const Value* found = find_at(json, place.path);
  if (found == nullptr) return fmt::format("{} has nothing at {}", source, place.text);
  const std::optional<double> number = number_of(*found);
  if (!number) {
    return fmt::format("{} has {} at {} where a number is wanted", source, to_string(found->kind()),
                       place.text);
  }
  into.push_back({place.text, {{at, *number}}});
  return {};
}

Reply Places::reply(const Value& json, Instant at, std::string_view source) const {
  Reply reply;
  reply.reading = reading_;
  std::string fault;
  const auto add = [&](const std::optional<Place>& place, std::vector<Series>& into) {
    if (place && fault.empty()) fault = take(*place, json, at, source, into);
  };
  if (reading_ != Reading::values) {
    add(bad_, reply.bad);
    add(good_, reply.good);
    add(total_, reply.total);
  } else if (value_) {
    add(value_, reply.values);
  } else {
    // A number by itself, or {"value": 1}.
    const Place whole{"the top", {}};
    const Place named{"value", parse_json_path("value")};
    fault = take(json.is_map() ? named : whole, json, at, source, reply.values);
  }
  return fault.empty() ? reply : no_data(fault);
}

}  // namespace autopilot::deploy
