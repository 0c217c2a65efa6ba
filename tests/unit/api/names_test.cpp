#include "api/percent.hpp"
#include "api/quote.hpp"
#include "api/session.hpp"
#include "town.hpp"

#include <doctest/doctest.h>

namespace names_test {

using namespace rr;
using namespace rr::api;

TEST_CASE("a role is found by any of its names, in any case and any Unicode form") {
  const auto settings = test::two_macs();
  const RoleNames names(settings);
  const auto role = [&](std::string_view name) { const auto* r = names.find(name); return r ? r->name : "none"; };
  CHECK(role("coder") == "coder");
  CHECK(role("CODER") == "coder");
  CHECK(role("Developer") == "coder");
  CHECK(role("설계자") == "architect");
  CHECK(role("\xE1\x84\x89\xE1\x85\xA5\xE1\x86\xAF\xE1\x84\x80\xE1\x85\xA8\xE1\x84\x8C\xE1\x85\xA1") == "architect");  // decomposed, as macOS file names
  CHECK(role("codr") == "none");
  CHECK(role("") == "none");
  CHECK(names.list() == "router, architect (planner, 설계자), coder (developer, 코더), tester (reviewer)");
  CHECK(fold_name("STRASSE") == fold_name("straße"));
  CHECK(fold_name("\xff\xfe") == "\xff\xfe");
}

TEST_CASE("percent escapes are decoded once; broken ones and control characters are refused") {
  CHECK(decoded("a%20b") == "a b");
  CHECK(decoded("%2525") == "%25");
  CHECK_FALSE(decoded("%"));
  CHECK_FALSE(decoded("%g0"));
  CHECK_FALSE(decoded("a%0Ab"));
  CHECK_FALSE(decoded(""));
  CHECK(encoded("코 a/b") == "%EC%BD%94%20a%2Fb");
  CHECK(decoded(encoded("코 a/b%")) == "코 a/b%");
}

TEST_CASE("text becomes a JSON string whatever its bytes are") {
  CHECK(quote("a\"b\\c\n") == R"("a\"b\\c\n")");
  CHECK(quote("코더") == "\"코더\"");
  CHECK(Json::parse(quote("\xff")) == "\xEF\xBF\xBD");
}

TEST_CASE("SipHash-2-4 gives the figures of its paper") {
  std::string key, text;
  for (char i = 0; i < 16; ++i) key += i;
  for (char i = 0; i < 15; ++i) text += i;
  CHECK(keyed_hash(key, text) == 0xa129ca6149be45e5u);
}

TEST_CASE("a session is what the client says, else the path's, else a hash of the first user message and the key") {
  const auto of = [](Fields fields, std::string_view path, std::string_view user) {
    return session_of(test::head("POST", "/api/chat", std::move(fields)), path, user, "0123456789abcdef");
  };
  CHECK(of({{"x-session-id", "team"}, {"session-id", "b"}}, "p", "u").id == "team");
  CHECK(of({{"X-OpenWebUI-Chat-Id", "chat"}}, "p", "u").id == "chat");
  CHECK(of({{"x-session-affinity", "a"}}, "", "").from_client);
  CHECK(of({}, "p", "u").id == "p");
  CHECK(of({}, "p", "u").from_client);
  const auto hashed = of({}, "", "build a limiter");
  CHECK_FALSE(hashed.from_client);
  CHECK(hashed.id.size() == 16);
  CHECK(hashed.id == of({}, "", "build a limiter").id);
  CHECK(hashed.id != of({}, "", "build another").id);
  CHECK(hashed.id != of({{"Authorization", "Bearer k"}}, "", "build a limiter").id);
  CHECK(hashed.id != session_of(test::head("POST", "/"), "", "build a limiter", "another secret!!").id);
}

}  // namespace names_test
