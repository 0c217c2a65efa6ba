// Does the router read a body as the server behind it will? Both read the same adversarial bodies: Go's encoding/json into structs of
// Ollama's shape (tests/json/go), and the router. Where the router does not refuse, they must agree on model, stream,
// keep_alive and options; and what the router would send on, Go must read as the router means it. 10 000 bodies, 1 000 000 in long runs.
#include "adversary.hpp"

#include "api/classify.hpp"
#include "api/json.hpp"
#include "api/splice.hpp"
#include "support/long_run.hpp"
#include "unit/api/town.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <iomanip>
#include <limits>

#include <unistd.h>

namespace same_test {

using namespace rr;
using namespace rr::api;

namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr std::size_t most = 100'000;
#else
constexpr std::size_t most = 1'000'000;
#endif

struct Good {
  char kind;
  std::string target, body;
};

std::vector<Good> good_bodies() {
  std::vector<Good> out{
      {'g', "/api/generate", R"({"model":"coder","prompt":"hi","stream":false,"keep_alive":"5m","options":{"num_ctx":8192,"use_mmap":true,"seed":7,"stop":["a"]}})"},
      {'g', "/api/generate", R"({"model":"qwen3:1.7b","prompt":"","keep_alive":0})"},
      {'c', "/api/chat", R"({"model":"tester","messages":[{"role":"user","content":"hi"}],"stream":true,"options":{"num_ctx":4096,"temperature":0.2},"keep_alive":-1})"},
      {'c', "/api/chat", "{}"},
      {'e', "/api/embed", R"({"model":"nomic-embed-text","input":["a","b"],"keep_alive":"1h","options":{"num_ctx":2048}})"}};
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(RR_SOURCE_DIR) + "/tests/conformance/clients"))
    if (entry.path().extension() == ".jsonl") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  for (const auto& file : files) {
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);) {
      const auto json = Json::parse(line);
      const std::string target = json["target"], body = json["body"];
      if (body.size() > 6000) continue;
      if (target.ends_with("/api/chat")) out.push_back({'c', "/api/chat", body});
      if (target.ends_with("/api/generate")) out.push_back({'g', "/api/generate", body});
      if (target.ends_with("/api/embed")) out.push_back({'e', "/api/embed", body});
    }
  }
  return out;
}

// One line of the Go program.
struct Reading {
  bool refused = true;
  std::string model{}, stream{}, keep_alive{}, num_ctx{}, use_mmap{}, shift{}, options{}, rest{};
};

Reading reading_of(std::string line) {
  while (!line.empty() && line.back() == '\n') line.pop_back();
  Reading out;
  if (line == "no") return out;
  out.refused = false;
  std::istringstream words(line);
  words >> out.model >> out.stream >> out.keep_alive >> out.num_ctx >> out.use_mmap >> out.shift >> out.options >> out.rest;
  REQUIRE(!out.rest.empty());
  return out;
}

std::string hexadecimal(std::string_view text) {
  std::ostringstream out;
  for (const char c : text) out << std::hex << std::setw(2) << std::setfill('0') << static_cast<int>(static_cast<unsigned char>(c));
  return out.str() + ".";
}

// What the router made of one body.
struct Case {
  char kind = 'c';
  std::string body{}, sent{};
  bool accepted = false;
  Reading meant{};  // of the body, as the router reads it
};

const Edits edits{.model = "qwen3-coder:30b", .num_ctx = 32768, .keep_alive = "\"2h\"", .use_mmap = true};

// `by_path`: the path says the role, so that no model name is refused.
Case ask_router(const Good& good, std::string text, bool by_path) {
  static const Settings settings = api::test::two_macs();
  static const RoleNames names(settings);
  static const Fleet fleet = api::test::two_nodes();
  Case out{.kind = good.kind, .body = std::move(text)};
  const RequestHead head = api::test::head("POST", (by_path ? "/role/coder" : "") + good.target);
  const auto where = route(head);
  const api::test::Body body(out.body);
  const auto members = read_members(body, where->kind);
  if (!members) return out;
  const auto ask = classify(head, *where, *members, {settings, names, fleet, "0123456789abcdef"});
  if (!ask) return out;
  out.accepted = true;
  out.sent = splice(body, *members, edits).joined();
  out.meant = {.refused = false, .model = hexadecimal(members->model.value_or("")), .stream = "-", .keep_alive = "-", .num_ctx = "-", .use_mmap = {}, .shift = {}, .options = {}, .rest = {}};
  if (members->stream) out.meant.stream = *members->stream ? "true" : "false";
  if (members->keep_alive) {
    const KeepAlive lease = parse_keep_alive(*members->keep_alive).value();
    out.meant.keep_alive = std::to_string(lease.forever() ? std::numeric_limits<std::int64_t>::max() : lease.value.count());
  }
  if (members->num_ctx) out.meant.num_ctx = std::to_string(*members->num_ctx);
  return out;
}

bool same_number(const std::string& a, const std::string& b) {
  if (a == "-" || b == "-" || a == "wrong") return a == b;
  return std::stod(a) == std::stod(b);
}

