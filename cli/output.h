#pragma once
// The two streams of the process. Standard output carries the result: buffered, and every failure
// to write it is noticed. Standard error carries everything else, and failures there are ignored:
// there is nobody left to tell.

#include <string>
#include <string_view>

#include "core/base/world.h"
#include "core/render/text.h"

namespace autopilot::cli {

// Thrown when the reader of standard output has gone. The run ends as a success; deliberately no
// std::exception, so that nothing on the way takes it for a fault.
struct ClosedPipe {};

// Not thread-safe.
class Output {
 public:
  explicit Output(Environment& environment) : environment_(environment) {}

  void set_color(std::string when) { color_ = std::move(when); }  // auto, always or never

  void write(std::string_view text);
  // Throws Error(storage) when standard output cannot take what was written, ClosedPipe when nobody
  // reads it.
  void flush();
  // To standard error, after what was written before.
  void complain(std::string_view text);

  // How text looks on standard output (1) or standard error (2).
  render::TextStyle style(int descriptor) const;
  bool is_terminal(int descriptor) const { return environment_.is_terminal(descriptor); }

 private:
  bool colored(int descriptor) const;

  Environment& environment_;
  std::string color_ = "auto";
  std::string buffer_;
};

}  // namespace autopilot::cli
