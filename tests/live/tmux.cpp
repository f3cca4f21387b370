#include "tests/live/tmux.h"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <stdexcept>

#include "core/base/text.h"
#include "tests/live/rig.h"

namespace autopilot::live {
namespace {

constexpr std::int64_t kPatience = 20'000;  // ms
constexpr std::int64_t kBetweenLooks = 30;

}  // namespace

Tmux::Tmux(const std::string& folder, int columns, int rows) {
  static std::atomic<int> count{0};
  socket_ = fmt::format("autopilot-test-{}-{}", ::getpid(), ++count);
  run({"-f", "/dev/null", "new-session", "-d", "-x", std::to_string(columns), "-y",
       std::to_string(rows), "-c", folder,
       "env -i PATH=/usr/bin:/bin HOME=/tmp LANG=C.UTF-8 TERM=screen PS1='$ ' sh"});
  if (!shows("$")) throw std::runtime_error("tmux shows no shell");
}

Tmux::~Tmux() { run({"kill-server"}); }

std::string Tmux::run(std::vector<std::string> words) const {
  words.insert(words.begin(), {"tmux", "-u", "-L", socket_});
  const Folder folder;
  Program(words, folder.path("out")).wait();
  return folder.read("out");
}

std::string Tmux::format(const std::string& text) const {
  return std::string(trim(run({"display-message", "-p", text})));
}

void Tmux::type(const std::string& text) const { run({"send-keys", "-l", text}); }
void Tmux::press(const std::string& key) const { run({"send-keys", key}); }
void Tmux::resize(int columns, int rows) const {
  run({"resize-window", "-x", std::to_string(columns), "-y", std::to_string(rows)});
}

std::string Tmux::text() const { return run({"capture-pane", "-p"}); }

std::vector<std::string> Tmux::lines() const {
  std::vector<std::string> out = split(text(), '\n');
  while (!out.empty() && trim(out.back()).empty()) out.pop_back();
  return out;
}

bool Tmux::shows(const std::string& part) const {
  return shows([&](const std::string& text) { return text.find(part) != std::string::npos; });
}

bool Tmux::shows(const std::function<bool(const std::string&)>& is_wanted) const {
  const std::int64_t end = monotonic_ms() + kPatience;
  while (!is_wanted(text())) {
    if (monotonic_ms() > end) return false;
    sleep_ms(kBetweenLooks);
  }
  return true;
}

}  // namespace autopilot::live
