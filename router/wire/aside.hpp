// Work that would hold the loop for more than a moment (reading or translating a large body), done beside it by one thread. The work
// is pure: it reads what its caller keeps alive, and changes nothing that others see.
#pragma once

#include "wire/net.hpp"

#include <boost/asio/execution_context.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include <exception>
#include <optional>
#include <type_traits>

namespace rr::wire {

// One a loop, like the resolver's own thread: it ends before what waits in the loop is destroyed.
class Bench final : public asio::execution_context::service {
 public:
  using key_type = Bench;
  static asio::execution_context::id id;
  explicit Bench(asio::execution_context& owner) : service(owner) {}
  asio::thread_pool& thread() {
    ++taken_;
    return thread_.has_value() ? *thread_ : thread_.emplace(1);
  }
  std::size_t taken() const { return taken_; }  // pieces of work so far

 private:
  void shutdown() override { thread_.reset(); }  // joins
  std::optional<asio::thread_pool> thread_{};
  std::size_t taken_ = 0;
};

// verb `aside`: the result of `work()`, or its exception, back on the loop. The caller's frame stays until then.
template <class Work>
Task<std::invoke_result_t<Work&>> aside(Executor loop, Work work) {
  using Out = std::invoke_result_t<Work&>;
  std::optional<Out> out;
  std::exception_ptr trouble;
  asio::thread_pool& thread = asio::use_service<Bench>(loop.context()).thread();
  const auto begin = [&](auto resume) {
    asio::post(thread, [&, loop, guard = asio::make_work_guard(loop), resume = std::move(resume)]() mutable {
      try {
        out.emplace(work());
      } catch (...) {
        trouble = std::current_exception();
      }
      asio::post(loop, std::move(resume));
    });
  };
  co_await asio::async_initiate<const asio::use_awaitable_t<Executor>&, void()>(begin, asio::use_awaitable_t<Executor>{});
  if (trouble) std::rethrow_exception(trouble);
  co_return std::move(*out);
}

}  // namespace rr::wire
