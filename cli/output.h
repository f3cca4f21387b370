#pragma once
// The two streams of the process. Standard output carries the result: buffered, and every failure
// to write it is noticed. Standard error carries everything else, and failures there are ignored:
// there is nobody left to tell.

#include <string>
#include <string_view>

#include "core/base/masker.h"
#include "core/base/world.h"
#include "core/render/text.h"

namespace autopilot::cli {

// Thrown when the reader of standard output has gone. The run ends as a success; deliberately no
// std::exception, so that nothing on the way takes it for a fault.
struct ClosedPipe {};

// What a line on standard error is about. Debug is said with -v only, info not with -q.
enum class Level { debug, info, error };

// How standard error is to be written.
struct Talk {
  std::string color = "auto";  // auto, always or never; for standard output too
  bool json = false;           // one JSON object a line: time, level, message, hint
  bool quiet = false;
  bool verbose = false;
};

// Not thread-safe.
class Output {
 public:
  explicit Output(World& world) : world_(world) {}

  void set_talk(Talk talk) { talk_ = std::move(talk); }
  const Talk& talk() const { return talk_; }

  void write(std::string_view text);
  // Throws Error(storage) when standard output cannot take what was written, ClosedPipe when
  // nobody reads it. What may be the beginning of a secret waits for what follows.
  void flush();
  // The same at the end: nothing follows.
  void finish();
  // A line to standard error. An error is introduced by the program's name.
  void tell(Level level, std::string_view message, std::string_view hint = {});
  // To standard error as it is, after what was written before.
  void complain(std::string_view text);

  // Knows what must not be seen: *** stands for it on both streams.
  Masker& masker() { return masker_; }

  // How text looks on standard output (1) or standard error (2).
  render::TextStyle style(int descriptor) const;
  bool is_terminal(int descriptor) const { return world_.environment.is_terminal(descriptor); }

 private:
  void write_out(std::string_view text);
  bool colored(int descriptor) const;
  std::string json_line(Level level, std::string_view message, std::string_view hint) const;
  std::string text_line(Level level, std::string_view message, std::string_view hint) const;

  World& world_;
  Talk talk_;
  std::string buffer_;
  Masker masker_;
};

}  // namespace autopilot::cli
