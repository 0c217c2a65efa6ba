// Chunked bodies. However the bytes are cut into pieces, the decoder says the same; a slow second decoder that sees the whole
// says it too; and a body that is written in chunks comes back.
#include "fuzz/fuzz.hpp"

#include "wire/framing.hpp"

#include <vector>

using namespace rr::wire;
using rr::fuzz::Cuts;
using rr::fuzz::promise;

namespace {

struct Told {
  std::vector<std::string> chunks{};  // an unfinished one last
  bool unfinished = false, ended = false, bad = false;
  std::size_t used = 0;  // when ended
  bool operator==(const Told&) const = default;
};

Told by_pieces(std::string_view bytes, Cuts::Kind kind) {
  Told out;
  ChunkDecoder decoder;
  Cuts cuts(bytes, kind);
  std::string held;
  std::string_view piece;
  while (!out.ended && !out.bad && cuts.next(piece)) {
    held += piece;
    for (;;) {
      const auto step = decoder.next(held);
      promise(step.consumed <= held.size(), "more was consumed than there is");
      promise(step.payload.empty() || (step.payload.data() >= held.data() && step.payload.data() + step.payload.size() <= held.data() + held.size()),
              "payload outside of the bytes");
      if (!step.payload.empty()) {
        if (!out.unfinished) out.chunks.emplace_back();
        out.chunks.back() += step.payload;
        out.unfinished = !step.chunk_ends;
      }
      out.used += step.consumed;
      out.bad = step.bad;
      out.ended = step.body_ends;
      held.erase(0, step.consumed);
      if (out.bad || out.ended || step.consumed == 0) break;
    }
    promise(out.bad || out.ended || held.empty(), "bytes were left that say nothing");
  }
  if (!out.ended) out.used = 0;
  return out;
}

bool token_char(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos);
}
bool text_char(char c) { return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f); }

// The second decoder: line by line on the whole, strict where the first is.
Told slowly(std::string_view bytes) {
  Told out;
  std::size_t at = 0, trailers = 0;
  const auto more = [&] { return at < bytes.size(); };
  const auto bad = [&] {
    out.bad = true;
    return out;
  };
  // Reads "\r\n": 1 there, 0 not yet, -1 something else.
  const auto line_end = [&] {
    if (!more()) return 0;
    if (bytes[at] != '\r') return -1;
    if (++at; !more()) return 0;
    return bytes[at++] == '\n' ? 1 : -1;
  };
  for (;;) {
    std::uint64_t size = 0;
    int digits = 0;
    while (more() && std::string_view("0123456789abcdefABCDEF").find(bytes[at]) != std::string_view::npos && bytes[at] != '\0') {
      if (++digits > 16) return bad();
      size = size * 16 + static_cast<std::uint64_t>(std::stoi(std::string(1, bytes[at++]), nullptr, 16));
    }
    if (!more()) return out;
    if (digits == 0) return bad();
    if (bytes[at] == ';') {
      ++at;
      std::size_t extra = 0;
      while (more() && (bytes[at] != '\r' || extra == 0)) {
        if (extra == 0 ? !token_char(bytes[at]) : !text_char(bytes[at])) return bad();
        if (++extra > 8192) return bad();
        ++at;
      }
      if (!more()) return out;
    }
    if (const int crlf = line_end(); crlf < 1) return crlf < 0 ? bad() : out;
    if (size == 0) break;
    const std::string_view rest = bytes.substr(at);
    if (!rest.empty()) out.chunks.emplace_back(rest.substr(0, size < rest.size() ? static_cast<std::size_t>(size) : rest.size()));
    if (size > rest.size()) {
      out.unfinished = !rest.empty();
      return out;
    }
    at += static_cast<std::size_t>(size);
    if (const int crlf = line_end(); crlf < 1) return crlf < 0 ? bad() : out;
  }
  for (;;) {
    if (!more()) return out;
    if (bytes[at] == '\r') {
      const int crlf = line_end();
      if (crlf < 1) return crlf < 0 ? bad() : out;
      out.ended = true;
      out.used = at;
      return out;
    }
    if (!token_char(bytes[at]) || ++trailers > 8192) return bad();
    for (++at; more() && bytes[at] != '\r'; ++at)
      if (!text_char(bytes[at]) || ++trailers > 8192) return bad();
    if (const int crlf = line_end(); crlf < 1) return crlf < 0 ? bad() : out;
  }
}

void round_trip(std::string_view payload) {
  std::string coded, wanted;
  Cuts cuts(payload, Cuts::Kind::some);
  for (std::string_view piece; cuts.next(piece);) {
    char size[20];
    std::snprintf(size, sizeof size, "%zx\r\n", piece.size());
    (coded += size).append(piece).append("\r\n");
    wanted += piece;
  }
  coded += "0\r\n\r\n";
  const Told told = by_pieces(coded, Cuts::Kind::some);
  std::string got;
  for (const auto& chunk : told.chunks) got += chunk;
  promise(told.ended && !told.bad && got == wanted && told.used == coded.size(), "a body written in chunks does not come back", coded);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = rr::fuzz::text_of(data, size);
  const Told whole = by_pieces(bytes, Cuts::Kind::whole);
  promise(whole == by_pieces(bytes, Cuts::Kind::bytes), "byte by byte it is read otherwise", bytes);
  promise(whole == by_pieces(bytes, Cuts::Kind::some), "in pieces it is read otherwise", bytes);
  promise(whole == slowly(bytes), "the second decoder reads it otherwise", bytes);
  round_trip(bytes);
  return 0;
}
