#pragma once
// Lines of an nginx access log by the log_format that wrote them.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/time.h"

namespace autopilot::deploy {

// nginx's own `combined`, and `timed`: the same with how long requests took and who answered them.
inline constexpr char kCombined[] =
    R"($remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent )"
    R"("$http_referer" "$http_user_agent")";
inline constexpr char kTimed[] =
    R"($remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent )"
    R"("$http_referer" "$http_user_agent" $request_time $upstream_response_time $upstream_addr)";

class AccessLogFormat {
 public:
  // "combined", "timed", or the text of a log_format. Throws Error(invalid) when it has no time or
  // no status, or two variables stand side by side.
  explicit AccessLogFormat(const std::string& format);

  bool has(std::string_view variable) const { return index_of(variable) >= 0; }
  // -1 when the format lacks it.
  int index_of(std::string_view variable) const;
  // The values of the variables in order; false for a line of another form.
  bool split(std::string_view line, std::vector<std::string_view>& values) const;
  // When the request ended.
  std::optional<Instant> time_of(const std::vector<std::string_view>& values) const;

 private:
  std::string before_;              // what stands before the first variable
  std::vector<std::string> names_;  // of variables, without $
  std::vector<std::string> after_;  // what stands after each
  int time_ = -1;
};

// "20/Nov/2026:10:00:00 +0100"
std::optional<Instant> parse_time_local(std::string_view text);

}  // namespace autopilot::deploy
