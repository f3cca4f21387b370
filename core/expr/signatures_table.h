#pragma once
// The text of the signatures, by library. signatures.cpp turns it into types.

#include <span>
#include <string_view>

namespace autopilot::expr {

struct SignatureText {
  std::string_view function;
  std::string_view signature;  // see parse_signature()
};

std::span<const SignatureText> operator_signatures();
std::span<const std::string_view> ordering_signatures();  // of each of < <= > >=
std::span<const SignatureText> standard_signatures();
std::span<const SignatureText> extension_signatures();

}  // namespace autopilot::expr
