#include "api/classify.hpp"
#include "api/raw_json.hpp"
#include "api/splice.hpp"
#include "town.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

namespace splice_test {

using namespace rr;
using namespace rr::api;
using test::Body;

namespace {

std::string spliced(std::string_view text, const Edits& edits, Kind kind = Kind::chat) {
  const Body body(text);
  const auto members = read_members(body, kind);
  REQUIRE(members.has_value());
  const auto pieces = splice(body, *members, edits);
  CHECK(pieces.size() == pieces.joined().size());
  return pieces.joined();
}

const Edits all{.model = "qwen3-coder:30b", .num_ctx = 32768, .keep_alive = "-1", .use_mmap = false};
const Edits model_only{.model = "m"};

// A client's body that nobody would write: every kind of value, space and escape, in any order.
class Maker {
 public:
  explicit Maker(std::uint32_t seed) : random_(seed) {}

  struct Made { std::string body; };

  Made body() {
    Made out;
    std::vector<std::string> members;
    const auto add = [&](const std::string& name, const std::string& value) { members.push_back("\"" + name + "\"" + space() + ":" + space() + value); };
    if (chance(90)) add("model", chance(10) ? "\"\"" : name());
    if (chance(50)) add("keep_alive", pick({"-1", "\"5m\"", "null", "0", "1e2"}));
    if (chance(70)) add("messages", chance(90) ? "[{\"role\":\"user\",\"content\":" + string() + "}," + space() + "{\"x\":" + value(3) + "}]" : "[]");
    if (chance(50)) add("stream", pick({"true", "false", "null"}));
    if (chance(60)) add("options", options());
    for (int i = static_cast<int>(below(6)); i > 0; --i) add("x" + std::to_string(below(1000000)), value(4));
    if (chance(40)) add("format", value(3));
    if (chance(40)) add("tools", "[" + value(3) + "]");
    std::shuffle(members.begin(), members.end(), random_);
    out.body = space() + "{" + space();
    for (std::size_t i = 0; i < members.size(); ++i) out.body += (i ? space() + "," + space() : "") + members[i];
    out.body += space() + "}" + pick({"", "\n", " trailing {"});
    return out;
  }

 private:
  std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(random_() % n); }
  bool chance(std::uint32_t percent) { return below(100) < percent; }
  std::string pick(std::initializer_list<const char*> list) { return list.begin()[below(static_cast<std::uint32_t>(list.size()))]; }
  std::string space() { return pick({"", "", "", " ", "\n\t", "  "}); }
  std::string number() {
    return pick({"0", "-0", "1E2", "1e400", "18446744073709551616", "123456789012345678901234567890", "0.10000000000000000001", "-1.5e-7", "9007199254740993"});
  }
  std::string string() {
    std::string out = "\"";
    for (auto n = below(12); n > 0; --n)
      out += pick({"a", "\\\"", "\\\\", "\\/", "\\u00e9", "\\ud83d\\ude00", "\\ud800", "é", "설", "{", "}", "[", "]", ",", ":", "\\n", "model", "😀"});
    return out + "\"";
  }
  std::string name() {  // half a character is refused in a model's name
    std::string out = string();
    for (std::size_t at = 0; (at = out.find("\\ud800")) != std::string::npos;) out.replace(at, 6, "-");
    return out;
  }
  std::string value(int depth) {
    const auto kind = below(depth > 0 ? 8 : 5);
    if (kind == 0) return number();
    if (kind == 1 || kind == 2) return string();
    if (kind == 3) return pick({"true", "false", "null"});
    if (kind == 4) return pick({"{}", "[]", "{ }", "[ ]"});
    std::string out = kind == 5 ? "[" : "{";
    for (auto i = below(4), n = i; i > 0; --i)
      out += (i < n ? "," : "") + space() + (kind == 5 ? "" : string() + ":" + space()) + value(depth - 1) + space();
    return out + (kind == 5 ? "]" : "}");
  }
  std::string options() {
    if (chance(15)) return pick({"null", "{}", "{ }"});
    std::vector<std::string> members;
    if (chance(50)) members.push_back("\"num_ctx\":" + space() + pick({"4096", "null", "1e3", "262144"}));
    if (chance(30)) members.push_back("\"use_mmap\" : true");
    for (auto i = below(4); i > 0; --i) members.push_back("\"o" + std::to_string(below(1000000)) + "\":" + value(2));
    std::shuffle(members.begin(), members.end(), random_);
    std::string out = "{" + space();
    for (std::size_t i = 0; i < members.size(); ++i) out += (i ? "," + space() : "") + members[i];
    return out + space() + "}";
  }

