// libFuzzer target: any bytes as documents.
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/documents_run.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  autopilot::fuzz::run_documents({reinterpret_cast<const char*>(data), size});
  return 0;
}
