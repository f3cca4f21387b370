#include "core/events/reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/events/csv.h"
#include "core/events/jsonl.h"
#include "core/events/unpack.h"

namespace autopilot::events {
namespace {

constexpr std::size_t kAhead = 6;        // chunks being parsed or waiting to be taken
constexpr std::size_t kHead = 4096;      // bytes by which a file is known
constexpr std::size_t kFewBytes = 1024;  // that two files may begin with by chance

// What all chunks of a file share.
struct FileFacts {
  std::string name;
  bool is_json = false;
  CsvLayout layout;
  std::uint64_t lines = 0;  // before the next chunk that is taken
};

struct Job {
  std::shared_ptr<FileFacts> file;
  Chunk chunk;
  Parsed parsed;
  std::exception_ptr fault;
  bool done = false;
};

// A thread's means to parse a chunk.
class ChunkParser {
 public:
  explicit ChunkParser(const Schema& schema) : schema_(schema) {}

  void parse(Job& job) {
    try {
      const auto bytes = static_cast<double>(job.chunk.size);
      job.parsed.expected = static_cast<std::size_t>(rows_per_byte_ * bytes * kSlack);
      if (!job.file->is_json) {
        parse_csv(job.chunk.text(), job.file->layout, schema_, job.parsed);
      } else {
        if (!json_) json_ = std::make_unique<JsonLines>(schema_);
        json_->parse(job.chunk.text(), job.parsed);
      }
      rows_per_byte_ = static_cast<double>(job.parsed.batch.rows) / bytes;
    } catch (...) {
      job.fault = std::current_exception();
    }
  }

 private:
  static constexpr double kSlack = 1.02;

  const Schema& schema_;
  std::unique_ptr<JsonLines> json_;
  double rows_per_byte_ = 0;  // of the last chunk
};

// Threads that parse what they are given.
class Workers {
 public:
  Workers(const Schema& schema, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i)
      threads_.emplace_back([this, &schema] { work(schema); });
  }
  ~Workers() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    for (std::thread& t : threads_) t.join();
  }
  void give(Job& job) {
    {
      const std::lock_guard lock(mutex_);
      waiting_.push_back(&job);
    }
    wake_.notify_one();
  }
  void wait_for(Job& job) {
    std::unique_lock lock(mutex_);
    done_.wait(lock, [&] { return job.done; });
  }

