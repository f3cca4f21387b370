#include "core/policy/loader.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "core/base/error.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/base/yaml.h"
#include "core/policy/kinds.h"
#include "core/policy/secret_check.h"
#include "core/policy/silence.h"

namespace autopilot::policy {
namespace {

// One run of the loader over any number of files.
class Loader {
 public:
  Loader(const Project& project, Diagnostics& diagnostics, SourceCache* cache, Trees trees)
      : project_(project),
        diagnostics_(diagnostics),
        action_types_(known_action_types(project)),
        expressions_(project, diagnostics),
        cache_(cache),
        trees_(trees) {}

  void load(std::string name, std::string text) {
    const std::vector<Document>* known = cache_ == nullptr ? nullptr : cache_->find(text);
    if (known == nullptr) return read(std::move(name), std::move(text));
    for (const Document& document : *known) {
      documents_.push_back(document);
      documents_.back().file = name;
    }
    known_.push_back({std::move(name), std::move(text)});
  }

  std::vector<Document> take() {
    if (!known_.empty()) read_known_duplicates();
    report_duplicates();
    return std::move(documents_);
  }

 private:
  struct Known {
    std::string name;
    std::string text;
  };

  void read(std::string name, std::string text) {
    const std::size_t remarks = diagnostics_.all().size() + diagnostics_.dropped();
    const std::size_t first = documents_.size();
    const std::uint32_t source = diagnostics_.sources().add(std::move(name), std::move(text));
    for (YamlDocument& document : parse_yaml(source, budget_, diagnostics_))
      read_document(document);
    const bool clean = diagnostics_.all().size() + diagnostics_.dropped() == remarks;
    if (cache_ != nullptr && clean) {
      cache_->remember(diagnostics_.sources().text(source), std::span(documents_).subspan(first));
    }
  }

  // Documents of the same name must have their places, so that both can be shown.
  void read_known_duplicates() {
    std::map<std::pair<std::string, std::string>, int> count;
    for (const Document& d : documents_) ++count[{d.kind, d.id}];
    std::set<std::string> files;
    for (const Document& d : documents_) {
      if (count[{d.kind, d.id}] > 1) files.insert(d.file);
    }
    for (Known& known : std::exchange(known_, {})) {
      if (!files.contains(known.name)) continue;
      std::erase_if(documents_, [&](const Document& d) { return d.file == known.name; });
      read(std::move(known.name), std::move(known.text));
    }
  }

  void read_document(YamlDocument& yaml) {
    const std::size_t errors = diagnostics_.errors();
    const std::size_t first = diagnostics_.all().size();
    Document document;
    check_document(yaml.root, document);
    const std::string label = document.kind + "/" + document.id;
    if (!document.id.empty()) diagnostics_.label_from(first, label);
    if (!yaml.sound || diagnostics_.errors() != errors) document.hash.clear();
    document.file = diagnostics_.sources().name(yaml.root.span.source);
    document.span = place_of(yaml.root);
    if (trees_ == Trees::keep) document.tree = std::make_shared<YamlNode>(std::move(yaml.root));
    documents_.push_back(std::move(document));
  }

  // The document's name is where messages about the whole of it point.
  static Span place_of(const YamlNode& root) {
    const YamlNode* metadata = root.find("metadata");
    const YamlNode* id = metadata == nullptr ? nullptr : metadata->find("id");
    return id == nullptr ? root.span : id->span;
  }

  void check_document(const YamlNode& root, Document& document) {
    if (!root.is_map()) {
      diagnostics_.error("wrong-type", root.span,
                         "a document must be a map with apiVersion, kind, metadata and spec");
      return;
    }
    const Kind* kind = check_kind(root);
    check_envelope(root);
    check_metadata(root, document);
    if (kind == nullptr) return;
    document.kind = kind->name;
    check_content(root, *kind, document);
  }

  const Kind* check_kind(const YamlNode& root) {
    const YamlNode* name = root.find("kind");
    if (name == nullptr) {
      diagnostics_.error("missing-field", root.span, "the document has no kind").help =
          "add kind: Policy";
      return nullptr;
    }
    const Kind* kind = find_kind(name->text);
    if (kind == nullptr) {
      std::vector<std::string> names;
      for (const Kind& known : kinds()) names.emplace_back(known.name);
      Diagnostic& d = diagnostics_.error("unknown-kind", name->span,
                                         fmt::format("unknown kind \"{}\"", name->text));
      d.help = std::string(trim(did_you_mean(name->text, names)));
      if (d.help.empty()) d.help = "known are " + join(names, ", ");
      return nullptr;
    }
    check_version(root, *kind);
    return kind;
  }

