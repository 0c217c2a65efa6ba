// A blocking client that shows exactly what came over the wire: status, fields, chunks, and how it ended.
// Used from the test's own thread; every read is bounded, and a bound that is hit fails the test instead of hanging it.
#pragma once

#include "domain/http.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace rr::test {

struct Answer {
  int status = 0;
  Fields fields{};
  std::string body{};                  // decoded
  std::vector<std::string> chunks{};   // of a chunked body, one element a chunk
  bool chunked = false;
  bool clean = false;                  // the length was reached or the last chunk was seen
  bool closed = false;                 // the peer closed the connection afterwards or before
  std::string_view field(std::string_view name) const { return find(fields, name); }
};

class RawClient {
 public:
  explicit RawClient(std::uint16_t port) {
    fd_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd_ < 0 || ::connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) throw std::runtime_error("cannot connect");
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  ~RawClient() { close(); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return;  // the peer closed: the answer tells
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
  }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  void reset() {
    const linger hard{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close();
  }
  void half_close() { ::shutdown(fd_, SHUT_WR); }
  int fd() const { return fd_; }

  // Bytes until at least one more came, or "" at the end of the stream.
  bool more() {
    pollfd waits{fd_, POLLIN, 0};
    if (::poll(&waits, 1, patience_ms) <= 0) throw std::runtime_error("nothing came in time; so far: " + in_);
    char bytes[65536];
    const auto n = ::recv(fd_, bytes, sizeof bytes, 0);
    if (n <= 0) return false;
    in_.append(bytes, static_cast<std::size_t>(n));
    return true;
  }

  // The head of the next answer; its body is read by body().
  Answer head() {
    Answer answer;
    std::size_t end;
    while ((end = in_.find("\r\n\r\n")) == std::string::npos)
      if (!more()) {
        answer.closed = true;
        return answer;
      }
    std::string_view text(in_.data(), end);
    answer.status = std::atoi(std::string(text.substr(9, 3)).c_str());
    for (std::size_t at = text.find("\r\n"); at != std::string_view::npos;) {
      const std::size_t next = text.find("\r\n", at + 2);
      const std::string_view line = text.substr(at + 2, next == std::string_view::npos ? next : next - at - 2);
      const std::size_t colon = line.find(':');
      std::size_t value = colon + 1;
      while (value < line.size() && line[value] == ' ') ++value;
      answer.fields.push_back({std::string(line.substr(0, colon)), std::string(line.substr(value))});
      at = next;
    }
    in_.erase(0, end + 4);
    return answer;
  }

  // One chunk of a chunked body; false at the end of the body or of the stream.
  bool chunk(Answer& answer) {
    std::size_t line;
    while ((line = in_.find("\r\n")) == std::string::npos)
      if (!more()) return answer.closed = true, false;
    const std::size_t size = std::stoul(in_.substr(0, line), nullptr, 16);
    while (in_.size() < line + 2 + size + 2)
      if (!more()) return answer.closed = true, false;
    std::string piece = in_.substr(line + 2, size);
    in_.erase(0, line + 2 + size + 2);
    if (size == 0) return answer.clean = true, false;
    answer.body += piece;
    answer.chunks.push_back(std::move(piece));
    return true;
  }

  void body(Answer& answer, bool none = false) {
    if (answer.closed) return;
    if (none || answer.status == 204 || answer.status == 304) {
      answer.clean = true;
      return;
    }
    if (same_name(answer.field("Transfer-Encoding"), "chunked")) {
      answer.chunked = true;
      while (chunk(answer)) {
      }
      return;
    }
    if (has(answer.fields, "Content-Length")) {
      const std::size_t size = std::stoul(std::string(answer.field("Content-Length")));
      while (in_.size() < size)
        if (!more()) {
          answer.closed = true;
          break;
        }
      answer.body = in_.substr(0, size);
      answer.clean = answer.body.size() == size;
      in_.erase(0, answer.body.size());
      return;
    }
    while (more()) {
    }
    answer.body = std::exchange(in_, {});
    answer.closed = true;
    answer.clean = true;  // close-delimited: no better sign exists
  }

  Answer answer(bool none = false) {
    Answer a = head();
    body(a, none);
    return a;
  }
  // True when the peer closes (or has closed) without another byte.
  bool closed_by_peer() { return !more(); }
  const std::string& buffered() const { return in_; }

  static constexpr int patience_ms = 60'000;

 private:
  int fd_ = -1;
  std::string in_{};
};

inline std::string request_text(std::string_view method, std::string_view target, std::string_view body = {}, const Fields& fields = {}) {
  std::string out = std::string(method) + " " + std::string(target) + " HTTP/1.1\r\n";
  if (!has(fields, "Host")) out += "Host: localhost\r\n";
  for (const Field& f : fields) out += f.name + ": " + f.value + "\r\n";
  if (!body.empty() || method == "POST") out += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  return out + "\r\n" + std::string(body);
}

inline Answer ask(std::uint16_t port, std::string_view method, std::string_view target, std::string_view body = {}, const Fields& fields = {}) {
  RawClient client(port);
  client.send(request_text(method, target, body, fields));
  return client.answer(method == "HEAD");
}

}  // namespace rr::test
