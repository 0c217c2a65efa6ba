#include "wire/zstd.hpp"

#include "wire/client_state.hpp"

#include <boost/asio/post.hpp>
#include <zstd.h>

#include <algorithm>
#include <memory>

namespace rr::wire {

namespace {

constexpr std::size_t step = 1u << 20;
constexpr int window_log = 23;  // 8 MiB

struct Free {
  void operator()(ZSTD_DCtx* one) const { ZSTD_freeDCtx(one); }
};

Refusal not_zstd(std::string why) {
  return clients_fault(400, "content_encoding", "the request's body is not what Content-Encoding: zstd promises: " + std::move(why));
}

Refusal unpacked_too_large(std::size_t packed, std::size_t most) {
  return clients_fault(413, "body_too_large", "the request's body unpacks to more than " + std::to_string(most) + " bytes (" + std::to_string(packed) +
                                                  " came; at most " + std::to_string(most_ratio) + " times that): send less, or without Content-Encoding");
}

}  // namespace

Task<Result<Block>> unzstd(std::string_view packed, Budget& bodies, std::size_t most) {
  if (packed.empty()) co_return not_zstd("it is empty");
  const auto here = co_await asio::this_coro::executor;
  const std::unique_ptr<ZSTD_DCtx, Free> context(ZSTD_createDCtx());
  if (!context) co_return bodies_full(bodies);
  ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, window_log);
  most = std::min(most, packed.size() * most_ratio);
  Block out = Block::take(bodies, std::min(most, 4 * packed.size()));
  Block window;  // what the decoder may hold, counted where it outlives a step
  if (out.capacity() == 0) co_return bodies_full(bodies);
  ZSTD_inBuffer in{packed.data(), packed.size(), 0};
  std::size_t done = 0, stopped = 0;
  for (std::size_t hint = 1; hint != 0 || in.pos < in.size;) {
    if (done == out.capacity() && done < most) {
      out.resize(done);
      if (!out.grow(std::min(most, 2 * done))) co_return bodies_full(bodies);
    }
    ZSTD_outBuffer to{out.data(), std::min({out.capacity(), most, done + step}), done};
    const std::size_t before = in.pos;
    hint = ZSTD_decompressStream(context.get(), &to, &in);
    if (ZSTD_isError(hint)) co_return not_zstd(ZSTD_getErrorName(hint));
    if (to.pos == done && in.pos == before) {  // no way on: the room is full, or the input is at its end
      if (in.pos == in.size && done < most) co_return not_zstd("it ends too early");
      co_return unpacked_too_large(packed.size(), most);
    }
    done = to.pos;
    if (done - stopped < step) continue;
    stopped = done;
    if (window.capacity() == 0) window = Block::take(bodies, std::size_t{1} << window_log);
    if (window.capacity() == 0) co_return bodies_full(bodies);
    co_await asio::post(here, tuple);
  }
  out.resize(done);
  co_return out;
}

}  // namespace rr::wire
