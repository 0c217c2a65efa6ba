// GET /requests/<id>: what happened to a request, told to who is on this machine.
#include "support/scene.hpp"

#include <doctest/doctest.h>

namespace requests_test {

using namespace rr;
using namespace rr::test;
using api::Json;

namespace {

Answer get(Scene& scene, const std::string& target, Fields fields = {}) { return scene.ask(request_text("GET", target, "", std::move(fields))); }

}  // namespace

TEST_CASE("the story of a request is told by its id, as the last and as the slowest; no word of the prompt is in it") {
  Scene scene;
  const Answer answer = scene.ask(chat_text("coder", true));
  const std::string id(answer.field("X-Router-Request"));
  CHECK(scene.comes([&] { return scene.house().desk.dispatch().in_flight() == 0; }));
  for (const std::string& word : {id, std::string("last")}) {
    CAPTURE(word);
    const Answer told = get(scene, "/requests/" + word);
    REQUIRE(told.status == 200);
    CHECK(told.body.find(canary) == std::string::npos);
    const Json story = Json::parse(told.body);
    CHECK(story["id"] == id);
    CHECK(story["role"] == "coder");
    CHECK(story["source"] == "model");
    CHECK(story["model"] == "qwen3-coder:30b");
    CHECK(story["node"] == "here");
    CHECK(story["state"] == "ended");
    CHECK(story["ending"] == "ok");
    CHECK(story["fault"].is_null());
    CHECK(story["first_token_s"].is_number());
    CHECK(story["steps"][0]["what"] == "arrived");
    CHECK(story["steps"].back()["what"] == "first token");
  }
  CHECK(get(scene, "/requests/slowest").status == 200);
  const Answer page = get(scene, "/requests/" + id, {{"Accept", "text/plain"}});
  CHECK(page.field("Content-Type").starts_with("text/plain"));
  CHECK(page.body.starts_with(id + "  coder  "));
  CHECK(page.body.find(canary) == std::string::npos);
}

TEST_CASE("a request that is held has a story while it waits, and a client's leaving is told as its own") {
  Scene scene("", 1);
  scene.on_loop([&] { scene.here.how = Playing::How::hold_before; });
  RawClient first(scene.port()), second(scene.port());
  first.send(chat_text("coder", true));
  CHECK(scene.comes([&] { return scene.here.active == 1; }));
  second.send(chat_text("coder", true));
  CHECK(scene.comes([&] { return scene.house().desk.dispatch().waiting() == 1; }));
  const Json waits = Json::parse(get(scene, "/requests/last").body);
  CHECK(waits["state"] == "waiting");
  CHECK(waits["steps"][1]["what"] == "waited");
  CHECK(waits["steps"][1]["text"].get<std::string>().starts_with("for coder r-"));
  second.close();
  CHECK(scene.comes([&] { return scene.house().desk.dispatch().waiting() == 0; }));
  const Json left = Json::parse(get(scene, "/requests/" + waits["id"].get<std::string>()).body);
  CHECK(left["ending"] == "client_left");
  CHECK(left["fault"] == "client");
  first.close();
  scene.invariants();
}

TEST_CASE("a story that is not kept, or never was, is a 404 that says which are") {
  Scene scene;
  for (const char* word : {"r-999999", "nothing", "r-", "-1", "99999999999999999999999"}) {
    CAPTURE(std::string(word));
    const Answer answer = get(scene, std::string("/requests/") + word);
    CHECK(answer.status == 404);
    CHECK(answer.body.find("request_unknown") != std::string::npos);
    CHECK(answer.body.find("/requests/last") != std::string::npos);
  }
  CHECK(scene.ask(request_text("POST", "/requests/last", "{}", {})).status == 405);
}

TEST_CASE("what a proxy or a tunnel brings to localhost sees no story and no explanation") {
  Scene scene;
  for (const char* name : {"X-Forwarded-For", "Cf-Connecting-IP", "Tailscale-User-Login"}) {
    CAPTURE(std::string(name));
    const Answer story = get(scene, "/requests/last", {{name, "100.64.0.9"}});
    CHECK(story.status == 403);
    CHECK(story.body.find("admin_only") != std::string::npos);
    CHECK(scene.ask(request_text("POST", "/explain", R"({"model":"coder"})", {{name, "100.64.0.9"}})).status == 403);
    CHECK(get(scene, "/health", {{name, "100.64.0.9"}}).status == 200);
  }
  CHECK(scene.ask(request_text("POST", "/explain", R"({"model":"coder"})", {})).status == 200);
  CHECK(get(scene, "/requests/last", {{"Origin", "http://localhost:5173"}}).status == 200);
}

}  // namespace requests_test