  void check_version(const YamlNode& root, const Kind& kind) {
    const YamlNode* version = root.find("apiVersion");
    const std::string help = fmt::format("write apiVersion: {}", kind.api_version);
    if (version == nullptr) {
      diagnostics_.error("missing-field", root.span, "the document has no apiVersion").help = help;
    } else if (version->text != kind.api_version) {
      diagnostics_
          .error("wrong-version", version->span,
                 fmt::format("{} has no apiVersion \"{}\"", kind.name, version->text))
          .help = help;
    }
  }

  void check_envelope(const YamlNode& root) {
    const std::vector<std::string> names = {"apiVersion", "kind", "metadata", "spec"};
    for (const YamlEntry& entry : root.entries) {
      if (std::find(names.begin(), names.end(), entry.key) != names.end()) continue;
      Diagnostic& d = diagnostics_.error("unknown-field", entry.key_span,
                                         fmt::format("a document has no field \"{}\"", entry.key));
      d.help = std::string(trim(did_you_mean(entry.key, names)));
      if (d.help.empty()) d.help = "fields of the kind belong under spec";
    }
  }

  void check_metadata(const YamlNode& root, Document& document) {
    const YamlNode* metadata = root.find("metadata");
    if (metadata == nullptr) {
      diagnostics_.error("missing-field", root.span, "the document has no metadata").help =
          "add metadata: {id: some-name}";
      return;
    }
    check_shape(*metadata, {.kind = ShapeKind::object, .schema = &kMetadata}, "metadata",
                diagnostics_);
    document.silences = read_silences(*metadata, diagnostics_);
    const YamlNode* protect = metadata->find("protect");
    if (protect != nullptr && protect->is_scalar()) document.protect = protect->text == "true";
    const YamlNode* id = metadata->find("id");
    if (id == nullptr || !id->is_scalar() || !scalar_value(*id).is_string()) return;
    if (!is_document_id(id->text)) {
      diagnostics_.error("bad-id", id->span, fmt::format("\"{}\" cannot be an id", id->text)).help =
          "lower-case letters, digits, dots, dashes and underscores, starting with a letter or "
          "digit, at most 63";
      return;
    }
    document.id = id->text;
  }

  void check_content(const YamlNode& root, const Kind& kind, Document& document) {
    const std::size_t errors = diagnostics_.errors();
    const YamlNode* spec = root.find("spec");
    if (spec == nullptr) {
      diagnostics_.error("missing-field", root.span, "the document has no spec").help =
          fmt::format("`autopilot schema {}` shows what belongs there", kind.name);
      return;
    }
    check_shape(*spec, {.kind = ShapeKind::object, .schema = kind.spec}, "spec", diagnostics_);
    check_secrets(*spec, diagnostics_);
    document.content = to_value(root, diagnostics_);
    const bool sound = diagnostics_.errors() == errors;
    kind.check(
        {root, document.content, sound, project_, action_types_, expressions_, diagnostics_});
    if (diagnostics_.errors() != errors || document.id.empty()) return;
    remove_silences(document.content);
    if (kind.translate != nullptr) {
      document.content = kind.translate(document.content);
      document.kind = document.content.get("kind")->as_string();
    }
    document.hash = to_hex(sha256(to_canonical_json(document.content)));
  }

  // Also sorts, and leaves out what had faults.
  void report_duplicates() {
    std::stable_sort(documents_.begin(), documents_.end(),
                     [](const Document& a, const Document& b) {
                       return std::tie(a.kind, a.id) < std::tie(b.kind, b.id);
                     });
    for (std::size_t i = 1; i < documents_.size(); ++i) {
      Document& before = documents_[i - 1];
      Document& after = documents_[i];
      if (after.id.empty() || before.kind != after.kind || before.id != after.id) continue;
      Diagnostic& d =
          diagnostics_.error("duplicate-document", after.span,
                             fmt::format("two documents are called {}/{}", after.kind, after.id));
      d.help = "rename one of them, or remove it";
      d.related.push_back({"the first one is here", before.span});
      d.document = after.kind + "/" + after.id;
      before.hash.clear();
      after.hash.clear();
    }
    diagnostics_.sort();
    std::erase_if(documents_, [](const Document& document) { return document.hash.empty(); });
  }

