#include "core/events/labels.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "core/base/mix.h"
#include "core/events/batch.h"

namespace autopilot::events {
namespace {

constexpr std::size_t kFewest = 64;

std::uint64_t word_of(const char* text, std::size_t size) {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < size; ++i)
    word |= std::uint64_t{static_cast<unsigned char>(text[i])} << (8 * i);
  return word;
}

std::uint64_t word_of(const char* text) {
  if constexpr (std::endian::native != std::endian::little) return word_of(text, 8);
  std::uint64_t word = 0;
  std::memcpy(&word, text, 8);
  return word;
}

constexpr std::size_t kShort = 7;  // bytes, which leave one for their number

bool is_short(std::string_view text) { return text.size() <= kShort; }

// No two short texts have the same; that of a longer one has a first byte that they never have.
std::uint64_t key_of(std::string_view text) {
  if (is_short(text))
    return word_of(text.data(), text.size()) | std::uint64_t{text.size()} << (8 * kShort);
  return hash_of(text) | std::uint64_t{0x80} << (8 * kShort);
}

}  // namespace

std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = kMixStep * (text.size() + 1);
  const char* at = text.data();
  std::size_t left = text.size();
  for (; left >= 8; left -= 8, at += 8) hash = mixed(hash ^ word_of(at));
  return mixed(hash ^ word_of(at, left));
}

std::size_t Labels::place(std::uint64_t key, std::string_view text) const {
  std::size_t at = (is_short(text) ? mixed(key) : key) & (slots_.size() - 1);
  while (slots_[at].code != kNoLabel &&
         (slots_[at].key != key || (!is_short(text) && texts_[slots_[at].code] != text)))
    at = (at + 1) & (slots_.size() - 1);
  return at;
}

std::uint32_t Labels::code(std::string_view text) {
  if (texts_.size() * 2 >= slots_.size()) grow();
  const std::uint64_t key = key_of(text);
  Slot& slot = slots_[place(key, text)];
  if (slot.code == kNoLabel) {
    slot = {key, size()};
    texts_.emplace_back(text);
  }
  return slot.code;
}

std::uint32_t Labels::find(std::string_view text) const {
  return slots_.empty() ? kNoLabel : slots_[place(key_of(text), text)].code;
}

void Labels::grow() {
  slots_.assign(std::max(kFewest, slots_.size() * 2), {});
  for (std::uint32_t code = 0; code < size(); ++code) {
    const std::uint64_t key = key_of(texts_[code]);
    slots_[place(key, texts_[code])] = {key, code};
  }
}

void Labels::clear() {
  texts_.clear();
  slots_.clear();
}

}  // namespace autopilot::events
