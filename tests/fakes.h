#pragma once
// A World of fakes: time stands still until told to tick, files live in memory, and every access is
// recorded.

#include <signal.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/base/world.h"

namespace autopilot::testing {

class FakeClock final : public Clock {
 public:
  Instant time = *parse_rfc3339("2026-01-01T00:00:00Z");

  void tick(Duration d) {
    time = time + d;
    monotonic_ += d.nanos;
  }
  Instant now() override { return time; }
  std::int64_t monotonic_nanos() override { return monotonic_; }
  void sleep(Duration d) override {
    tick(d);
    if (on_sleep) on_sleep();
  }
  std::function<void()> on_sleep;  // what happens meanwhile

 private:
  std::int64_t monotonic_ = 0;
};

// Paths are compared as they are written. A folder exists when something is in it or it was made.
class FakeFiles final : public Files {
 public:
  std::map<std::string, std::string> texts;
  std::set<std::string> folders;
  std::vector<std::string> input;  // pieces of standard input, first first

  std::vector<std::string> reads;  // what was asked, in order
  std::vector<std::string> writes;
  std::set<std::string> broken;     // paths that can be neither read nor written
  std::set<std::string> unguarded;  // paths that others could have written

  std::string read(const std::string& path) override {
    reads.push_back(path);
    const auto at = texts.find(path);
    if (at == texts.end() || broken.contains(path)) fail("cannot read", path);
    return at->second;
  }
  std::string read_guarded(const std::string& path, const std::string&) override {
    if (unguarded.contains(path)) throw Error(ErrorKind::denied, path + " is not to be trusted");
    return read(path);
  }
  Secret read_secret(const std::string& path, const std::string& root) override {
    return Secret{read_guarded(path, root)};
  }
  std::string read_stdin() override {
    if (next_input_ == input.size()) return {};
    return input[next_input_++];
  }
  bool stdin_ready() override { return next_input_ < input.size(); }
  bool exists(const std::string& path) override {
    return texts.contains(path) || is_directory(path);
  }
  bool is_directory(const std::string& path) override {
    const std::string inside = path == "/" || path.empty() ? path : path + "/";
    const auto within = [&](const std::string& p) { return p.rfind(inside, 0) == 0; };
    return folders.contains(path) ||
           std::any_of(texts.begin(), texts.end(), [&](const auto& t) { return within(t.first); });
  }
  std::string stamp(const std::string& path) override {
    const auto at = texts.find(path);
    return at == texts.end() ? std::string() : at->second;
  }
  std::vector<FileEntry> list(const std::string& directory) override {
    reads.push_back(directory);
    if (!is_directory(directory) || broken.contains(directory)) {
      fail("cannot read folder", directory);
    }
    std::map<std::string, bool> found;
    for (const auto& [path, text] : texts) note_entry(found, directory, path, false);
    for (const std::string& path : folders) note_entry(found, directory, path, true);
    std::vector<FileEntry> entries;
    for (const auto& [name, is_folder] : found) entries.push_back({name, is_folder});
    return entries;
  }
  void write(const std::string& path, std::string_view text) override {
    writes.push_back(path);
    if (broken.contains(path)) fail("cannot write", path);
    texts[path] = text;
  }
  std::string write_temporary(std::string_view text) override {
    const std::string path = "/tmp/" + std::to_string(next_temporary_++);
    write(path, text);
    return path;
  }
  void create(const std::string& path, std::string_view text) override {
    if (exists(path)) fail("cannot write", path);
    write(path, text);
  }
  void make_directories(const std::string& path) override { folders.insert(path); }
  void remove(const std::string& path) override { texts.erase(path); }
  void rename(const std::string& from, const std::string& to) override {
    const auto at = texts.find(from);
    if (at == texts.end()) fail("cannot rename " + from + " to", to);
    writes.push_back(to);
    texts[to] = at->second;
    if (from != to) texts.erase(from);
  }

 private:
  [[noreturn]] static void fail(const std::string& what, const std::string& path) {
    throw Error(ErrorKind::storage, what + " " + path + ": no such file or directory");
  }
  static void note_entry(std::map<std::string, bool>& found, const std::string& directory,
                         const std::string& path, bool is_folder) {
    if (path.rfind(directory + "/", 0) != 0) return;
    const std::string rest = path.substr(directory.size() + 1);
    const std::size_t slash = rest.find('/');
    found[rest.substr(0, slash)] |= is_folder || slash != std::string::npos;
  }

  std::size_t next_input_ = 0;
  std::size_t next_temporary_ = 1;
};

class FakeEnvironment final : public Environment {
 public:
  std::map<std::string, std::string> variables;
  std::string user_name = "ada";
  std::string directory = "/work";
  std::set<std::int64_t> alive{4242};
  std::string started = "1000";  // of every process
  std::set<int> terminals;
  std::optional<int> columns;

