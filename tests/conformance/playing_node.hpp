// A node that plays one recorded reply. Blocking sockets in threads of its own, so that every byte is the recording's; what it
// is asked by the router itself (lists, loads, unloads, /api/show) it answers suitably, and tells apart by the missing Via.
#pragma once

#include "recording.hpp"
#include "support/raw_client.hpp"

#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <thread>

namespace rr::test {

// Chunk n+1 goes out only after the client has shown chunk n: then no reader may rightly see two as one.
class Pace {
 public:
  void shown() {
    const std::lock_guard lock(mutex_);
    ++shown_;
    bell_.notify_all();
  }
  // False: the client has not shown `count` chunks in the time in which even a stalled machine would.
  bool await(int count) {
    std::unique_lock lock(mutex_);
    return bell_.wait_for(lock, std::chrono::seconds(30), [&] { return shown_ >= count || over_; });
  }
  void over() {
    const std::lock_guard lock(mutex_);
    over_ = true;
    bell_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable bell_;
  int shown_ = 0;
  bool over_ = false;
};

struct Arrived {  // a request that the router passed on
  std::string target{};
  Fields fields{};
  std::string body{};
};

class PlayingNode {
 public:
  struct Part {
    std::string version{}, tags{}, ps{};            // bodies; ps "" = what was loaded
    std::map<std::string, std::string> show{};      // by model
    std::optional<RecordedReply> reply{};           // of what is passed on
    bool paced = false;
  };

  explicit PlayingNode(Part part) : part_(std::move(part)) {
    listens_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    if (listens_ < 0 || ::bind(listens_, reinterpret_cast<sockaddr*>(&at), size) != 0 || ::listen(listens_, 64) != 0 ||
        ::getsockname(listens_, reinterpret_cast<sockaddr*>(&at), &size) != 0)
      throw std::runtime_error("no port for a node");
    port_ = ntohs(at.sin_port);
    accepts_ = std::thread([this] { accept(); });
  }
  ~PlayingNode() {
    pace.over();
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
      for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
    }
    ::shutdown(listens_, SHUT_RDWR);
    accepts_.join();  // from here on no thread is added
    for (std::thread& one : threads_) one.join();
    ::close(listens_);
  }
  PlayingNode(const PlayingNode&) = delete;
  PlayingNode& operator=(const PlayingNode&) = delete;

  std::uint16_t port() const { return port_; }
  std::vector<Arrived> arrived() {
    const std::lock_guard lock(mutex_);
    return arrived_;
  }
  std::vector<std::string> complaints() {
    const std::lock_guard lock(mutex_);
    return complaints_;
  }
  bool left() {  // the router closed after the recorded client left
    const std::lock_guard lock(mutex_);
    return left_;
  }
  Pace pace;

 private:
  struct Asked {
    std::string method{}, target{};
    Fields fields{};
    std::string body{};
  };

  void accept() {
    for (;;) {
      const int fd = ::accept(listens_, nullptr, nullptr);
      const std::lock_guard lock(mutex_);
      if (stopped_ || fd < 0) {
        if (fd >= 0) ::close(fd);
        return;
      }
      const int on = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      open_.insert(fd);
      threads_.emplace_back([this, fd] {
        serve(fd);
        const std::lock_guard held(mutex_);
        open_.erase(fd);
        ::close(fd);
      });
    }
  }

  static bool more(int fd, std::string& in) {
    char bytes[65536];
    const auto n = ::recv(fd, bytes, sizeof bytes, 0);
    if (n > 0) in.append(bytes, static_cast<std::size_t>(n));
    return n > 0;
  }
  static bool send(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
      const auto n = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }

  // The router's requests have a Content-Length, or no body.
  static bool read(int fd, std::string& in, Asked& asked) {
    std::size_t end;
    while ((end = in.find("\r\n\r\n")) == std::string::npos)
      if (!more(fd, in)) return false;
    std::istringstream head(in.substr(0, end));
    std::string line;
    std::getline(head, line);
    asked.method = line.substr(0, line.find(' '));
    asked.target = line.substr(asked.method.size() + 1, line.rfind(' ') - asked.method.size() - 1);
    while (std::getline(head, line)) {
      if (!line.empty() && line.back() == '\r') line.pop_back();
      const auto colon = line.find(':');
      if (colon != std::string::npos) asked.fields.push_back({line.substr(0, colon), line.substr(std::min(colon + 2, line.size()))});
    }
    in.erase(0, end + 4);
    const std::string length(find(asked.fields, "Content-Length"));
    const std::size_t size = length.empty() ? 0 : std::stoul(length);
    while (in.size() < size)
      if (!more(fd, in)) return false;
    asked.body = in.substr(0, size);
    in.erase(0, size);
    return true;
  }

