#pragma once
// Replaces secrets by *** in whatever is about to be written, in all forms in which programs write
// them: as they are, escaped for JSON, HTML or URLs, in base64 (also within a longer text, as in
// "user:password"), and line by line. The last line of defence: what holds secrets should not be
// printed in the first place. From several threads at once.

#include <array>
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace autopilot {

class Masker {
 public:
  // Shorter ones are not replaced: half of every text would be.
  static constexpr std::size_t kShortest = 4;

  Masker() = default;
  Masker(const Masker&) = delete;
  Masker& operator=(const Masker&) = delete;
  ~Masker();  // wipes what it knows

  void learn(std::string_view secret);
  bool empty() const;

  // Of a text that is whole.
  std::string masked(std::string_view text) const;
  // Of a text of which more will come: takes from `text` what is certain, and leaves the end that
  // may be the beginning of a secret.
  std::string take(std::string& text) const;

 private:
  void add_forms(std::string_view secret);
  void add(std::string needle);
  std::string replace(std::string_view text, bool more, std::size_t& used) const;

  mutable std::mutex mutex_;          // of all below
  std::vector<std::string> needles_;  // the longest first
  std::array<bool, 256> starts_{};    // first bytes of needles
};

}  // namespace autopilot