// "" = they agree; else in what they do not.
std::string difference(const Case& one, const Reading& body, const Reading& sent) {
  if (body.refused) return sent.refused ? "" : "the node refuses the body, and takes what the router makes of it";
  if (sent.refused) return "the node takes the body, and refuses what the router makes of it";
  if (body.model != one.meant.model) return "model";
  if (one.kind != 'e' && body.stream != one.meant.stream) return "stream";
  if (body.keep_alive != one.meant.keep_alive) return "keep_alive";
  if (!same_number(body.num_ctx, one.meant.num_ctx)) return "num_ctx";
  if (sent.model != hexadecimal(edits.model)) return "model as sent";
  if (sent.keep_alive != "7200000000000") return "keep_alive as sent";
  if (sent.num_ctx != std::to_string(edits.num_ctx)) return "num_ctx as sent";
  if (sent.stream != body.stream) return "stream as sent";
  if (sent.use_mmap != "true") return "use_mmap as sent";
  if (sent.shift != "-") return "shift as sent";  // a model has one for every client, as it has one context
  if (sent.options != body.options) return "the other options as sent";
  if (sent.rest != body.rest) return "the rest as sent";
  return "";
}

std::string first_line(const std::string& command) {
  FILE* pipe = ::popen(command.c_str(), "r");
  if (!pipe) return "";
  std::array<char, 200> line{};
  const bool read = std::fgets(line.data(), static_cast<int>(line.size()), pipe) != nullptr;
  ::pclose(pipe);
  return read ? line.data() : "";
}

// "go version go1.26.8 linux/amd64"
bool go_is_new_enough() {
  int major = 0, minor = 0;
  return std::sscanf(first_line("GOTOOLCHAIN=local go version 2>/dev/null").c_str(), "go version go%d.%d", &major, &minor) == 2 &&
         (major > 1 || minor >= 21);
}

std::string build_go() {
  const std::string made = std::string(RR_BUILD_DIR) + "/json_go";
  const std::string command = "cd '" RR_SOURCE_DIR "/tests/json/go' && GOTOOLCHAIN=local GOPROXY=off GOFLAGS= GOWORK=off CGO_ENABLED=0 GOCACHE='" RR_BUILD_DIR
                              "/go-cache' go build -o '" + made + "' .";
  REQUIRE(std::system(command.c_str()) == 0);
  return made;
}

void append(std::string& frames, char kind, const std::string& body) {
  frames += kind;
  for (int shift = 0; shift < 32; shift += 8) frames += static_cast<char>((body.size() >> shift) & 0xFF);
  frames += body;
}

std::vector<Reading> ask_go(const std::string& program, const std::vector<Case>& cases) {
  const std::string file = std::string(RR_BUILD_DIR) + "/json_bodies." + std::to_string(::getpid());
  {
    std::string frames;
    for (const Case& one : cases) append(frames, one.kind, one.body), append(frames, one.kind, one.sent);
    std::ofstream(file, std::ios::binary) << frames;
  }
  std::vector<Reading> out;
  FILE* pipe = ::popen(("'" + program + "' '" + file + "'").c_str(), "r");
  REQUIRE(pipe != nullptr);
  char* line = nullptr;
  std::size_t room = 0;
  while (::getline(&line, &room, pipe) > 0) out.push_back(reading_of(line));
  std::free(line);
  REQUIRE(::pclose(pipe) == 0);
  std::filesystem::remove(file);
  REQUIRE(out.size() == 2 * cases.size());
  return out;
}

}  // namespace

TEST_CASE("Go's encoding/json and the router read adversarial bodies alike, or the router refuses them") {
  if (!go_is_new_enough()) {
    MESSAGE("json: skipped, there is no Go of 1.21 or newer on PATH");
    return;
  }
  const std::string program = build_go();
  const auto good = good_bodies();
  const std::size_t bodies = rr::test::long_run() ? most : 10'000;
  rr::test::Adversary adversary(20'261'124);
  std::size_t equal = 0, refused = 0, by_node = 0, disagree = 0;
  for (std::size_t done = 0; done < bodies;) {
    std::vector<Case> cases;
    for (; done < bodies && cases.size() < 20'000; ++done) {
      const Good& seed = good[adversary.pick(good.size())];
      Case one = ask_router(seed, done < good.size() ? good[done].body : adversary.body(seed.body), done % 2 == 0);
      if (one.accepted) cases.push_back(std::move(one));
      else ++refused;
    }
    const auto readings = ask_go(program, cases);
    for (std::size_t i = 0; i < cases.size(); ++i) {
      const auto& body = readings[2 * i];
      const std::string what = difference(cases[i], body, readings[2 * i + 1]);
      if (what.empty()) {
        ++(body.refused ? by_node : equal);
      } else if (++disagree <= 20) {
        FAIL_CHECK(what << " of " << cases[i].kind << "\n  body " << cases[i].body << "\n  sent " << cases[i].sent << "\n  Go " << body.model << " " << body.stream
                        << " " << body.keep_alive << " " << body.num_ctx << "; router " << cases[i].meant.model << " " << cases[i].meant.stream << " "
                        << cases[i].meant.keep_alive << " " << cases[i].meant.num_ctx);
      }
    }
  }
  MESSAGE("json: " << bodies << " bodies, " << equal << " accepted by both and equal, " << by_node << " refused by the node, " << refused
                   << " refused by the router, " << disagree << " disagree");
  CHECK(disagree == 0);
  CHECK(equal > bodies / 10);  // the adversary is not so wild that nothing is compared
  CHECK(refused > bodies / 10);
}

}  // namespace same_test
