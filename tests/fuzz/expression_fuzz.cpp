// libFuzzer target of the expression engine:
//   cmake --preset fuzz && cmake --build --preset fuzz --target expression_fuzz
//   build/fuzz/tests/expression_fuzz -max_total_time=600 -dict=tests/fuzz/expression.dict
//     testdata/fuzz/expression
// Keep what it finds in testdata/fuzz/expression: tests/expr/corpus_test.cpp replays it in every
// build.

#include <cstddef>
#include <cstdint>

#include "tests/fuzz/expression_run.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  autopilot::expr::fuzz::run_expression({reinterpret_cast<const char*>(data), size});
  return 0;
}
