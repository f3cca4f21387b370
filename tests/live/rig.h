#pragma once
// Real servers for tests and benchmarks: nginx, HAProxy, load generators and backends of our own,
// on free ports of this machine, in a folder that is gone afterwards, and ended by their process
// ids.

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/base/system.h"
#include "core/deploy/process.h"
#include "core/deploy/traffic.h"

namespace autopilot::live {

bool is_installed(const std::string& program);  // by PATH
int free_port();
std::int64_t monotonic_ms();
void sleep_ms(std::int64_t ms);

class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string path(const std::string& name = "") const {
    return name.empty() ? path_ : path_ + "/" + name;
  }
  void write(const std::string& name, const std::string& text) const;
  std::string read(const std::string& name) const;

 private:
  std::string path_;
};

// A program that runs until it is destroyed: SIGTERM, then SIGKILL. Its outputs go to a file.
class Program {
 public:
  Program(std::vector<std::string> words, const std::string& output);
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  void signal(int number) const;
  void wait();  // for its own end
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
};

// Until something listens there; false after ten seconds.
bool wait_for_port(int port);

enum class Proxy { nginx, haproxy };

// A deployment with two slots behind a proxy, made of the product's own providers.
class Rig {
 public:
  explicit Rig(Proxy proxy, const std::vector<std::string>& backend_options = {});
  ~Rig();
  Rig(const Rig&) = delete;
  Rig& operator=(const Rig&) = delete;

  World& world() { return system_.world(); }
  deploy::Traffic& traffic() { return *traffic_; }
  deploy::Process& process() { return *process_; }
  const deploy::Slot& slot(const std::string& name) const;
  const deploy::Site& site() const { return site_; }
  const Value& traffic_spec() const { return traffic_spec_; }
  Folder& folder() { return folder_; }
  int port() const { return port_; }
  std::string socket() const { return folder_.path("admin.sock"); }
  void stop_proxy() { proxy_.reset(); }
  void start_proxy();

  // Starts a version in a slot and waits until it answers.
  void start(const std::string& slot, const std::string& version);
  // Waits until the slot serves nothing (false after `seconds`), then stops it.
  bool drain_and_stop(const std::string& slot, int seconds);
  // set() and verify() until the split holds: milliseconds, or -1 after ten seconds.
  double switch_to(const std::string& canary, const std::string& stable, int bp);
  // Requests that the slot's backend has served since it began.
  std::int64_t served(const std::string& slot);
  const std::string& last_why() const { return last_why_; }

 private:
  void configure_nginx();
  void configure_haproxy();

  System system_;
  Folder folder_;
  Proxy kind_;
  int port_ = 0;
  deploy::Site site_;
  Value traffic_spec_;
  std::vector<std::string> proxy_words_;
  std::unique_ptr<Program> proxy_;
  std::unique_ptr<deploy::Traffic> traffic_;
  std::unique_ptr<deploy::Process> process_;
  std::string last_why_;
};

// wrk or hey against the rig for some seconds, with a cookie of its own for each request (wrk).
class Load {
 public:
  enum class Tool { wrk, hey };
  struct Result {
    std::int64_t requests = 0;
    std::int64_t failed = 0;  // resets, time-outs, answers other than 2xx
    std::string text;         // as the tool printed it
  };
  Load(Rig& rig, Tool tool, int seconds);
  Result wait();
  Result stop();  // now, and not at the end of its seconds

 private:
  Rig& rig_;
  Tool tool_;
  std::string output_;
  std::unique_ptr<Program> program_;
};

// Clients that hold connections: one stream of `seconds` after the other, and one WebSocket that is
// spoken to all the time and opened anew when asked, as its slot is to be stopped.
class LongClients {
 public:
  LongClients(int port, int stream_seconds);
  ~LongClients();
  LongClients(const LongClients&) = delete;
  LongClients& operator=(const LongClients&) = delete;
  void reopen_websocket() { reopen_ = true; }

  std::atomic<std::int64_t> streams{0}, broken_streams{0}, echoes{0}, broken_websockets{0};

 private:
  void stream();
  void talk();

  int port_, stream_seconds_;
  std::atomic<bool> ending_{false}, reopen_{false};
  std::vector<std::thread> threads_;
};

}  // namespace autopilot::live
