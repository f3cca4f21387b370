#include "core/base/screen.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "core/base/signals.h"

namespace autopilot {
namespace {

constexpr std::string_view kEnter = "\x1b[?1049h\x1b[?25l";  // the other screen, no cursor
constexpr std::string_view kLeave = "\x1b[0m\x1b[?25h\x1b[?1049l";

void put(std::string_view text) {
  [[maybe_unused]] const ssize_t n = ::write(STDOUT_FILENO, text.data(), text.size());
}

class Terminal final : public Screen {
 public:
  explicit Terminal(const termios& was) : was_(was) {
    termios keys = was;
    keys.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | ISIG | IEXTEN);
    keys.c_cc[VMIN] = 0;
    keys.c_cc[VTIME] = 0;
    ::tcsetattr(STDIN_FILENO, TCSADRAIN, &keys);
    put(kEnter);
  }
  ~Terminal() override {
    put(kLeave);
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &was_);  // keys that nobody read are not for the shell
  }

  Size size() override {
    winsize window{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) != 0 || window.ws_col == 0) return {};
    return {window.ws_col, window.ws_row};
  }

  Woken wait(Duration most) override {
    pollfd ready[] = {{STDIN_FILENO, POLLIN, 0}, {signals_.descriptor(), POLLIN, 0}};
    ::poll(ready, 2, static_cast<int>(most.nanos / 1'000'000));
    Woken out;
    if (ready[0].revents != 0) read_keys(out);
    for (const int signal : signals_.take()) (signal == SIGWINCH ? out.resized : out.ended) = true;
    return out;
  }

 private:
  static void read_keys(Woken& out) {
    char keys[256];
    const ssize_t n = ::read(STDIN_FILENO, keys, sizeof keys);
    if (n <= 0) out.ended = true;
    if (n > 0) out.keys = without_sequences({keys, static_cast<std::size_t>(n)});
  }

  CaughtSignals signals_{SIGINT, SIGTERM, SIGHUP, SIGWINCH};
  termios was_;
};

}  // namespace

std::unique_ptr<Screen> system_screen() {
  termios was{};
  if (::isatty(STDOUT_FILENO) != 1 || ::tcgetattr(STDIN_FILENO, &was) != 0) return nullptr;
  if (::tcgetpgrp(STDIN_FILENO) != ::getpgrp()) return nullptr;
  return std::make_unique<Terminal>(was);
}

std::string without_sequences(std::string_view keys) {
  constexpr char kEscape = 27;
  std::string out;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (keys[i] != kEscape) {
      out += keys[i];
      continue;
    }
    if (i + 1 >= keys.size() || (keys[i + 1] != '[' && keys[i + 1] != 'O')) continue;
    for (i += 2; i < keys.size() && (keys[i] < '@' || keys[i] > '~');) ++i;  // its last byte
  }
  return out;
}

}  // namespace autopilot
