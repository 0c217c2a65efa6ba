// The chunk decoder of framing.hpp (RFC 9112 7.1), stricter than the RFC allows: no whitespace around sizes, no empty
// extension, no control characters, CRLF only.
#include "wire/bytes.hpp"
#include "wire/framing.hpp"

namespace rr::wire {

namespace {
constexpr int most_digits = 16;
constexpr std::size_t most_extra = 8 * 1024;  // of extensions of one chunk, and of all trailers
}  // namespace

ChunkDecoder::Step ChunkDecoder::next(std::string_view in) {
  Step step;
  std::size_t i = 0;
  const auto bad = [&] {
    step.bad = true;
    step.consumed = i;
    return step;
  };
  while (i < in.size()) {
    const char c = in[i];
    switch (at_) {
      case At::size:
        if (const int value = hex(c); value >= 0) {
          if (++digits_ > most_digits) return bad();
          left_ = left_ * 16 + static_cast<unsigned>(value);
        } else if (digits_ > 0 && c == '\r') {
          at_ = At::size_lf;
        } else if (digits_ > 0 && c == ';') {
          at_ = At::extension;
          extra_ = 0;
        } else {
          return bad();
        }
        break;
      case At::extension:
        if (c == '\r' && extra_ > 0) at_ = At::size_lf;
        else if (!text_char(c) || (extra_ == 0 && !token_char(c)) || ++extra_ > most_extra) return bad();
        break;
      case At::size_lf:
        if (c != '\n') return bad();
        at_ = left_ > 0 ? At::data : At::trailer;
        digits_ = 0;
        extra_ = 0;
        break;
      case At::data: {
        const std::size_t size = left_ < in.size() - i ? static_cast<std::size_t>(left_) : in.size() - i;
        step.payload = in.substr(i, size);
        left_ -= size;
        step.consumed = i + size;
        if (left_ == 0) {
          step.chunk_ends = true;
          at_ = At::data_cr;
        }
        return step;
      }
      case At::data_cr:
        if (c != '\r') return bad();
        at_ = At::data_lf;
        break;
      case At::data_lf:
        if (c != '\n') return bad();
        at_ = At::size;
        break;
      case At::trailer:  // at the start of a line
        last_ = c == '\r';
        if (!last_ && (!token_char(c) || ++extra_ > most_extra)) return bad();
        at_ = last_ ? At::trailer_lf : At::trailer_text;
        break;
      case At::trailer_text:
        if (c == '\r') at_ = At::trailer_lf;
        else if (!text_char(c) || ++extra_ > most_extra) return bad();
        break;
      case At::trailer_lf:
        if (c != '\n') return bad();
        if (last_) {
          at_ = At::end;
          step.body_ends = true;
          step.consumed = i + 1;
          return step;
        }
        at_ = At::trailer;
        break;
      case At::end:
        step.body_ends = true;
        step.consumed = i;
        return step;
    }
    ++i;
  }
  step.consumed = i;
  step.body_ends = at_ == At::end;
  return step;
}

}  // namespace rr::wire
