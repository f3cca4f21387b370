#include "core/deploy/open_sockets.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <cstring>

#include "core/base/error.h"
#include "core/base/text.h"

namespace autopilot::deploy {
namespace {

// Words of 32 bits as the machine holds them, in hexadecimal: what /proc/net/tcp shows.
std::string kernel_text(const unsigned char* bytes, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; i += 4) {
    std::uint32_t word = 0;
    std::memcpy(&word, bytes + i, sizeof word);
    out += fmt::format("{:08X}", word);
  }
  return out;
}

}  // namespace

std::int64_t established_to(std::string_view table, std::string_view far_end) {
  std::int64_t count = 0;
  while (!table.empty()) {
    const std::string_view line = table.substr(0, table.find('\n'));
    table.remove_prefix(std::min(table.size(), line.size() + 1));
    // "  0: LOCAL:PORT REMOTE:PORT 01 …": state 01 is established.
    const std::size_t at = line.find(far_end);
    if (at == line.npos || at == 0 || line[at - 1] != ' ') continue;
    const std::string_view rest = line.substr(at + far_end.size());
    const bool has_local = trim(line.substr(0, at)).find(' ') != std::string_view::npos;
    count += has_local && rest.substr(0, 3) == " 01";
  }
  return count;
}

std::optional<std::int64_t> sockets_open_to(Files& files, const Slot& slot) {
  unsigned char bytes[16] = {};
  const std::string host = slot.host == "localhost" ? "127.0.0.1" : slot.host;
  const bool is_v6 = host.find(':') != std::string::npos;
  if (::inet_pton(is_v6 ? AF_INET6 : AF_INET, host.c_str(), bytes) != 1) return std::nullopt;
  const std::string far_end =
      fmt::format("{}:{:04X}", kernel_text(bytes, is_v6 ? 16 : 4), slot.port);
  try {
    return established_to(files.read(is_v6 ? "/proc/net/tcp6" : "/proc/net/tcp"), far_end);
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace autopilot::deploy
