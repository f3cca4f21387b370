#include "core/deploy/nginx_install.h"

#include <fmt/format.h>

#include <optional>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/deploy/nginx_probe.h"

namespace autopilot::deploy {
namespace {

constexpr std::size_t kMostDump = 16 << 20;  // of nginx -T
constexpr int kAgreeing = 3;                 // answers in a row that show a reload to be done
constexpr Duration kReloadTimeout = Duration::seconds(10);
constexpr Duration kReloadPoll = Duration::milliseconds(20);

// Lines of nginx's that say what is wrong, without what it says besides.
std::string complaint(const Captured& run) {
  for (const std::string& line : split(run.err, '\n')) {
    for (const std::string_view level : {"[emerg] ", "[alert] ", "[crit] ", "[error] "}) {
      std::size_t at = line.find(level);
      if (at == std::string::npos) continue;
      at += level.size();
      // Once a log is open, "PID#THREAD: " comes before the message.
      const std::size_t from = line.find_first_not_of("0123456789#", at);
      const bool has_ids = from != std::string::npos && line.compare(from, 2, ": ") == 0;
      return line.substr(has_ids ? from + 2 : at);
    }
  }
  const std::string_view first = trim(run.err);
  if (!first.empty()) return std::string(first.substr(0, first.find('\n')));
  return "it says nothing";
}

// nginx -T prints each file that it reads after a line "# configuration file PATH:".
constexpr std::string_view kFileMark = "# configuration file ";

// The first of them is nginx.conf, wherever this nginx has it.
std::string main_file(const std::string& dump) {
  const std::size_t at = dump.find(kFileMark);
  if (at == std::string::npos) return "its configuration";
  const std::size_t from = at + kFileMark.size();
  return dump.substr(from, dump.find(":\n", from) - from);
}

class NginxInstall {
 public:
  NginxInstall(World& world, const NginxSpec& spec) : world_(world), spec_(spec) {}

  bool is_installed(const NginxText& text) {
    const bool is_written =
        !differs(spec_.config, text.config) &&
        (text.server_config.empty() || !differs(spec_.server_config, text.server_config));
    return is_written && runs(text.hash);
  }

  // A configuration that nginx refuses is taken back: a later reload by whomever must not fail for
  // it.
  void write_tested(const NginxText& text) {
    const Contents before = contents();
    Captured test;
    try {
      if (!spec_.server_config.empty()) write_config(spec_.server_config, text.server_config);
      write_config(spec_.config, text.config);
      test = run(spec_.nginx, "-T");
    } catch (const Error&) {
      take_back(before);
      throw;
    }
    if (test.end == Captured::End::not_started) {
      take_back(before);
      refuse_missing(spec_.nginx, "traffic.nginx");
    }
    if (!test.ok()) {
      take_back(before);
      throw Error(ErrorKind::outside, "nginx refuses its configuration: " + complaint(test),
                  fmt::format("{} shows it; what autopilot wrote has been taken back",
                              join(spec_.nginx, " ") + " -t"));
    }
    refuse_unread(test.out, spec_.config, "http {}");
    if (!spec_.server_config.empty()) refuse_unread(test.out, spec_.server_config, "server {}");
  }

  // The exit code of a reload says nothing of it: nginx is asked until it runs the new one.
  void reload(const std::string& hash) {
    const Captured asked = run(spec_.reload, "");
    if (asked.end == Captured::End::not_started) refuse_missing(spec_.reload, "traffic.reload");
    if (!asked.ok()) {
      throw Error(ErrorKind::outside, "nginx cannot be told to reload: " + complaint(asked),
                  "when it does not run, start it: it will read the new configuration");
    }
    const std::int64_t deadline = world_.clock.monotonic_nanos() + kReloadTimeout.nanos;
    int agreeing = 0;
    while (agreeing < kAgreeing) {
      agreeing = runs(hash) ? agreeing + 1 : 0;
      if (agreeing == 0 && world_.clock.monotonic_nanos() > deadline) refuse_reload(hash);
      if (agreeing == 0) world_.clock.sleep(kReloadPoll);
    }
  }

