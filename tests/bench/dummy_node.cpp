// The cheapest node that a proxy can stand in front of. It has one model, always loaded.
//   dummy_node PORT PACE_MS
// A chat with "stream":false is answered at once with some 400 bytes; any other chat is streamed without end, one line
// of some 120 bytes every PACE_MS, each with the time of its writing (steady clock, microseconds) as its content.
#include <boost/asio.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace asio = boost::asio;
using asio::ip::tcp;
using Error = boost::system::error_code;

namespace {

constexpr std::string_view model = "bench:latest";

std::string with_length(std::string_view body) {
  return "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + std::string(body);
}

std::string listing(std::string_view rest) {
  return R"({"models":[{"name":"bench:latest","model":"bench:latest","size":1000000000,"digest":"0123456789ab",)" +
         std::string(R"("details":{"format":"gguf","family":"llama","parameter_size":"1B","quantization_level":"Q4_0"},)") +
         std::string(rest) + "}]}";
}

const std::string tags = with_length(listing(R"("modified_at":"2026-01-01T00:00:00Z","capabilities":["completion"])"));
const std::string ps = with_length(listing(R"("size_vram":1000000000,"expires_at":"2318-01-01T00:00:00Z","context_length":8192)"));
const std::string version = with_length(R"({"version":"0.33.0"})");
const std::string whole = with_length(
    R"({"model":"bench:latest","created_at":"2026-01-01T00:00:00.000000Z","message":{"role":"assistant","content":")" +
    std::string(180, 'x') +
    R"("},"done":true,"done_reason":"stop","total_duration":1000000,"load_duration":1000,"prompt_eval_count":10,)"
    R"("prompt_eval_duration":1000,"eval_count":10,"eval_duration":1000})");
const std::string stream_head = "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n";

class Connection;

struct Streams {  // a stream writes when its slot's millisecond comes
  explicit Streams(int pace) : slots(static_cast<std::size_t>(pace)) {}
  std::vector<std::vector<std::weak_ptr<Connection>>> slots;
  std::size_t now = 0, next = 0;
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(tcp::socket socket, Streams& streams) : socket_(std::move(socket)), streams_(streams) {
    socket_.set_option(tcp::no_delay(true));
    socket_.non_blocking(true);
  }

  void read() {
    socket_.async_read_some(asio::buffer(room_), [self = shared_from_this()](Error ec, std::size_t n) {
      if (ec) return self->close();
      self->in_.append(self->room_, n);
      self->take_requests();
      self->read();
    });
  }

  bool open() const { return socket_.is_open(); }

  void write_line() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    char line[256];
    const int size = std::snprintf(line, sizeof line,
                                   R"({"model":"bench:latest","created_at":"2026-01-01T00:00:00Z","message":{"role":"assistant","content":"%lld"},"done":false})"
                                   "\n",
                                   static_cast<long long>(std::chrono::duration_cast<std::chrono::microseconds>(now).count()));
    char chunk[300];
    const int whole_size = std::snprintf(chunk, sizeof chunk, "%x\r\n%.*s\r\n", static_cast<unsigned>(size), size, line);
    write({chunk, static_cast<std::size_t>(whole_size)});
  }

 private:
  void take_requests() {
    for (;;) {
      const std::size_t head = in_.find("\r\n\r\n");
      if (head == std::string::npos) return;
      const std::size_t body = head + 4, length = content_length(std::string_view(in_).substr(0, head));
      if (in_.size() < body + length) return;
      answer(std::string_view(in_).substr(0, head), std::string_view(in_).substr(body, length));
      in_.erase(0, body + length);
    }
  }

  static std::size_t content_length(std::string_view head) {
    for (const std::string_view name : {"\r\nContent-Length: ", "\r\ncontent-length: "}) {
      const std::size_t at = head.find(name);
      if (at != std::string_view::npos) return std::strtoul(head.data() + at + name.size(), nullptr, 10);
    }
    return 0;
  }

  void answer(std::string_view head, std::string_view body) {
    if (head.starts_with("GET /api/tags")) return write(tags);
    if (head.starts_with("GET /api/ps")) return write(ps);
    if (head.starts_with("GET /api/version")) return write(version);
    if (!head.starts_with("POST /api/chat") || body.substr(0, 200).find("\"stream\":false") != std::string_view::npos) return write(whole);
    write(stream_head);
    streams_.slots[streams_.next++ % streams_.slots.size()].push_back(weak_from_this());
  }

  void write(std::string_view bytes) {  // a reader that does not keep up is dropped: it would spoil the measurement
    Error ec;
    asio::write(socket_, asio::buffer(bytes.data(), bytes.size()), ec);
    if (ec) close();
  }

  void close() {
    Error ignored;
    socket_.close(ignored);
  }

  tcp::socket socket_;
  Streams& streams_;
  std::string in_;
  char room_[64 * 1024];
};

void accept(tcp::acceptor& acceptor, Streams& streams) {
  acceptor.async_accept([&](Error ec, tcp::socket socket) {
    if (!ec) std::make_shared<Connection>(std::move(socket), streams)->read();
    accept(acceptor, streams);
  });
}

void tick(asio::steady_timer& timer, Streams& streams) {
  timer.expires_at(timer.expiry() + std::chrono::milliseconds(1));
  timer.async_wait([&](Error) {
    auto& slot = streams.slots[streams.now++ % streams.slots.size()];
    std::erase_if(slot, [](const std::weak_ptr<Connection>& weak) {
      const auto connection = weak.lock();
      if (!connection || !connection->open()) return true;
      connection->write_line();
      return false;
    });
    tick(timer, streams);
  });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return std::fprintf(stderr, "dummy_node PORT PACE_MS\n"), 2;
  asio::io_context io{1};
  Streams streams(std::max(1, std::atoi(argv[2])));
  tcp::acceptor acceptor(io, {asio::ip::address_v4::loopback(), static_cast<std::uint16_t>(std::atoi(argv[1]))});
  asio::steady_timer timer(io, std::chrono::steady_clock::now());
  accept(acceptor, streams);
  tick(timer, streams);
  io.run();
}
