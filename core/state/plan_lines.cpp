#include "core/state/plan_lines.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/text.h"
#include "core/base/yaml.h"
#include "core/state/diff.h"

namespace autopilot::state {
namespace {

using render::Line;
using render::Run;
using render::Tone;
using Kind = DiffNode::Kind;

constexpr std::size_t kStep = 4;        // columns per level
constexpr std::size_t kLongValue = 60;  // a longer value gets a line of its own

Tone tone_of(char mark) {
  return mark == '+' ? Tone::added : mark == '-' ? Tone::removed : Tone::changed;
}

std::string yaml_of(const Value& value) { return std::string(trim(to_yaml(value))); }

bool is_short(const std::string& yaml) {
  return yaml.size() <= kLongValue && yaml.find('\n') == std::string::npos;
}

// Writes the lines of one change; hints stand at the end of the line of their field.
class LineWriter {
 public:
  explicit LineWriter(const std::vector<Hint>& hints) : hints_(hints) {}

  std::vector<Line> write(const Change& change) {
    if (change.before && change.after) {
      const DiffNode root = diff_tree(change.before->content, change.after->content);
      children(root, "", kStep + 2);
    } else if (change.after) {
      whole(change.after->content, '+');
    } else if (change.before) {
      whole(change.before->content, '-');
    }
    return std::move(lines_);
  }

 private:
  // A created or deleted document: its metadata beyond the id, and its spec.
  void whole(const Value& content, char mark) {
    for (const auto& [key, value] : content.as_map()) {
      if (key == "apiVersion" || key == "kind") continue;
      if (key == "metadata" && value.is_map() && value.as_map().size() == 1) continue;
      block(key, value, mark, kStep + 2);
    }
  }

  void children(const DiffNode& node, const std::string& path, std::size_t column) {
    std::size_t hidden = 0;
    for (const DiffNode& child : node.children) {
      if (child.kind == Kind::same) {
        ++hidden;
      } else {
        one(child, child_path(path, child), column);
      }
    }
    if (hidden > 0)
      put(' ', column, {{fmt::format("({} unchanged hidden)", hidden), Tone::dim}}, "");
  }

  void one(const DiffNode& node, const std::string& path, std::size_t column) {
    switch (node.kind) {
      case Kind::same:
        return;
      case Kind::added:
        return block(node.name, unnamed(node, *node.after), '+', column, path);
      case Kind::removed:
        return block(node.name, unnamed(node, *node.before), '-', column, path);
      case Kind::moved:
        return put('~', column, {{"(order changed)", Tone::changed}}, path);
      case Kind::changed:
        return changed(node, path, column);
      case Kind::nested:
        put('~', column, {{node.name + ":"}}, path);
        return children(node, path, column + kStep);
    }
  }

  // An element that is called by its name needs not say it again.
  static Value unnamed(const DiffNode& node, const Value& value) {
    if (!node.element || !value.is_map() || value.as_map().size() < 2) return value;
    const Value* name = value.get("name");
    if (name == nullptr || !name->is_string() || name->as_string() != node.name) return value;
    Value rest = value;
    rest.as_map().erase("name");
    return rest;
  }

  void changed(const DiffNode& node, const std::string& path, std::size_t column) {
    const std::string before = yaml_of(*node.before);
    const std::string after = yaml_of(*node.after);
    if (is_short(before) && is_short(after)) {
      put('~', column,
          {{node.name + ": "}, {before, Tone::removed}, {" -> "}, {after, Tone::added}}, path);
      return;
    }
    put('~', column, {{node.name + ":"}}, path);
    text(before, '-', column + kStep);
    text(after, '+', column + kStep);
  }

  void block(const std::string& name, const Value& value, char mark, std::size_t column,
             const std::string& path = "") {
    const std::string yaml = yaml_of(value);
    const bool nested = value.is_map() && !value.as_map().empty();
    if (!nested && yaml.find('\n') == std::string::npos) {
      put(mark, column, {{name + ": " + yaml, tone_of(mark)}}, path);
      return;
    }
    put(mark, column, {{name + ":", tone_of(mark)}}, path);
    text(yaml, mark, column + kStep);
  }

  void text(const std::string& yaml, char mark, std::size_t column) {
    for (const std::string& line : split(yaml, '\n'))
      put(mark, column, {{line, tone_of(mark)}}, "");
  }

  void put(char mark, std::size_t column, std::vector<Run> runs, const std::string& path) {
    std::vector<Run> line{{std::string(column - 2, ' ')},
                          {std::string(1, mark) + " ", tone_of(mark)}};
    for (Run& run : runs) line.push_back(std::move(run));
    if (!path.empty()) append_hints(line, path);
    lines_.emplace_back(std::move(line));
  }

  void append_hints(std::vector<Run>& line, const std::string& path) {
    for (const Hint& hint : hints_) {
      if (hint.path != path) continue;
      line.push_back({fmt::format("   # {}: {}", to_string(hint.effect), hint.message),
                      hint.effect == Effect::loosens ? Tone::warn : Tone::dim});
    }
  }

  const std::vector<Hint>& hints_;
  std::vector<Line> lines_;
};

char mark_of(Change::Action action) {
  return action == Change::Action::create ? '+' : action == Change::Action::remove ? '-' : '~';
}

// The paths that lines of an update stand for, to find the hints that have no line.
std::vector<std::string> paths_of(const Change& change) {
  std::vector<std::string> paths;
  if (!change.before || !change.after) return paths;
  for (const FieldChange& field :
       flatten(diff_tree(change.before->content, change.after->content))) {
    for (std::string path = field.path; !path.empty();) {
      paths.push_back(path);
      const std::size_t cut = path.find_last_of(".[");
      path = cut == std::string::npos ? "" : path.substr(0, cut);
    }
  }
  return paths;
}

}  // namespace

Line headline(const Change& change) {
  const char mark = mark_of(change.action);
  std::vector<Run> runs{
      {"  "}, {std::string(1, mark) + " ", tone_of(mark)}, {change.name(), Tone::strong}};
  const std::vector<std::string> paths = paths_of(change);
  for (const Hint& hint : change.hints) {
    if (std::find(paths.begin(), paths.end(), hint.path) != paths.end()) continue;
    runs.push_back({fmt::format("   # {}: {}", to_string(hint.effect), hint.message),
                    hint.effect == Effect::loosens ? Tone::warn : Tone::dim});
  }
  return Line(std::move(runs));
}

std::vector<Line> detail_lines(const Change& change) {
  return LineWriter(change.hints).write(change);
}

std::string summary_line(const Plan& plan) {
  if (plan.empty()) return "No changes.";
  return fmt::format("Plan: {} to create, {} to update, {} to delete.",
                     plan.count(Change::Action::create), plan.count(Change::Action::update),
                     plan.count(Change::Action::remove));
}

std::vector<std::string> remarks(const Plan& plan) {
  std::vector<std::string> lines;
  for (const Overlay& drift : plan.drift) lines.push_back(drift_text(drift) + ".");
  for (const DocumentKey& kept : plan.kept) {
    lines.push_back(fmt::format(
        "{}/{} is kept though no file has it: it is protected. To delete it, apply it with "
        "metadata.protect: false first.",
        kept.kind, kept.id));
  }
  if (plan.radius.exceeded()) {
    lines.push_back(
        fmt::format("This updates or deletes {} of {} documents, more than {:g} %: apply will want "
                    "--allow-large.",
                    plan.radius.affected, plan.radius.existing, plan.radius.max_share * 100));
  }
  return lines;
}

}  // namespace autopilot::state
