#include "sim/node.hpp"

#include "wire/upstream.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/write.hpp>
#include <doctest/doctest.h>

#include <functional>

namespace node_test {

using namespace rr;
using namespace rr::sim;
namespace asio = wire::asio;

namespace {

ModelSpec small(std::string name) {
  ModelSpec m;
  m.name = std::move(name);
  m.size = 1'000'000'000;
  m.trained_ctx = 8192;
  m.rendering = Rendering::ollama;
  return m;
}

NodeSpec quick() {
  NodeSpec n;
  n.clock = 2000;
  n.models = {small("a:1b"), small("b:1b")};
  n.max_loaded = 1;
  return n;
}

struct Got {
  int status = 0;
  std::string type, body, lost;
  std::vector<std::string> pieces;
};

wire::Task<void> asked(wire::Upstream& up, std::uint16_t port, std::string method, std::string path, std::string body, Got& out, bool& done) {
  Address address{"127.0.0.1", port};
  std::function<void(std::function<void()>)> no_stop;
  auto connection = co_await up.connect(address, no_stop, false);
  if (!connection) {
    out.lost = connection.error().sentence;
    done = true;
    co_return;
  }
  RequestHead head;
  head.method = method;
  head.target = path;
  head.fields = {{"Host", "localhost:" + std::to_string(port)}, {"Content-Type", "application/json"},
                 {"Content-Length", std::to_string(body.size())}};
  const std::string_view parts[] = {body};
  auto reply = co_await connection->exchange(head, parts, std::chrono::seconds(60));
  if (reply) {
    out.status = reply->head.status;
    out.type = find(reply->head.fields, "Content-Type");
    while (true) {
      auto piece = co_await connection->read_piece(std::chrono::seconds(60));
      if (!piece) {
        out.lost = piece.error().sentence;
        break;
      }
      if (piece->kind == wire::Piece::Kind::end) break;
      out.pieces.emplace_back(piece->bytes);
      out.body += piece->bytes;
    }
  } else {
    out.lost = reply.error().sentence;
  }
  done = true;
}

struct Bench {
  asio::io_context io;
  std::unique_ptr<Node> node;
  wire::Upstream up{io.get_executor(), {}};
  explicit Bench(NodeSpec spec = quick()) {
    auto opened = Node::open(io, std::move(spec));
    REQUIRE(opened.has_value());
    node = std::move(*opened);
  }
  Got ask(std::string method, std::string path, std::string body = "") {
    Got out;
    bool done = false;
    asio::co_spawn(io, asked(up, node->port(), std::move(method), std::move(path), std::move(body), out, done), asio::detached);
    while (!done) io.run_one();
    return out;
  }
};

std::string chat(const std::string& model, const std::string& text, const std::string& more = "") {
  return "{\"model\":\"" + model + "\",\"messages\":[{\"role\":\"user\",\"content\":\"" + text + "\"}]" + more + "}";
}

}  // namespace

TEST_CASE("a node answers / and streams a chat to its done line, one chunk a piece") {
  Bench b;
  CHECK(b.ask("GET", "/").body == "Ollama is running");
  const Got got = b.ask("POST", "/api/chat", chat("a:1b", "[[say:one two three]]"));
  CHECK(got.status == 200);
  CHECK(got.type == "application/x-ndjson");
  REQUIRE(got.pieces.size() == 4);
  CHECK(got.pieces[0].find("\"content\":\"one\"},\"done\":false}\n") != std::string::npos);
  CHECK(got.pieces[1].find("\"content\":\" two\"") != std::string::npos);
  CHECK(got.pieces[3].find("\"done\":true,\"done_reason\":\"stop\",\"total_duration\":") != std::string::npos);
  CHECK(b.node->resident() == std::vector<std::string>{"a:1b"});
  CHECK(b.node->open_streams() == 0);
  REQUIRE(b.node->seen().size() == 2);
  CHECK(b.node->seen()[1].loaded_for_it);
  CHECK_FALSE(b.node->seen()[1].queued);
  CHECK(b.node->seen()[1].ended == "whole");
}

TEST_CASE("a preload says load, an unload says unload and empties /api/ps") {
  Bench b;
  CHECK(b.ask("POST", "/api/generate", R"({"model":"a:1b","keep_alive":-1})").body.find("\"done_reason\":\"load\"}") != std::string::npos);
  CHECK(b.ask("GET", "/api/ps").body.find("\"name\":\"a:1b\"") != std::string::npos);
  CHECK(b.ask("POST", "/api/generate", R"({"model":"a:1b","keep_alive":0})").body.find("\"done_reason\":\"unload\"}") != std::string::npos);
  while (!b.node->resident().empty()) b.io.run_one();
  CHECK(b.ask("GET", "/api/ps").body == "{\"models\":[]}");
}

TEST_CASE("the next turn of a conversation costs its new tokens, after a reload all of them") {
  Bench b;
  const auto fresh = [&](const std::string& body) {  // tokens that were computed, at the model's rate
    const std::string got = b.ask("POST", "/api/chat", body).body;
    const auto at = got.find("\"prompt_eval_duration\":");
    REQUIRE(at != std::string::npos);
    return std::llround(std::atof(got.c_str() + at + 23) * quick().clock * quick().models.front().prefill_tps / 1e9);
  };
  const std::string words(4000, 'w');
  const std::string next = R"({"model":"a:1b","messages":[{"role":"user","content":"[[say:yes]])" + words + R"("},{"role":"assistant","content":"yes"},{"role":"user","content":"[[say:no]])" + words + R"("}]})";
  const auto first = fresh(chat("a:1b", "[[say:yes]]" + words));
  CHECK(first >= 1000);
  CHECK(first < 1100);
  CHECK(fresh(next) < 1100);
  b.ask("POST", "/api/generate", R"({"model":"a:1b","keep_alive":0})");
  while (!b.node->resident().empty()) b.io.run_one();
  CHECK(fresh(next) >= 2000);
}

TEST_CASE("each fault breaks what it says") {
  Bench b;
  using What = Fault::What;
  auto with = [&](What what) {
    b.node->fault({what, 1, 503, 1, ""});
    return b.ask("POST", "/api/chat", chat("a:1b", "[[say:one two three]]"));
  };
  Got got = with(What::die_mid);
  CHECK(got.pieces.size() == 1);
  CHECK_FALSE(got.lost.empty());
  got = with(What::end_early);
  CHECK(got.pieces.size() == 1);
  CHECK(got.lost.empty());
  got = with(What::error_mid);
  CHECK(got.pieces.back().substr(0, 10) == "{\"error\":\"");
  CHECK(got.lost.empty());
  CHECK(with(What::status).status == 503);
  CHECK_FALSE(with(What::die_before).lost.empty());
  CHECK_FALSE(with(What::garbage).lost.empty());
  CHECK_FALSE(with(What::wrong_length).lost.empty());
  CHECK(b.ask("POST", "/api/chat", chat("a:1b", "[[say:whole again]]")).lost.empty());
  b.node->fault({What::refuse, 0, 0, -1, ""});
  CHECK_FALSE(b.ask("GET", "/").lost.empty());
  b.node->fault({});
  CHECK(b.ask("GET", "/").status == 200);
}

TEST_CASE("a test of a whole process reads the record and sets faults over HTTP") {
  Bench b;
  CHECK(b.ask("POST", "/sim/fault", R"({"what":"status","status":500})").status == 200);
  CHECK(b.ask("POST", "/api/chat", chat("a:1b", "x")).status == 500);
  CHECK(b.ask("POST", "/sim/fault", R"({"what":"sulk"})").body.find("one of none, refuse, hang") != std::string::npos);
  const Got got = b.ask("GET", "/sim/record");
  CHECK(got.body.find("\"target\":\"/api/chat\"") != std::string::npos);
  CHECK(got.body.find("/sim/") == std::string::npos);
}

TEST_CASE("a client that leaves while the node queues it leaves its handler behind") {
  NodeSpec spec = quick();
  for (auto& m : spec.models) m.load_time = std::chrono::hours(1000000);
  Bench b(std::move(spec));
  auto leaves = [&](const std::string& model) {
    wire::Socket socket(b.io.get_executor());
    socket.connect({asio::ip::address_v4::loopback(), b.node->port()});
    const std::string body = "{\"model\":\"" + model + "\"}";
    const std::string text = "POST /api/generate HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    asio::write(socket, asio::buffer(text));
    const std::size_t before = b.node->seen().size();
    while (b.node->seen().size() == before) b.io.run_one();
    return socket;
  };
  auto loads = leaves("a:1b");
  auto waits = leaves("b:1b");
  CHECK(b.node->open_streams() == 2);
  waits.close();
  while (b.node->seen()[1].ended != "leaked") b.io.run_one();
  CHECK(b.node->open_streams() == 2);  // for the life of the node
  CHECK(b.node->seen()[1].queued);
  loads.close();
  while (b.node->seen()[0].ended != "client-closed") b.io.run_one();
  CHECK(b.node->open_streams() == 1);
  CHECK(b.node->resident().empty());
}

TEST_CASE("a reader that stalls and leaves costs the model its slot until an unload") {
  Bench b;
  wire::Socket socket(b.io.get_executor());
  socket.open(wire::tcp::v4());
  socket.set_option(asio::socket_base::receive_buffer_size(64 * 1024));
  socket.connect({asio::ip::address_v4::loopback(), b.node->port()});
  const std::string body = chat("a:1b", "[[chunks:100000]][[delay:0]] x");
  asio::write(socket, asio::buffer("POST /api/chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body));
  while (b.node->open_streams() == 0) b.io.run_one();
  // The node writes until neither side's buffers take more: nothing is left to do at once.
  const auto quiet = std::chrono::milliseconds(50);
  while (b.io.run_one_for(quiet) > 0) {
  }
  REQUIRE(b.node->open_streams() == 1);
  socket.close();
  while (b.node->open_streams() > 0) b.io.run_one();
  CHECK(b.node->seen()[0].ended == "client-closed");
  Got late;
  bool done = false;
  asio::co_spawn(b.io, asked(b.up, b.node->port(), "POST", "/api/chat", chat("a:1b", "[[say:x]]"), late, done), asio::detached);
  while (b.node->open_streams() == 0) b.io.run_one();
  while (b.io.run_one_for(quiet) > 0) {
  }
  CHECK_FALSE(done);  // loaded, idle, and no slot
}

TEST_CASE("a node that stops cuts its streams without the last chunk") {
  NodeSpec spec = quick();
  spec.clock = 1;
  for (auto& m : spec.models) m.load_time = std::chrono::milliseconds(0);
  Bench b(std::move(spec));
  Got got;
  bool done = false;
  asio::co_spawn(b.io, asked(b.up, b.node->port(), "POST", "/api/chat", chat("a:1b", "[[chunks:1000]] x"), got, done), asio::detached);
  while (got.pieces.size() < 2) b.io.run_one();
  b.node->stop();
  while (!done) b.io.run_one();
  CHECK_FALSE(got.lost.empty());
  CHECK_FALSE(b.ask("GET", "/").lost.empty());
}

}  // namespace node_test
