// libFuzzer target of the loader of documents:
//   cmake --preset fuzz && cmake --build --preset fuzz --target documents_fuzz
//   build/fuzz/tests/documents_fuzz -max_total_time=600 testdata/fuzz/documents
// Keep what it finds there: tests/policy/corpus_test.cpp replays it in every build.
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/documents_run.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  autopilot::fuzz::run_documents({reinterpret_cast<const char*>(data), size});
  return 0;
}
