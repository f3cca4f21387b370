#pragma once
// The bytes of a log by offset, unpacked where it is packed. A packed file is unpacked as it is
// read, from its beginning: going back means unpacking again.

#include <cstdint>
#include <memory>
#include <string>

#include "core/base/world.h"

namespace autopilot::events {

class LogBytes {
 public:
  virtual ~LogBytes() = default;
  // At most `most` bytes from `offset` on; fewer only at the end of what is there now.
  virtual std::string read(std::uint64_t offset, std::size_t most) = 0;
  virtual bool is_packed() const = 0;
  // Whether nothing more can come: a packed file whose own end was read.
  virtual bool is_over() const = 0;
  // Why nothing more can be read of it; empty when all is well. A packed file that ends too early
  // is well: somebody is writing it.
  virtual const std::string& fault() const = 0;
};

struct OpenedLog {
  std::unique_ptr<LogBytes> bytes;  // null: there is no such file any more
  std::uint64_t inode = 0;          // 0 where files have none
};

OpenedLog open_log(Files& files, const std::string& path);

}  // namespace autopilot::events
