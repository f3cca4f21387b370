// How much memory the arm's process takes: bytes, or the share of what its control group (or the
// machine) lets it have. Linux only: /proc and cgroup v2.
#include <fmt/format.h>

#include <algorithm>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/deploy/metric_source.h"

namespace autopilot::deploy {
namespace {

constexpr char kGroups[] = "/sys/fs/cgroup";

class ProcessMemory final : public Metrics {
 public:
  ProcessMemory(const Value& spec, World& world) : spec_(spec), world_(world) {
    query_ = text_in(spec, "query", "memory");
    if (query_ == "memory" || query_ == "rss") return;
    throw Error(ErrorKind::invalid,
                fmt::format("query is {}, which the provider process does not measure", query_),
                "memory is the share of its limit, rss its bytes");
  }

  bool has_history() const override { return false; }

  Reply read(const Query& query) override {
    const std::int64_t pid = pid_of(query);
    if (pid <= 0) return no_data("the process of the arm is not known; give pid_file");
    const std::string folder = fmt::format("/proc/{}", pid);
    if (!world_.files.exists(folder + "/stat"))
      return no_data(fmt::format("no process {} runs", pid));
    const std::optional<double> rss = resident(pid);
    if (!rss) return no_data(fmt::format("the memory of process {} cannot be read", pid));
    const double value = query_ == "rss" ? *rss : share(folder, *rss);
    Reply reply;
    reply.values.push_back({query_, {{query.to, value}}});
    return reply;
  }

 private:
  std::int64_t pid_of(const Query& query) const {
    const std::string file = text_in(spec_, "pid_file", "");
    if (file.empty()) return query.pid;
    const std::string path = fill(file, query, Quoting::path);
    const auto pid = parse_number(world_.files.read(path));
    if (pid && *pid >= 1 && *pid < 1e9) return static_cast<std::int64_t>(*pid);
    throw Error(ErrorKind::storage, fmt::format("{} holds no process id", path));
  }

  // "Name:   123 kB" in bytes.
  std::optional<double> field(const std::string& path, std::string_view name) const {
    if (!world_.files.exists(path)) return std::nullopt;
    for (const std::string& line : split(world_.files.read(path), '\n')) {
      if (!line.starts_with(name)) continue;
      std::string_view rest = trim(std::string_view(line).substr(name.size()));
      const double unit = rest.ends_with(" kB") ? 1024 : 1;
      const auto number = parse_number(rest.substr(0, rest.find(' ')));
      if (number) return *number * unit;
    }
    return std::nullopt;
  }

  // Of the process and of those in its group: its workers. Pages that they share count for each.
  std::optional<double> resident(std::int64_t pid) const {
    std::optional<double> sum = of_one("/proc/" + std::to_string(pid));
    if (!sum) return std::nullopt;
    for (const FileEntry& entry : world_.files.list("/proc")) {
      if (entry.name.find_first_not_of("0123456789") != std::string::npos) continue;
      const std::string folder = "/proc/" + entry.name;
      if (entry.name == std::to_string(pid) || group_of(folder) != pid) continue;
      sum = *sum + of_one(folder).value_or(0);
    }
    return sum;
  }

  // Processes end while they are looked at.
  std::optional<double> of_one(const std::string& folder) const {
    try {
      return field(folder + "/status", "VmRSS:");
    } catch (const Error&) {
      return std::nullopt;
    }
  }

  std::int64_t group_of(const std::string& folder) const {
    try {
      const std::string stat = world_.files.read(folder + "/stat");
      // "pid (any name) state ppid pgrp …"
      const std::vector<std::string> rest =
          split(std::string_view(stat).substr(std::min(stat.rfind(')') + 2, stat.size())), ' ');
      const auto group = rest.size() > 2 ? parse_number(rest[2]) : std::nullopt;
      return group ? static_cast<std::int64_t>(*group) : -1;
    } catch (const Error&) {
      return -1;
    }
  }

  // The tightest limit on the way up decides; without one, the machine's memory.
  double share(const std::string& folder, double rss) const {
    double greatest = rss / field("/proc/meminfo", "MemTotal:").value_or(rss);
    for (std::string group = control_group(folder); !group.empty();) {
      const std::optional<double> limit = number_in(group + "/memory.max");
      const std::optional<double> used = number_in(group + "/memory.current");
      if (limit && used && *limit > 0) {
        // What the kernel can drop at once is no need (as the kubelet's working set).
        const double cache = field(group + "/memory.stat", "inactive_file ").value_or(0);
        greatest = std::max(greatest, std::max(0.0, *used - cache) / *limit);
      }
      if (group == kGroups) break;
      group.resize(group.rfind('/'));
    }
    return greatest;
  }

  std::string control_group(const std::string& folder) const {
    const std::string path = folder + "/cgroup";
    if (!world_.files.exists(path)) return {};
    for (const std::string& line : split(world_.files.read(path), '\n')) {
      if (!line.starts_with("0::/")) continue;
      const std::string group = kGroups + (line == "0::/" ? std::string() : line.substr(3));
      return world_.files.exists(group) ? group : std::string(kGroups);
    }
    return {};
  }

  std::optional<double> number_in(const std::string& path) const {
    if (!world_.files.exists(path)) return std::nullopt;
    return parse_number(world_.files.read(path));  // "max" is no number
  }

  const Value spec_;
  World& world_;
  std::string query_;
};

}  // namespace

std::unique_ptr<Metrics> process_metrics(const Value& spec, World& world) {
  return std::make_unique<ProcessMemory>(spec, world);
}

}  // namespace autopilot::deploy
