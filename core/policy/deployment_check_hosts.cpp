// The hosts of a Deployment: where they can be reached, and what only works on this machine.
#include <fmt/format.h>

#include <set>

#include "core/policy/deployment_checked.h"
#include "core/policy/deployment_hosts.h"

namespace autopilot::policy::deployment {
namespace {

class HostsCheck {
 public:
  explicit HostsCheck(const CheckedSpec& checked) : c_(checked) {}

  void check() {
    const Value* hosts = c_.spec.get("hosts");
    const YamlNode* written = c_.section("hosts");
    if (hosts == nullptr || written == nullptr) return;
    std::set<std::string> targets;
    for (std::size_t i = 0; i < hosts->as_list().size(); ++i) {
      const std::string& host = hosts->as_list()[i].as_string();
      check_host(host, written->items[i].span);
      if (!targets.insert(host).second)
        c_.input.diagnostics.error("duplicate-name", written->items[i].span,
                                   fmt::format("{} is there twice", host));
    }
    check_servers(targets.size());
    const bool is_local = targets == std::set<std::string>{"local"};
    if (!is_local) check_remote(targets);
  }

 private:
  void check_host(const std::string& host, Span where) {
    if (host == "local") return;
    if (!is_ssh_target(host)) {
      c_.fault(where, fmt::format("hosts: {:?} is neither local nor a target of ssh", host)).help =
          "write deploy@web1, or ssh://deploy@web1:2222";
      return;
    }
    const Value* addresses = c_.spec.get("addresses");
    const std::string given = addresses == nullptr ? "" : text_of(addresses->get(host));
    const std::string address = given.empty() ? address_of_target(host) : given;
    if (c_.traffic_provider() != "nginx" || is_numeric_address(address)) return;
    c_.fault(where, fmt::format("hosts: nginx is verified by addresses, and {} is a name", address))
        .help = fmt::format("addresses: {{{}: 10.0.0.1}}", host);
  }

  // What only works where autopilot is.
  void check_remote(const std::set<std::string>& targets) {
    const Value* process = c_.spec.get("process");
    const std::string provider = process == nullptr ? "" : text_of(process->get("provider"));
    if (provider == "exec" || provider == "kubernetes") {
      c_.fault(c_.span("hosts"), provider == "exec" ? "process: exec starts programs on local only"
                                                    : "process: kubernetes chooses hosts itself")
          .help = provider == "exec" ? "over ssh there are systemd and compose" : "remove hosts";
    }
    if (process != nullptr && process->get("pass") != nullptr)
      c_.fault(c_.span("process"),
               "process.pass takes variables of this machine, which are not sent to others")
          .help = "name them with their values in process.environment";
    for (const std::string& name : c_.metrics) {
      const Value& metric = *c_.spec.get("metrics")->get(name);
      if (text_of(metric.get("provider")) != "process") continue;
      c_.fault(c_.span("metrics"),
               fmt::format("the metric {} looks at processes of local only", name))
          .help = "let an exporter on the hosts tell it to Prometheus";
    }
    if (const Value* addresses = c_.spec.get("addresses")) check_addresses(*addresses, targets);
    const Value* slots = c_.spec.get("slots");
    if (slots == nullptr || targets.count("local") != 0) return;
    for (const auto& [name, slot] : slots->as_map()) {
      if (slot.get("host") != nullptr)
        c_.fault(c_.span("slots"), fmt::format("the host of slot {} is an address on local", name))
            .help = "addresses says where the slots of other hosts listen";
    }
  }

  // Of the whole document: an environment uses those of its own hosts.
  void check_addresses(const Value& addresses, const std::set<std::string>& targets) {
    if (!c_.environment.empty()) return;
    for (const auto& [target, address] : addresses.as_map()) {
      if (targets.count(target) != 0) continue;
      c_.unknown(c_.span("addresses"), fmt::format("addresses: {} is not among the hosts", target),
                 target, {targets.begin(), targets.end()});
    }
  }

  // A slot on several hosts is several servers.
  void check_servers(std::size_t hosts) {
    if (c_.traffic_provider() != "haproxy" || hosts < 2) return;
    const Value* servers = c_.spec.get("traffic")->get("servers");
    const Value* slots = c_.spec.get("slots");
    if (slots == nullptr) return;
    for (const auto& [name, slot] : slots->as_map()) {
      const Value* own = servers == nullptr ? nullptr : servers->get(name);
      const std::size_t count = own != nullptr && own->is_list() ? own->as_list().size() : 1;
      if (count == hosts) continue;
      c_.fault(c_.span("hosts"),
               fmt::format("slot {} has {} on {} hosts", name,
                           count == 1 ? "1 server" : fmt::format("{} servers", count), hosts))
          .help = fmt::format("traffic.servers: {{{0}: [{0}1, {0}2, …]}}", name);
    }
  }

  const CheckedSpec& c_;
};

}  // namespace

void check_hosts(const CheckedSpec& checked) { HostsCheck(checked).check(); }

}  // namespace autopilot::policy::deployment