  const Project& project_;
  Diagnostics& diagnostics_;
  const std::vector<std::string> action_types_;
  ExpressionChecker expressions_;
  YamlBudget budget_;
  SourceCache* cache_;
  const Trees trees_;
  std::vector<Known> known_;  // files whose documents came from the cache
  std::vector<Document> documents_;
};

bool has_yaml_name(std::string_view name) {
  return (name.size() > 5 && name.substr(name.size() - 5) == ".yaml") ||
         (name.size() > 4 && name.substr(name.size() - 4) == ".yml");
}

std::string join_path(const std::string& directory, const std::string& name) {
  if (directory.empty() || directory == ".") return name;
  return directory.back() == '/' ? directory + name : directory + "/" + name;
}

// Files of a run, in the order that they are read. A folder that is called x.yaml is a folder like
// any other.
class FileWalk {
 public:
  FileWalk(Files& files, Diagnostics& diagnostics) : files_(files), diagnostics_(diagnostics) {}

  void add(const std::string& path) {
    try {
      if (path != "-" && files_.is_directory(path)) {
        walk(path, 0);
      } else {
        add_file(path);
      }
    } catch (const Error& e) {
      report(e);
    }
  }

  void report(const Error& e) {
    ++unreadable_;
    diagnostics_.error("unreadable", {}, e.what()).help = e.hint();
  }
  std::size_t unreadable() const { return unreadable_; }
  const std::vector<std::string>& found() const { return found_; }

 private:
  static constexpr int kMaxFolders = 64;

  void walk(const std::string& directory, int depth) {
    if (depth > kMaxFolders) {
      diagnostics_.error("unreadable", {},
                         fmt::format("{}: folders nested deeper than {}", directory, kMaxFolders));
      return;
    }
    // Links may lead back, or many times to the same folder.
    if (!folders_.insert(files_.real_path(directory)).second) return;
    for (const FileEntry& entry : files_.list(directory)) {
      if (entry.name.empty() || entry.name[0] == '.') continue;
      const std::string path = join_path(directory, entry.name);
      if (entry.is_directory) {
        walk_guarded(path, depth + 1);
      } else if (has_yaml_name(entry.name) && entry.name != "autopilot.yaml") {
        add_found(path, entry);
      }
    }
  }

  // A pipe or a device may be named, but not lie among the documents.
  void add_found(const std::string& path, const FileEntry& entry) {
    if (!entry.is_special) return add_file(path);
    report(Error(ErrorKind::storage, fmt::format("cannot read {}: it is no regular file", path)));
  }

  // A file that is named twice is read once.
  void add_file(const std::string& path) {
    std::string_view plain = path;
    while (plain.substr(0, 2) == "./") plain.remove_prefix(2);
    if (seen_.insert(std::string(plain)).second) found_.push_back(path);
  }

  void walk_guarded(const std::string& directory, int depth) {
    try {
      walk(directory, depth);
    } catch (const Error& e) {
      report(e);
    }
  }

  Files& files_;
  Diagnostics& diagnostics_;
  std::size_t unreadable_ = 0;
  std::vector<std::string> found_;
  std::set<std::string> seen_;
  std::set<std::string> folders_;  // that were searched, without links
};

}  // namespace

LoadResult load_paths(const std::vector<std::string>& paths, const Project& project, Files& files,
                      Diagnostics& diagnostics, SourceCache* cache, Trees trees) {
  FileWalk walk(files, diagnostics);
  for (const std::string& path : paths) walk.add(path);
  LoadResult result;
  Loader loader(project, diagnostics, cache, trees);
  for (const std::string& path : walk.found()) {
    try {
      loader.load(path == "-" ? "<stdin>" : path,
                  path == "-" ? files.read_all_stdin() : files.read(path));
      ++result.files;
    } catch (const Error& e) {
      walk.report(e);
    }
  }
  result.unreadable = walk.unreadable();
  result.documents = loader.take();
  return result;
}

std::vector<std::string> document_files(const std::vector<std::string>& paths, Files& files) {
  Diagnostics unreadable;
  FileWalk walk(files, unreadable);
  for (const std::string& path : paths) walk.add(path);
  return walk.found();
}

std::vector<Document> load_text(std::string name, std::string text, const Project& project,
                                Diagnostics& diagnostics, Trees trees) {
  Loader loader(project, diagnostics, nullptr, trees);
  loader.load(std::move(name), std::move(text));
  return loader.take();
}

}  // namespace autopilot::policy
