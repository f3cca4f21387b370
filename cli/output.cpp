#include "cli/output.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/text.h"

namespace autopilot::cli {
namespace {

constexpr std::size_t kBuffer = 64 * 1024;
constexpr std::size_t kDefaultWidth = 80;
constexpr std::size_t kNarrowestText = 40;
constexpr std::size_t kWidestText = 1000;

// 0, or the errno of the failure.
int write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(descriptor, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return 0;
}

std::size_t width_of(Environment& environment) {
  const std::string text = environment.get("COLUMNS").value_or("");
  std::size_t width = 0;
  std::from_chars(text.data(), text.data() + text.size(), width);
  if (width == 0) width = static_cast<std::size_t>(environment.terminal_columns().value_or(0));
  if (width == 0) return kDefaultWidth;
  return std::min(std::max(width, kNarrowestText), kWidestText);
}

bool set(Environment& environment, const char* name) {
  return !environment.get(name).value_or("").empty();
}

// The locale's character set as POSIX looks it up. Unset means C; we are then asked for ASCII only
// by a terminal.
bool utf8(Environment& environment) {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const std::string value = environment.get(name).value_or("");
    if (value.empty()) continue;
    return value.find("UTF-8") != std::string::npos || value.find("utf8") != std::string::npos;
  }
  return false;
}

}  // namespace

// Large texts are written as they are, small ones together.
void Output::write(std::string_view text) {
  if (buffer_.size() + text.size() >= kBuffer) {
    flush();
    if (text.size() >= kBuffer && masker_.empty()) return write_out(text);
  }
  buffer_ += text;
}

void Output::flush() {
  const std::string text = masker_.take(buffer_);
  if (!text.empty()) write_out(text);
}

void Output::finish() {
  const std::string text = masker_.masked(std::exchange(buffer_, {}));
  if (!text.empty()) write_out(text);
}

void Output::write_out(std::string_view text) {
  const int fault = write_all(STDOUT_FILENO, text);
  if (fault == EPIPE) throw ClosedPipe{};
  if (fault != 0) {
    throw Error(ErrorKind::storage,
                fmt::format("cannot write standard output: {}", std::strerror(fault)));
  }
}

void Output::complain(std::string_view text) {
  flush();
  write_all(STDERR_FILENO, masker_.masked(text));
}

std::string Output::json_line(Level level, std::string_view message, std::string_view hint) const {
  constexpr const char* kNames[] = {"debug", "info", "error"};
  Map line{{"time", format_rfc3339(world_.clock.now())},
           {"level", kNames[static_cast<int>(level)]},
           {"message", message}};
  if (!hint.empty()) line.append("hint", hint);
  return to_json(line) + "\n";
}

std::string Output::text_line(Level level, std::string_view message, std::string_view hint) const {
  const bool color = colored(STDERR_FILENO);
  std::string out;
  if (level == Level::info) out = message;  // made by us, and may be a rendered report
  if (level == Level::debug)
    out = render::painted(render::visible(message), render::Tone::dim, color);
  if (level == Level::error) {
    out = render::painted("autopilot:", render::Tone::bad, color);
    for (const std::string& line : split(message, '\n')) out += " " + render::visible(line) + "\n";
  }
  if (!out.ends_with('\n')) out += '\n';
  if (hint.empty()) return out;
  return out + render::painted("  hint:", render::Tone::dim, color) + " " + render::visible(hint) +
         "\n";
}

void Output::tell(Level level, std::string_view message, std::string_view hint) {
  if (level == Level::debug && !talk_.verbose) return;
  if (level == Level::info && talk_.quiet) return;
  complain(talk_.json ? json_line(level, trim(message), hint) : text_line(level, message, hint));
}

bool Output::colored(int descriptor) const {
  if (talk_.color == "always") return true;
  if (talk_.color == "never" || set(world_.environment, "NO_COLOR")) return false;
  const std::string force = world_.environment.get("CLICOLOR_FORCE").value_or("");
  if (!force.empty() && force != "0") return true;
  return world_.environment.is_terminal(descriptor) &&
         world_.environment.get("TERM").value_or("dumb") != "dumb";
}

render::TextStyle Output::style(int descriptor) const {
  const bool unicode = utf8(world_.environment) || !world_.environment.is_terminal(descriptor);
  return {width_of(world_.environment), colored(descriptor), unicode};
}

}  // namespace autopilot::cli
