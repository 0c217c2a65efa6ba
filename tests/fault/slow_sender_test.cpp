// A client that sends too slowly, too little, too much or without end: a clock or a limit ends it, and others never notice.
#include "support/scene.hpp"

#include <cstdlib>

namespace slow_sender_test {

using namespace rr;
using namespace rr::test;

namespace {

constexpr auto soon = std::chrono::milliseconds(20);

const std::string half_head = "POST /api/chat HTTP/1.1\r\nHost: localhost\r\nX-Slow: ";
const std::string half_body = "POST /api/chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{\"model\":";
const std::string chunked = "POST /api/chat HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";

// The clocks of the connections to come.
void clocks(Scene& scene, Duration head, Duration body) {
  scene.on_loop([&] {
    scene.house().client_limits.head_time = head;
    scene.house().client_limits.body_grace = body;
  });
}

bool code(const Answer& answer, const std::string& word) { return answer.body.find(word) != std::string::npos; }

}  // namespace

TEST_CASE("row 41: a thousand slow heads and bodies hold up nobody, and leave nothing") {
  wire::os::raise_file_limit();
  Scene scene("limits: { connections: 2000 }\n");
  clocks(scene, std::chrono::hours(1), std::chrono::hours(1));  // they are all there until they go of themselves
  std::vector<std::unique_ptr<RawClient>> slow;
  for (int i = 0; i < 1000; ++i) {
    slow.push_back(std::make_unique<RawClient>(scene.port()));
    slow.back()->send(i % 2 ? half_head : half_body);
  }
  CHECK(scene.comes([&] { return scene.house().clients.size() == 1000; }));
  CHECK(scene.comes([&] { return scene.house().bodies.used() >= 500 * 1000; }));
  scene.others_are_served();
  CHECK(scene.ask(chat_text("coder", true)).clean);
  for (auto& one : slow) one->send("y");  // one byte more of each
  scene.others_are_served();
  CHECK(scene.on_loop([&] { return scene.house().clients.size(); }) >= 1000);
  CHECK(scene.upstream() == 3);
  slow.clear();
  scene.invariants();
}

TEST_CASE("row 41: a head or a body that does not come in its time is answered with 408 and closed") {
  Scene scene;
  clocks(scene, soon, soon);
  RawClient head(scene.port()), body(scene.port());
  head.send(half_head);
  body.send(half_body);
  const Answer slow_head = head.answer(), slow_body = body.answer();
  CHECK(slow_head.status == 408);
  CHECK(code(slow_head, "head"));
  CHECK(head.closed_by_peer());
  CHECK(slow_body.status == 408);
  CHECK(code(slow_body, "body"));
  CHECK(body.closed_by_peer());
  CHECK(scene.upstream() == 0);
  head.close(), body.close();
  clocks(scene, std::chrono::hours(1), std::chrono::hours(1));
  scene.invariants();
}

TEST_CASE("row 56: a chunked upload that never ends stops at limits.body, one byte a chunk or not") {
  Scene scene("limits: { body: 64KiB, bodies: 1MiB }\n");
  clocks(scene, std::chrono::hours(1), std::chrono::hours(1));
  for (const std::size_t size : {std::size_t{1}, std::size_t{4096}}) {
    RawClient client(scene.port());
    const std::string chunk = (size == 1 ? "1" : "1000") + std::string("\r\n") + std::string(size, 'x') + "\r\n";
    std::string piece;
    while (piece.size() < 6000) piece += chunk;
    client.send(chunked);
    for (std::size_t sent = 0; sent < 70'000 / size; sent += piece.size() / chunk.size()) client.send(piece);
    scene.others_are_served();
    const Answer a = client.answer();
    CHECK(a.status == 413);
    CHECK(code(a, "limits.body"));
    CHECK(client.closed_by_peer());
    CHECK(scene.comes([&] { return scene.house().bodies.used() == 0; }));
  }
  CHECK(scene.on_loop([&] { return scene.node_here.state().bodies.size(); }) == 1);
  scene.invariants();
}

TEST_CASE("row 56: a chunked upload that goes on too slowly is ended by its clock") {
  Scene scene;
  clocks(scene, std::chrono::hours(1), soon);
  RawClient client(scene.port());
  client.send(chunked);
  client.send("1\r\n{\r\n1\r\n");
  const Answer a = client.answer();  // the next byte never comes
  CHECK(a.status == 408);
  CHECK(client.closed_by_peer());
  CHECK(scene.upstream() == 0);
  client.close();
  clocks(scene, std::chrono::hours(1), std::chrono::hours(1));
  scene.invariants();
}

TEST_CASE("row 57: a Content-Length that is larger than what comes is no request; one that is smaller ends the request there") {
  Scene scene;
  const std::string body = chat_body("coder", false);
  for (const bool reset : {false, true}) {
    RawClient client(scene.port());
    client.send("POST /api/chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(body.size() + 1) + "\r\n\r\n" + body);
    CHECK(scene.comes([&] { return scene.house().bodies.used() > 0; }));
    reset ? client.reset() : client.close();
    CHECK(scene.comes([&] { return scene.house().bodies.used() == 0 && scene.house().clients.empty(); }));
  }
  CHECK(scene.upstream() == 0);
  for (const char* garbage : {"}}", "garbage\r\n\r\n", "\x16\x03\x01", "0\r\n\r\n"}) {
    CAPTURE(garbage);
    RawClient client(scene.port());
    const std::size_t before = scene.upstream();
    client.send(request_text("POST", "/api/chat", body) + garbage + (std::string(garbage) == "}}" ? "\r\n\r\n" : ""));
    CHECK(client.answer().status == 200);
    CHECK(client.answer().status == 400);
    CHECK(client.closed_by_peer());
    CHECK(scene.upstream() == before + 1);
  }
  scene.invariants();
}

}  // namespace slow_sender_test
