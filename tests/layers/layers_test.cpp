// The rules of ARCHITECTURE.md about who may know whom, read from the sources themselves.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

namespace autopilot {
namespace {

namespace fs = std::filesystem;

// A folder may include itself and folders of lower levels; neighbours of one level do not know each
// other.
const std::map<std::string, int> kLevels{
    {"core/base", 0},   {"core/expr", 1},     {"core/stats", 1},     {"core/optimize", 1},
    {"core/events", 1}, {"core/render", 1},   {"core/telemetry", 1}, {"core/notify", 1},
    {"core/policy", 2}, {"core/decide", 3},   {"core/state", 4},     {"core/outcome", 4},
    {"core/trial", 4},  {"core/evaluate", 4}, {"core/deploy", 5},    {"core/jobs", 5},
    {"core/loop", 6},   {"cli", 7},           {"commands", 8},
};

// Each is known to one source file and to no header.
const std::vector<std::string> kThirdParties{
    "CLI/",     "nlohmann/", "yaml-cpp/", "sqlite3.h",  "re2/",   "nettle/", "cctz/",
    "simdjson", "curl/",     "glpk.h",    "libpq-fe.h", "zlib.h", "zstd.h",  "boost/"};

struct Source {
  std::string path;    // from the root
  std::string folder;  // a key of kLevels
  std::string text;
  std::vector<std::string> own;    // "core/base/value.h"
  std::vector<std::string> other;  // "vector", "sqlite3.h"
};

Source read_source(const fs::path& root, const fs::path& path) {
  Source source;
  source.path = fs::relative(path, root).generic_string();
  source.folder = fs::relative(path.parent_path(), root).generic_string();
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  source.text = text.str();
  static const std::regex include("^#include ([<\"])([^>\"]+)[>\"]");
  for (std::string line; std::getline(text, line);) {
    std::smatch match;
    if (!std::regex_search(line, match, include)) continue;
    (match[1] == "<" ? source.other : source.own).push_back(match[2]);
  }
  return source;
}

const std::vector<Source>& sources() {
  static const std::vector<Source> all = [] {
    std::vector<Source> found;
    const fs::path root = fs::current_path();
    for (const char* top : {"cli", "core", "commands"}) {
      for (const auto& entry : fs::recursive_directory_iterator(root / top)) {
        const std::string kind = entry.path().extension();
        if (kind == ".cpp" || kind == ".h") found.push_back(read_source(root, entry.path()));
      }
    }
    return found;
  }();
  return all;
}

std::string folder_of(const std::string& include) { return include.substr(0, include.rfind('/')); }

TEST(Layers, there_are_sources_in_known_folders_only) {
  ASSERT_GT(sources().size(), 20u);
  for (const Source& s : sources()) EXPECT_TRUE(kLevels.contains(s.folder)) << s.path;
}

TEST(Layers, includes_point_down) {
  for (const Source& s : sources()) {
    for (const std::string& include : s.own) {
      if (s.path == "cli/main.cpp" && include == "commands/registry.h") continue;
      const std::string to = folder_of(include);
      ASSERT_TRUE(kLevels.contains(to)) << s.path << " includes " << include;
      EXPECT_TRUE(to == s.folder || kLevels.at(to) < kLevels.at(s.folder))
          << s.path << " includes " << include;
    }
  }
}

TEST(Layers, each_third_party_library_is_known_to_one_source_file) {
  for (const std::string& party : kThirdParties) {
    std::set<std::string> users;
    for (const Source& s : sources()) {
      for (const std::string& include : s.other) {
        if (include.rfind(party, 0) == 0) users.insert(s.path);
      }
    }
    EXPECT_LE(users.size(), 1u) << party << " is included by " << ::testing::PrintToString(users);
    for (const std::string& user : users) EXPECT_TRUE(user.ends_with(".cpp")) << user;
  }
}

TEST(Layers, nothing_includes_iostream_and_no_header_includes_regex) {
  for (const Source& s : sources()) {
    for (const std::string& include : s.other) {
      EXPECT_NE(include, "iostream") << s.path;
      EXPECT_FALSE(include == "regex" && s.path.ends_with(".h")) << s.path;
    }
  }
}

TEST(Layers, only_main_builds_the_real_world) {
  for (const Source& s : sources()) {
    for (const std::string& include : s.own) {
      if (include != "core/base/system.h") continue;
      EXPECT_TRUE(s.path == "cli/main.cpp" || s.path == "core/base/system.cpp") << s.path;
    }
  }
}

TEST(Layers, only_the_world_reads_the_clock_the_environment_and_randomness) {
  const std::regex reads(
      "\\bgetenv\\(|clock_gettime\\(|system_clock|random_device|getrandom\\(|gettimeofday\\(|"
      "\\btime\\(nullptr");
  const std::set<std::string> world{"core/base/system.cpp", "core/base/processes.cpp",
                                    "core/base/monotonic.cpp"};
  for (const Source& s : sources()) {
    if (world.contains(s.path)) continue;
    EXPECT_FALSE(std::regex_search(s.text, reads)) << s.path;
    if (s.path.starts_with("core/base/")) continue;
    for (const std::string& include : s.own) EXPECT_NE(include, "core/base/monotonic.h") << s.path;
  }
}

TEST(Layers, only_the_output_writes_to_the_standard_streams) {
  const std::regex writes(
      "\\bprintf\\(|\\bputs\\(|std::cout|std::cerr|fmt::print\\(|STDOUT_FILENO|STDERR_FILENO");
  const std::set<std::string> allowed{"cli/output.cpp",        "cli/main.cpp",
                                      "core/base/system.cpp",  "core/base/processes.cpp",
                                      "core/base/capture.cpp", "core/base/screen.cpp",
                                      "core/base/streams.cpp"};
  for (const Source& s : sources()) {
    EXPECT_TRUE(allowed.contains(s.path) || !std::regex_search(s.text, writes)) << s.path;
  }
}

}  // namespace
}  // namespace autopilot
