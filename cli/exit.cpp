#include "cli/exit.h"

namespace autopilot::cli {

Exit exit_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::invalid:
      return Exit::no;
    case ErrorKind::usage:
      return Exit::usage;
    case ErrorKind::approval:
      return Exit::approval;
    case ErrorKind::stale:
      return Exit::stale;
    case ErrorKind::locked:
      return Exit::locked;
    case ErrorKind::denied:
      return Exit::denied;
    case ErrorKind::outside:
      return Exit::outside;
    case ErrorKind::storage:
      return Exit::storage;
    case ErrorKind::bug:
      return Exit::bug;
    case ErrorKind::interrupted:
      return Exit::interrupted;
  }
  return Exit::bug;
}

}  // namespace autopilot::cli