  static std::string whole(int status, const std::string& body) {
    return "HTTP/1.1 " + std::to_string(status) + " " + std::string(reason_phrase(status)) +
           "\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }

  void serve(int fd) {
    std::string in;
    for (;;) {
      Asked asked;
      if (!read(fd, in, asked)) return;
      if (!has(asked.fields, "Via")) {
        if (!send(fd, whole(200, own(asked)))) return;
        continue;
      }
      std::optional<RecordedReply> reply;
      {
        const std::lock_guard lock(mutex_);
        arrived_.push_back({asked.target, asked.fields, asked.body});
        reply = part_.reply;
      }
      if (!reply) {
        complain("asked for what nothing was recorded: " + asked.method + " " + asked.target + " " + asked.body);
        send(fd, whole(500, R"({"error":"nothing recorded"})"));
        return;
      }
      if (!play(fd, *reply)) return;
    }
  }

  // True: the connection goes on.
  bool play(int fd, const RecordedReply& reply) {
    const std::string text = reply.text();
    std::string head = "HTTP/1.1" + reply.status_line.substr(8) + "\r\n";
    for (const Field& f : reply.fields) {
      if (same_name(f.name, "Content-Length")) head += f.name + ": " + std::to_string(text.size()) + "\r\n";
      else if (!same_name(f.name, "Connection")) head += f.name + ": " + f.value + "\r\n";
    }
    if (!reply.chunked) return send(fd, head + "\r\n" + text);
    if (!has(reply.fields, "Transfer-Encoding")) head += "Transfer-Encoding: chunked\r\n";
    if (!send(fd, head + "\r\n")) return false;
    int sent = 0;
    for (const std::string& piece : reply.pieces) {
      if (part_.paced && sent > 0 && !pace.await(sent)) complain("piece " + std::to_string(sent) + " never reached the client");
      std::stringstream size;
      size << std::hex << piece.size();
      if (!send(fd, size.str() + "\r\n" + piece + "\r\n")) return false;
      ++sent;
      if (piece.starts_with("{\"error\"")) pace.over();  // a router may keep this one until it knows the end
    }
    if (part_.paced && sent > 0 && reply.end != End::clean && !pace.await(sent))
      complain("piece " + std::to_string(sent) + " never reached the client");
    if (reply.end == End::clean) return send(fd, "0\r\n\r\n");
    if (reply.end == End::client_left) {  // the recorded client left here: so does ours
      char byte;
      const bool more = ::recv(fd, &byte, 1, 0) > 0;
      const std::lock_guard lock(mutex_);
      left_ = !more;
    }
    if (reply.end == End::reset) {
      const linger hard{1, 0};
      ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    }
    return false;
  }

  std::string own(const Asked& asked) {
    const std::lock_guard lock(mutex_);
    if (asked.target == "/api/version") return part_.version;
    if (asked.target == "/api/tags") return part_.tags;
    if (asked.target == "/api/ps") return part_.ps.empty() ? residents() : part_.ps;
    const Json body = Json::parse(asked.body, nullptr, false);
    const std::string model = body.value("model", "");
    if (asked.target == "/api/show") return part_.show.count(model) ? part_.show.at(model) : "{}";
    const bool unload = body.contains("keep_alive") && body["keep_alive"] == 0;
    if (unload) loaded_.erase(model);
    else loaded_[model] = body.contains("options") ? body["options"].value("num_ctx", 4096) : 4096;
    return R"({"model":")" + model + R"(","created_at":"2026-01-01T00:00:00Z","response":"","done":true,"done_reason":")" +
           (unload ? "unload" : "load") + "\"}";
  }
  std::string residents() const {
    Json out{{"models", Json::array()}};
    const Json tags = Json::parse(part_.tags);
    for (const auto& m : tags["models"]) {
      if (!loaded_.count(m["name"])) continue;
      Json one = m;
      one.erase("modified_at");
      one["expires_at"] = "2318-01-01T00:00:00Z";
      one["size_vram"] = m["size"];
      one["context_length"] = loaded_.at(m["name"]);
      out["models"].push_back(one);
    }
    return out.dump();
  }
  void complain(std::string what) {
    const std::lock_guard lock(mutex_);
    complaints_.push_back(std::move(what));
  }

  std::mutex mutex_;
  Part part_;
  int listens_ = -1;
  std::uint16_t port_ = 0;
  bool stopped_ = false, left_ = false;
  std::set<int> open_{};
  std::thread accepts_{};
  std::vector<std::thread> threads_{};
  std::map<std::string, int> loaded_{};
  std::vector<Arrived> arrived_{};
  std::vector<std::string> complaints_{};
};

}  // namespace rr::test
