#include "relay_stage.hpp"

#include <doctest/doctest.h>

namespace relay_test {

using namespace rr;
using namespace rr::wire;
using namespace rr::wire::test;

TEST_CASE("each chunk of the node is one chunk for the client, whether it came alone or with others") {
  for (const bool together : {true, false}) {
    asio::io_context io;
    RelayStage stage(io);
    auto relaying = stage.relaying();
    const std::string bytes = chunk("{\"n\":1}\n") + chunk("{\"n\":2}\n{\"n\":3}\n") + chunk("{\"done\":true}\n") + "0\r\n\r\n";
    if (together) {
      stage.node->say(bytes);
    } else {
      for (const char c : bytes) {
        stage.node->say(std::string(1, c));
        settle(io);
      }
    }
    CHECK(relaying.wait().how == How::whole);
    CHECK(run(io, stage.pair.client->drained()));
    until(io, [&] { return stage.pair.raw->got.ends_with("0\r\n\r\n"); });
    CHECK(stage.to_client() == bytes);
    CHECK(stage.pair.client->reusable());
    CHECK(stage.connection->whole());
    stage.upstream.keep(std::move(*stage.connection));
    CHECK(stage.upstream.idle() == 1);
  }
}

TEST_CASE("only whole lines go on, each as soon as its newline is there") {
  asio::io_context io;
  RelayStage stage(io);
  auto relaying = stage.relaying();
  stage.node->say(chunk("{\"a\""));
  settle(io);
  CHECK(stage.passage.taken.empty());
  stage.node->say(chunk(":1}\n{\"b\""));
  until(io, [&] { return stage.to_client() == chunk("{\"a\":1}\n"); });
  stage.node->say(chunk(":2}"));
  stage.node->say(chunk("\n"));
  until(io, [&] { return stage.to_client() == chunk("{\"a\":1}\n") + chunk("{\"b\":2}\n"); });
  stage.node->say(chunk("{\"done\":true}\n{\"rest") + "0\r\n\r\n");
  CHECK(relaying.wait().how == How::whole);
  CHECK(stage.passage.rest == "{\"rest");
  CHECK(stage.passage.taken == std::vector<std::string>{"{\"a\":1}\n", "{\"b\":2}\n", "{\"done\":true}\n"});
}

TEST_CASE("a line longer than the limit goes on in parts, byte for byte") {
  asio::io_context io;
  RelayStage stage(io);
  auto relaying = stage.relaying({.line_limit = 1000});
  std::string line, sent;
  for (int i = 0; i < 50; ++i) {
    const std::string part(99, static_cast<char>('a' + i % 26));
    line += part;
    stage.node->say(chunk(part));
  }
  until(io, [&] { return !stage.passage.taken.empty(); });  // before any newline has come
  stage.node->say(chunk("\n") + chunk("{\"done\":true}\n") + "0\r\n\r\n");
  CHECK(relaying.wait().how == How::whole);
  for (const std::string& part : stage.passage.taken) sent += part;
  CHECK(sent == line + "\n{\"done\":true}\n");
}

TEST_CASE("a node that sends a chunk only after the client has seen the one before never waits for ever") {
  for (const int parts : {1, 2, 3}) {
    asio::io_context io;
    RelayStage stage(io);
    auto relaying = stage.relaying();
    std::string expected;
    for (int n = 0; n < 300; ++n) {
      const std::string line = "{\"n\":" + std::to_string(n) + "}\n";
      const std::string bytes = chunk(line);
      for (std::size_t from = 0; from < bytes.size(); from += bytes.size() / static_cast<std::size_t>(parts) + 1)
        stage.node->say(bytes.substr(from, bytes.size() / static_cast<std::size_t>(parts) + 1));
      expected += bytes;
      until(io, [&] { return stage.to_client() == expected; });
    }
    stage.node->say(chunk("{\"done\":true}\n") + "0\r\n\r\n");
    CHECK(relaying.wait().how == How::whole);
  }
}

TEST_CASE("an HTTP/1.0 client gets the lines and the end of the connection") {
  asio::io_context io;
  RelayStage stage(io, {}, false, "GET / HTTP/1.0\r\n\r\n");
  auto relaying = stage.relaying();
  stage.node->say(chunk("{\"n\":1}\n") + chunk("{\"done\":true}\n") + "0\r\n\r\n");
  CHECK(relaying.wait().how == How::whole);
  until(io, [&] { return stage.pair.raw->ended; });
  CHECK(stage.to_client() == "{\"n\":1}\n{\"done\":true}\n");
}

}  // namespace relay_test
