#include "app/lines.hpp"

#include "domain/values.hpp"

#include <spdlog/async.h>
#include <spdlog/sinks/base_sink.h>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <thread>
#include <utility>

namespace rr::app {

namespace {

constexpr Duration together = std::chrono::milliseconds(20);
constexpr std::size_t most_waiting = 8 << 20;  // bytes handed over and not yet written; beyond: dropped
constexpr std::size_t most_batches = 8192;

int open_for_lines(const std::string& path) { return ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640); }

std::uint64_t lines_in(std::string_view text) {
  return static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

// Lives in the writing thread; only the counters are read from outside.
struct Lines::Sink final : spdlog::sinks::base_sink<std::mutex> {
  Sink(int descriptor, std::string file) : fd(descriptor), path(std::move(file)) {}
  ~Sink() override {
    if (!path.empty()) ::close(fd);
  }

  void sink_it_(const spdlog::details::log_msg& message) override {
    const std::string_view text(message.payload.data(), message.payload.size());
    std::size_t done = 0;
    if (!torn || put("\n") == 1) {
      done = put(text);
      torn = done > 0 && text[done - 1] != '\n';
    }
    lost += lines_in(text.substr(done));
    waiting -= text.size();
    --batches;
  }

  std::size_t put(std::string_view text) {  // the bytes that were written
    std::size_t done = 0;
    while (done < text.size()) {
      const ::ssize_t n = ::write(fd, text.data() + done, text.size() - done);
      if (n >= 0) done += static_cast<std::size_t>(n);
      else if (errno != EINTR) return reason = errno, done;
    }
    return done;
  }

  void flush_() override {
    if (path.empty() || !reopen.exchange(false)) return;
    const int next = open_for_lines(path);
    if (next < 0) {
      reason = errno;
      return;
    }
    ::close(std::exchange(fd, next));
    torn = false;
  }

  int fd;
  const std::string path;  // "" = a borrowed descriptor
  bool torn = false;       // the file ends in the middle of a line
  std::atomic<bool> reopen{false};
  std::atomic<int> reason{0};
  std::atomic<std::uint64_t> lost{0};
  std::atomic<std::size_t> waiting{0}, batches{0};
};

struct Lines::State {
  State(wire::Executor executor, std::shared_ptr<Sink> to)
      : sink(std::move(to)),
        pool(std::make_shared<spdlog::details::thread_pool>(most_batches, 1)),
        writer(std::make_shared<spdlog::async_logger>("lines", sink, pool, spdlog::async_overflow_policy::block)),
        bell(executor) {}

  void hand_over() {
    if (batch.empty()) return;
    if (sink->waiting + batch.size() > most_waiting || sink->batches + 2 > most_batches) {
      sink->lost += lines_in(batch);
    } else {
      sink->waiting += batch.size();
      ++sink->batches;
      writer->log(spdlog::level::info, spdlog::string_view_t(batch));
    }
    batch.clear();
  }

  std::shared_ptr<Sink> sink;
  std::shared_ptr<spdlog::details::thread_pool> pool;
  std::shared_ptr<spdlog::async_logger> writer;
  wire::Timer bell;
  bool armed = false;
  std::string batch;
};

Lines::Lines(wire::Executor executor, std::shared_ptr<Sink> sink) : state_(std::make_shared<State>(executor, std::move(sink))) {}
Lines::Lines(wire::Executor executor, int fd) : Lines(executor, std::make_shared<Sink>(fd, "")) {}

boost::system::result<std::unique_ptr<Lines>, std::string> Lines::open(wire::Executor executor, const std::string& path) {
  const int fd = open_for_lines(path);
  if (fd < 0) return path + " cannot be written: " + std::strerror(errno);
  return std::unique_ptr<Lines>(new Lines(executor, std::make_shared<Sink>(fd, path)));
}

Lines::~Lines() {
  state_->bell.cancel();
  state_->hand_over();
  state_->writer.reset();
  state_->pool.reset();  // joins: the thread writes what it has
}

void Lines::retire(std::unique_ptr<Lines> old) {
  if (!old) return;
  old->state_->bell.cancel();
  old->state_->hand_over();
  old->state_->writer.reset();
  std::thread([pool = std::move(old->state_->pool)]() mutable { pool.reset(); }).detach();
}

void Lines::add(std::string_view line) {
  state_->batch.append(line).append("\n");
  if (std::exchange(state_->armed, true)) return;
  state_->bell.expires_after(together);
  state_->bell.async_wait([weak = std::weak_ptr(state_)](wire::error_code) {
    const auto state = weak.lock();
    if (!state) return;
    state->armed = false;
    if (state->writer) state->hand_over();
  });
}

void Lines::reopen() {
  state_->hand_over();
  state_->sink->reopen = true;
  state_->writer->flush();
}

void Lines::hand_over() { state_->hand_over(); }
std::uint64_t Lines::lost() const { return state_->sink->lost; }
std::string Lines::complaint(std::string_view name) const {
  if (lost() == 0) return "";
  const int reason = state_->sink->reason;
  return std::string(name) + " lost " + std::to_string(lost()) + " lines: " +
         (reason == 0 ? "they are not taken as fast as they come" : std::strerror(reason));
}

}  // namespace rr::app
