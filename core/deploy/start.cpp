#include "core/deploy/start.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/policy/deployment.h"

namespace autopilot::deploy {
namespace {

void check_requirement(const policy::Document& document, const Place& place, Journal& journal,
                       const std::string& version) {
  if (place.environment.empty()) return;
  const Value* environment =
      document.content.get("spec")->get("environments")->get(place.environment);
  const Value* wanted = environment == nullptr ? nullptr : environment->get("requires");
  if (wanted == nullptr || !wanted->is_string()) return;
  const std::vector<std::string> versions =
      journal.promoted_versions({place.deployment, wanted->as_string()});
  if (std::find(versions.begin(), versions.end(), version) != versions.end()) return;
  throw Error(ErrorKind::invalid,
              fmt::format("{} takes only a version that {} has promoted; {} is none",
                          place.environment, wanted->as_string(), version),
              versions.empty() ? fmt::format("autopilot deploy run {} --env {} --version {}",
                                             place.deployment, wanted->as_string(), version)
                               : "promoted there: " + join(versions, ", "));
}

void check_freeze(const Deployment& model, const StartRequest& request, Instant now) {
  for (const WindowModel& window : model.freeze) {
    if (request.is_direct || !window.holds(now)) continue;
    if (!request.is_emergency)
      throw Error(ErrorKind::invalid, fmt::format("frozen: {}", window.reason),
                  fmt::format("wait, or with the role {}: --emergency --reason TEXT",
                              policy::to_string(window.emergency)));
    if (request.role < window.emergency)
      throw Error(ErrorKind::denied,
                  fmt::format("an emergency in this freeze takes the role {}: {}",
                              policy::to_string(window.emergency), window.reason));
  }
}

std::string new_id(Journal& journal, const Place& place) {
  const std::string base = place.environment.empty()
                               ? place.deployment
                               : fmt::format("{}-{}", place.deployment, place.environment);
  std::size_t n = 1;
  for (const Recorded& r : journal.history(place.deployment)) {
    if (r.environment == place.environment) ++n;
  }
  // Another deployment may be called as this one with its environment.
  std::string id = fmt::format("{}-{}", base, n);
  while (journal.is_known(id)) id = fmt::format("{}-{}", base, ++n);
  return id;
}

}  // namespace

policy::Document find_deployment(state::Store& store, const std::string& id) {
  const std::string plain = id.starts_with("Deployment/") ? id.substr(11) : id;
  if (std::optional<policy::Document> found = store.document("Deployment", plain)) return *found;
  std::vector<std::string> ids;
  for (const state::DocumentKey& key : store.keys()) {
    if (key.kind == "Deployment") ids.push_back(key.id);
  }
  std::string hint(trim(did_you_mean(plain, ids)));
  if (hint.empty())
    hint = ids.empty() ? "write a document of kind Deployment and apply it"
                       : "there are " + join(ids, ", ");
  throw Error(ErrorKind::invalid, fmt::format("no deployment {} is applied", plain), hint);
}

Place place_of(const policy::Document& document, const std::string& environment) {
  std::vector<std::string> names;
  const Value* all = document.content.get("spec")->get("environments");
  if (all != nullptr && all->is_map()) {
    for (const auto& [name, value] : all->as_map()) names.push_back(name);
  }
  if (environment.empty() && names.size() <= 1)
    return {document.id, names.empty() ? std::string() : names.front()};
  if (environment.empty())
    throw Error(ErrorKind::usage, fmt::format("{} has several environments", document.id),
                "--env, one of " + join(names, ", "));
  if (std::find(names.begin(), names.end(), environment) != names.end())
    return {document.id, environment};
  std::string hint(trim(did_you_mean(environment, names)));
  if (hint.empty()) hint = names.empty() ? "it has none" : "it has " + join(names, ", ");
  throw Error(ErrorKind::usage, fmt::format("{} has no environment {}", document.id, environment),
              hint);
}

Value expanded_spec(const policy::Document& document, const Place& place) {
  return policy::expand_deployment(*document.content.get("spec"), place.environment);
}

Value with_places_of(const Value& own, const Value& applied) {
  const auto names = [](const Value& spec) {
    std::vector<std::string> out;
    for (const auto& [name, slot] : spec.get("slots")->as_map()) out.push_back(name);
    std::sort(out.begin(), out.end());
    return out;
  };
  if (names(own) != names(applied))
    throw Error(ErrorKind::invalid,
                fmt::format("the applied document has the slots {}, the rollout {}",
                            join(names(applied), ", "), join(names(own), ", ")),
                "a rollout goes back in the slots that it began with; apply a document with these");
  Map out = own.as_map();
  for (const char* part : {"slots", "hosts", "hosts_batch", "addresses", "ssh", "process", "health",
                           "traffic", "deadlines"}) {
    out.erase(part);
    if (const Value* given = applied.get(part)) out[part] = *given;
  }
  return Value(std::move(out));
}

Rollout new_rollout(state::Store& store, Journal& journal, World& world, Process& process,
                    const StartRequest& request) {
  const policy::Document document = find_deployment(store, request.deployment);
  const Place place = place_of(document, request.environment);
  check_version(request.version);
  Rollout r;
  r.spec = expanded_spec(document, place);
  const Deployment model = deployment_from(document.id, r.spec);
  check_freeze(model, request, world.clock.now());
  if (!request.is_direct) check_requirement(document, place, journal, request.version);
  const std::optional<Journal::Current> current = journal.current(place);
  r.stable = current ? current->slot : model.slots.front().name;
  // A slot that the document has no more cannot be the old version's.
  const auto known = std::find_if(model.slots.begin(), model.slots.end(),
                                  [&](const Slot& s) { return s.name == r.stable; });
  const Slot& stable = known == model.slots.end() ? model.slots.front() : *known;
  r.stable = stable.name;
  r.canary = model.slots[model.slots[0].name == r.stable ? 1 : 0].name;
  if (current) {
    r.previous = current->version;
  } else {
    const Running running = process.observe(stable);
    r.previous = !request.from.empty() ? request.from : running.running ? running.version : "";
    r.is_first = !running.running && request.from.empty();
    if (!r.is_first && r.previous.empty()) r.previous = "unknown";
  }
  if (r.previous == request.version)
    throw Error(ErrorKind::invalid,
                fmt::format("{} runs {} already", place.text(), request.version));
  r.id = new_id(journal, place);
  r.deployment = place.deployment;
  r.environment = place.environment;
  r.version = request.version;
  r.is_direct = request.is_direct;
  r.is_emergency = request.is_emergency;
  r.actor = request.actor;
  r.identity = request.identity;
  r.reason = request.reason;
  r.created = r.stage_since = world.clock.now();
  r.boot_id = world.environment.boot_id();
  return r;
}

}  // namespace autopilot::deploy
