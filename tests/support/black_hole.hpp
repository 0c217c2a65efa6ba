// An address of this machine that answers no connection request: its queue of accepted connections is full, so that the kernel drops
// what comes, as a cut cable does.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <stdexcept>
#include <vector>

namespace rr::test {

class BlackHole {
 public:
  explicit BlackHole(const char* host = "127.0.0.1", std::uint16_t port = 0) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(port);
    ::inet_pton(AF_INET, host, &at.sin_addr);
    const int listener = take(::socket(AF_INET, SOCK_STREAM, 0)), on = 1;
    ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    socklen_t size = sizeof at;
    if (::bind(listener, reinterpret_cast<sockaddr*>(&at), size) != 0 || ::listen(listener, 0) != 0) throw std::runtime_error("cannot listen");
    ::getsockname(listener, reinterpret_cast<sockaddr*>(&at), &size);
    port_ = ntohs(at.sin_port);
    for (int i = 0; i < 4; ++i) {  // the queue of length 0 holds one or two
      const int filler = take(::socket(AF_INET, SOCK_STREAM, 0));
      ::fcntl(filler, F_SETFL, O_NONBLOCK);
      ::connect(filler, reinterpret_cast<sockaddr*>(&at), sizeof at);
    }
  }
  ~BlackHole() {
    for (const int fd : open_) ::close(fd);
  }
  BlackHole(const BlackHole&) = delete;
  std::uint16_t port() const { return port_; }

 private:
  int take(int fd) {
    if (fd < 0) throw std::runtime_error("no socket");
    open_.push_back(fd);
    return fd;
  }
  std::vector<int> open_{};
  std::uint16_t port_ = 0;
};

}  // namespace rr::test
