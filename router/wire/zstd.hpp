// A request's body packed by zstd (RFC 8878), as Codex sends it (Content-Encoding: zstd): unpacked within bounds.
#pragma once

#include "domain/refusal.hpp"
#include "wire/block.hpp"
#include "wire/net.hpp"

namespace rr::wire {

constexpr std::size_t most_unpacked = 20u << 20;  // as Ollama has it (middleware/zstd.go)
constexpr std::size_t most_ratio = 100;           // of what is unpacked to what came

// The loop is let go after each MiB. `packed` stays where it is until the end.
// 400 content_encoding: no zstd, cut short, or a window above 8 MiB. 413 body_too_large: beyond the bounds. 503 bodies_full.
Task<Result<Block>> unzstd(std::string_view packed, Budget&, std::size_t most = most_unpacked);

}  // namespace rr::wire
