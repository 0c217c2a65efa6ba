// A node with several addresses: which connection a request gets, and what is told of the others.
#include "node_stage.hpp"
#include "support/black_hole.hpp"

#include "wire/names.hpp"

#include <doctest/doctest.h>

namespace race_test {

using namespace rr;
using namespace rr::wire;
using namespace rr::wire::test;
using rr::test::BlackHole;

namespace {

const Address nobody{"127.0.0.1", 1};

struct Told : NodeStage {
  std::vector<std::pair<std::string, What>> failed;
  Told() {
    upstream.on_failure([this](const Address& a, const NodeError& e) { failed.emplace_back(to_text(a), e.what); });
  }
  NodeResult<Connection> connect(std::vector<Address> addresses, bool fresh = false) { return run(io, upstream.connect(std::move(addresses), {}, fresh)); }
};

}  // namespace

TEST_CASE("an address that refuses costs nothing: the next one is tried at once, and the refusal is told") {
  Told stage;
  auto connection = stage.connect({nobody, nobody, stage.door.address()});
  REQUIRE(connection.has_value());
  CHECK(connection->address() == stage.door.address());
  REQUIRE(stage.failed.size() == 2);
  CHECK(stage.failed[0] == std::pair(std::string("127.0.0.1:1"), What::refused));
}

TEST_CASE("an address that swallows everything is overtaken by the next one, and that is told") {
  Told stage;
  BlackHole hole;
  auto connection = stage.connect({{"127.0.0.1", hole.port()}, stage.door.address()});
  REQUIRE(connection.has_value());
  CHECK(connection->address() == stage.door.address());
  REQUIRE(stage.failed.size() == 1);
  CHECK(stage.failed[0] == std::pair("127.0.0.1:" + std::to_string(hole.port()), What::timeout));
  connection->close();
  CHECK(stage.upstream.open() == 0);
}

TEST_CASE("the better address wins when both answer, and of the other nothing is told") {
  Told stage;
  Door other(stage.io);
  for (int round = 0; round < 20; ++round) {
    auto connection = stage.connect({stage.door.address(), other.address()}, true);
    REQUIRE(connection.has_value());
    CHECK(connection->address() == stage.door.address());
  }
  CHECK(stage.failed.empty());
}

TEST_CASE("when no address answers, the error names each, and is a refusal only if all refused") {
  Told stage;
  auto refused = stage.connect({nobody, {"127.0.0.2", 1}});
  REQUIRE(refused.has_error());
  CHECK(refused.error().what == What::refused);
  CHECK(refused.error().nothing_sent);
  CHECK(refused.error().sentence == "127.0.0.1:1 refused the connection; 127.0.0.2:1 refused the connection");
  auto unknown = stage.connect({nobody, {"no-such-name.invalid", 1}});
  REQUIRE(unknown.has_error());
  CHECK(unknown.error().what != What::refused);
  CHECK(unknown.error().sentence.find("no-such-name.invalid:1 ") != std::string::npos);
}

TEST_CASE("a pooled connection of the second address is used when its turn comes") {
  Told stage;
  auto first = stage.connect({stage.door.address()});
  auto node = stage.door.next_raw();
  auto asked = ask(stage, *first);
  node->say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  REQUIRE(asked.wait().has_value());
  stage.upstream.keep(std::move(*first));
  auto again = stage.connect({nobody, stage.door.address()});
  REQUIRE(again.has_value());
  CHECK(again->reused());
  CHECK(stage.upstream.open() == 1);
}

TEST_CASE("a race can be ended at any time, and leaves no connection") {
  Told stage;
  BlackHole a, b;
  std::function<void()> stop;
  Running dialling(stage.io, stage.upstream.connect(std::vector<Address>{{"127.0.0.1", a.port()}, {"127.0.0.1", b.port()}}, [&](std::function<void()> s) { stop = std::move(s); }));
  settle(stage.io);
  REQUIRE(stop);
  stop();
  auto& ended = dialling.wait();
  REQUIRE(ended.has_error());
  CHECK(ended.error().what == What::closed_by_us);
  CHECK(stage.failed.empty());
  stop();
  CHECK(stage.upstream.open() == 0);
}

TEST_CASE("giving a link up ends what is silent on it as lost with its link, spares what speaks, and empties its pool") {
  Told stage;
  auto silent = stage.pair(), kept = stage.pair();
  auto finished = ask(stage, kept.connection);
  kept.node->say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  REQUIRE(finished.wait().has_value());
  stage.upstream.keep(std::move(kept.connection));
  CHECK(stage.upstream.idle() == 1);
  auto asked = ask(stage, silent.connection);
  settle(stage.io);
  stage.upstream.give_up(stage.door.address(), std::chrono::hours(1));  // it has heard something within the hour: it was dialled
  settle(stage.io);
  CHECK_FALSE(asked.done());
  CHECK(stage.upstream.idle() == 0);
  stage.upstream.give_up({"127.0.0.9", stage.door.port()}, {});  // another link
  settle(stage.io);
  CHECK_FALSE(asked.done());
  stage.upstream.give_up(stage.door.address(), {});
  auto& reply = asked.wait();
  REQUIRE(reply.has_error());
  CHECK(reply.error().what == What::lost);
  CHECK(reply.error().link);
  CHECK(stage.upstream.open() == 0);
  CHECK(stage.failed.empty());  // who gives up knows it
}

TEST_CASE("a name that is known is answered at once; a literal is no name, with a scope neither") {
  asio::io_context io;
  const auto names = std::make_shared<Names>(io.get_executor());
  Names::Answer first, second, scoped;
  names->find("localhost", 80, [&](Names::Answer a) { first = std::move(a); });
  CHECK(first.endpoints.empty());
  io.run();
  REQUIRE_FALSE(first.endpoints.empty());
  names->find("localhost", 80, [&](Names::Answer a) { second = std::move(a); });
  CHECK(second.endpoints == first.endpoints);
  names->find("fe80::1%lo", 80, [&](Names::Answer a) { scoped = std::move(a); });
  REQUIRE(scoped.endpoints.size() == 1);
  CHECK(scoped.endpoints[0].address().to_v6().scope_id() > 0);
}

}  // namespace race_test