  std::optional<std::string> get(const std::string& name) override {
    const auto at = variables.find(name);
    if (at == variables.end()) return std::nullopt;
    return at->second;
  }
  std::string user() override { return user_name; }
  std::string host() override { return "testhost"; }
  std::string boot_id() override { return "00000000-0000-4000-8000-000000000000"; }
  std::int64_t process_id() override { return 4242; }
  bool process_alive(std::int64_t pid) override { return alive.contains(pid); }
  std::string process_start(std::int64_t) override { return started; }
  std::string working_directory() override { return directory; }
  void change_directory(const std::string& path) override {
    directory = path.rfind('/', 0) == 0 ? path : directory + "/" + path;
  }
  bool is_terminal(int descriptor) override { return terminals.contains(descriptor); }
  std::optional<int> terminal_columns() override { return columns; }
  std::unique_ptr<Screen> open_screen() override { return nullptr; }
};

// SplitMix64 (Steele, Lea, Flood 2014): the same seed gives the same numbers.
class FakeRandom final : public Random {
 public:
  explicit FakeRandom(std::uint64_t seed = 1) : state_(seed) {}
  std::uint64_t next() override {
    std::uint64_t z = state_ += 0x9E3779B97F4A7C15;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }

 private:
  std::uint64_t state_;
};

// Starts nothing; remembers what it should have started.
class FakeProcesses final : public Processes {
 public:
  struct Became {  // thrown by become(), which never returns in real life
    std::vector<std::string> words;
    std::map<std::string, std::string> environment;
  };
  std::map<std::string, std::string> programs;  // name → path
  std::optional<int> feed_result = 0;
  std::vector<std::pair<std::vector<std::string>, std::string>> fed;

  struct Call {
    std::vector<std::string> words;
    std::string input;
    CaptureLimits limits;
  };
  std::vector<Call> captured;
  // Answers capture(); without it nothing can be started.
  std::function<Captured(const Call&)> answer;

  std::string find(const std::string& name) override {
    const auto at = programs.find(name);
    return at == programs.end() ? std::string() : at->second;
  }
  std::optional<int> feed(const std::vector<std::string>& words, std::string_view input) override {
    fed.emplace_back(words, input);
    return feed_result;
  }
  Captured capture(const std::vector<std::string>& words, std::string_view input,
                   const CaptureLimits& limits) override {
    captured.push_back({words, std::string(input), limits});
    if (answer) return answer(captured.back());
    return {Captured::End::not_started, ENOENT, {}, {}};
  }
  void keep_memory_private() override { memory_is_private = true; }
  bool memory_is_private = false;
  void become(const std::vector<std::string>& words,
              const std::vector<std::pair<std::string, std::string>>& environment) override {
    throw Became{words, {environment.begin(), environment.end()}};
  }
};

// Answers from a function; remembers what was asked. Without one, nothing is there.
class FakeHttp final : public Http {
 public:
  std::function<HttpResult(const HttpRequest&)> answer;
  std::vector<HttpRequest> requests;

  HttpResult send(const HttpRequest& request) override {
    requests.push_back(request);
    if (answer) return answer(request);
    return {HttpResult::Fault::unreachable,
            "cannot connect to " + shown_url(request.url) + ": connection refused",
            "",
            {}};
  }

  // An answer of that status and body.
  static HttpResult says(int status, std::string body, std::string type = "application/json") {
    HttpResult result;
    result.response.status = status;
    result.response.headers = {{"content-type", std::move(type)}};
    result.response.body = std::move(body);
    return result;
  }
};

class FakeSockets final : public Sockets {
 public:
  std::function<WireOpened(const WirePlan&)> open;

  WireOpened open_wire(const WirePlan& plan) override {
    if (open) return open(plan);
    return {nullptr, "no address is known for " + plan.host};
  }

  std::function<SocketAnswer(const std::string& address, std::string_view text)> answer;
  std::vector<std::pair<std::string, std::string>> asked;

  SocketAnswer exchange(const std::string& address, std::string_view text,
                        const SocketLimits&) override {
    asked.emplace_back(address, text);
    if (answer) return answer(address, text);
    return {{}, "cannot connect to " + address + ": no such file or directory"};
  }
  SocketAnswer connect(const std::string& address, const SocketLimits&) override {
    if (listening.contains(address)) return {};
    return {{}, "cannot connect to " + address + ": connection refused"};
  }
  std::set<std::string> listening;
};

// Programs that live until they are signalled; SIGTERM ends those that are not stubborn.
class FakeChildren final : public Children {
 public:
  std::vector<Launch> launched;
  std::set<std::int64_t> living;
  bool stubborn = false;
  std::string boot = "boot";  // in which they are started
  std::vector<std::pair<std::int64_t, int>> signalled;

  Child start(const Launch& launch, const Recording& record) override {
    const std::int64_t pid = 100 + static_cast<std::int64_t>(launched.size());
    const Child child{pid, boot + "/" + std::to_string(pid), launch.token};
    record(child);
    launched.push_back(launch);
    living.insert(pid);
    return child;
  }
  bool runs(const Child& child) override { return living.contains(child.pid); }
  std::vector<std::int64_t> members(const Child& child) override {
    if (!runs(child)) return {};
    return {child.pid};
  }
  void signal(const Child& child, int number) override {
    signalled.emplace_back(child.pid, number);
    if (number == SIGKILL || !stubborn) living.erase(child.pid);
  }
};

struct FakeWorld {
  FakeClock clock;
  FakeFiles files;
  FakeEnvironment environment;
  FakeRandom random;
  FakeProcesses processes;
  FakeHttp http;
  FakeSockets sockets;
  FakeChildren children;
  World world{clock, files, environment, random, processes, http, sockets, children};
};

}  // namespace autopilot::testing
