#pragma once
// Http for requests whose headers refer to secrets (secret_reference.h): they are resolved as the
// request goes out, so that whoever made it, keeps it or shows it holds the reference alone.

#include "core/base/http.h"
#include "core/base/secrets.h"

namespace autopilot {

class SecretHttp final : public Http {
 public:
  // Borrows both. Without secrets, a reference is an Error(invalid).
  SecretHttp(Http& http, Secrets* secrets) : http_(http), secrets_(secrets) {}

  // Throws as Secrets::resolve does.
  HttpResult send(const HttpRequest& request) override;

  // A world whose requests go this way.
  World within(const World& world);

 private:
  Http& http_;
  Secrets* secrets_;
};

}  // namespace autopilot
