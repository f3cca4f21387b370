#pragma once
// What a running command may use: the World, the project, the state (opened when first asked), a
// place for faults and the one way to show a result.

#include <memory>
#include <string>
#include <string_view>

#include "core/base/diagnostic.h"
#include "core/base/world.h"
#include "core/render/report.h"
#include "core/render/text.h"

namespace autopilot::state {
class Store;
struct Who;
}  // namespace autopilot::state
namespace autopilot::policy {
struct Project;
enum class Role;
}  // namespace autopilot::policy

namespace autopilot {
class Secrets;
}

namespace autopilot::cli {

class Output;

// The flags before the command (also accepted after it).
struct Globals {
  std::string directory;  // -C
  std::string state;      // --state, AUTOPILOT_STATE; empty: .autopilot/state.db under the root
  std::string actor;      // --as; empty: in one's own name
  std::string format = "text";      // --format, --json
  std::string color = "auto";       // --color auto|always|never
  std::string log_format = "text";  // --log-format text|json
  bool quiet = false;
  bool verbose = false;
};

class Context {
 public:
  Context(World& world, Globals globals, Output& output);
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  World& world;
  Diagnostics diagnostics;
  const Globals globals;

  // Is there an autopilot.yaml here or in a folder above?
  bool in_project();
  // The folder of that file, absolute, without a final slash. Throws Error(invalid) with a hint at
  // `autopilot init` when there is none.
  const std::string& root();
  // A path under the root as one would type it from here: in_root("policies") is "policies" or
  // "../policies".
  std::string in_root(std::string_view path);
  // From now on relative paths mean the root, as in what documents say of programs and files: where
  // a command was typed changes nothing of what they do. Outside of a project nothing changes.
  void enter_root();
  // autopilot.yaml, parsed; faults go to `diagnostics`. Outside of a project, the defaults.
  const policy::Project& project();
  std::string opened_state_path();  // the same, absolute
  std::string state_path();         // the file that holds the state, whether it exists or not
  state::Store& store();            // opened for reading and writing, created when absent
  state::Store& existing_store();   // Error(storage) with a hint at `autopilot apply` when absent
  state::Store* store_if_any();     // null when there is none yet; nothing is created
  // Who asks, as the applied Access documents know this process, and --as. Throws Error(denied),
  // audited, when the name of --as may not be taken.
  const state::Who& who();
  const std::string& actor();  // who().actor
  std::string actor_role();    // "admin" or "no role"; dg_ai without an Access document
  bool has_role(policy::Role least);
  // Throws Error(denied), audited, when the actor's role is lower.
  void require_role(policy::Role least, std::string_view for_what);
  // Says, once in the life of a state, that there is no Access document.
  void mention_open_access();

  // Resolves references to secrets. From then on none of them is seen on stdout or stderr.
  Secrets& secrets();

  // Asks at the terminal; true for y or yes. Without one, Error(usage) with the hint `otherwise`.
  bool confirm(std::string_view question, std::string_view otherwise);

  // Shows the result on stdout in the chosen format.
  void show(const render::Report& report);
  // A raw piece of result on stdout (JSONL streams, exported text). Buffered; a closed pipe ends
  // the process quietly.
  void write(std::string_view text);
  void flush();  // Error(storage) when stdout is full
  // The same for a text of several screens: through $PAGER when stdout is a terminal.
  void page(std::string_view text);
  render::TextStyle style() const;  // of stdout
  // To stderr: progress and remarks for people (not with -q).
  void inform(std::string_view text);
  // A line on a terminal's stderr that the next one writes over; "" takes it away. Elsewhere, and
  // with -q, nothing.
  void progress(std::string_view text);
  // To stderr with -v: what was found and done on the way.
  void debug(std::string_view text);
  // Renders the collected diagnostics to stderr and forgets none.
  void show_diagnostics();
  void show_diagnostics(const Diagnostics& others);

 private:
  void ask(std::string_view question);  // to stderr, without an end of line
  state::Store* access_store();         // that roles are read from; null when there is none

  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace autopilot::cli
