#include "core/deploy/process_hosts.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/deploy/background_look.h"
#include "core/deploy/process_providers.h"
#include "core/deploy/programs.h"
#include "core/deploy/remote_processes.h"
#include "core/deploy/spec.h"

namespace autopilot::deploy {
namespace {

// A machine with its provider; the records of what runs there stay here, in a folder of its own.
class OnHost {
 public:
  OnHost(const Value& spec, const Site& site, const Host& host, World& world,
         const MakeProcess& make_here)
      : host_(host),
        processes_(world.processes, site.ssh, host.target),
        there_{world.clock, world.files, world.environment, world.random,
               processes_,  world.http,  world.sockets,     world.children} {
    if (host.is_local()) {
      process_ = make_here(spec, site, world);
      return;
    }
    Site own = site;
    own.folder += "/" + plain_name(host.target, 24);
    process_ = make_there(spec, own);
  }
  OnHost(const OnHost&) = delete;
  OnHost& operator=(const OnHost&) = delete;

  const std::string& name() const { return host_.target; }

  void start(const Slot& slot, const std::string& version) {
    told([&] { process_->start(slot, version); });
  }
  void stop(const Slot& slot, Duration grace) {
    told([&] { process_->stop(slot, grace); });
  }
  Running observe(const Slot& slot) {
    try {
      return process_->observe(slot);
    } catch (const Error& e) {
      if (e.kind() == ErrorKind::bug || e.kind() == ErrorKind::interrupted) throw;
      Running out;
      out.is_known = false;
      out.why = e.what();
      return out;
    }
  }

 private:
  std::unique_ptr<Process> make_there(const Value& spec, const Site& site) {
    const std::string provider = text_in(spec, "provider");
    if (provider == "compose") return make_compose_process(spec, site, there_);
    if (provider != "systemd") {
      throw Error(ErrorKind::invalid,
                  fmt::format("process: {} does not reach {} over ssh", provider, host_.target),
                  "systemd and compose do");
    }
    return make_systemd_process(
        spec, site, there_,
        [this](const std::string& path, const std::string& text) { put_file(path, text); });
  }

  // Whole or not at all: whoever reads it sees the old file or the new one.
  void put_file(const std::string& path, const std::string& text) {
    const std::vector<std::string> words{
        "sh", "-c", "cat > \"$1.new\" && mv -f -- \"$1.new\" \"$1\"", "sh", path};
    const Captured run = processes_.capture(words, text, {});
    if (run.ok()) return;
    throw Error(ErrorKind::outside, fmt::format("{} cannot be written: {}", path, trim(run.err)));
  }

  template <class F>
  void told(F act) {
    try {
      act();
    } catch (const Error& e) {
      if (e.kind() == ErrorKind::bug || e.kind() == ErrorKind::interrupted) throw;
      throw Error(e.kind(), fmt::format("{}: {}", name(), e.what()), e.hint());
    }
  }

  Host host_;
  RemoteProcesses processes_;
  World there_;
  std::unique_ptr<Process> process_;
};

class ProcessOnHosts final : public Process {
 public:
  ProcessOnHosts(const Value& spec, const Site& site, World& world, const MakeProcess& make_here)
      : world_(world), batch_(static_cast<std::size_t>(std::max(1, site.hosts_batch))) {
    for (const Host& host : site.hosts) {
      hosts_.push_back(std::make_unique<OnHost>(spec, site, host, world, make_here));
    }
  }

  void start(const Slot& slot, const std::string& version) override {
    look_at(slot).forget();
    const std::vector<Slot> at = by_host(slot);
    for (std::size_t from = 0; from < hosts_.size(); from += batch_) {
      const std::size_t to = std::min(hosts_.size(), from + batch_);
      for (std::size_t i = from; i < to; ++i) hosts_[i]->start(at[i], version);
      for (std::size_t i = from; i < to; ++i) refuse_unless_runs(i, at[i]);
    }
  }

  // One that cannot be reached keeps none of the others running.
  void stop(const Slot& slot, Duration grace) override {
    look_at(slot).forget();
    const std::vector<Slot> at = by_host(slot);
    std::vector<std::string> faults;
    std::string hint;
    for (std::size_t i = 0; i < hosts_.size(); ++i) {
      try {
        hosts_[i]->stop(at[i], grace);
        if (hosts_[i]->observe(at[i]).running)
          faults.push_back(hosts_[i]->name() + ": it still runs");
      } catch (const Error& e) {
        if (e.kind() == ErrorKind::bug || e.kind() == ErrorKind::interrupted) throw;
        faults.push_back(e.what());
        hint = e.hint();
      }
    }
    if (!faults.empty()) throw Error(ErrorKind::outside, join(faults, "; "), hint);
  }

  Running observe(const Slot& slot) override {
    const std::vector<Slot> at = by_host(slot);
    std::vector<Running> seen;
    for (std::size_t i = 0; i < hosts_.size(); ++i) seen.push_back(hosts_[i]->observe(at[i]));
    Running out;
    out.running = std::all_of(seen.begin(), seen.end(), [](const Running& r) { return r.running; });
    // One that is known not to run is enough to know that the slot does not.
    out.is_known =
        std::any_of(seen.begin(), seen.end(),
                    [](const Running& r) { return r.is_known && !r.running; }) ||
        std::all_of(seen.begin(), seen.end(), [](const Running& r) { return r.is_known; });
    const bool is_one = std::all_of(seen.begin(), seen.end(),
                                    [&](const Running& r) { return r.version == seen[0].version; });
    if (is_one) out.version = seen[0].version;
    for (const Running& one : seen) out.started += (out.started.empty() ? "" : " ") + one.started;
    if (!out.running || !is_one) out.why = what_runs_where(seen);
    return out;
  }

  Running glance(const Slot& slot) override { return look_at(slot).newest(); }

 private:
  BackgroundLook& look_at(const Slot& slot) {
    std::unique_ptr<BackgroundLook>& look = looks_[slot.name];
    if (!look)
      look = std::make_unique<BackgroundLook>([this, slot] { return observe(slot); },
                                              [this] { return world_.clock.monotonic_nanos(); });
    return *look;
  }

  std::vector<Slot> by_host(const Slot& slot) const {
    std::vector<Slot> out = slots_by_host(slot);
    if (out.size() == hosts_.size()) return out;
    throw Error(ErrorKind::bug, fmt::format("slot {} has {} addresses on {} hosts", slot.name,
                                            out.size(), hosts_.size()));
  }

  void refuse_unless_runs(std::size_t i, const Slot& at) {
    const Running seen = hosts_[i]->observe(at);
    if (seen.running) return;
    throw Error(ErrorKind::outside, fmt::format("{}: {}", hosts_[i]->name(), seen.why));
  }

  std::string what_runs_where(const std::vector<Running>& seen) const {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < seen.size(); ++i) {
      const std::string version = seen[i].version.empty() ? "an unknown version" : seen[i].version;
      out.push_back(hosts_[i]->name() + ": " + (seen[i].running ? version + " runs" : seen[i].why));
    }
    return join(out, "; ");
  }

  World& world_;
  std::size_t batch_;
  std::vector<std::unique_ptr<OnHost>> hosts_;
  std::map<std::string, std::unique_ptr<BackgroundLook>> looks_;  // by slot; ends before the hosts
};

}  // namespace

std::unique_ptr<Process> make_process_on_hosts(const Value& spec, const Site& site, World& world,
                                               const MakeProcess& make_here) {
  return std::make_unique<ProcessOnHosts>(spec, site, world, make_here);
}

}  // namespace autopilot::deploy