  std::mt19937 random_;
};

bool ruled(std::string_view key) { return key == "model" || key == "keep_alive" || key == "options"; }
bool ruled_option(std::string_view key) { return key == "num_ctx" || key == "use_mmap"; }

// The members that no rule names, as written, in order.
std::string rest(std::string_view object, bool (*named)(std::string_view)) {
  std::string out;
  for (const auto& [key, value] : raw_members(object))
    if (!named(key)) out += std::string(key) + "=" + std::string(value) + ";";
  return out;
}

std::string_view object_in(std::string_view body) { return body.substr(body.find('{')); }

}  // namespace

TEST_CASE("model, keep_alive and options.num_ctx are replaced where they stand") {
  CHECK(spliced(R"({"a":1,"model":"coder","keep_alive":1800,"options":{"seed":1,"num_ctx":4096,"use_mmap":true},"z":2})", all) ==
        R"({"a":1,"model":"qwen3-coder:30b","keep_alive":-1,"options":{"seed":1,"num_ctx":32768,"use_mmap":false},"z":2})");
}

TEST_CASE("where the policy says how the model runs, a client's shift becomes null; else it goes through") {
  CHECK(spliced(R"({"model":"x","shift":false,"keep_alive":1,"z":2})", {.model = "m", .num_ctx = 0, .keep_alive = "-1", .use_mmap = {}}) ==
        R"({"model":"m","shift":null,"keep_alive":-1,"z":2})");
  CHECK(spliced(R"({"model":"x","shift":false})", model_only) == R"({"model":"m","shift":false})");
}

TEST_CASE("where the policy says how the model runs, options that would reload it become null; else they go through") {
  const std::string asked = R"({"model":"x","keep_alive":1,"options":{"num_thread":4,"temperature":0,"use_mmap":true,"num_gpu":null}})";
  CHECK(spliced(asked, {.model = "m", .num_ctx = 0, .keep_alive = "-1", .use_mmap = {}}) ==
        R"({"model":"m","keep_alive":-1,"options":{"num_thread":null,"temperature":0,"use_mmap":null,"num_gpu":null}})");
  CHECK(spliced(asked, {.model = "m", .num_ctx = 0, .keep_alive = "-1", .use_mmap = false}) ==
        R"({"model":"m","keep_alive":-1,"options":{"num_thread":null,"temperature":0,"use_mmap":false,"num_gpu":null}})");
  CHECK(spliced(R"({"model":"x","options":{"num_thread":4}})", model_only) == R"({"model":"m","options":{"num_thread":4}})");
}

TEST_CASE("what the client left out is put in front, and nothing else") {
  CHECK(spliced("{}", model_only) == R"({"model":"m"})");
  CHECK(spliced("{ }", model_only) == R"({"model":"m" })");
  CHECK(spliced(R"({"a":1})", model_only) == R"({"model":"m","a":1})");
  CHECK(spliced(R"({"messages":[]})", all) ==
        R"({"model":"qwen3-coder:30b","keep_alive":-1,"options":{"num_ctx":32768,"use_mmap":false},"messages":[]})");
  CHECK(spliced(R"({"model":"x","stream":null})", model_only) == R"({"model":"m","stream":null})");
}

TEST_CASE("options may be null, empty or hold other options") {
  const Edits edits{.model = "m", .num_ctx = 8192};
  CHECK(spliced(R"({"model":"x","options":null})", edits) == R"({"model":"m","options":{"num_ctx":8192}})");
  CHECK(spliced(R"({"model":"x","options":{}})", edits) == R"({"model":"m","options":{"num_ctx":8192}})");
  CHECK(spliced(R"({"model":"x","options":{ "seed":18446744073709551616 }})", edits) ==
        R"({"model":"m","options":{"num_ctx":8192, "seed":18446744073709551616 }})");
  CHECK(spliced(R"({"model":"x","options":{"num_ctx":null}})", edits) == R"({"model":"m","options":{"num_ctx":8192}})");
  CHECK(spliced(R"({"model":"x","options":{"num_ctx":4}})", model_only) == R"({"model":"m","options":{"num_ctx":4}})");
}

