#include "tests/integration/project.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace autopilot::integration {

namespace fs = std::filesystem;

Project::Project() {
  root_ = (fs::temp_directory_path() / "autopilot-integration-XXXXXX").string();
  if (::mkdtemp(root_.data()) == nullptr) throw std::runtime_error("no temporary folder");
  write("autopilot.yaml", "paths: [policies]\n");
}

Project::~Project() {
  std::error_code ignored;
  fs::remove_all(root_, ignored);
}

void Project::write(const std::string& name, std::string_view text) const {
  fs::create_directories(fs::path(path(name)).parent_path());
  std::ofstream out(path(name), std::ios::binary);
  out << text;
  if (!out.flush()) throw std::runtime_error("cannot write " + path(name));
}

std::string Project::read(const std::string& name) const {
  std::ifstream in(path(name), std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::set<std::string> Project::files() const {
  std::set<std::string> found;
  for (const auto& entry : fs::recursive_directory_iterator(root_))
    found.insert(fs::relative(entry.path(), root_).string());
  return found;
}

Command Project::command(std::vector<std::string> arguments, std::string input) const {
  return {std::move(arguments), std::move(input), root_};
}

Ended Project::run(std::vector<std::string> arguments, std::string input) const {
  return integration::run(command(std::move(arguments), std::move(input)));
}

Ended Project::run_as_nobody(std::vector<std::string> arguments) const {
  Command as_nobody = command(std::move(arguments));
  as_nobody.as_nobody = true;
  return integration::run(as_nobody);
}

void Project::share_with_nobody() const {
  constexpr gid_t kGroup = 65534;  // of nobody
  for (const char* folder : {"", ".autopilot"}) {
    if (::chown(path(folder).c_str(), static_cast<uid_t>(-1), kGroup) != 0 ||
        ::chmod(path(folder).c_str(), 02770) != 0)
      throw std::runtime_error("cannot share " + path(folder));
  }
  for (const auto& entry : fs::directory_iterator(path(".autopilot"))) {
    const std::string file = entry.path().string();
    if (!entry.is_regular_file() || !file.starts_with(state_path())) continue;
    if (::chown(file.c_str(), static_cast<uid_t>(-1), kGroup) != 0 ||
        ::chmod(file.c_str(), 0660) != 0)
      throw std::runtime_error("cannot share " + file);
  }
}

Ended Project::must(std::vector<std::string> arguments, std::string input) const {
  Ended ended = run(std::move(arguments), std::move(input));
  if (ended.exit != 0 || ended.signal != 0) throw std::runtime_error(describe(ended));
  return ended;
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

std::string policy(const std::string& id, std::string_view spec) {
  return fmt::format("apiVersion: autopilot/v1\nkind: Policy\nmetadata: {{id: {}}}\nspec:\n{}", id,
                     spec);
}

std::string action_line(std::string_view algorithm, std::string_view key, double weight) {
  const std::string with_key = key.empty() ? "" : fmt::format(R"("idempotency_key":"{}",)", key);
  return fmt::format(
      R"({{"type":"route.update_weight","algorithm":"{}",{}"data":{{"weight":{},"old_weight":0.2}}}})"
      "\n",
      algorithm, with_key, weight);
}

}  // namespace autopilot::integration
