#include "cli/context.h"

#include <fmt/format.h>

#include "cli/output.h"
#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/masker.h"
#include "core/base/secrets.h"
#include "core/base/text.h"
#include "core/policy/loader.h"
#include "core/policy/secret_check.h"
#include "core/render/diagnostics.h"
#include "core/render/html.h"
#include "core/render/json.h"
#include "core/render/markdown.h"
#include "core/render/text.h"
#include "core/state/actors.h"
#include "core/state/apply.h"
#include "core/state/store.h"

namespace autopilot::cli {
namespace {

constexpr char kProjectFile[] = "autopilot.yaml";
constexpr char kStateFile[] = ".autopilot/state.db";

Duration lock_timeout(Environment& environment) {
  const std::string text = environment.get("AUTOPILOT_LOCK_TIMEOUT").value_or("");
  if (text.empty()) return state::kLockTimeout;
  if (const auto timeout = parse_duration(text)) return *timeout;
  throw Error(ErrorKind::usage,
              fmt::format("AUTOPILOT_LOCK_TIMEOUT is {}, which is no duration", text),
              "30s, 5m or 1h, for example");
}

}  // namespace

struct Context::Parts {
  explicit Parts(Output& o) : output(o) {}
  Output& output;
  std::string root;
  std::string from_here;   // the way from the working directory up to the root: "", "../", "../../"
  std::string state_file;  // once the root was entered
  std::optional<state::Who> who;
  std::optional<policy::Project> project;
  std::unique_ptr<state::Store> store;
  std::optional<Secrets> secrets;

  void identify(Environment& environment) const {
    store->database().set_identity(who ? who->identity : state::who_of(environment, {}).identity);
  }
};

Context::Context(World& w, Globals g, Output& output)
    : world(w), globals(std::move(g)), parts_(std::make_unique<Parts>(output)) {}
Context::~Context() = default;

bool Context::in_project() {
  if (!parts_->root.empty()) return true;
  const std::string here = world.environment.working_directory();
  std::string up;
  for (std::string folder = here;; folder.resize(folder.rfind('/')), up += "../") {
    if (world.files.exists(folder + "/" + kProjectFile)) {
      parts_->from_here = up;
      parts_->root = folder.empty() ? "/" : folder;
      debug(fmt::format("project {}", parts_->root));
      return true;
    }
    if (folder.empty() || folder.find('/') == std::string::npos) return false;
  }
}

const std::string& Context::root() {
  if (in_project()) return parts_->root;
  throw Error(ErrorKind::invalid,
              fmt::format("{} is in no project: there is no {} here or above",
                          world.environment.working_directory(), kProjectFile),
              "run autopilot init to start a project");
}

std::string Context::in_root(std::string_view path) {
  root();
  return parts_->from_here + std::string(path);
}

const policy::Project& Context::project() {
  if (!parts_->project) {
    const std::string file = in_project() ? in_root(kProjectFile) : kProjectFile;
    parts_->project = policy::load_project(file, world.files, diagnostics);
  }
  return *parts_->project;
}

std::string Context::state_path() {
  if (!parts_->state_file.empty()) return parts_->state_file;
  return globals.state.empty() ? in_root(kStateFile) : state::state_path(globals.state);
}

// The same file whatever folder is entered later.
std::string Context::opened_state_path() {
  const std::string path = state_path();
  if (path.starts_with('/')) return path;
  return world.environment.working_directory() + "/" + path;
}

void Context::enter_root() {
  if (!in_project() || parts_->from_here.empty()) return;
  parts_->state_file = opened_state_path();
  world.environment.change_directory(root());
  parts_->from_here.clear();
}

state::Store& Context::store() {
  if (!parts_->store) {
    debug(fmt::format("state {}", state_path()));
    parts_->store = state::Store::open_or_create(state_path(), lock_timeout(world.environment));
    parts_->identify(world.environment);
  }
  return *parts_->store;
}

state::Store* Context::store_if_any() {
  if (!parts_->store && !state::Store::exists(state_path())) return nullptr;
  return &existing_store();
}

state::Store& Context::existing_store() {
  if (!parts_->store) {
    const std::string path = state_path();
    if (!state::Store::exists(path)) {
      throw Error(ErrorKind::storage, fmt::format("there is no state at {} yet", path),
                  "autopilot apply creates it");
    }
    debug(fmt::format("state {}", path));
    const bool may_move = in_project() && !parts_->from_here.empty();
    parts_->store =
        state::Store::open(may_move ? opened_state_path() : path, lock_timeout(world.environment));
    parts_->identify(world.environment);
  }
  return *parts_->store;
}

state::Store* Context::access_store() {
  const bool somewhere = !globals.state.empty() || in_project();
  return somewhere ? store_if_any() : nullptr;
}

const state::Who& Context::who() {
  if (parts_->who) return *parts_->who;
  state::Store* store = access_store();
  const state::Access access = state::read_access(store);
  try {
    parts_->who = state::resolve(access, world.environment, globals.actor);
  } catch (const Error& e) {
    state::refuse(*store, "--as " + globals.actor, e, world.environment.user(), world.clock.now());
  }
  if (store != nullptr) store->database().set_identity(parts_->who->identity);
  return *parts_->who;
}

Secrets& Context::secrets() {
  if (!parts_->secrets) {
    const std::string& from = in_project() ? root() : world.environment.working_directory();
    parts_->secrets.emplace(world, parts_->output.masker(), from);
  }
  return *parts_->secrets;
}

void Context::show(const render::Report& report) {
  if (globals.format == "json") return write(render::report_json(report));
  if (globals.format == "jsonl") return write(render::report_json_line(report));
  if (globals.format == "markdown") return write(render::report_markdown(report));
  if (globals.format == "html") return write(render::report_html(report));
  write(render::report_text(report, parts_->output.style(1)));
}

void Context::write(std::string_view text) { parts_->output.write(text); }
void Context::flush() { parts_->output.flush(); }
render::TextStyle Context::style() const { return parts_->output.style(1); }

void Context::page(std::string_view text) {
  Output& output = parts_->output;
  std::string pager = world.environment.get("PAGER").value_or("less -FRX");
  std::vector<std::string> words;
  for (std::string& word : split(pager, ' ')) {
    if (!word.empty()) words.push_back(std::move(word));
  }
  if (output.is_terminal(1) && !words.empty() && words[0] != "cat") {
    output.flush();
    if (world.processes.feed(words, output.masker().masked(text))) return;
  }
  output.write(text);
}

void Context::inform(std::string_view text) { parts_->output.tell(Level::info, text); }
void Context::progress(std::string_view text) {
  if (!globals.quiet && globals.log_format == "text" && parts_->output.is_terminal(2))
    parts_->output.complain(fmt::format("\r\x1b[K{}", text));
}
void Context::debug(std::string_view text) { parts_->output.tell(Level::debug, text); }

void Context::ask(std::string_view question) {
  parts_->output.complain(fmt::format("{} [y/N] ", question));
}

void Context::show_diagnostics() { show_diagnostics(diagnostics); }
void Context::show_diagnostics(const Diagnostics& others) {
  Output& output = parts_->output;
  if (!output.talk().json) {
    // A secret that is written out stands in the line that the warning about it shows.
    Masker literals;
    for (const std::string_view text : policy::literal_secrets(others)) literals.learn(text);
    return output.complain(literals.masked(render::diagnostics_text(others, output.style(2))));
  }
  std::string lines;
  for (const Value& value : render::diagnostics_values(others)) lines += to_json(value) + "\n";
  output.complain(lines);
}

}  // namespace autopilot::cli
