// What a node may send instead of an answer: each ends as one well-formed answer or one unclean close, and nothing of it reaches anybody
// else.
#include "support/byte_scene.hpp"
#include "support/heap.hpp"

namespace node_bytes_test {

using namespace rr;
using namespace rr::test;
using Then = ByteNode::Then;

TEST_CASE("row 22: an error line within a 200 reaches the client as it is, uncleanly, and counts as a failure") {
  ByteScene scene;
  scene.script(ByteNode::chunked({scene.line("one"), "{\"error\":\"an error was encountered while running the model\"}\n"}));
  const Answer a = scene.ask(chat_text("coder", true));
  CHECK(a.status == 200);
  CHECK_FALSE(a.clean);
  CHECK(a.body.ends_with("{\"error\":\"an error was encountered while running the model\"}\n"));
  CHECK(scene.comes([&] { return scene.house().desk.dispatch().ledger().failed > 0; }));
  scene.well_again();
  scene.over();
}

TEST_CASE("row 23: a clean end without done:true is no end: an in-band error, then an unclean one, in both dialects") {
  ByteScene scene;
  for (const bool openai : {false, true}) {
    scene.script(ByteNode::chunked({scene.line("one"), scene.line("two")}));
    const Answer a = scene.ask(openai ? request_text("POST", "/v1/chat/completions", chat_body("coder", true)) : chat_text("coder", true));
    CHECK_FALSE(a.clean);
    CHECK(a.body.find("without done:true, so the answer is not whole") != std::string::npos);
    CHECK(a.body.find("[DONE]") == std::string::npos);
  }
  scene.well_again();
  scene.over();
}

TEST_CASE("row 24: what is no HTTP is a 502 that says so, and the connection is not used again") {
  ByteScene scene;
  for (const std::string& bytes : {std::string("garbage\r\n\r\n"), std::string("ICY 200 OK\r\n\r\n"), std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11) + std::string(40, '\0'),
                                   std::string("HTTP/2 200 OK\r\n\r\n"), std::string("HTTP/1.1 abc OK\r\n\r\n")}) {
    CAPTURE(bytes);
    scene.script(bytes, Then::close);
    const Answer a = scene.ask(chat_text("coder", true));
    CHECK(a.status == 502);
    CHECK(a.clean);
    CHECK(a.body.find("\"code\":\"node_") != std::string::npos);
    CHECK(scene.asked() <= 2);
    scene.well_again();
  }
  scene.over();
}