 private:
  void work(const Schema& schema) {
    ChunkParser parser(schema);
    for (;;) {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [&] { return stopping_ || !waiting_.empty(); });
      if (stopping_) return;
      Job& job = *waiting_.front();
      waiting_.pop_front();
      lock.unlock();
      parser.parse(job);
      lock.lock();
      job.done = true;
      done_.notify_one();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_, done_;
  std::deque<Job*> waiting_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace

std::vector<std::string> expand_glob(Files& files, const std::string& pattern) {
  if (pattern != "-" && files.is_directory(pattern))
    throw Error(ErrorKind::storage, fmt::format("{} is a directory", pattern),
                fmt::format("name its files: '{}{}*'", pattern, pattern.ends_with('/') ? "" : "/"));
  if (pattern.find_first_of("*?") == std::string::npos || files.exists(pattern)) return {pattern};
  const std::size_t slash = pattern.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : pattern.substr(0, slash);
  const std::string prefix = slash == std::string::npos ? "" : pattern.substr(0, slash + 1);
  const std::string last = slash == std::string::npos ? pattern : pattern.substr(slash + 1);
  std::vector<std::string> out;
  for (const FileEntry& entry : files.list(folder.empty() ? "/" : folder)) {
    if (!entry.is_directory && glob_match(last, entry.name)) out.push_back(prefix + entry.name);
  }
  if (out.empty()) throw Error(ErrorKind::storage, fmt::format("no file matches {}", pattern));
  return out;
}

EventReader::EventReader(Files& files, std::vector<std::string> paths)
    : files_(files), paths_(std::move(paths)) {
  if (paths_.empty()) return;
  first_ = open(paths_.front());
  const std::string line = first_->first_line();
  is_json_ = !line.empty() && line.front() == '{';
  columns_ = is_json_ ? json_paths(line) : csv_fields(line, csv_separator(line));
  if (line.empty()) columns_.clear();
}

std::unique_ptr<Chunks> EventReader::open(const std::string& path) {
  return std::make_unique<Chunks>(open_unpacked(files_, path),
                                  path == "-" ? "standard input" : path);
}

// One reading of all files.
class EventReader::Run {
 public:
  Run(EventReader& reader, const Schema& schema, const std::function<void(Batch&&)>& take)
      : reader_(reader), schema_(schema), take_(take), parser_(schema) {
    reader_.labels_.resize(schema.size());
  }
  ~Run() {
    workers_.reset();  // before what they work on
  }

  void file(std::unique_ptr<Chunks> chunks, const std::string& name, const Progress& progress,
            std::uint64_t before, std::uint64_t all) {
    auto facts = std::make_shared<FileFacts>();
    facts->name = name;
    const std::string first = chunks->first_line();
    facts->is_json = !first.empty() && first.front() == '{';
    if (first.empty()) return;
    if (!facts->is_json) {
      facts->layout = csv_layout(chunks->take_line(), schema_, name);
      facts->lines = chunks->taken_lines();
      chunks->respect_quotes();
    }
    for (bool is_first = true;; is_first = false) {
      auto job = std::make_unique<Job>();
      job->file = facts;
      if (!chunks->next(job->chunk)) return;
      if (is_first) note_head(job->chunk.text(), name);
      start(std::move(job));
      if (progress) progress(before + std::min(chunks->bytes(), chunks->size()), all);
    }
  }

  void finish() {
    while (!jobs_.empty()) take_first();
  }

 private:
  // Rows that are the same so far are the same rows, whatever the files are called.
  void note_head(std::string_view text, const std::string& name) {
    if (text.size() < kFewBytes) return;
    const auto [other, is_new] = heads_.try_emplace(std::string(text.substr(0, kHead)), name);
    if (!is_new) reader_.alike_.emplace_back(name, other->second);
  }

  // A small log needs no threads.
  void start(std::unique_ptr<Job> job) {
    const bool is_whole = job->chunk.size < Chunks::kChunk / 2;
    if (!workers_ && (is_whole || cores() == 1)) {
      parser_.parse(*job);
      job->done = true;
      jobs_.push_back(std::move(job));
      return take_first();
    }
    if (!workers_) workers_ = std::make_unique<Workers>(schema_, cores());
    jobs_.push_back(std::move(job));
    workers_->give(*jobs_.back());
    if (jobs_.size() >= kAhead) take_first();
  }

  static std::size_t cores() { return std::clamp(std::thread::hardware_concurrency(), 1U, 4U); }

  void take_first() {
    const std::unique_ptr<Job> job = std::move(jobs_.front());
    jobs_.pop_front();
    if (workers_) workers_->wait_for(*job);
    if (job->fault) std::rethrow_exception(job->fault);
    Parsed& parsed = job->parsed;
    if (parsed.open_quote > 0)
      throw Error(ErrorKind::invalid,
                  fmt::format("{}:{}: a quote is opened here and never closed", job->file->name,
                              parsed.open_quote + job->file->lines),
                  "all lines behind it would be one text: take it away, or write it twice within "
                  "quotes");
    reader_.lines_ += parsed.batch.rows + parsed.bad.count();
    for (BadRow& row : parsed.bad.shown()) {
      row.file = job->file->name;
      row.line += job->file->lines;
    }
    place(parsed.batch, *job->file);
    job->file->lines += parsed.lines;
    reader_.bad_.add(parsed.bad);
    for (std::size_t c = 0; c < schema_.size(); ++c) recode(parsed, c);
    trim(parsed.batch);
    take_(std::move(parsed.batch));
  }

  // Lines are counted from the chunk's first until it is known which one that is.
  void place(Batch& batch, const FileFacts& file) const {
    batch.file = file.name;
    for (std::size_t c = 0; c < schema_.size(); ++c) {
      if (schema_[c].kind != Kind::line) continue;
      for (std::int64_t& line : batch.columns[c].integers)
        line += static_cast<std::int64_t>(file.lines);
    }
  }

  // From the thread's own labels to those of the whole log, which has none that only bad rows bear.
  void recode(Parsed& parsed, std::size_t column) {
    const Labels& own = parsed.labels[column];
    if (own.size() == 0) return;
    Labels& all = reader_.labels_[column];
    std::vector<std::uint32_t> code(own.size(), kNoLabel);
    for (std::size_t i = 0; i < parsed.batch.rows; ++i) {
      std::uint32_t& at = parsed.batch.columns[column].codes[i];
      if (at == kNoLabel) continue;
      if (code[at] == kNoLabel) code[at] = all.code(own[at]);
      at = code[at];
    }
    if (all.size() > kMostLabels)
      throw Error(
          ErrorKind::invalid,
          fmt::format("{} has more than {} different values", schema_[column].name, kMostLabels),
          "such a column tells rows apart, it does not describe them: map it as the unit, "
          "or not at all");
  }

  // Batches are kept: what they would waste is given back.
  void trim(Batch& batch) const {
    for (std::size_t c = 0; c < schema_.size(); ++c) {
      Column& column = batch.columns[c];
      column.resize(schema_[c].kind, batch.rows);
      give_back(column.numbers);
      give_back(column.codes);
      give_back(column.integers);
    }
  }

  template <class T>
  static void give_back(std::vector<T>& values) {
    if (values.capacity() > values.size() + values.size() / 16) values.shrink_to_fit();
  }

  EventReader& reader_;
  const Schema& schema_;
  const std::function<void(Batch&&)>& take_;
  ChunkParser parser_;
  std::deque<std::unique_ptr<Job>> jobs_;
  std::unique_ptr<Workers> workers_;
  std::map<std::string, std::string> heads_;  // of the files so far
};

void EventReader::read(const Schema& schema, const std::function<void(Batch&&)>& take,
                       const Progress& progress) {
  Run run(*this, schema, take);
  std::uint64_t all = 0, before = 0;
  if (progress && paths_.size() == 1) all = first_->size();
  for (std::size_t i = 0; i < paths_.size(); ++i) {
    std::unique_ptr<Chunks> chunks = i == 0 ? std::move(first_) : open(paths_[i]);
    const std::uint64_t size = chunks->size();
    run.file(std::move(chunks), paths_[i] == "-" ? "standard input" : paths_[i], progress, before,
             all);
    before += size;
  }
  run.finish();
}

}  // namespace autopilot::events
