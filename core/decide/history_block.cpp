#include "core/decide/history_block.h"

#include <algorithm>
#include <bit>

namespace autopilot::decide {
namespace {

std::size_t padded_size(std::size_t size) { return (size + 7) / 8 * 8; }

}  // namespace

expr::Val stored_value(StoredTag tag, std::uint64_t bits, const StoredTexts& texts) {
  switch (tag) {
    case StoredTag::null:
      return expr::Val::of_null();
    case StoredTag::boolean:
      return expr::Val::of_bool(bits != 0);
    case StoredTag::real:
      return expr::Val::of_double(std::bit_cast<double>(bits));
    case StoredTag::text:
      return expr::Val::of_string(texts[bits]);
    default:
      throw BlockDamage{};
  }
}

const char* SectionReader::take(std::size_t count, std::size_t size) {
  if (count > bytes_.size() / size) throw BlockDamage{};
  const char* const at = bytes_.data();
  bytes_.remove_prefix(std::min(bytes_.size(), padded_size(count * size)));
  return at;
}

StoredTexts SectionReader::texts() {
  StoredTexts out;
  out.ends_ = array<std::uint32_t>(number());
  out.bytes_ = piece(out.ends_.empty() ? 0 : out.ends_.back());
  return out;
}

HistoryBlock::HistoryBlock(std::string bytes) : bytes_(std::move(bytes)) {
  if (bytes_.size() < sizeof head_) throw BlockDamage{};
  std::memcpy(&head_, bytes_.data(), sizeof head_);
  if (head_.magic != kBlockMagic || head_.build != build_mark() || head_.rows > kBlockRows ||
      head_.size != bytes_.size() || head_.directory > bytes_.size() - sizeof head_) {
    throw BlockDamage{};
  }
  std::string raw = bytes_.substr(0, sizeof head_ + head_.directory);
  BlockHead unsigned_head = head_;
  unsigned_head.checksum = 0;
  std::memcpy(raw.data(), &unsigned_head, sizeof unsigned_head);
  if (checksum(raw) != head_.checksum) throw BlockDamage{};
  read_directory();
  const auto integers = [&](std::string_view name) {
    return reader(name, StoredKind::integers).array<std::int64_t>(rows());
  };
  const auto small = [&](std::string_view name) {
    return reader(name, StoredKind::bytes).array<std::uint8_t>(rows());
  };
  seqs_ = integers(kSeqColumn);
  seconds_ = integers(kSecondsColumn);
  nanos_ = integers(kNanosColumn);
  results_ = small(kResultColumn);
  flags_ = small(kFlagsColumn);
  risks_ = reader(kRiskColumn, StoredKind::reals).array<double>(rows());
  runs_ = texts(kRunColumn);
  actors_ = texts(kActorColumn);
  roles_ = texts(kRoleColumn);
  causes_ = texts(kCausesColumn);
  SectionReader changes = reader(kChangesColumn, StoredKind::changes);
  const std::size_t count = changes.number();
  changes_.rows = changes.array<std::uint32_t>(count);
  changes_.fields = changes.array<std::uint32_t>(count);
  changes_.tags = changes.array<std::uint8_t>(count);
  changes_.bits = changes.array<std::uint64_t>(count);
  changes_.texts = changes.texts();
}

void HistoryBlock::read_directory() {
  std::string_view rest = std::string_view(bytes_).substr(sizeof head_, head_.directory);
  entries_.reserve(std::min<std::size_t>(head_.columns, rest.size() / sizeof(DirectoryEntry)));
  for (std::uint32_t i = 0; i < head_.columns; ++i) {
    Named named;
    if (rest.size() < sizeof named.entry) throw BlockDamage{};
    std::memcpy(&named.entry, rest.data(), sizeof named.entry);
    rest.remove_prefix(sizeof named.entry);
    if (rest.size() < named.entry.name) throw BlockDamage{};
    named.name = rest.substr(0, named.entry.name);
    rest.remove_prefix(named.entry.name);
    auto& index = named.entry.kind == StoredKind::spelling ? spellings_ : by_name_;
    index.emplace(named.name, entries_.size());
    entries_.push_back(named);
  }
}

std::uint32_t HistoryBlock::lower_bound(std::int64_t seq) const {
  return static_cast<std::uint32_t>(std::lower_bound(seqs_.begin(), seqs_.end(), seq) -
                                    seqs_.begin());
}

const DirectoryEntry* HistoryBlock::find(std::string_view name, bool spelling) const {
  const auto& index = spelling ? spellings_ : by_name_;
  const auto found = index.find(name);
  return found == index.end() ? nullptr : &entries_[found->second].entry;
}

std::string_view HistoryBlock::section(const DirectoryEntry& entry) const {
  const std::string_view all = std::string_view(bytes_).substr(sizeof head_ + head_.directory);
  if (entry.offset > all.size() || entry.size > all.size() - entry.offset) throw BlockDamage{};
  const std::string_view bytes = all.substr(entry.offset, entry.size);
  if (checksum(bytes) != entry.checksum) throw BlockDamage{};
  return bytes;
}

std::vector<std::string_view> HistoryBlock::names(std::string_view begin) const {
  std::vector<std::string_view> out;
  for (const Named& named : entries_) {
    if (named.name.starts_with(begin) && named.entry.kind != StoredKind::spelling)
      out.push_back(named.name);
  }
  return out;
}

SectionReader HistoryBlock::reader(std::string_view name, StoredKind kind) const {
  const DirectoryEntry* entry = find(name);
  if (entry == nullptr || entry->kind != kind) throw BlockDamage{};
  return SectionReader(section(*entry));
}

HistoryBlock::Texts HistoryBlock::texts(std::string_view name) const {
  SectionReader from = reader(name, StoredKind::codes);
  Texts out;
  out.codes = from.array<std::uint32_t>(rows());
  out.texts = from.texts();
  return out;
}

std::vector<FieldChange> HistoryBlock::changes(std::uint32_t row) const {
  std::vector<FieldChange> out;
  const auto [begin, end] = std::equal_range(changes_.rows.begin(), changes_.rows.end(), row);
  for (auto at = begin; at != end; ++at) {
    const auto i = static_cast<std::size_t>(at - changes_.rows.begin());
    out.push_back(
        {changes_.texts[changes_.fields[i]],
         stored_value(static_cast<StoredTag>(changes_.tags[i]), changes_.bits[i], changes_.texts)});
  }
  return out;
}

}  // namespace autopilot::decide
