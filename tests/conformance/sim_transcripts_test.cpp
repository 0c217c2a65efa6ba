// The simulated node against recorded exchanges of a real Ollama: status, fields, framing, the number of pieces, members, their
// order and their values, error texts, and how it ended. Times, ids, digests and token ids of the engine are compared by kind.
#include "sim_lab.hpp"
#include "sim/node.hpp"
#include "support/raw_client.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <thread>

namespace sim_transcripts_test {

using namespace rr;
using rr::test::Json;

namespace {

struct Laboratory {
  wire::asio::io_context io;
  std::unique_ptr<sim::Node> node;
  std::thread thread;
  explicit Laboratory(sim::NodeSpec spec) {
    auto opened = sim::Node::open(io, std::move(spec));
    REQUIRE_MESSAGE(opened.has_value(), opened.error());
    node = std::move(*opened);
    thread = std::thread([this] { io.run(); });
  }
  ~Laboratory() {
    wire::asio::post(io, [this] { node.reset(); });
    thread.join();
  }
  std::uint16_t port() const { return node->port(); }
};

// Differences that are meant. The reason is printed.
const std::map<std::string, std::string> on_purpose{
    {"transport-half-close", "half-closing counts as leaving; the real server answers 500, or most often nothing at all"},
    {"transport-double-slash", "the simulated node reads with the router's own strict reader, which refuses a target that begins with //"},
    {"transport-http10", "the same lines, but an answer to HTTP/1.0 says HTTP/1.1 and Connection: close (RFC 9110 section 6.2)"},
};

std::string masked(std::string s) {  // ports, digests
  for (std::size_t at = 0; (at = s.find("127.0.0.1:", at)) != std::string::npos; at += 10) {
    auto end = at + 10;
    while (end < s.size() && std::isdigit(static_cast<unsigned char>(s[end]))) ++end;
    s.replace(at + 10, end - at - 10, "#");
  }
  for (std::size_t i = 0, run = 0; i <= s.size(); ++i) {
    if (i < s.size() && std::isxdigit(static_cast<unsigned char>(s[i]))) {
      ++run;
      continue;
    }
    if (run == 64) {
      s.replace(i - 64, 64, "digest");
      i -= 58;
    }
    run = 0;
  }
  return s;
}

Json sorted_lines(const std::string& text) {
  std::vector<std::string> lines;
  std::stringstream in(text);
  for (std::string l; std::getline(in, l);) lines.push_back(l);
  std::sort(lines.begin(), lines.end());
  return lines;
}

bool is_time(const std::string& name) { return name.size() > 9 && name.compare(name.size() - 9, 9, "_duration") == 0; }

// What is compared by kind becomes a word.
Json levelled(const Json& v, const std::string& name = "") {
  if (is_time(name)) return v.is_number_integer() && v.get<std::int64_t>() > 0 ? Json("nanoseconds") : v;
  if (v.is_string()) {
    const std::string s = v;
    if (name == "created_at" && s.substr(0, 4) != "0001") return s.back() == 'Z' && s[10] == 'T' ? "a moment" : s;
    if (name == "expires_at") return s.substr(0, 4) == "2319" ? "for ever" : s.back() == 'Z' ? "soon" : s;
    if (name == "id") return s.rfind("call_", 0) == 0 || s.rfind("lab", 0) == 0 ? "an id" : s;
    if (name == "modelfile") return sorted_lines(masked(s));  // its parameters come in any order
    return masked(s);
  }
  if (v.is_array()) {
    if (name == "context") return std::all_of(v.begin(), v.end(), [](auto& n) { return n.is_number_integer(); }) ? Json("token ids") : v;
    if (name == "embedding" || name == "embeddings_row") return "numbers: " + std::to_string(v.size());
    Json out = Json::array();
    for (auto& e : v) out.push_back(levelled(e, name == "embeddings" ? "embeddings_row" : ""));
    if (name == "models" || name == "data") {  // the real list comes in any order
      std::sort(out.begin(), out.end(), [](auto& a, auto& b) { return a.dump() < b.dump(); });
    }
    return out;
  }
  if (v.is_object()) {
    Json out = Json::object();
    for (auto& [n, e] : v.items()) out[n] = levelled(e, n);
    return out;
  }
  return v;
}

std::string levelled_text(const std::string& text) {
  const bool line = !text.empty() && text.back() == '\n';
  const Json v = Json::parse(text, nullptr, false);
  return v.is_discarded() ? masked(text) : levelled(v).dump() + (line ? "\n" : "");
}

// The bytes of the recorded request; `late`: what waits for 100 Continue.
std::string request_bytes(const Json& q, std::string& late) {
  std::string out = q["method"].get<std::string>() + " " + q["target"].get<std::string>() + " HTTP/" + q.value("http", std::string("1.1")) + "\r\n";
  bool expects = false;
  for (auto& h : q["headers"]) {
    out += h[0].get<std::string>() + ": " + h[1].get<std::string>() + "\r\n";
    expects = expects || h[0] == "Expect";
  }
  out += "\r\n";
  std::string body;
  if (q.contains("body") && q["body"].is_string()) body = q["body"];
  if (q.value("chunked", false)) {
    std::stringstream size;
    size << std::hex << body.size();
    body = size.str() + "\r\n" + body + "\r\n0\r\n\r\n";
  }
  (expects ? late : out) += body;
  return out;
}

Json fields_of(const Fields& fields) {
  std::vector<std::string> all;
  for (auto& f : fields) {
    if (f.name == "Date") continue;
    all.push_back(f.name + ": " + (f.name == "Content-Length" ? "bytes" : f.value));
  }
  std::sort(all.begin(), all.end());
  return all;
}

// Both sides as one JSON value, so that a difference reads well.
Json as_recorded(const Json& reply) {
  Fields fields;
  for (auto& h : reply["headers"]) fields.push_back({h[0], h[1]});
  Json out;
  out["status"] = reply["status_line"];
  out["fields"] = fields_of(fields);
  out["framing"] = reply["framing"];
  out["ended"] = reply["ended"];
  out["interim"] = reply.contains("interim") ? reply["interim"] : Json();
  std::vector<std::string> pieces;
  std::string all;
  for (auto& p : reply["pieces"]) {
    pieces.push_back(levelled_text(p[1]));
    all += p[1].get<std::string>();
  }
  if (reply["framing"] != "chunked") pieces = all.empty() ? std::vector<std::string>{} : std::vector{levelled_text(all)};
  out["pieces"] = pieces;
  return out;
}

Json as_simulated(const Json& q, test::RawClient& client) {
  std::string late;
  client.send(request_bytes(q, late));
  Json out, interim;
  auto line = [&] {
    while (client.buffered().find("\r\n") == std::string::npos && client.more()) {
    }
    return client.buffered().substr(0, client.buffered().find("\r\n"));
  };
  out["status"] = line();
  if (!late.empty()) {
    interim.push_back(out["status"]);
    client.head();
    client.send(late);
    out["status"] = line();
  }
  test::Answer a = client.head();
  client.body(a, q["method"] == "HEAD");
  out["fields"] = fields_of(a.fields);
  const bool none = q["method"] == "HEAD" || a.status == 204;
  out["framing"] = none ? "none" : a.chunked ? "chunked" : has(a.fields, "Content-Length") ? "content-length" : "close";
  out["ended"] = a.clean ? "clean" : "closed before the terminator";
  out["interim"] = interim;
  std::vector<std::string> pieces;
  for (auto& c : a.chunks) pieces.push_back(levelled_text(c));
  if (!a.chunked && !a.body.empty()) {
    if (a.body.find("\n{") != std::string::npos) {
      pieces = {levelled_text(a.body)};
    } else {
      pieces.push_back(levelled_text(a.body));
    }
  }
  out["pieces"] = pieces;
  return out;
}

// What had happened on the server before the exchange.
std::vector<std::string> before(const std::string& name) {
  if (name == "ps-one") return {"preload-generate"};
  if (name == "ps-infinite") return {"preload-generate-keepalive"};
  if (name == "ps-huge") return {"keepalive-number-huge"};
  if (name == "ps-after-unload") return {"preload-generate", "unload-generate"};
  if (name == "transport-reuse-second") return {"chat-text"};
  if (name == "manage-delete") return {"manage-create-once"};
  return {};
}

sim::NodeSpec room_for(const std::string& name, const Json& exchange) {
  sim::NodeSpec spec = test::lab_node();
  if (name == "transport-v1-models-empty") spec.models.clear();
  spec.script = {test::lab_script(exchange)};
  if (name == "embed-completion-model") {  // the scripted engine's vectors have eight numbers, whatever the model
    for (auto& m : spec.models) m.embedding_length = 8;
  }
  if (name == "embed-too-long") {  // the engine refused the input, with these words
    spec.script[0].fault = sim::EngineFault::status;
    spec.script[0].status = 400;
    spec.script[0].text = "the input length exceeds the context length";
  }
  return spec;
}

}  // namespace

TEST_CASE("the simulated node answers every recorded exchange as the real server did") {
  int equal = 0, all = 0;
  std::vector<std::string> reasons;
  std::vector<std::filesystem::path> files;
  for (auto& f : std::filesystem::directory_iterator(std::string(RR_SOURCE_DIR) + "/tests/conformance/transcripts/0.33.0-rc2")) {
    files.push_back(f.path());
  }
  std::sort(files.begin(), files.end());
  for (auto& file : files) {
    const std::string name = file.stem().string();
    const Json exchange = test::recorded(name);
    if (!exchange.contains("reply") || !exchange["request"].is_object() || name.rfind("queue-full", 0) == 0) continue;
    const std::string target = exchange["request"]["target"];
    const bool inference_by_v1 = target.rfind("/v1/", 0) == 0 && exchange["request"]["method"] == "POST" && target != "/v1/messages/count_tokens";
    if (inference_by_v1) continue;
    ++all;
    if (auto reason = on_purpose.find(name); reason != on_purpose.end()) {
      reasons.push_back(name + ": " + reason->second);
      continue;
    }
    Laboratory lab(room_for(name, exchange));
    test::RawClient client(lab.port());
    for (auto& earlier : before(name)) as_simulated(test::recorded(earlier)["request"], client);
    if (name == "ps-after-unload" || name == "ps-huge") {
      while (test::ask(lab.port(), "GET", "/api/ps").body != "{\"models\":[]}") {
      }
    }
    const Json theirs = as_recorded(exchange["reply"]);
    const Json ours = as_simulated(exchange["request"], client);
    CAPTURE(name);
    CHECK(ours.dump(1) == theirs.dump(1));
    equal += ours == theirs;
  }
  MESSAGE(equal << " of " << all << " exchanges equal, " << reasons.size() << " differ on purpose");
  for (auto& r : reasons) MESSAGE("on purpose: " << r);
  CHECK(equal + int(reasons.size()) == all);
  CHECK(all >= 230);
}

TEST_CASE("a request that finds the queue of loads full is refused as the real server refused it") {
  const Json exchange = test::recorded("queue-full-chat");
  sim::NodeSpec spec = test::lab_node();
  spec.max_loaded = 1;
  spec.max_queue = 1;
  for (auto& m : spec.models) m.load_time = std::chrono::hours(1000000);
  Laboratory lab(std::move(spec));
  std::vector<std::unique_ptr<test::RawClient>> waiting;
  for (const char* model : {"small-a:1b", "small-b:1b"}) {
    waiting.push_back(std::make_unique<test::RawClient>(lab.port()));
    waiting.back()->send(test::request_text("POST", "/api/chat", std::string("{\"model\":\"") + model + "\"}"));
    const std::string mark = std::string("\"model\":\"") + model + "\"";
    while (test::ask(lab.port(), "GET", "/sim/record").body.find(mark) == std::string::npos) {
    }
  }
  test::RawClient client(lab.port());
  CHECK(as_simulated(exchange["request"], client).dump(1) == as_recorded(exchange["reply"]).dump(1));
}

}  // namespace sim_transcripts_test
