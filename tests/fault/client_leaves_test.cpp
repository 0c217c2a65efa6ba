// A client that goes away, wherever it is: what was begun for it ends at once, and nobody is blamed for it but the client.
#include "support/scene.hpp"

namespace client_leaves_test {

using namespace rr;
using namespace rr::test;

namespace {

enum class Goes { fin, rst, half };

void go(RawClient& client, Goes how) {
  if (how == Goes::fin) client.close();
  else if (how == Goes::rst) client.reset();
  else client.half_close();
}

std::int64_t left(Scene& scene) {
  return scene.on_loop([&] { return scene.house().desk.dispatch().ledger().left; });
}
std::int64_t failed(Scene& scene) {
  return scene.on_loop([&] { return scene.house().desk.dispatch().ledger().failed; });
}

}  // namespace

TEST_CASE("row 35: a client that leaves during its upload costs no request to a node, and its memory comes back") {
  Scene scene;
  for (const Goes how : {Goes::fin, Goes::rst, Goes::half}) {
    for (const bool chunked : {false, true}) {
      RawClient client(scene.port());
      const std::string body = chat_body("coder", true, std::string(200'000, 'x'));
      client.send("POST /api/chat HTTP/1.1\r\nHost: localhost\r\n" +
                  (chunked ? std::string("Transfer-Encoding: chunked\r\n\r\n30d40\r\n") : "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n"));
      client.send(body.substr(0, 150'000));
      CHECK(scene.comes([&] { return scene.house().bodies.used() >= 150'000; }));
      scene.others_are_served();
      go(client, how);
      CHECK(scene.comes([&] { return scene.house().bodies.used() == 0; }));
      CHECK(scene.comes([&] { return scene.house().clients.empty(); }));
    }
  }
  CHECK(scene.on_loop([&] { return scene.node_here.state().bodies.size(); }) == 1);  // the one that the scene began with
  scene.invariants();
}

TEST_CASE("row 36: a client that leaves the line is forgotten there, and its turn never comes") {
  Scene scene("", 1);
  scene.on_loop([&] { scene.here.how = Playing::How::hold_mid; });
  RawClient holder(scene.port());
  holder.send(chat_text("coder", true));
  REQUIRE(holder.head().status == 200);
  for (const Goes how : {Goes::fin, Goes::rst, Goes::half}) {
    RawClient client(scene.port());
    client.send(chat_text("coder", true));
    CHECK(scene.comes([&] { return scene.house().desk.dispatch().waiting() == 1; }));
    scene.others_are_served();
    const std::int64_t before = left(scene);
    go(client, how);
    CHECK(scene.comes([&] { return scene.house().desk.dispatch().waiting() == 0; }));
    CHECK(left(scene) == before + 1);
  }
  CHECK(scene.on_loop([&] { return scene.here.active; }) == 1);  // the holder is not the worse for it
  holder.close();
  scene.invariants();
  CHECK(scene.on_loop([&] { return scene.here.most; }) == 1);
}

TEST_CASE("row 37: a client that leaves before the first byte frees the node at once, streamed or not") {
  for (const bool stream : {true, false}) {
    CAPTURE(stream);
    Scene scene;
    scene.on_loop([&] { scene.here.how = Playing::How::hold_before; });
    for (const Goes how : {Goes::fin, Goes::rst}) {
      RawClient client(scene.port());
      client.send(chat_text("coder", stream));
      CHECK(scene.comes([&] { return scene.here.active == 1; }));
      scene.others_are_served();
      go(client, how);
      CHECK(scene.comes([&] { return scene.here.active == 0; }));  // nobody released the node: the router's closing ended it
    }
    CHECK(scene.on_loop([&] { return scene.here.left; }) == 2);
    CHECK(failed(scene) == 0);
    scene.invariants();
  }
}

TEST_CASE("row 38: a client that leaves in mid-stream frees the node, and it is no failure of the node") {
  Scene scene;
  scene.on_loop([&] { scene.here.how = Playing::How::hold_mid; });
  int times = 0;
  for (const Goes how : {Goes::fin, Goes::rst, Goes::fin, Goes::rst, Goes::fin, Goes::rst}) {
    RawClient client(scene.port());
    client.send(chat_text("coder", true));
    Answer begun = client.head();
    REQUIRE(begun.status == 200);
    CHECK(client.chunk(begun));
    scene.others_are_served();
    go(client, how);
    CHECK(scene.comes([&] { return scene.here.active == 0; }));
    CHECK(scene.on_loop([&] { return scene.here.left; }) == ++times);
  }
  CHECK(scene.comes([&] { return scene.house().desk.dispatch().ledger().left == times; }));
  CHECK(failed(scene) == 0);
  CHECK(scene.on_loop([&] { return scene.house().desk.dispatch().fleet().node("here")->state; }) == NodeState::up);
  scene.invariants();
}

TEST_CASE("row 39: a half-close after the request counts as leaving, whether it waits, streams or has not begun") {
  for (const Playing::How how : {Playing::How::hold_before, Playing::How::hold_mid}) {
    for (const bool stream : {true, false}) {
      if (how == Playing::How::hold_mid && !stream) continue;
      Scene scene;
      scene.on_loop([&] { scene.here.how = how; });
      RawClient client(scene.port());
      client.send(chat_text("coder", stream));
      CHECK(scene.comes([&] { return scene.here.active == 1; }));
      scene.others_are_served();
      client.half_close();
      CHECK(scene.comes([&] { return scene.here.active == 0; }));
      const Answer got = client.answer();
      CHECK_FALSE(got.clean);
      CHECK(got.closed);
      CHECK(failed(scene) == 0);
      scene.invariants();
    }
  }
}

}  // namespace client_leaves_test
