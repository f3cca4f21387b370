#include "core/deploy/metrics.h"

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/base/secret_http.h"
#include "core/base/text.h"
#include "core/deploy/metric_source.h"

namespace autopilot::deploy {
namespace {

struct Provider {
  std::string_view name;
  std::unique_ptr<Metrics> (*make)(const Value& spec, World& world);
};

constexpr Provider kProviders[] = {
    {"prometheus", prometheus_metrics},
    {"prom", prometheus_metrics},
    {"http", http_metrics},
    {"exec", exec_metrics},
    {"file", file_metrics},
    {"nginx", nginx_metrics},
    {"haproxy", haproxy_metrics},
    {"probe", probe_metrics},
    {"process", process_metrics},
    {"alertmanager", alertmanager_metrics},
};

// Answers of any provider: what a document says wrong only shows when it is read with its arm.
class Guarded final : public Metrics {
 public:
  Guarded(const Provider& provider, const Value& spec, World& world, Secrets* secrets)
      : secrets_(secrets),
        http_(world.http, secrets),
        world_(http_.within(world)),
        inner_(provider.make(spec, world_)) {}

  Reply read(const Query& query) override {
    try {
      return masked(inner_->read(query));
    } catch (const Error& e) {
      if (e.kind() == ErrorKind::bug || e.kind() == ErrorKind::interrupted) throw;
      return no_data(e.with_hint());
    }
  }
  bool has_history() const override { return inner_->has_history(); }

 private:
  // What a source said may repeat what it was sent, and is kept with the rollout.
  Reply masked(Reply reply) const {
    if (secrets_ == nullptr) return reply;
    reply.no_data = secrets_->masked(reply.no_data);
    for (std::string& warning : reply.warnings) warning = secrets_->masked(warning);
    return reply;
  }

  Secrets* const secrets_;
  SecretHttp http_;
  World world_;
  std::unique_ptr<Metrics> inner_;
};

}  // namespace

std::unique_ptr<Metrics> make_metrics(const Value& spec, World& world, Secrets* secrets) {
  const std::string name = text_in(spec, "provider", "prometheus");
  std::vector<std::string> names;
  for (const Provider& provider : kProviders) {
    if (provider.name == name) return std::make_unique<Guarded>(provider, spec, world, secrets);
    names.emplace_back(provider.name);
  }
  const std::string meant(trim(did_you_mean(name, names)));
  throw Error(ErrorKind::invalid, fmt::format("there is no metrics provider {}", name),
              meant.empty() ? "there are " + join(names, ", ") : meant);
}

}  // namespace autopilot::deploy
