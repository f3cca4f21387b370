#pragma once
// A terminal that tests type into and look at: a tmux server of its own, on a socket of its own,
// ended by that socket alone.

#include <functional>
#include <string>
#include <vector>

namespace autopilot::live {

class Tmux {
 public:
  // A shell in `folder`, with a prompt "$ ".
  Tmux(const std::string& folder, int columns, int rows);
  ~Tmux();
  Tmux(const Tmux&) = delete;
  Tmux& operator=(const Tmux&) = delete;

  void type(const std::string& text) const;  // as it is, without Enter
  void press(const std::string& key) const;  // by tmux's names: Enter, C-c, Up
  void resize(int columns, int rows) const;

  std::vector<std::string> lines() const;  // what stands there now, without empty lines at the end
  std::string text() const;
  // Looks until the text stands there; false after twenty seconds.
  bool shows(const std::string& part) const;
  bool shows(const std::function<bool(const std::string&)>& is_wanted) const;
  // The screen that programs draw on; the cursor is there.
  bool is_drawn_on() const { return format("#{alternate_on}") == "1"; }
  bool has_cursor() const { return format("#{cursor_flag}") == "1"; }

 private:
  std::string run(std::vector<std::string> words) const;
  std::string format(const std::string& text) const;

  std::string socket_;
};

}  // namespace autopilot::live
