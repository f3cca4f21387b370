#include "core/deploy/metric_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/policy/deployment.h"

namespace autopilot::deploy {
namespace {

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
  const std::pair<const char*, std::string> all[] = {{"version", query.version},
                                                     {"arm", query.arm},
                                                     {"slot", query.slot},
                                                     {"host", query.host},
                                                     {"port", std::to_string(query.port)},
                                                     {"pid", std::to_string(query.pid)},
                                                     {"metric", query.metric}};
  Placeholders known;
  // What is not asked for need not suit its place.
  for (const auto& [name, value] : all) {
    const std::string hole = fmt::format("{{{{{}", name);
    const bool wanted = text.find(hole) != text.npos || text.find("{{ ") != text.npos;
    known.emplace_back(name, wanted ? quoted(name, value, quoting) : std::string());
  }
  return fill(text, known);
}

std::string said_at(const Value& json, std::string_view key, std::string_view otherwise) {
  const Value* found = json.get(key);
  return found != nullptr && found->is_string() ? found->as_string() : std::string(otherwise);
}

std::optional<Duration> duration_if_any(const Value& spec, std::string_view key) {
  if (spec.get(key) == nullptr) return std::nullopt;
  return duration_in(spec, key, {});
}

std::string needed_text(const Value& spec, std::string_view key) {
  std::string text = text_in(spec, key, "");
  if (!text.empty()) return text;
  throw Error(ErrorKind::invalid, fmt::format("a metric of the provider {} needs {}",
                                              text_in(spec, "provider", "prometheus"), key));
}

Reply no_data(std::string why) {
  Reply reply;
  reply.no_data = std::move(why);
  return reply;
}

HttpRequest request_of(const Value& spec, std::string_view url, const Query& query) {
  HttpRequest request;
  request.url = fill(url, query, Quoting::url);
  request.method = text_in(spec, "method", "GET");
  request.body = fill(text_in(spec, "body", ""), query, Quoting::none);
  request.timeout = duration_in(spec, "timeout", kMetricTimeout);
  request.connect_timeout = std::min(request.connect_timeout, request.timeout);
  request.ca_file = text_in(spec, "ca_file", "");
  for (const auto& [name, text] : pairs_in(spec, "headers"))
    request.headers.emplace_back(name, fill(text, query, Quoting::none));
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
  const std::string text = text_in(spec, key, "");
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
      reading_(!policy::metric_is_count(spec)                      ? Reading::values
               : text_in(spec, "counts", "counters") == "counters" ? Reading::counters
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
