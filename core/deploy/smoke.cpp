#include "core/deploy/smoke.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/json.h"

namespace autopilot::deploy {
namespace {

constexpr std::size_t kMostShown = 120;  // bytes of what an answer said

std::string shown(const Value& value) {
  std::string text = to_json(value);
  if (text.size() > kMostShown) {
    std::size_t end = kMostShown;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    text = text.substr(0, end) + "…";
  }
  return text;
}

std::optional<std::int64_t> length_of(const Value& value) {
  if (value.is_list()) return static_cast<std::int64_t>(value.as_list().size());
  if (value.is_map()) return static_cast<std::int64_t>(value.as_map().size());
  if (!value.is_string()) return std::nullopt;
  const std::string& text = value.as_string();
  return std::count_if(text.begin(), text.end(),
                       [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
}

std::string text_of(const Value& value) {
  return value.is_string() ? value.as_string() : to_json(value);
}

// One try of one check.
class Attempt {
 public:
  Attempt(const SmokeCheck& check, World& world) : check_(check) {
    HttpResult result = world.http.send(check.request);
    out_.check = &check;
    out_.took = result.response.took;
    if (!result.ok()) {
      out_.faults.push_back(result.hint.empty() ? result.why
                                                : fmt::format("{}; {}", result.why, result.hint));
      return;
    }
    out_.status = result.response.status;
    check_status(result.response);
    check_time();
    check_headers(result.response);
    check_body(result.response.body);
    check_json(result.response);
  }

  SmokeResult result() { return std::move(out_); }

 private:
  void fault(std::string text) { out_.faults.push_back(std::move(text)); }

  void check_status(const HttpResponse& response) {
    if (check_.status.contains(response.status)) return;
    std::string text =
        fmt::format("status: {} is expected, got {}", check_.status_text, response.status);
    const std::string_view to = response.header("location");
    if (!to.empty()) text += fmt::format(" to {} (redirects: 1 follows it)", shown_url(to));
    fault(std::move(text));
  }

  void check_time() {
    if (!check_.within || out_.took <= *check_.within) return;
    fault(fmt::format("latency: within {} is expected, it took {:.1f} ms",
                      format_duration(*check_.within), static_cast<double>(out_.took.nanos) / 1e6));
  }

  void check_headers(const HttpResponse& response) {
    for (const auto& [name, expected] : check_.headers) {
      const auto found = std::find_if(response.headers.begin(), response.headers.end(),
                                      [&](const auto& header) { return header.first == name; });
      const Value value(found == response.headers.end() ? std::string() : found->second);
      const std::string why = expected.fault(found == response.headers.end() ? nullptr : &value);
      if (!why.empty()) fault(fmt::format("header {}: {}", name, why));
    }
  }

  void check_body(const std::string& body) {
    for (const std::string& text : check_.contains) {
      if (body.find(text) == std::string::npos)
        fault(fmt::format("body: it lacks {}; it is {}", shown(text), shown(body)));
    }
    for (const std::string& text : check_.lacks) {
      if (body.find(text) != std::string::npos)
        fault(fmt::format("body: it contains {}", shown(text)));
    }
    for (const auto& [pattern, regex] : check_.matches) {
      if (!regex->matches(body))
        fault(fmt::format("body: nothing matches {}; it is {}", pattern, shown(body)));
    }
  }

  void check_json(const HttpResponse& response) {
    if (check_.json.empty()) return;
    const JsonResult parsed = parse_json(response.body);
    if (!parsed.ok) {
      return fault(fmt::format("json: the answer is no JSON: {} at byte {}; it is {}",
                               parsed.fault.message, parsed.fault.offset, shown(response.body)));
    }
    for (const SmokeCheck::AtPath& one : check_.json) {
      const std::string why = one.expected.fault(find_at(parsed.value, one.path));
      if (!why.empty()) fault(fmt::format("json {}: {}", one.text, why));
    }
  }

  const SmokeCheck& check_;
  SmokeResult out_;
};

}  // namespace

std::string Expectation::fault(const Value* found) const {
  if (exists) {
    if (*exists == (found != nullptr)) return {};
    return *exists ? "it is expected to exist" : fmt::format("it is {}", shown(*found));
  }
  if (found == nullptr) return "there is nothing";
  if (equals && !(*equals == *found))
    return fmt::format("{} is expected, got {}", shown(*equals), shown(*found));
  if (contains && text_of(*found).find(*contains) == std::string::npos)
    return fmt::format("it lacks {}: {}", shown(*contains), shown(*found));
  if (matches != nullptr && !matches->matches(text_of(*found)))
    return fmt::format("it does not match {}: {}", pattern, shown(*found));
  if (min || max) {
    const std::optional<double> number = number_of(*found);
    if (!number) return fmt::format("a number is expected, got {}", shown(*found));
    if (min && !(*number >= *min))
      return fmt::format("at least {} is expected, got {}", double_text(*min), shown(*found));
    if (max && !(*number <= *max))
      return fmt::format("at most {} is expected, got {}", double_text(*max), shown(*found));
  }
  if (!length) return {};
  const std::optional<std::int64_t> size = length_of(*found);
  if (!size) return fmt::format("a list, map or text is expected, got {}", shown(*found));
  return *size == *length ? std::string()
                          : fmt::format("a length of {} is expected, got {}", *length, *size);
}

std::vector<SmokeResult> run_smoke(const SmokeFile& file, World& world) {
  std::vector<SmokeResult> results;
  for (const SmokeCheck& check : file.checks) {
    SmokeResult result;
    for (int attempt = 1; attempt <= check.retries + 1; ++attempt) {
      if (attempt > 1) world.clock.sleep(check.wait);
      result = Attempt(check, world).result();
      result.attempts = attempt;
      if (result.passed()) break;
    }
    results.push_back(std::move(result));
  }
  return results;
}

bool all_passed(const std::vector<SmokeResult>& results) {
  return std::all_of(results.begin(), results.end(), [](const auto& r) { return r.passed(); });
}

}  // namespace autopilot::deploy