TEST_CASE("row 25: a head of 1 MB, of ten thousand fields, or with folded lines is a 502, and costs no memory that stays") {
  ByteScene scene;
  std::string fields;
  for (int i = 0; i < 10'000; ++i) fields += "X-" + std::to_string(i) + ": y\r\n";
  for (const std::string& more : {"X-Long: " + std::string(1'000'000, 'x') + "\r\n", fields, std::string("X-Folded: a\r\n b\r\n")}) {
    scene.script("HTTP/1.1 200 OK\r\n" + more + "Content-Length: 2\r\n\r\n{}");
    const std::size_t before = live_bytes();
    const Answer a = scene.ask(chat_text("coder", true));
    CHECK(a.status == 502);
    scene.script("");
    scene.well_again();
    CHECK(live_bytes() < before + (2u << 20));
  }
  scene.over();
}

TEST_CASE("row 26: a chunked body that breaks off or is malformed ends uncleanly; a length that is not kept is a 502; nothing is reused") {
  ByteScene scene;
  const std::string head = ByteNode::chunked({scene.line("one")}, false);
  for (const auto& [bytes, then] : {std::pair{head, Then::close}, std::pair{head, Then::reset}, std::pair{head + "zz\r\nhello\r\n", Then::stay},
                                    std::pair{head + "5\r\nhello", Then::close}, std::pair{head + "5\r\nhelloX\r\n", Then::stay},
                                    std::pair{head + "ffffffffffffffffff\r\n", Then::stay}}) {
    CAPTURE(bytes);
    scene.script(bytes, then);
    const Answer a = scene.ask(chat_text("coder", true));
    CHECK(a.status == 200);
    CHECK_FALSE(a.clean);
    CHECK(a.body.find("\"error\"") != std::string::npos);
    CHECK(scene.asked() == 1);  // content had begun: never again
    scene.well_again();
  }
  const std::string body = scene.line("one", true);
  scene.script("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size() + 50) + "\r\n\r\n" + body, Then::close);  // too long
  CHECK(scene.ask(chat_text("coder", false)).status == 502);
  scene.well_again();
  scene.script("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size() - 10) + "\r\n\r\n" + body);              // too short
  CHECK(scene.ask(chat_text("coder", false)).status == 502);
  scene.well_again();
  scene.over();
}

TEST_CASE("row 27: 100 and 103 are passed over; 101, 204 with a body, and statuses that are none are no answer") {
  ByteScene scene;
  scene.script("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + ByteNode::whole(scene.line("after them", true)));
  const Answer fine = scene.ask(chat_text("coder", false));
  CHECK(fine.status == 200);
  CHECK(fine.body.find("after them") != std::string::npos);
  CHECK_FALSE(has(fine.fields, "Link"));
  for (const std::string& bytes : {std::string("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nraw"), std::string("HTTP/1.1 204 No Content\r\n\r\nstray"),
                                   std::string("HTTP/1.1 099 Odd\r\nContent-Length: 2\r\n\r\n{}"), std::string("HTTP/1.1 999 Odd\r\nContent-Length: 2\r\n\r\n{}")}) {
    CAPTURE(bytes);
    scene.script(bytes);
    const Answer a = scene.ask(chat_text("coder", false));
    CHECK(a.status == 502);
    CHECK(a.body.find("stray") == std::string::npos);
    scene.well_again();
  }
  scene.over();
}

TEST_CASE("row 28: what stands behind a whole answer goes to nobody, and its connection is closed") {
  ByteScene scene;
  const std::string stray = ByteNode::whole(scene.line("for somebody else", true));
  for (const std::string& bytes : {ByteNode::whole(scene.line("mine", true)) + stray, ByteNode::chunked({scene.line("mine", true)}) + stray}) {
    scene.script(bytes);
    const int before = scene.on_loop([&] { return scene.node->state().ended; });
    const Answer a = scene.ask(chat_text("coder", bytes.find("chunked") != std::string::npos));
    CHECK(a.clean);
    CHECK(a.body.find("mine") != std::string::npos);
    CHECK(a.body.find("somebody") == std::string::npos);
    scene.well_again();
    CHECK(scene.comes([&] { return scene.node->state().ended > before; }));
  }
  scene.over();
}

TEST_CASE("row 29: ten thousand chunks of one byte, and one line of 64 MB, pass through in memory that is bounded") {
  ByteScene scene;
  std::string text = scene.line(std::string(10'000, 'a')) + scene.line("", true);
  std::vector<std::string> bytes;
  for (const char c : text) bytes.emplace_back(1, c);
  scene.script(ByteNode::chunked(bytes));
  const Answer small = scene.ask(chat_text("coder", true));
  CHECK(small.clean);
  CHECK(small.body.find(std::string(10'000, 'a')) != std::string::npos);
  const std::string piece(1u << 20, 'b');
  std::vector<std::string> pieces(64, piece);
  pieces.insert(pieces.begin(), R"({"model":"qwen3-coder:30b","message":{"role":"assistant","content":")");
  pieces.push_back("\"},\"done\":false}\n");
  pieces.push_back(scene.line("", true));
  scene.script(ByteNode::chunked(pieces));
  RawClient client(scene.port());
  client.send(chat_text("coder", true));
  Answer a = client.head();
  std::size_t got = 0;
  while (client.chunk(a)) {
    got += a.chunks.back().size();
    a.chunks.clear(), a.body.clear();
    if (got > (8u << 20) && got < (10u << 20)) CHECK(scene.on_loop([&] { return scene.house().stream_buffers.used(); }) <= (9 << 20));
  }
  CHECK(a.clean);
  CHECK(got > (64u << 20));
  client.close();
  scene.well_again();
  scene.over();
}

}  // namespace node_bytes_test
