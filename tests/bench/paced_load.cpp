// Opens N streams through a proxy and reads them.
//   paced_load PORT STREAMS BODY_FILE
// Prints "ready" when every stream has had a line, then, for each line on standard input, the lines read since the last one
// and their delays: "CHUNKS P50_US P99_US". Ends with standard input.
#include <boost/asio.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace asio = boost::asio;
using asio::ip::tcp;
using Error = boost::system::error_code;

namespace {

struct Tally {
  std::size_t wanted = 0, begun = 0;
  std::vector<std::int32_t> delays;
};

class Stream : public std::enable_shared_from_this<Stream> {
 public:
  Stream(asio::io_context& io, Tally& tally) : socket_(io), tally_(tally) {}

  void begin(std::uint16_t port, const std::string& request) {
    socket_.connect({asio::ip::address_v4::loopback(), port});
    socket_.set_option(tcp::no_delay(true));
    asio::write(socket_, asio::buffer(request));
    read();
  }

 private:
  void read() {
    socket_.async_read_some(asio::buffer(room_), [self = shared_from_this()](Error ec, std::size_t n) {
      if (ec) {
        std::fprintf(stderr, "a stream ended: %s\n%s\n", ec.message().c_str(), self->in_.substr(0, 400).c_str());
        std::exit(1);
      }
      self->in_.append(self->room_, n);
      self->take_lines();
      self->read();
    });
  }

  void take_lines() {
    static constexpr std::string_view mark = "\"content\":\"";
    const auto now = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
    std::size_t done = 0;
    for (;;) {
      const std::size_t end = in_.find("}\n", done);
      if (end == std::string::npos) break;
      const std::size_t at = in_.find(mark, done);
      if (at < end) {
        tally_.delays.push_back(static_cast<std::int32_t>(now - std::strtoll(in_.data() + at + mark.size(), nullptr, 10)));
        if (!begun_ && ++tally_.begun == tally_.wanted) std::puts("ready"), std::fflush(stdout);
        begun_ = true;
      }
      done = end + 2;
    }
    in_.erase(0, done);
  }

  tcp::socket socket_;
  Tally& tally_;
  std::string in_;
  bool begun_ = false;
  char room_[4096];
};

void report(asio::posix::stream_descriptor& input, std::string& line, asio::io_context& io, Tally& tally) {
  asio::async_read_until(input, asio::dynamic_buffer(line), '\n', [&](Error ec, std::size_t n) {
    if (ec) return io.stop();
    line.erase(0, n);
    auto& delays = tally.delays;
    std::sort(delays.begin(), delays.end());
    const auto at = [&](std::size_t percent) { return delays.empty() ? 0 : delays[delays.size() * percent / 100]; };
    std::printf("%zu %d %d\n", delays.size(), at(50), at(99));
    std::fflush(stdout);
    delays.clear();
    report(input, line, io, tally);
  });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return std::fprintf(stderr, "paced_load PORT STREAMS BODY_FILE\n"), 2;
  std::ifstream file(argv[3], std::ios::binary);
  std::stringstream body;
  body << file.rdbuf();
  const std::string request = "POST /api/chat HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: " +
                              std::to_string(body.str().size()) + "\r\n\r\n" + body.str();
  asio::io_context io{1};
  Tally tally;
  tally.wanted = static_cast<std::size_t>(std::atoi(argv[2]));
  tally.delays.reserve(1 << 20);
  for (std::size_t n = 0; n < tally.wanted; ++n) {
    std::make_shared<Stream>(io, tally)->begin(static_cast<std::uint16_t>(std::atoi(argv[1])), request);
    io.poll();
  }
  asio::posix::stream_descriptor input(io, 0);
  std::string line;
  report(input, line, io, tally);
  io.run();
}
