// Bodies that two parsers could read in two ways, or that are meant to cost memory: refused here, or the node reads in them exactly
// what the router read. The node's eyes are those of Go's encoding/json, as the simulated node has them.
#include "sim/go_json.hpp"
#include "support/heap.hpp"
#include "support/scene.hpp"
#include "support/zstd_frame.hpp"
#include "wire/aside.hpp"

namespace bodies_test {

using namespace rr;
using namespace rr::test;

namespace {

constexpr std::size_t mib = 1u << 20;

struct Tried {
  Answer answer;
  std::vector<std::string> sent;  // what the node got
};

Tried post(Scene& scene, const std::string& path, const std::string& body, const Fields& fields = {}) {
  const std::size_t before = scene.on_loop([&] { return scene.node_here.state().bodies.size(); });
  Tried tried{.answer = ask(scene.port(), "POST", path, body, fields), .sent = {}};
  tried.sent = scene.on_loop([&] {
    const auto& bodies = scene.node_here.state().bodies;
    return std::vector<std::string>(bodies.begin() + static_cast<std::ptrdiff_t>(before), bodies.end());
  });
  return tried;
}

std::string word(const sim::Json& body, std::string_view name) {
  const sim::Json* value = sim::member(body, name);
  return value ? value->dump() : "";
}

// A node that refuses what Go cannot read.
wire::Task<void> say_as_go(wire::Client& client, std::string model, std::string error, bool stream) {
  if (!error.empty()) {
    client.send(ScriptedNode::head(400, "application/json; charset=utf-8"), "{\"error\":" + sim::json_text(error) + "}");
  } else if (stream) {
    client.begin(ScriptedNode::head(200, "application/x-ndjson"));
    client.piece(ScriptedNode::line(model, "ok", true));
    client.finish();
  } else {
    client.send(ScriptedNode::head(200, "application/json; charset=utf-8"), ScriptedNode::line(model, "ok", true));
  }
  co_return;
}

struct GoScene : Scene {
  GoScene() {
    on_loop([&] {
      here.instead = [this](wire::Client& client, const wire::Request& request) {
        const auto seen = sim::read_first(request.body.view());
        const sim::Json* stream = seen.error.empty() ? sim::member(seen.value, "stream") : nullptr;
        return say_as_go(client, here.model, seen.error, !stream || stream->dump() != "false");
      };
    });
  }
};

// Refused with 400, by the router with nothing sent or by the node for what the router has no need to read; or sent once, and the
// node reads the role's model, lease and context in it.
void one_view(Scene& scene, const std::string& path, const std::string& body) {
  CAPTURE(path);
  CAPTURE(body.substr(0, 200));
  const Tried tried = post(scene, path, body);
  if (tried.answer.status == 400) {
    CHECK((tried.sent.empty() || sim::read_first(tried.sent.front()).error != ""));
    CHECK(tried.answer.body.find("error") != std::string::npos);
    return;
  }
  CHECK(tried.answer.status == 200);
  REQUIRE(tried.sent.size() == 1);
  const auto seen = sim::read_first(tried.sent.front());
  CHECK(seen.error == "");
  CHECK(word(seen.value, "model") == "\"qwen3-coder:30b\"");
  CHECK(word(seen.value, "keep_alive") == "\"2h\"");
  const sim::Json* options = sim::member(seen.value, "options");
  REQUIRE(options);
  CHECK(options->value("num_ctx", 0) == 32768);  // a map in Go: its names are exact
  CHECK(tried.answer.chunked == (word(seen.value, "stream") != "false"));  // the same view of stream
}

void refused(Scene& scene, const std::string& path, const std::string& body) {
  CAPTURE(path);
  CAPTURE(body.substr(0, 200));
  const Tried tried = post(scene, path, body);
  CHECK(tried.answer.status == 400);
  CHECK(tried.sent.empty());
  CHECK(tried.answer.clean);
}

wire::Task<void> say_ok(wire::Client& client, std::string model) {
  client.send(ScriptedNode::head(200, "application/json; charset=utf-8"), ScriptedNode::line(model, "ok", true));
  co_return;
}

const std::vector<std::string> paths{"/api/chat", "/api/generate", "/v1/chat/completions"};

// A good body of the path with `member` put in.
std::string with(const std::string& path, const std::string& member) {
  const std::string what = path == "/api/generate" ? R"("prompt":"hi")" : R"("messages":[{"role":"user","content":"hi"}])";
  return R"({"model":"coder",)" + what + "," + member + "}";
}

}  // namespace

TEST_CASE("row 49: what is no JSON object is refused with 400 and reaches no node; what follows one object goes nowhere") {
  GoScene scene;
  const std::string good = chat_body("coder", false);
  std::string wide;  // UTF-16
  for (const char c : good) wide += c, wide += '\0';
  for (const std::string& path : paths) {
    for (const std::string& body : std::vector<std::string>{
             "", " \r\n\t", "null", "true", "7", "\"text\"", "[]", "[{}]", "{", "}", "{\"model\"", "{\"model\":", "{\"model\":\"coder\"", "{\"model\":\"coder\",}",
             "{'model':'coder'}", "{model:\"coder\"}", "\xef\xbb\xbf" + good, wide, "\xff\xfe" + wide, "NaN", "{\"model\":NaN}", "{\"model\":\"coder\" \"x\":1}",
             "// c\n" + good, "model=coder", std::string(1, '\0') + good, good.substr(0, good.size() - 1)})
      refused(scene, path, body);
    for (const std::string member : {"\"temperature\":NaN", "\"temperature\":Infinity", "\"x\":01", "\"x\":+1", "\"x\":.5", "\"x\":tru", "\"x\":\"\\x\"", "\"x\":\"\n\"", "\"x\":[1,]"})
      one_view(scene, path, with(path, member));
  }
  const Tried placed = post(scene, "/api/chat", "{\"model\":\"coder\",x}");
  CHECK(placed.answer.body.find("'x'") != std::string::npos);  // it says where
  for (const std::string& behind : {std::string("{}"), std::string("garbage"), chat_body("tester", true)}) {
    const Tried tried = post(scene, "/api/chat", good + behind);
    CHECK(tried.answer.status == 200);
    REQUIRE(tried.sent.size() == 1);
    CHECK(api::Json::accept(tried.sent.front()));
    CHECK(tried.sent.front().find("qwen2.5") == std::string::npos);
  }
  scene.invariants();
}

TEST_CASE("row 50: a hundred thousand and five million brackets are refused by their depth; in a string they are text") {
  Scene scene;
  for (const std::size_t depth : {std::size_t{100'000}, std::size_t{5'000'000}}) {
    for (const char* bracket : {"[", "{\"a\":"}) {
      std::string deep;
      while (deep.size() < depth) deep += bracket;
      for (const std::string& path : paths) {
        refused(scene, path, deep);
        refused(scene, path, with(path, "\"x\":" + deep));
        if (bracket[0] == '[') refused(scene, path, with(path, "\"x\":" + deep + std::string(depth, ']')));
      }
    }
    const std::string text(depth, '[');
    const Tried tried = post(scene, "/api/chat", R"({"model":"coder","stream":false,"messages":[{"role":"user","content":")" + text + R"("}]})");
    CHECK(tried.answer.status == 200);
    CHECK(tried.sent.size() == 1);
    if (depth < 256 * 1024) CHECK(tried.sent.front().find(text) != std::string::npos);
  }
  scene.invariants();
}

TEST_CASE("row 51: a member that is there twice, or in another spelling, never means one thing here and another at the node") {
  GoScene scene;
  for (const std::string& path : paths)
    for (const std::string member : {
             R"("model":"qwen2.5-coder:14b")", R"("MODEL":"qwen2.5-coder:14b")", R"("Model":"x")", R"("\u006dodel":"x")", R"("mode\u006c":"qwen2.5-coder:14b")",
             R"("keep_alive":0)", R"("KEEP_ALIVE":0)", R"("Keep_Alive":-1)", "\"\xe2\x84\xaa" "eep_alive\":-1", R"("\u212aeep_alive":-1)", R"("keep_alive":0,"keep_alive":-1)",
             "\"\xc5\xbftream\":false", R"("\u017ftream":false)", R"("stream":false)", R"("STREAM":false)", R"("stream":true,"stream":false)", R"("stre\u0061m":false)",
             R"("options":{"num_ctx":1})", R"("options":{"num_ctx":1},"options":{"num_gpu":2})", R"("OPTIONS":{"num_ctx":1})", R"("options":{"num_ctx":1,"num_ctx":2})",
             R"("options":{"NUM_CTX":1})", R"("options":{"num_ct\u0078":1})", R"("option\u0073":{"num_ctx":9})", R"("options":null)", R"("model":null)", R"("keep_alive":null)",
             R"("messages":[])", R"("Messages":[{"role":"user","content":"other"}])"})
      one_view(scene, path, with(path, member));
  scene.invariants();
}

TEST_CASE("row 52: text that is not Unicode has one policy for every door") {
  GoScene scene;
  for (const std::string& path : paths) {
    for (const std::string& bytes : std::vector<std::string>{"\xff", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\x80", "\xe2\x82"}) {
      refused(scene, path, with(path, "\"x\":\"" + bytes + "\""));
      refused(scene, path, with(path, "\"" + bytes + "\":1"));
      refused(scene, path, R"({"model":"coder","prompt":")" + bytes + R"(","messages":[{"role":"user","content":")" + bytes + R"("}]})");
      refused(scene, path, R"({"model":"coder)" + bytes + R"("})");
    }
    for (const std::string escaped : {R"(\ud800)", R"(\udc00)", R"(\ud800x)", R"(\u0000)"}) {
      CAPTURE(escaped);
      one_view(scene, path, with(path, "\"x\":\"" + escaped + "\""));  // what no rule reads goes on as it is
      const Tried model = post(scene, path, R"({"model":"coder)" + escaped + R"(","prompt":"hi","messages":[{"role":"user","content":"hi"}]})");
      CHECK(model.answer.status >= 400);  // no role and no model has such a name
      CHECK(model.answer.status < 500);
      CHECK(model.sent.empty());
    }
    CHECK(post(scene, path, with(path, "\"x\":\"a" + std::string(1, '\0') + "\"")).answer.status == 400);
  }
  scene.invariants();
}

TEST_CASE("row 53: numbers in members that no rule names go on byte for byte") {
  Scene scene;
  for (const std::string number : {"18446744073709551616", "-0", "-0.0", "123456789012345678901234567890", "0.10000000000000000001", "1E2", "1e-400", "1.0"}) {
    CAPTURE(number);
    for (const std::string& member : {"\"x\":" + number, "\"x\":{\"b\":[" + number + "],\"a\":1}", "\"options\":{\"seed\":" + number + "}"}) {
      const Tried tried = post(scene, "/api/chat", with("/api/chat", "\"stream\":false," + member));
      CHECK(tried.answer.status == 200);
      REQUIRE(tried.sent.size() == 1);
      const std::string inner = member.starts_with("\"options\"") ? "\"seed\":" + number : member;
      CHECK(tried.sent.front().find(inner) != std::string::npos);
    }
  }
  const Tried huge = post(scene, "/api/chat", with("/api/chat", "\"stream\":false,\"x\":1e400"));
  if (huge.answer.status == 200) CHECK(huge.sent.front().find("\"x\":1e400") != std::string::npos);
  else CHECK(huge.answer.status == 400);
  scene.invariants();
}

TEST_CASE("row 54: a body over limits.body is refused by its length, before a byte of it") {
  Scene scene;
  for (const char* length : {"134217729", "4294967296", "999999999999999"}) {
    RawClient client(scene.port());
    client.send("POST /api/chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::string(length) + "\r\n\r\n");
    const Answer a = client.answer();
    CHECK(a.status == 413);
    CHECK(a.body.find("body_too_large") != std::string::npos);
    CHECK(client.closed_by_peer());
  }
  CHECK(scene.upstream() == 0);
  scene.invariants();
}

TEST_CASE("row 54: forty bodies of 16 MB at once stay within limits.bodies: who finds no room hears it, who has it is served") {
  Scene scene("limits: { body: 32MiB, bodies: 100MiB }\n", 8);
  const std::string text = request_text("POST", "/api/chat", chat_body("coder", false, std::string(16'000'000, 'x')));
  const std::size_t most = 15'900'000;
  std::vector<std::unique_ptr<RawClient>> clients;
  std::size_t full = 0, served = 0;
  Bytes peak = 0;
  for (int i = 0; i < 40; ++i) {
    clients.push_back(std::make_unique<RawClient>(scene.port()));
    clients.back()->send(std::string_view(text).substr(0, most));  // all but its end: it stays there
    peak = std::max(peak, scene.on_loop([&] { return scene.house().bodies.used(); }));
    CHECK(peak <= Bytes{100} * static_cast<Bytes>(mib));
  }
  CHECK(peak >= Bytes{5} * 15'900'000);
  scene.others_are_served();
  for (auto& client : clients) {
    pollfd said{client->fd(), POLLIN, 0};
    if (::poll(&said, 1, 0) == 0) client->send(std::string_view(text).substr(most));
    const Answer a = client->answer();
    if (a.status == 503) {
      ++full;
      CHECK(a.body.find("bodies_full") != std::string::npos);
      CHECK(a.field("Retry-After") != "");
    } else {
      ++served;
      CHECK(a.status == 200);
    }
    CHECK(scene.on_loop([&] { return scene.house().bodies.used() <= scene.house().bodies.limit(); }));
  }
  CHECK(full >= 34);
  CHECK(served >= 5);
  clients.clear();
  scene.invariants();
}

TEST_CASE("row 54: 16 MB of {},{},... cost their bytes, not a tree") {
  Scene scene;
  std::string list = "{}";
  list.reserve(16 * mib);
  while (list.size() < 16 * mib - 8) list += ",{}";
  const std::string body = R"({"model":"coder","stream":false,"messages":[{"role":"user","content":"hi"}],"x":[)" + list + "]}";
  const std::string deep = R"({"model":"coder","stream":false,"messages":[)" + list + "]}";
  for (const std::string* one : {&body, &deep}) {
    Bytes held = 0;
    std::size_t bytes = 0;
    scene.on_loop([&] {
      scene.here.instead = [&](wire::Client& client, const wire::Request&) {
        held = scene.house().bodies.used();
        bytes = live_bytes();
        return say_ok(client, scene.here.model);
      };
    });
    const std::string text = request_text("POST", "/api/chat", *one);
    const std::size_t before = scene.on_loop([] { return live_bytes(); });
    const Answer a = scene.ask(text);
    CHECK(a.status == 200);
    CHECK(held <= Bytes{17} * static_cast<Bytes>(mib));
    CHECK(bytes < before + 72 * mib);  // the router's body and the reader's index of it, the node's own body
  }
  scene.invariants();
}

TEST_CASE("row 55: a packed body is refused with 415 that says why, and no node sees it") {
  Scene scene;
  for (const char* packed : {"gzip", "zstd", "br", "deflate", "GZIP", "gzip, identity", "x-unknown"}) {
    CAPTURE(packed);
    for (const std::string& path : paths) {
      if (packed == std::string("zstd") && path.starts_with("/v1/")) continue;
      const Tried tried = post(scene, path, "\x1f\x8b\x08", {{"Content-Encoding", packed}});
      CHECK(tried.answer.status == 415);
      CHECK(tried.answer.body.find("content_encoding") != std::string::npos);
      CHECK(tried.answer.body.find("without Content-Encoding") != std::string::npos);
    }
  }
  CHECK(scene.upstream() == 0);
  CHECK(post(scene, "/api/chat", chat_body("coder", false), {{"Content-Encoding", "identity"}}).answer.status == 200);
  scene.invariants();
}

TEST_CASE("row 55: zstd on /v1 is unpacked, what is no zstd or unpacks to too much is refused, and no node sees it") {
  Scene scene;
  const auto answered = [&](const std::string& body) { return post(scene, "/v1/chat/completions", body, {{"Content-Encoding", "zstd"}}).answer; };
  const std::string body = chat_body("coder", false);
  CHECK(answered(zstd_frame({zstd_raw(body)})).status == 200);
  CHECK(scene.upstream() == 1);
  for (const std::string& wrong : {std::string("{\"model\":\"coder\"}"), zstd_frame({zstd_raw(body)}).substr(0, 40), zstd_frame({zstd_raw(body)}) + "more", std::string()}) {
    const auto refused = answered(wrong);
    CHECK(refused.status == 400);
    CHECK(refused.body.find("content_encoding") != std::string::npos);
  }
  const auto bomb = answered(zstd_frame(std::vector<std::string>(1000, zstd_repeat(' ', 128 * 1024))));
  CHECK(bomb.status == 413);
  CHECK(bomb.body.find("body_too_large") != std::string::npos);
  CHECK(scene.upstream() == 1);
  scene.invariants();
}

TEST_CASE("a body of 1 MB is read and translated beside the loop, in every dialect; a small one is not") {
  Scene scene;
  const auto aside = [&] { return scene.on_loop([&] { return wire::asio::use_service<wire::Bench>(scene.io).taken(); }); };
  const std::string text(1'000'000, 'x'), said = "[{\"role\":\"user\",\"content\":\"";
  const std::vector<std::pair<std::string, std::string>> dialects{{"/v1/chat/completions", "{\"model\":\"coder\",\"messages\":" + said},
                                                                  {"/v1/responses", "{\"model\":\"coder\",\"input\":" + said},
                                                                  {"/v1/messages", "{\"model\":\"coder\",\"max_tokens\":9,\"messages\":" + said}};
  for (const auto& [path, begin] : dialects) {
    CAPTURE(path);
    const std::size_t before = aside();
    CHECK(ask(scene.port(), "POST", path, begin + "hi\"}]}").status == 200);
    CHECK(aside() == before);
    CHECK(ask(scene.port(), "POST", path, begin + text + "\"}]}").status == 200);
    CHECK(aside() == before + 2);
  }
  const std::size_t before = aside();
  CHECK(ask(scene.port(), "POST", "/api/chat", chat_body("coder", false, text)).status == 200);
  CHECK(aside() == before + 1);
  scene.invariants();
}

}  // namespace bodies_test