TEST_CASE("show's empty model with a name gets the model") {
  CHECK(spliced(R"({"model":"","name":"coder","verbose":false})", model_only, Kind::show) == R"({"model":"m","name":"coder","verbose":false})");
  CHECK(spliced(R"({"name":"coder"})", model_only, Kind::show) == R"({"model":"m","name":"coder"})");
}

TEST_CASE("bytes before and after the object stay behind") {
  CHECK(spliced(" \n{\"model\":\"x\"} trailing {\"model\":\"nope\"}", model_only) == R"({"model":"m"})");
}

TEST_CASE("a big member is a view of the body, not a copy") {
  const std::string content(1 << 20, 'x');
  const Body body("{\"model\":\"coder\",\"messages\":[{\"role\":\"user\",\"content\":\"" + content + "\"}]}");
  const auto members = read_members(body);
  const auto pieces = splice(body, *members, all);
  std::size_t owned = 0;
  for (const auto& text : pieces.owned) owned += text.size();
  CHECK(owned < 200);
  CHECK(pieces.size() > content.size());
}

TEST_CASE("in 100000 generated bodies every member that no rule names is byte for byte the same, in the same order") {
  Maker maker(20260821);
  int changed = 0, options_seen = 0;
  for (int i = 0; i < 100'000; ++i) {
    const auto made = maker.body();
    const Body body(made.body);
    const auto members = read_members(body);
    if (!members) {
      FAIL(made.body << " -> " << members.error().sentence);
      continue;
    }
    const Edits edits{.model = "node:1b", .num_ctx = i % 3 ? 8192 : 0,
                      .keep_alive = i % 5 ? std::optional<std::string>("\"2h\"") : std::nullopt,
                      .use_mmap = i % 7 ? std::nullopt : std::optional<bool>(true)};
    const auto out = splice(body, *members, edits).joined();
    const auto before = object_in(body), after = std::string_view(out);
    if (rest(before, ruled) != rest(after, ruled)) FAIL(made.body << "\n-> " << out);
    const auto old_options = raw_member(before, "options"), new_options = raw_member(after, "options");
    if (rest(old_options, ruled_option) != rest(new_options, ruled_option)) FAIL(made.body << "\n-> " << out);
    if (raw_member(after, "model") != "\"node:1b\"") FAIL(out);
    if (edits.keep_alive && raw_member(after, "keep_alive") != "\"2h\"") FAIL(out);
    if (!edits.keep_alive && raw_member(after, "keep_alive") != raw_member(before, "keep_alive")) FAIL(out);
    if (edits.num_ctx && raw_member(new_options, "num_ctx") != "8192") FAIL(out);
    if (!edits.num_ctx && raw_member(new_options, "num_ctx") != raw_member(old_options, "num_ctx")) FAIL(out);
    if (edits.use_mmap && raw_member(new_options, "use_mmap") != "true") FAIL(out);
    changed += out != made.body;
    options_seen += !old_options.empty();
    const Body again(out);  // and the result is read as it was meant
    const auto reread = read_members(again);
    if (!reread || *reread->model != "node:1b") FAIL(out);
  }
  CHECK(changed == 100'000);
  CHECK(options_seen > 30'000);
}

TEST_CASE("leases are written as Ollama reads them") {
  CHECK(json_text(for_ever) == "-1");
  CHECK(json_text(KeepAlive{}) == "0");
  CHECK(json_text({std::chrono::hours(2)}) == "\"2h\"");
  for (const auto lease : {for_ever, KeepAlive{}, KeepAlive{std::chrono::hours(2)}, KeepAlive{std::chrono::minutes(90)}, KeepAlive{std::chrono::milliseconds(300)}})
    CHECK(*parse_keep_alive(json_text(lease)) == lease);
}

}  // namespace splice_test
