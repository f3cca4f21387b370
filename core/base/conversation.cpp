#include "core/base/conversation.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include "core/base/monotonic.h"

namespace autopilot {
namespace {

constexpr std::int64_t kNanosPerMillisecond = 1'000'000;

// One request and its answer.
class Exchange {
 public:
  Exchange(Streams& streams, std::string_view request, const CaptureLimits& limits)
      : streams_(streams),
        limits_(limits),
        request_(framed(request)),
        left_(request_),
        deadline_(monotonic_nanos() + limits.time.nanos) {}

  // Exited: the answer is in `out`. Killed: it ended by itself.
  Captured run() {
    while (!answered()) {
      pollfd ends[] = {{left_.empty() ? -1 : streams_.in.writer(), POLLOUT, 0},
                       {streams_.out.reader(), POLLIN, 0},
                       {streams_.err.reader(), POLLIN, 0},
                       {asked_ ? -1 : limits_.wake_descriptor, POLLIN, 0}};
      const std::int64_t rest = (deadline_ - monotonic_nanos()) / kNanosPerMillisecond;
      if (rest <= 0) return end(Captured::End::timed_out);
      if (::poll(ends, 4, static_cast<int>(std::min<std::int64_t>(rest, 60'000))) < 0) continue;
      if (ends[3].revents != 0) ask_to_end();
      if (ends[0].revents != 0) write_some();
      if (ends[2].revents != 0 && !read_some(streams_.err, result_.err))
        streams_.err.close_reader();
      if (ends[1].revents != 0 && !read_some(streams_.out, answer_))
        return end(Captured::End::killed);
      if (answer_.size() > limits_.output || result_.err.size() > limits_.output)
        return end(Captured::End::too_long);
    }
    return std::move(result_);
  }

 private:
  bool answered() {
    std::string_view bytes;
    if (!unframe(answer_, bytes)) return false;
    result_.out = bytes;
    return true;
  }
  Captured end(Captured::End how) {
    result_.end = how;
    return std::move(result_);
  }
  void ask_to_end() {
    asked_ = true;
    ::kill(streams_.child(), SIGINT);
    deadline_ = std::min(deadline_, monotonic_nanos() + limits_.grace.nanos);
  }
  void write_some() {
    const ssize_t n = ::write(streams_.in.writer(), left_.data(), left_.size());
    if (n > 0) left_.remove_prefix(static_cast<std::size_t>(n));
    if (n < 0 && errno != EINTR && errno != EAGAIN) left_ = {};  // that it has ended is seen next
  }
  // False at the end.
  static bool read_some(Pipe& pipe, std::string& text) {
    char buffer[16384];
    const ssize_t n = ::read(pipe.reader(), buffer, sizeof buffer);
    if (n < 0) return errno == EINTR || errno == EAGAIN;
    text.append(buffer, static_cast<std::size_t>(n));
    return n > 0;
  }

  Streams& streams_;
  const CaptureLimits& limits_;
  const std::string request_;
  std::string_view left_;  // of the request
  std::int64_t deadline_;
  bool asked_ = false;
  std::string answer_;
  Captured result_;
};

class RealConversation final : public Conversation {
 public:
  explicit RealConversation(std::function<Program(const CaptureLimits&)> program)
      : program_(std::move(program)) {}
  ~RealConversation() override {
    if (streams_) streams_->finish(true);
  }

  Captured ask(std::string_view request, const CaptureLimits& limits) override {
    if (!streams_) {
      auto streams = std::make_unique<Streams>();
      Program program = program_(limits);
      if (const int fault = streams->start(program, false); fault != 0)
        return {Captured::End::not_started, fault, {}, {}};
      streams_ = std::move(streams);
    }
    Captured result = Exchange(*streams_, request, limits).run();
    if (result.end != Captured::End::exited) stop(result);
    return result;
  }

 private:
  // What became of it, where it ended by itself.
  void stop(Captured& result) {
    const bool by_itself = result.end == Captured::End::killed;
    const int status = streams_->finish(!by_itself);
    streams_.reset();
    if (!by_itself) return;
    if (!WIFSIGNALED(status)) result.end = Captured::End::exited;
    result.status = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
    // It owes an answer.
    if (result.ok()) result.status = EPROTO;
  }

  std::function<Program(const CaptureLimits&)> program_;
  std::unique_ptr<Streams> streams_;  // while it runs
};

// For each request a run of its own.
class CapturedConversation final : public Conversation {
 public:
  CapturedConversation(Processes& processes, std::vector<std::string> words)
      : processes_(processes), words_(std::move(words)) {}

  Captured ask(std::string_view request, const CaptureLimits& limits) override {
    Captured result = processes_.capture(words_, framed(request), limits);
    std::string_view bytes;
    if (result.ok() && unframe(result.out, bytes)) result.out = std::string(bytes);
    return result;
  }

 private:
  Processes& processes_;
  std::vector<std::string> words_;
};

}  // namespace

std::string framed(std::string_view bytes) {
  const std::uint64_t size = bytes.size();
  std::string out(sizeof size, '\0');
  std::memcpy(out.data(), &size, sizeof size);
  return out.append(bytes);
}

bool unframe(std::string_view text, std::string_view& bytes) {
  std::uint64_t size = 0;
  if (text.size() < sizeof size) return false;
  std::memcpy(&size, text.data(), sizeof size);
  text.remove_prefix(sizeof size);
  if (text.size() < size) return false;
  bytes = text.substr(0, size);
  return true;
}

std::unique_ptr<Conversation> start_conversation(
    std::function<Program(const CaptureLimits&)> program) {
  return std::make_unique<RealConversation>(std::move(program));
}

std::unique_ptr<Conversation> Processes::converse(const std::vector<std::string>& words) {
  return std::make_unique<CapturedConversation>(*this, words);
}

}  // namespace autopilot
