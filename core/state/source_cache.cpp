#include "core/state/source_cache.h"

#include <fmt/format.h>

#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/base/text.h"

namespace autopilot::state {
namespace {

// Raised when the loader gives other documents for the same text.
constexpr int kLoaderVersion = 1;

constexpr std::string_view kHeader = "autopilot-sources 1";

// "<key> <kind> <id> <hash> <protect>", or "<key>" alone for a text without documents.
void append_entry(std::string& out, const std::string& key,
                  const std::vector<policy::Document>& documents) {
  if (documents.empty()) out += key + "\n";
  for (const policy::Document& d : documents) {
    out += fmt::format("{} {} {} {} {}\n", key, d.kind, d.id, d.hash, d.protect ? 1 : 0);
  }
}

}  // namespace

std::string source_cache_path(const std::string& state_path) {
  const std::size_t slash = state_path.rfind('/');
  return (slash == std::string::npos ? std::string() : state_path.substr(0, slash + 1)) +
         "cache/sources";
}

AppliedSources::AppliedSources(Store& store, const policy::Project& project, Files& files,
                               std::string path)
    : salt_(fmt::format("{} {} {}\n", AUTOPILOT_VERSION, kLoaderVersion,
                        project.document ? project.document->hash : "none")),
      files_(files),
      path_(std::move(path)) {
  for (const DocumentKey& key : store.keys()) applied_.emplace(key.kind + "/" + key.id, key.hash);
  read();
}

std::string AppliedSources::key_of(std::string_view text) const {
  Sha256 hash;
  hash.update(salt_);
  hash.update(text);
  return to_hex(hash.finish());
}

void AppliedSources::read() {
  try {
    if (files_.exists(path_)) stored_ = files_.read(path_);
  } catch (const Error&) {  // then it knows nothing
    return;
  }
  const std::vector<std::string> lines = split(stored_, '\n');
  if (lines.size() < 2 ||
      lines[0] != fmt::format("{} {}", kHeader, to_hex(sha256(stored_.substr(lines[0].size())))))
    return;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const std::vector<std::string> fields = split(lines[i], ' ');
    if (lines[i].empty()) continue;
    Documents& documents = known_[fields[0]];
    if (fields.size() != 5) continue;
    policy::Document d;
    d.kind = fields[1];
    d.id = fields[2];
    d.hash = fields[3];
    d.protect = fields[4] == "1";
    documents.push_back(std::move(d));
  }
}

bool AppliedSources::is_applied(const Documents& documents) const {
  return std::all_of(documents.begin(), documents.end(), [&](const policy::Document& d) {
    const auto at = applied_.find(d.kind + "/" + d.id);
    return at != applied_.end() && at->second == d.hash;
  });
}

const std::vector<policy::Document>* AppliedSources::find(std::string_view text) {
  const std::string key = key_of(text);
  const auto at = known_.find(key);
  if (at == known_.end() || !is_applied(at->second)) return nullptr;
  used_[key] = at->second;
  return &at->second;
}

void AppliedSources::remember(std::string_view text, std::span<const policy::Document> documents) {
  Documents& kept = used_[key_of(text)];
  kept.clear();
  for (const policy::Document& d : documents) {
    policy::Document bare;
    bare.kind = d.kind;
    bare.id = d.id;
    bare.hash = d.hash;
    bare.protect = d.protect;
    kept.push_back(std::move(bare));
  }
}

std::string AppliedSources::to_text() const {
  std::string body = "\n";
  for (const auto& [key, documents] : used_) append_entry(body, key, documents);
  return fmt::format("{} {}{}", kHeader, to_hex(sha256(body)), body);
}

void AppliedSources::save() {
  const std::string text = to_text();
  if (text == stored_) return;
  try {
    const std::size_t slash = path_.rfind('/');
    if (slash != std::string::npos) files_.make_directories(path_.substr(0, slash));
    files_.write(path_, text);
  } catch (const Error&) {  // it only saves time
  }
}

}  // namespace autopilot::state
