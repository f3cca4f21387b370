// autopilot deploy smoke: does what was deployed answer as it should?
#include <fmt/format.h>

#include "cli/command.h"
#include "core/base/error.h"
#include "core/base/secret_http.h"
#include "core/deploy/smoke.h"
#include "core/render/diagnostics.h"

namespace autopilot::commands {
namespace {

constexpr char kSmokeDetails[] =
    R"(Sends the requests of FILE one after another and compares the answers with what FILE says: status, headers, places in
JSON, texts and patterns in the body, latency. A check that fails is tried again as its retries say, so that a service
may need a moment to come up. Exits 1 when a check fails, with every difference told.

FILE is YAML: base, and checks with one of get, post, put, delete or head each. {{NAME}} is replaced by what --set gives,
and references to secrets in headers (${env:TOKEN}) are resolved as requests go out. Redirects are answers like others
unless a check follows them, certificates are always verified, and proxies of the environment play no part.

EXAMPLES
  autopilot deploy smoke smoke.yaml
  autopilot deploy smoke smoke.yaml --base http://127.0.0.1:8002 --set version=2.4.1
  autopilot deploy smoke smoke.yaml --format junit > smoke.xml

A FILE
  base: http://127.0.0.1:{{port}}
  retries: 5
  checks:
    - name: it is up and knows its version
      get: /health
      within: 200ms
      header: {content-type: application/json}
      json: {$.status: ok, $.version: "{{version}}", $.uptime: {min: 0}}
    - name: nobody comes in without a key
      post: /orders
      send: {item: 1}
      status: [401, 403]
)";

class DeploySmoke : public cli::Invocation {
 public:
  explicit DeploySmoke(cli::Options& o) {
    o.argument("FILE", file_, "YAML with the assertions", cli::Hint::file, true);
    o.option("--base URL", base_, "URL that paths are under, in the place of the file's base");
    o.options("--set NAME=VALUE", set_, "what {{NAME}} stands for");
  }

  cli::Exit run(cli::Context& context) override {
    const deploy::SmokeFile file =
        deploy::load_smoke(file_, base_, variables(), context.world.files, context.diagnostics);
    if (!context.diagnostics.ok()) {
      context.show_diagnostics();
      return cli::Exit::no;
    }
    SecretHttp http(context.world.http, &context.secrets());
    World world = http.within(context.world);
    const std::vector<deploy::SmokeResult> results = deploy::run_smoke(file, world);
    if (context.globals.format == "junit") {
      context.write(deploy::smoke_junit(file, results, context.diagnostics.sources()));
    } else {
      context.show(deploy::describe_smoke(file, results));
    }
    return deploy::all_passed(results) ? cli::Exit::ok : cli::Exit::no;
  }

 private:
  deploy::Placeholders variables() const {
    deploy::Placeholders out;
    for (const std::string& one : set_) {
      const std::size_t equals = one.find('=');
      if (equals == std::string::npos || equals == 0) {
        throw Error(ErrorKind::usage, fmt::format("--set {} is no NAME=VALUE", one),
                    "write --set port=8002");
      }
      out.emplace_back(one.substr(0, equals), one.substr(equals + 1));
    }
    return out;
  }

  std::string file_;
  std::string base_;
  std::vector<std::string> set_;
};

}  // namespace

extern const cli::Command deploy_smoke{"deploy smoke",
                                       "Assert how a deployed service answers over HTTP",
                                       kSmokeDetails,
                                       cli::bind<DeploySmoke>,
                                       {"text", "json", "junit", "markdown"}};

}  // namespace autopilot::commands
