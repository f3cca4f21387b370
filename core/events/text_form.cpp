#include "core/events/text_form.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.h"

namespace autopilot::events {
namespace {

constexpr std::size_t kLooked = 4096;  // bytes: no text has a NUL among them

[[noreturn]] void refuse_encoding(const char* encoding, const std::string& name) {
  throw Error(ErrorKind::invalid, fmt::format("{} is {}, not UTF-8", name, encoding),
              fmt::format("convert it: iconv -f {} -t UTF-8", encoding));
}

}  // namespace

void must_be_text(std::string_view head, const std::string& name) {
  using namespace std::string_view_literals;
  head = head.substr(0, kLooked);
  if (head.starts_with("\xFF\xFE\0\0"sv) || head.starts_with("\0\0\xFE\xFF"sv))
    refuse_encoding("UTF-32", name);
  if (head.starts_with("\xFF\xFE") || head.starts_with("\xFE\xFF")) refuse_encoding("UTF-16", name);
  const std::size_t nul = head.find('\0');
  if (nul == std::string_view::npos) return;
  // Letters of the Latin script have a NUL before or behind them.
  const auto nuls = static_cast<std::size_t>(std::count(head.begin(), head.end(), '\0'));
  if (nul <= 1 && nuls >= head.size() / 3)
    refuse_encoding(nul == 0 ? "UTF-16BE" : "UTF-16LE", name);
  throw Error(ErrorKind::invalid, fmt::format("{} is no text: byte {} is 0", name, nul + 1),
              "it takes CSV with a header, or JSON Lines");
}

void must_be_lines(std::string_view head, const std::string& name) {
  must_be_text(head, name);
  const std::size_t begin = head.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos || head[begin] != '[') return;
  const std::size_t next = head.find_first_not_of(" \t\r\n", begin + 1);
  if (next != std::string_view::npos && head[next] != '{' && head[next] != '[') return;
  throw Error(ErrorKind::invalid, fmt::format("{} is a JSON array, not JSON Lines", name),
              "one object a line is wanted: jq -c '.[]' writes them");
}

}  // namespace autopilot::events
