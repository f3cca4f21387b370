#pragma once
// What the lines of input look like: which JSON keys lead to slots, and in which order they came so
// far. Streams have their keys in a few orders, so most keys are recognised by one comparison with
// the key that followed last time.

#include <array>
#include <cstdint>
#include <cstring>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/expr/program.h"

namespace autopilot::decide {

struct Branch;

// A key that was met, known to some policy or not.
struct KnownKey {
  static constexpr std::size_t kWords = 3;

  KnownKey(std::string_view name, Branch* leads_to);

  // Whether `at`, a token, is this key with its colon right behind it. Compares three words without
  // a branch: most keys are short. REQUIRES 8 * kWords readable bytes.
  bool stands_at(const char* at) const {
    const auto word = [at](std::size_t i) {
      std::uint64_t out = 0;
      std::memcpy(&out, at + 8 * i, sizeof out);
      return out;
    };
    return (((word(0) ^ written[0]) & mask[0]) | ((word(1) ^ written[1]) & mask[1]) |
            ((word(2) ^ written[2]) & mask[2])) == 0;
  }

  std::array<std::uint64_t, kWords> written{};  // the key in quotes, and a colon
  std::array<std::uint64_t, kWords> mask{};     // its bytes
  bool is_short = false;                        // it fits, and reads back as itself
  std::string key;
  Branch* branch = nullptr;   // null: no policy reads it
  std::uint64_t seen_in = 0;  // number of the object that had it last
  KnownKey* next = nullptr;   // the key that followed it there, if that is_short
};

// The keys met at one place of the input. Their number is bounded by what policies read, what one
// line holds and kForgotten.
class KeyTable {
 public:
  static constexpr std::size_t kForgotten = 1024;  // unknown keys that are kept between lines

  // Makes a key of the policies known from the beginning.
  void expect(std::string_view key, Branch* branch);

  // An object of this place begins.
  void begin() {
    if (unknown_ > kForgotten) forget();
    ++object_;
    previous_ = &start_;
  }
  // The key at `at`, and its colon, if it is the one that is likely to come; null otherwise.
  KnownKey* likely(const char* at) const {
    KnownKey* const next = previous_->next;
    return next != nullptr && next->stands_at(at) ? next : nullptr;
  }
  // The key of that name, made when new; it becomes the one that is likely to come.
  KnownKey* find(std::string_view key);
  // Notes that the present object has the key; false when it had it before.
  bool note(KnownKey* key) {
    if (key->seen_in == object_) return false;
    key->seen_in = object_;
    previous_ = key;
    return true;
  }

 private:
  void forget();

  std::deque<KnownKey> keys_;  // stay where they are
  std::unordered_map<std::string_view, KnownKey*> by_name_;
  std::size_t expected_ = 0;
  std::size_t unknown_ = 0;
  std::uint64_t object_ = 0;
  KnownKey start_{"", nullptr};  // before the first key
  KnownKey* previous_ = nullptr;
};

// A place in the input: where its value goes and what its keys lead to.
struct Branch {
  std::string key;
  std::string name;  // what faults call it: an alias shares the name of the key it stands for
  int slot = -1;
  int scalar_slot = -1;    // the same where a scalar may stand
  int pair = -1;           // a key and its alias share one: giving both is a fault
  bool is_object = false;  // anything but an object is a fault
  bool is_data = false;    // action.data, whose text is kept
  std::vector<Branch> children;
  int pairs = 0;  // among the children; a few
  KeyTable keys;

  // The child of that key, made when new. References to children live until the next is made.
  Branch& child(const std::string& wanted);
  // A second key for a child, as the source system writes it.
  void alias(const std::string& wanted, const std::string& other);
  // Fills the key tables. No child may be made afterwards.
  void settle();
};

struct InputShape {
  explicit InputShape(const expr::SlotTable& slots);

  Branch action;
  Branch context;
  std::vector<int> action_slots;  // those that an action fills
};

}  // namespace autopilot::decide
