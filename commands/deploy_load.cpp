// autopilot deploy load: how does a service do under a steady load?
#include <fmt/format.h>

#include "cli/command.h"
#include "core/base/error.h"
#include "core/base/secrets.h"
#include "core/base/text.h"
#include "core/base/units.h"
#include "core/deploy/load.h"

namespace autopilot::commands {
namespace {

constexpr char kLoadDetails[] =
    R"(Sends requests to URL at a steady rate for a time, and says how long answers took, how many failed and why.

The load is open: a request is due when its time has come, whether or not earlier ones were answered, as users are. Its
latency runs from that moment, so a stall shows in the percentiles of all who would have come meanwhile; the service
time, from when it was really sent, is shown beside it and is what closed-loop tools report. Percentiles are never too
low and at most 0.4 % too high. A request without an answer counts with the time that was waited for it. Failed is what
got no answer, or one with a status of 400 or more.

Connections are kept and opened as they are needed, up to --connections; while all wait for answers, requests queue and
are reported as late. Only this machine is loaded unless --allow-remote says that the load is welcome. Plain HTTP/1.1.

Exits 1 when an objective is not met, 8 when nothing answered, 130 when interrupted, after showing what there is.

EXAMPLES
  autopilot deploy load http://127.0.0.1:8002/ --rate 500/m --for 5m
  autopilot deploy load http://127.0.0.1:8002/search --rate 200/s --for 1m --objective 'p95<200ms,errors<1%'
  autopilot deploy load http://127.0.0.1:8002/orders --rate 20/s --for 30s --method POST --body @order.json \
    --header 'Content-Type: application/json' --json
)";

class DeployLoad : public cli::Invocation {
 public:
  explicit DeployLoad(cli::Options& o) {
    o.argument("URL", plan_.url, "address to load", cli::Hint::none, true);
    o.option("--rate RATE", rate_, "requests per time: 500/m, 20/s (required)");
    o.option("--for DURATION", duration_, "how long (required)");
    o.option("--connections N", connections_, "connections at most (default 256)");
    o.option("--timeout DURATION", timeout_, "how long to wait for an answer (default 10s)");
    o.option("--method METHOD", plan_.method, "GET by default, POST with a body");
    o.option("--body TEXT", body_, "body of the requests; @FILE for that of a file");
    o.options("--header HEADER", headers_,
              "header of the requests, NAME: VALUE; ${env:TOKEN} for a secret");
    o.option("--objective TERMS", objective_, "what must hold: 'p95<200ms,errors<1%'");
    o.flag("--allow-remote", plan_.allow_remote, "load another machine than this one");
  }

  cli::Exit run(cli::Context& context) override {
    complete(context);
    const bool shown = context.world.environment.is_terminal(2);
    int seconds = 0;
    const deploy::LoadResult result =
        deploy::run_load(plan_, context.world, [&](const deploy::LoadResult& so_far) {
          if (shown && ++seconds % 5 == 0) context.inform(progress(so_far));
        });
    context.show(deploy::describe_load(plan_, result));
    if (result.interrupted) return cli::Exit::interrupted;
    if (result.answered == 0) return cli::Exit::outside;
    return deploy::all_met(plan_, result) ? cli::Exit::ok : cli::Exit::no;
  }

 private:
  void complete(cli::Context& context) {
    const auto rate = parse_rate(rate_);
    if (!rate) {
      throw Error(ErrorKind::usage,
                  rate_.empty() ? std::string("--rate is missing")
                                : fmt::format("--rate {} is no rate", rate_),
                  fmt::format("write {}", kRates));
    }
    if (!duration_) throw Error(ErrorKind::usage, "--for is missing", "write --for 30s or 5m");
    plan_.rate = *rate;
    plan_.duration = *duration_;
    plan_.timeout = timeout_.value_or(plan_.timeout);
    plan_.connections = static_cast<int>(std::min<std::int64_t>(connections_, 1'000'000));
    plan_.body = body_.starts_with('@') ? context.world.files.read(body_.substr(1)) : body_;
    if (!plan_.body.empty() && plan_.method == "GET") plan_.method = "POST";
    for (const std::string& header : headers_) add_header(context, header);
    if (!objective_.empty()) plan_.objectives = deploy::parse_objectives(objective_);
  }

  void add_header(cli::Context& context, const std::string& header) {
    const std::size_t colon = header.find(':');
    if (colon == std::string::npos || colon == 0) {
      throw Error(ErrorKind::usage, "a --header is not of the form NAME: VALUE",
                  "write --header 'Accept: text/html'");
    }
    const Secret value = context.secrets().resolve(trim(header.substr(colon + 1)));
    plan_.headers.emplace_back(header.substr(0, colon), value.reveal());
  }

  static std::string progress(const deploy::LoadResult& r) {
    return fmt::format("{:.0f} s: {} answered, {} failed, p95 {:.1f} ms",
                       static_cast<double>(r.took.nanos) / 1e9, r.answered, r.failed,
                       static_cast<double>(r.latency.quantile(0.95).nanos) / 1e6);
  }

  deploy::LoadPlan plan_;
  std::string rate_, body_, objective_;
  std::optional<Duration> duration_, timeout_;
  std::int64_t connections_ = 256;
  std::vector<std::string> headers_;
};

}  // namespace

extern const cli::Command deploy_load{"deploy load",
                                      "Load a service steadily and measure its answers",
                                      kLoadDetails,
                                      cli::bind<DeployLoad>,
                                      {"text", "json", "markdown"}};

}  // namespace autopilot::commands
