#include "core/base/secret_http.h"

#include <fmt/format.h>

#include "core/base/error.h"

namespace autopilot {

HttpResult SecretHttp::send(const HttpRequest& request) {
  HttpRequest resolved = request;
  for (auto& [name, value] : resolved.headers) {
    if (value.find("${") == std::string::npos) continue;
    if (secrets_ == nullptr) {
      throw Error(
          ErrorKind::invalid,
          fmt::format("the header {} refers to secrets, which are not resolved here", name));
    }
    const Secret secret = secrets_->resolve(value);
    value = secret.reveal();
  }
  HttpResult result = http_.send(resolved);
  for (auto& header : resolved.headers) wipe(header.second);
  return result;
}

World SecretHttp::within(const World& world) {
  return {world.clock,     world.files, world.environment, world.random,
          world.processes, *this,       world.sockets,     world.children};
}

}  // namespace autopilot
