// Our own check of a message head, on the raw bytes, before Beast sees them (RFC 9112; reference
// reliability-security.md 2.1-2.2: Beast 1.81 alone accepts 39 of 100 bad messages), and the chunk decoder.
#pragma once

#include "domain/http.hpp"
#include "domain/refusal.hpp"

#include <cstdint>
#include <string_view>

namespace rr::wire {

enum class Framing { none, length, chunked, until_close };

struct HeadLimits {
  std::size_t bytes = 16 * 1024;  // 431 above
  std::size_t fields = 100;       // 431 above
};

// Where a head ends: index behind CRLFCRLF; 0 = not yet. Leading CRLFs (at most one) are skipped by the caller.
std::size_t head_end(std::string_view bytes);

// Bytes that can never become a valid head (bare LF, bare CR, NUL, no token at the start, too long): known early.
std::optional<Refusal> hopeless(std::string_view bytes, const HeadLimits&);

struct CheckedRequest {
  RequestHead head{};
  Framing framing = Framing::none;
  std::uint64_t length = 0;       // with Framing::length
  bool expects_continue = false;
  bool keep_alive = true;
};
// `raw` ends with CRLFCRLF. Refused: 400 (syntax, two framings, two lengths, Host missing, twice or invalid,
// obs-fold, bad target), 417 (Expect other than 100-continue), 431, 501 (Transfer-Encoding other than chunked,
// unknown method), 505. After any of them the connection is closed.
Result<CheckedRequest> check_request(std::string_view raw, const HeadLimits&);

struct CheckedReply {
  ReplyHead head{};
  Framing framing = Framing::until_close;
  std::uint64_t length = 0;
  bool keep_alive = true;
};
// A node's reply head. `to_head`: the request was HEAD. Refused (502): garbage, status below 100 or above 599, 101,
// two framings. 1xx are returned: the caller reads on.
Result<CheckedReply> check_reply(std::string_view raw, bool to_head, const HeadLimits&);

// Decodes a chunked body piece by piece, strictly (no leniency in sizes, extensions <= 8 KiB, trailers dropped).
class ChunkDecoder {
 public:
  struct Step {
    std::string_view payload{};   // bytes of the current chunk inside `in`
    bool chunk_ends = false;    // payload is the last of its chunk
    bool body_ends = false;     // the last chunk and its trailers are behind us
    bool bad = false;
    std::size_t consumed = 0;
  };
  Step next(std::string_view in);  // consumed == 0 and nothing set: wants more bytes

 private:
  enum class At { size, extension, size_lf, data, data_cr, data_lf, trailer, trailer_lf, trailer_text, end } at_ = At::size;
  std::uint64_t left_ = 0;
  int digits_ = 0;
  std::size_t extra_ = 0;
  bool last_ = false;
};

}  // namespace rr::wire
