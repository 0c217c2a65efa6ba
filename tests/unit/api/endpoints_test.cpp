#include "api/say_no.hpp"
#include "town.hpp"

#include <doctest/doctest.h>

namespace endpoints_test {

using namespace rr;
using namespace rr::api;
using test::head;

TEST_CASE("every served path has its kind, with and without query, prefix and trailing slash") {
  const struct { const char* method; const char* path; Kind kind; } table[] = {
      {"GET", "/", Kind::root}, {"HEAD", "/", Kind::root}, {"GET", "/api/version", Kind::version}, {"HEAD", "/api/version", Kind::version},
      {"GET", "/api/tags", Kind::tags}, {"HEAD", "/api/tags", Kind::tags}, {"GET", "/api/ps", Kind::ps}, {"POST", "/api/show", Kind::show},
      {"POST", "/api/chat", Kind::chat}, {"POST", "/api/generate", Kind::generate}, {"POST", "/api/embed", Kind::embed},
      {"POST", "/api/embeddings", Kind::embeddings}, {"GET", "/v1/models", Kind::models}, {"GET", "/models", Kind::models},
      {"GET", "/v1/models/coder", Kind::model}, {"GET", "/models/coder", Kind::model},
      {"POST", "/v1/chat/completions", Kind::chat_completions}, {"POST", "/chat/completions", Kind::chat_completions},
      {"POST", "/v1/completions", Kind::completions}, {"POST", "/completions", Kind::completions},
      {"POST", "/v1/embeddings", Kind::v1_embeddings}, {"POST", "/embeddings", Kind::v1_embeddings},
      {"POST", "/v1/responses", Kind::responses}, {"POST", "/responses", Kind::responses},
      {"POST", "/v1/messages", Kind::messages}, {"POST", "/messages", Kind::messages},
      {"POST", "/v1/messages/count_tokens", Kind::count_tokens}, {"POST", "/messages/count_tokens", Kind::count_tokens},
      {"GET", "/health", Kind::health}, {"GET", "/health/live", Kind::live}, {"POST", "/explain", Kind::explain}};
  for (const auto& row : table) {
    for (const std::string prefix : {"", "/role/coder", "/role/coder/session/s%2F1"}) {
      for (const std::string suffix : {"", "?ts=1763634000&x=%2F", "/", "/?a=b"}) {
        const std::string target = prefix + row.path + (std::string(row.path) == "/" && suffix.starts_with('/') ? suffix.substr(1) : suffix);
        CAPTURE(target);
        const auto found = route(head(row.method, target));
        REQUIRE(found.has_value());
        CHECK(found->kind == row.kind);
        CHECK(found->head_only == (std::string(row.method) == "HEAD"));
        CHECK(found->role == (prefix.empty() ? "" : "coder"));
        CHECK(found->session == (prefix.size() > 12 ? "s/1" : ""));
      }
    }
  }
  for (const char* bare : {"/role/coder", "/role/coder/", "/role/coder/session/7"}) CHECK(route(head("HEAD", bare))->kind == Kind::root);
}

TEST_CASE("a role, a session and a model id are percent-decoded once and never make a segment") {
  CHECK(route(head("POST", "/role/%EC%84%A4%EA%B3%84%EC%9E%90/api/chat"))->role == "설계자");
  CHECK(route(head("POST", "/role/a%252Fb/api/chat"))->role == "a%2Fb");
  CHECK(route(head("POST", "/role/a%2Fapi%2Fchat/api/chat"))->role == "a/api/chat");
  CHECK(route(head("GET", "/v1/models/hf.co/org/model%3Aq4"))->model_id == "hf.co/org/model:q4");
  CHECK(route(head("GET", "/v1/models/library%2Fcoder:30b"))->model_id == "library/coder:30b");
}

TEST_CASE("a path that is not exactly a known one is unknown: no tricks with escapes, case or slashes") {
  for (const char* path : {"/api/%63hat", "/API/chat", "//api/chat", "/api//chat", "/api/chat/..", "/v1/../api/chat", "/api",
                           "/role/", "/role//api/chat", "/role/a%2/api/chat", "/role/a%00b/api/chat", "/role/coder/session/", "/role/coder/nope",
                           "/v1/models/a%zz", "api/chat", "*", "/rolex/coder/api/chat", "/api/chat;x", "/session/s/api/chat"}) {
    CAPTURE(path);
    const auto found = route(head("POST", path));
    REQUIRE_FALSE(found.has_value());
    CHECK(found.error().code == "path_unknown");
    CHECK(found.error().status == 404);
  }
}

TEST_CASE("routes for one node have their kind; the node is said in front of any other prefix, percent-decoded once") {
  const struct { const char* method; const char* path; Kind kind; } table[] = {
      {"POST", "/api/pull", Kind::manage}, {"POST", "/api/push", Kind::manage}, {"POST", "/api/create", Kind::manage},
      {"POST", "/api/copy", Kind::manage}, {"DELETE", "/api/delete", Kind::manage}, {"POST", "/api/me", Kind::manage},
      {"HEAD", "/api/blobs/sha256:00", Kind::blob}, {"POST", "/api/blobs/sha256-00", Kind::blob},
      {"POST", "/api/experimental/web_search", Kind::web}, {"POST", "/api/experimental/web_fetch", Kind::web},
      {"HEAD", "/", Kind::root}, {"GET", "/api/tags", Kind::tags}, {"POST", "/api/chat", Kind::chat}, {"POST", "/v1/chat/completions", Kind::chat_completions}};
  for (const auto& row : table) {
    CAPTURE(row.path);
    CHECK(route(head(row.method, row.path))->kind == row.kind);
    CHECK(route(head(row.method, row.path))->node.empty());
    const auto found = route(head(row.method, std::string("/node/mac%2Dmini") + row.path + "?ts=1"));
    CHECK(found->kind == row.kind);
    CHECK(found->node == "mac-mini");
    CHECK(found->path == row.path);
    const auto both = route(head(row.method, std::string("/node/macbook/role/coder") + row.path));
    CHECK(both->node == "macbook");
    CHECK(both->role == "coder");
  }
  CHECK(route(head("HEAD", "/node/macbook"))->kind == Kind::root);
  for (const char* path : {"/node/", "/node//api/pull", "/node/macbook/health", "/node/macbook/v1/models", "/node/macbook/nope", "/node/macbook/api/unload",
                           "/role/coder/node/macbook/api/pull", "/node/a%2/api/pull", "/api/blobs/a/b%2f", "/node/macbook/v1/images/edits"}) {
    CAPTURE(path);
    const bool blob = std::string(path).find("blobs") != std::string::npos;
    CHECK(route(head("GET", path)).error().code == (blob ? "method_not_allowed" : "path_unknown"));
  }
  CHECK(route(head("GET", "/api/delete")).error().sentence == "DELETE");
}

TEST_CASE("a route below /api/ that nobody knows is denied, and the sentence says that no key opens it") {
  for (const char* path : {"/api/unload", "/api/web_search", "/api/experimental2/x", "/api/v2/chat", "/role/coder/api/unload"}) {
    CAPTURE(path);
    const auto found = route(head("POST", path));
    REQUIRE_FALSE(found.has_value());
    CHECK(found.error().code == "route_denied");
    CHECK(found.error().status == 404);
    for (const char* word : {"no key of the YAML", "`management`", "`cloud`"}) CHECK(found.error().sentence.find(word) != std::string::npos);
    const auto spoken = say_no(found.error(), Dialect::ollama, "r-000001");
    CHECK(find(spoken.head.fields, "Content-Type").substr(0, 16) == "application/json");
  }
}

TEST_CASE("a wrong method is told the right ones, as Ollama tells them") {
  for (const char* name : {"transport-wrong-method-chat", "transport-wrong-method-tags", "transport-ps-head"}) {
    CAPTURE(name);
    const auto recorded = test::transcript(name);
    const auto found = route(head(recorded["request"]["method"], recorded["request"]["target"]));
    REQUIRE_FALSE(found.has_value());
    const auto spoken = say_no(found.error(), Dialect::ollama, "r-000001");
    CHECK(spoken.head.status == recorded["reply"]["status"]);
    for (const auto& field : recorded["reply"]["headers"])
      if (field[0] == "Allow" || field[0] == "Content-Type") CHECK(find(spoken.head.fields, field[0].get<std::string>()) == field[1].get<std::string>());
    if (recorded["request"]["method"] != "HEAD") CHECK(spoken.body == test::reply_text(recorded));
  }
}

TEST_CASE("a known route that is not served says the way out in its own dialect") {
  const struct { const char* method; const char* path; Dialect dialect; int status; const char* word; } table[] = {
      {"POST", "/api/signout", Dialect::ollama, 403, "ollama signout"}, {"DELETE", "/api/user/keys/k", Dialect::ollama, 403, "`management`"},
      {"GET", "/api/experimental/model-recommendations", Dialect::ollama, 501, "node"}, {"GET", "/api/status", Dialect::ollama, 501, "/health"},
      {"POST", "/v1/images/generations", Dialect::openai, 501, "node"}, {"POST", "/v1/audio/transcriptions", Dialect::openai, 501, "node"},
      {"POST", "/role/coder/v1/images/edits", Dialect::openai, 501, "node"}, {"POST", "/admin/drain", Dialect::own, 501, "YAML"},
      {"GET", "/ui", Dialect::own, 501, "/health"}, {"GET", "/events", Dialect::own, 501, "/health"},
      {"GET", "/metrics", Dialect::own, 501, "/health"}};
  for (const auto& row : table) {
    CAPTURE(row.path);
    const auto found = route(head(row.method, row.path));
    REQUIRE(found.has_value());
    CHECK(found->kind == Kind::known_refused);
    CHECK(found->dialect == row.dialect);
    const auto refusal = refuse_known(*found);
    CHECK(refusal.status == row.status);
    CHECK(refusal.code == (row.status == 403 ? "management_closed" : "route_not_served"));
    CHECK(refusal.sentence.find(row.word) != std::string::npos);
  }
}

}  // namespace endpoints_test
