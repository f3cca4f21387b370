#pragma once
// Regular expressions in RE2's syntax. The only place that knows RE2. Matching takes time linear in
// the text.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace autopilot::expr {

// A compiled pattern; immutable, shareable between threads.
class Regex {
 public:
  // Where a group matched; `begin` is npos when it took no part.
  struct Group {
    std::size_t begin = std::string_view::npos;
    std::size_t end = 0;
  };

  explicit Regex(std::string_view pattern);
  ~Regex();
  Regex(Regex&&) noexcept;
  Regex& operator=(Regex&&) noexcept;

  bool ok() const;
  const std::string& fault() const;  // when !ok()
  int groups() const;                // capturing groups

  bool matches(std::string_view text) const;  // somewhere in it
  // The first match from byte `start` on: group 0 is the whole match. False when there is none.
  bool search(std::string_view text, std::size_t start, std::vector<Group>& groups) const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace autopilot::expr
