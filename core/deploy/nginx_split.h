#pragma once
// The arithmetic of nginx's split_clients (ngx_http_split_clients_module.c): which keys go to the
// first bucket. It lets a probe know the answer that a working proxy must give.

#include <cstdint>
#include <string_view>

namespace autopilot::deploy {

// MurmurHash2 of Austin Appleby, seed 0, as nginx computes it.
std::uint32_t murmur2(std::string_view key);

// Whether the key falls into a first bucket of so many basis points. The empty key does for every
// share above 0.
bool in_first_bucket(std::string_view key, int share_bp);
// Into the second one, when the first takes `before_bp`.
bool in_second_bucket(std::string_view key, int before_bp, int share_bp);

}  // namespace autopilot::deploy
