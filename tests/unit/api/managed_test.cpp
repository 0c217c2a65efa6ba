#include "api/managed.hpp"
#include "town.hpp"

#include <doctest/doctest.h>

namespace managed_test {

using namespace rr;
using namespace rr::api;
using test::Body;

TEST_CASE("a management body names its models; an empty model means the name") {
  const auto pull = read_managed(Body(R"({"model":"","username":"","password":"","name":"nope:1b"})"));
  CHECK(pull->model == "nope:1b");
  CHECK(read_managed(Body(R"({"name":"a","model":"b","stream":false})"))->model == "b");
  CHECK(read_managed(Body(R"({"model":null,"name":"a"} trailing)"))->model == "a");
  const auto copy = read_managed(Body(R"({"source":"s","destination":"d"})"));
  CHECK(copy->source == "s");
  CHECK(copy->destination == "d");
  const auto create = read_managed(Body(R"({"model":"m","files":{"model":"sha256:00","from":"x"},"from":"b","remote_host":"r"})"));
  CHECK(create->model == "m");
  CHECK(create->from == "b");
  CHECK(create->remote_host == "r");
  CHECK(read_managed(Body("{}"))->model.empty());
}

TEST_CASE("a management body that Go would read otherwise than it looks is refused, and names the member") {
  for (const char* body : {R"({"model":"a","MODEL":"b"})", R"({"Model":"a"})", R"({"model":"a","model":"b"})", R"({"model":"a","mod\u0065l":"b"})",
                           R"({"from":"a","From":"b"})", R"({"\u017fource":"a","destination":"b"})", R"({"source":"a","source":"b"})",
                           R"({"Remote_Host":"x"})", R"({"name":"a","nAme":"b"})", R"({"model":1})", R"({"from":{}})"}) {
    CAPTURE(body);
    const auto read = read_managed(Body(body));
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().code == "json_member");
    CHECK(read.error().status == 400);
  }
}

TEST_CASE("a management body that is no object is a 400 in Ollama's words where it has any") {
  CHECK(read_managed(Body("")).error().sentence == "missing request body");
  for (const char* body : {" ", "[1]", "3", "{\"model\":", "{\"model\":\"a\"", "nope", "{\"model\" \"a\"}", "{\"a\":\"\xff\"}"}) {
    CAPTURE(body);
    const auto read = read_managed(Body(body));
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().code == "json_invalid");
    CHECK(read.error().status == 400);
    CHECK_FALSE(read.error().sentence.empty());
  }
}

}  // namespace managed_test
