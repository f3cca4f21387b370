// The encoders extension: base64 (RFC 4648, standard alphabet).

#include "core/expr/fault.h"
#include "core/expr/functions.h"

namespace autopilot::expr {
namespace {

constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int digit_of(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

Val encode(Scratch& scratch, Arguments a) {
  const std::string_view bytes = a[0].text();
  const std::size_t size = (bytes.size() + 2) / 3 * 4;
  if (!scratch.charge_bytes(size)) return fail_cost(scratch);
  char* out = scratch.arena().array<char>(size);
  for (std::size_t at = 0, to = 0; at < bytes.size(); at += 3, to += 4) {
    const std::size_t left = bytes.size() - at;
    const auto byte = [&](std::size_t i) {
      return i < left ? static_cast<unsigned char>(bytes[at + i]) : 0u;
    };
    const unsigned word = byte(0) << 16 | byte(1) << 8 | byte(2);
    for (std::size_t i = 0; i < 4; ++i)
      out[to + i] = i <= left ? kAlphabet[word >> (18 - 6 * i) & 63] : '=';
  }
  return Val::of_string({out, size});
}

// Padding may be left out, but what is there must be right.
Val decode(Scratch& scratch, Arguments a) {
  std::string_view text = a[0].text();
  if (!scratch.charge_bytes(text.size())) return fail_cost(scratch);
  if (text.size() % 4 == 0) {
    if (text.ends_with('=')) text.remove_suffix(1);
    if (text.size() % 4 == 3 && text.ends_with('=')) text.remove_suffix(1);
  }
  if (text.size() % 4 == 1) return fail(scratch, "base64.decode() got text of a wrong length");
  char* out = scratch.arena().array<char>(text.size());
  std::size_t size = 0;
  unsigned word = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int digit = digit_of(text[i]);
    if (digit < 0)
      return fail(scratch, "base64.decode() got a bad character at byte ",
                  Val::of_int(static_cast<std::int64_t>(i)));
    word = word << 6 | static_cast<unsigned>(digit);
    if (i % 4 != 0) out[size++] = static_cast<char>(word >> (6 - 2 * (i % 4)) & 0xff);
  }
  return Val::of_bytes({out, size});
}

constexpr Builtin kEncoders[] = {
    {"base64.encode", Style::global, 1, {Tag::bytes}, encode},
    {"base64.decode", Style::global, 1, {Tag::string}, decode},
};

}  // namespace

std::span<const Builtin> encoder_functions() { return kEncoders; }

}  // namespace autopilot::expr
