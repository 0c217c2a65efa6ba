// Every recorded exchange whose route the router offers goes through the router to a node that plays the recorded reply; the
// client's answer is compared with the recorded one: status, fields, framing, every member and its order, chunk boundaries.
// What differs on purpose is listed with its reason, and with what the router says instead.
#include "replay.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <iomanip>

namespace replay_test {

using namespace rr;
using namespace rr::test;

namespace {

struct Reason {
  std::string_view name;   // of the recording; a * stands for any text
  std::string_view says;   // stands in the router's own "status body"
  std::string_view why;
};

const std::vector<Reason> on_purpose{
    {"chat-key-*", R"("code":"json_member")", "a member twice, or in other letter case: two readers may not see two models"},
    {"duplicate-keys", R"("code":"json_member")", "a member twice, or in other letter case: two readers may not see two models"},
    {"*model-cloud-suffix", R"("code":"cloud_closed")", "the cloud is closed by the YAML; the words name its key"},
    {"cors-*-chrome-ext", R"("code":"origin_refused")", "the 403 says why and names the key of the YAML; Ollama's is empty"},
    {"cors-*-foreign", R"("code":"origin_refused")", "the 403 says why and names the key of the YAML; Ollama's is empty"},
    {"cors-*-null", R"("code":"origin_refused")", "the 403 says why and names the key of the YAML; Ollama's is empty"},
    {"cors-*-same", "20", "the router's own origin is allowed by name, as any other that is allowed"},
    {"cors-options-no-origin-name", "405 ", "OPTIONS without Origin is no preflight, whatever the Host"},
    {"cors-preflight-localhost", "204 ", "the fields that the page asks for are allowed, not a fixed list"},
    {"cors-preflight-xapikey", "204 ", "the fields that the page asks for are allowed, not a fixed list"},
    {"host-foreign", R"("code":"host_refused")", "the 403 says why and names the key of the YAML; Ollama's is empty"},
    {"host-public-ip", R"("code":"host_refused")", "the 403 says why and names the key of the YAML; Ollama's is empty"},
    {"host-internal", R"("code":"host_refused")", "loopback, listened and allowed names only: any other may be a rebound one"},
    {"host-local-suffix", R"("code":"host_refused")", "loopback, listened and allowed names only: any other may be a rebound one"},
    {"host-private-ip", R"("code":"host_refused")", "loopback, listened and allowed names only: any other may be a rebound one"},
    {"host-ipv6", "200 ", "[::1] is loopback without a port too"},
    {"error-messages-embedding-model", "has no completion", "a missing capability is told with a role that has it"},
    {"error-messages-think-unsupported", R"("text":"ok")", "its native recording has other words"},
    {"error-*-embedding-model", R"("code":"capability_missing")", "a missing capability is told with a role that has it"},
    {"preload-*-embedding-model", R"("code":"capability_missing")", "a missing capability is told with a role that has it"},
    {"error-*-tools-unsupported", R"("code":"capability_missing")", "a missing capability is told with a role that has it"},
    {"chat-image-refused", R"("code":"capability_missing")", "an image for a model without vision is refused, not dropped in silence"},
    {"embed-completion-model", R"("code":"capability_missing")", "vectors come from a model that embeds"},
    {"err*-option-type", "400 ", "a num_ctx that is no number is the client's mistake: 400 in Ollama's words"},
    {"queue-full*", "503 ", "the node's words, and Retry-After"},
    {"transport-double-slash", "400 ", "an empty path segment is refused, not redirected"},
    {"transport-unknown-path-post", "messages is required", "tokens are counted here; Ollama has no such route"},
    {"transport-no-host-11", "400 ", "said as JSON"},
    {"transport-v1-model-slash", "200 ", "a model's name in a path is decoded once: library/coder is coder"},
    {"transport-v1-models-empty", R"("data":[])", "an empty list is [], not null"},
    {"v1chat-ignored-fields", R"("code":"unsupported_member")", "n above 1 cannot be honoured: refused, not ignored"},
    {"responses-length*", R"("reason":"max_output_tokens")", "an answer cut by the limit is incomplete, as in OpenAI's API"},
    {"responses-think-only*", R"("reason":"max_output_tokens")", "an answer cut by the limit is incomplete, as in OpenAI's API"},
    {"responses-tool-several*", "Let me look.", "a message before tool calls is closed and kept"},
    {"responses-parser*", "Sure.", "a message before tool calls is closed and kept"},
    {"messages-tool-result*", "degrees.", "its native recording was asked in another way: other counts"},
    {"completions-prompt-list", R"("code":"unsupported_member")", "a list of one prompt is answered, a longer one is told how long it is"},
    {"v1embed-tokens", R"("code":"unsupported_member")", "token ids are refused with the way out"},
    {"v1chat-image", R"("content":"A single pixel.")", "its native recording has text and image in one message: a token less"},
    {"v1-chat-stream*", R"("delta":{"content":" there "})", "0.24 said the role in every chunk; as 0.33, only in the first"},
    {"v1chat-tool-rendered-stream", "200 ", "the arguments of its native recording stand in another order (a Go map)"},
};

bool fits(std::string_view pattern, std::string_view name) {
  const auto star = pattern.find('*');
  if (star == pattern.npos) return pattern == name;
  if (!name.starts_with(pattern.substr(0, star))) return false;
  for (std::size_t at = star; at <= name.size(); ++at)
    if (fits(pattern.substr(star + 1), name.substr(at))) return true;
  return false;
}

// Is what the node plays a broken answer: a 200 without done:true, or with an error line?
bool broken(const Recording& r, const Folder& folder) {
  const auto route = api::route(r.head);
  if (!route || r.head.method != "POST" || r.reply.end == End::client_left || route->kind == Kind::v1_embeddings) return false;
  const bool by_v1 = route->path.starts_with("/v1/");
  const auto played = by_v1 ? native_of(r, folder) : std::optional(r.reply);
  if (!played || played->status != 200 || !(by_v1 || route->kind == Kind::chat || route->kind == Kind::generate)) return false;
  const std::string text = played->text();
  return text.find("\"done\":true") == text.npos || text.find("\n{\"error\"") != text.npos;
}

// The rules that hold for any recording; then those of the table.
std::optional<Reason> reason_for(const Recording& r, const Folder& folder, Rule rule) {
  const auto route = api::route(r.head);
  const bool lists = r.head.method == "GET" && r.reply.status == 200;
  const std::string path = path_of(r), text = r.reply.text();
  const bool managed = route && (route->kind == Kind::known_refused || route->kind == Kind::manage || route->kind == Kind::blob);
  if (managed) return Reason{"", "403 ", "management is closed unless the YAML opens it"};
  if (!route && route.error().code == "route_denied") return Reason{"", "", "an unknown route below /api/ is denied with a sentence"};
  if (r.reply.status / 100 == 3 && route) return Reason{"", "200 ", "a path that ends in / is served where it is, not redirected"};
  if (lists && path == "/api/ps" && text.find("\"name\"") != text.npos) return Reason{"", R"("node":"lab")", "each loaded model is told with its node"};
  if (lists && rule == Rule::seed && (path == "/api/tags" || path == "/v1/models") && text.find("\"model\"") != text.npos)
    return Reason{"", "member0", "the roles are listed as models too"};
  for (const Reason& one : on_purpose)
    if (fits(one.name, r.name)) return one;
  if (broken(r, folder)) return Reason{"", "error", "an answer that is not whole is an error and ends uncleanly, never as if it were whole"};
  return std::nullopt;
}

void run(const std::filesystem::path& where, Rule rule) {
  const Folder folder = folder_of(where);
  REQUIRE_MESSAGE(!folder.all.empty(), "no recording in " << where);
  int all = 0, equal = 0, meant = 0, not_offered = 0, not_kept = 0;
  std::map<std::string, std::string> table;
  for (const Recording& r : folder.all) {
    const auto route = api::route(r.head);
    if (route && route->kind == Kind::known_refused && api::refuse_known(*route).code == "route_not_served") {
      ++not_offered;
      continue;
    }
    const bool by_v1 = route && r.head.method == "POST" && route->path.starts_with("/v1/") && route->kind != Kind::known_refused;
    if (!r.replayable || r.half_close || (by_v1 && !native_of(r, folder))) {
      ++not_kept;
      table[r.name] = !r.replayable ? "not replayed: its bytes were not kept as they were sent"
                      : r.half_close ? "not replayed: a client that half-closes may count as gone"
                                     : "not replayed: what its node would say was not recorded";
      continue;
    }
    ++all;
    const Replayed result = replay(r, folder, rule);
    const auto reason = reason_for(r, folder, rule);
    CAPTURE(r.name);
    if (!reason) {
      CHECK_MESSAGE(result.differences.empty(), r.name << "\n    " << joined(result.differences));
      equal += result.differences.empty();
      continue;
    }
    CHECK_MESSAGE(!result.differences.empty(), r.name << " is listed as different, and is equal");
    CHECK_MESSAGE(result.says().find(reason->says) != std::string::npos, r.name << " says " << shortened(result.says()));
    ++meant;
    table[r.name] = reason->why;
  }
  std::ostringstream text;
  text << where.filename().string() << ", " << (rule == Rule::seed ? "seed" : "passthrough") << ": " << equal << " of " << all << " exchanges equal, "
       << meant << " differ on purpose; " << not_offered << " of routes that are not offered, " << not_kept << " not replayed\n";
  for (const auto& [name, why] : table) text << "  " << std::left << std::setw(40) << name << why << "\n";
  MESSAGE(text.str());
  CHECK(equal + meant == all);
}

const std::filesystem::path built_in = std::string(RR_SOURCE_DIR) + "/tests/conformance/transcripts";

}  // namespace

TEST_CASE("every exchange recorded of Ollama 0.33.0 is the same through the router, client's keep_alive untouched") { run(built_in / "0.33.0-rc2", Rule::passthrough); }
TEST_CASE("every exchange recorded of Ollama 0.33.0 is the same through the router, by the table of roles") { run(built_in / "0.33.0-rc2", Rule::seed); }
TEST_CASE("every exchange recorded of Ollama 0.24.0 is the same through the router, client's keep_alive untouched") { run(built_in / "0.24.0", Rule::passthrough); }
TEST_CASE("every exchange recorded of Ollama 0.24.0 is the same through the router, by the table of roles") { run(built_in / "0.24.0", Rule::seed); }

TEST_CASE("recordings in RR_TRANSCRIPTS are replayed by the same rules") {
  const char* more = std::getenv("RR_TRANSCRIPTS");
  if (!more || !*more) return;
  for (const Rule rule : {Rule::passthrough, Rule::seed}) run(more, rule);
}

}  // namespace replay_test