 private:
  // Of the generated files; nothing for those that don't exist.
  using Contents = std::vector<std::pair<std::string, std::optional<std::string>>>;

  Contents contents() {
    Contents out;
    for (const std::string& path : {spec_.server_config, spec_.config}) {
      if (path.empty()) continue;
      const bool exists = world_.files.exists(path);
      out.emplace_back(path, exists ? std::optional(world_.files.read(path)) : std::nullopt);
    }
    return out;
  }

  void take_back(const Contents& before) {
    for (const auto& [path, text] : before) {
      text ? world_.files.write(path, *text) : world_.files.remove(path);
    }
  }

  void write_config(const std::string& path, const std::string& contents) {
    try {
      world_.files.write(path, contents);
    } catch (const Error& e) {
      throw Error(e.kind(), e.what(),
                  "run autopilot as a user that may write it, or let traffic.config name a file in "
                  "a folder that nginx includes and you may write");
    }
  }

  void refuse_unread(const std::string& dump, const std::string& path, std::string_view place) {
    for (const std::string& name : {path, world_.files.real_path(path)}) {
      if (dump.find(fmt::format("{}{}:", kFileMark, name)) != std::string::npos) return;
    }
    const std::string main = main_file(dump);
    throw Error(ErrorKind::outside, fmt::format("nginx does not read {}", path),
                fmt::format("put this line into {} of {}: include {}; or, when that is not the "
                            "nginx that serves, write which is: traffic.nginx: [nginx, -c, FILE]",
                            place, main, world_.files.real_path(path)));
  }

  [[noreturn]] void refuse_missing(const std::vector<std::string>& words, std::string_view field) {
    const std::string& program = words.at(0);
    const bool is_path = program.find('/') != std::string::npos;
    throw Error(ErrorKind::outside,
                is_path ? fmt::format("{} cannot be started", program)
                        : fmt::format("{} was not found on PATH ({})", program,
                                      world_.environment.get("PATH").value_or("")),
                is_path ? fmt::format("{} names a program that is there and may be run", field)
                        : fmt::format("install it, or write where it is: {}: [/usr/sbin/nginx{}]",
                                      field, field == "traffic.nginx" ? "" : ", -s, reload"));
  }

  Captured run(std::vector<std::string> words, const std::string& option) {
    if (!option.empty()) words.push_back(option);
    CaptureLimits limits;
    limits.output = kMostDump;
    return world_.processes.capture(words, "", limits);
  }

  [[noreturn]] void refuse_reload(const std::string& hash) {
    const NginxAnswers answers = ask_nginx(world_.sockets, spec_, {"autopilot-0"});
    if (!answers.why.empty()) {
      throw Error(ErrorKind::outside, answers.why, what_to_look_at(spec_, answers.why));
    }
    throw Error(ErrorKind::outside,
                fmt::format("nginx was told to reload and still runs configuration {}, not {}",
                            answers.says.at(0).hash, hash),
                "its error log says why");
  }

  bool differs(const std::string& path, const std::string& text) {
    return !world_.files.exists(path) || world_.files.read(path) != text;
  }

  bool runs(const std::string& hash) {
    const NginxAnswers answers = ask_nginx(world_.sockets, spec_, {"autopilot-0"});
    return !answers.says.empty() && answers.says[0].hash == hash;
  }

  World& world_;
  const NginxSpec& spec_;
};

}  // namespace

bool install_nginx(World& world, const NginxSpec& spec, const NginxText& text) {
  NginxInstall install(world, spec);
  if (install.is_installed(text)) return false;
  install.write_tested(text);
  install.reload(text.hash);
  return true;
}

std::string what_to_look_at(const NginxSpec& spec, const std::string& why) {
  if (why.find("refused") != std::string::npos || why.find("no such") != std::string::npos ||
      why.find("No such") != std::string::npos) {
    return "nginx does not run, or does not listen there (traffic.probe.address)";
  }
  if (why.find("does not know") != std::string::npos) {
    return fmt::format("is {} included, and is the Host {} its server (traffic.probe.host)?",
                       spec.server_config.empty() ? spec.config : spec.server_config,
                       spec.probe.host);
  }
  return "traffic.probe says where it was asked";
}

}  // namespace autopilot::deploy
