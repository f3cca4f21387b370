#pragma once
// A block of recorded decisions as columns, read from its bytes. Nothing of it is believed before
// its checksum is right; sections are looked at when first asked for.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/time.h"
#include "core/decide/history_format.h"
#include "core/decide/outcome.h"
#include "core/expr/columns.h"
#include "core/expr/columns_builder.h"

namespace autopilot::decide {

// The bytes are not what a builder made. Never leaves the history: a cache is made anew then.
struct BlockDamage {};

// Texts by code, as views of the block.
class StoredTexts {
 public:
  std::size_t size() const { return ends_.size(); }
  std::string_view operator[](std::size_t code) const {  // throws BlockDamage
    if (code >= ends_.size()) throw BlockDamage{};
    const std::uint32_t begin = code == 0 ? 0 : ends_[code - 1];
    const std::uint32_t end = ends_[code];
    if (begin > end || end > bytes_.size()) throw BlockDamage{};
    return bytes_.substr(begin, end - begin);
  }

 private:
  friend class SectionReader;
  std::span<const std::uint32_t> ends_;
  std::string_view bytes_;
};

// Takes arrays off a section. All throw BlockDamage when it is too short.
class SectionReader {
 public:
  explicit SectionReader(std::string_view bytes) : bytes_(bytes) {}

  template <class T>
  std::span<const T> array(std::size_t count) {
    return {reinterpret_cast<const T*>(take(count, sizeof(T))), count};
  }
  std::uint64_t number() { return array<std::uint64_t>(1)[0]; }
  StoredTexts texts();
  std::string_view piece(std::size_t size) { return {take(size, 1), size}; }
  // The rows of a bit set.
  const std::uint64_t* bits(std::uint32_t rows) {
    return array<std::uint64_t>(expr::words_for(rows)).data();
  }

 private:
  const char* take(std::size_t count, std::size_t size);
  std::string_view bytes_;
};

// A scalar as it is stored; a text is a view of `texts`. Throws BlockDamage.
expr::Val stored_value(StoredTag tag, std::uint64_t bits, const StoredTexts& texts);

class HistoryBlock {
 public:
  // Throws BlockDamage.
  explicit HistoryBlock(std::string bytes);
  HistoryBlock(HistoryBlock&&) = default;
  HistoryBlock& operator=(HistoryBlock&&) = default;

  const BlockHead& head() const { return head_; }
  std::uint32_t rows() const { return head_.rows; }

  std::int64_t seq(std::uint32_t row) const { return seqs_[row]; }
  // The first row whose seq is at least that.
  std::uint32_t lower_bound(std::int64_t seq) const;
  Instant time(std::uint32_t row) const {
    return {seconds_[row], static_cast<std::int32_t>(nanos_[row])};
  }
  Result result(std::uint32_t row) const { return static_cast<Result>(results_[row]); }
  double risk(std::uint32_t row) const { return risks_[row]; }
  bool needs_line(std::uint32_t row) const { return (flags_[row] & kNeedsLine) != 0; }
  std::string_view run(std::uint32_t row) const { return runs_.texts[runs_.codes[row]]; }
  std::string_view actor(std::uint32_t row) const { return actors_.texts[actors_.codes[row]]; }
  std::string_view role(std::uint32_t row) const { return roles_.texts[roles_.codes[row]]; }
  // Its enforced reasons (kCausePart): texts by code, as there are few kinds of them.
  std::string_view causes(std::uint32_t row) const { return causes_.texts[causes_.codes[row]]; }
  // The fields that the decision changed and their final values; views of the block.
  std::vector<FieldChange> changes(std::uint32_t row) const;

  // A column of values by its name: its entry, or null when no row has a value there.
  const DirectoryEntry* find(std::string_view name, bool spelling = false) const;
  // The bytes of a section, checked.
  std::string_view section(const DirectoryEntry& entry) const;
  // The names of columns that begin so.
  std::vector<std::string_view> names(std::string_view begin) const;

 private:
  struct Texts {
    std::span<const std::uint32_t> codes;
    StoredTexts texts;
  };
  void read_directory();
  SectionReader reader(std::string_view name, StoredKind kind) const;
  Texts texts(std::string_view name) const;

  std::string bytes_;
  BlockHead head_;
  struct Named {
    std::string_view name;
    DirectoryEntry entry;
  };
  std::vector<Named> entries_;
  std::unordered_map<std::string_view, std::size_t> by_name_, spellings_;
  std::span<const std::int64_t> seqs_, seconds_, nanos_;
  std::span<const std::uint8_t> results_, flags_;
  std::span<const double> risks_;
  Texts runs_, actors_, roles_, causes_;
  struct Changes {
    std::span<const std::uint32_t> rows, fields;
    std::span<const std::uint8_t> tags;
    std::span<const std::uint64_t> bits;
    StoredTexts texts;
  } changes_;
};

}  // namespace autopilot::decide
