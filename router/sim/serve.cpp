// One connection of a node: doors, then the handler of the path.
#include "sim/admission.hpp"
#include "sim/manage.hpp"
#include "sim/native_reply.hpp"
#include "sim/show.hpp"
#include "sim/utter.hpp"

#include <algorithm>
#include <cctype>
#include <ctime>

namespace rr::sim {

namespace {

using wire::Client;
using wire::Request;

std::string date() {
  const std::time_t t = std::time(nullptr);
  std::tm tm{};
  gmtime_r(&t, &tm);
  char b[64];
  std::strftime(b, sizeof b, "%a, %d %b %Y %H:%M:%S GMT", &tm);
  return b;
}

struct Listed {  // in the list of clients for as long as it lives
  Listed(std::list<Client*>& l, Client& c) : list(l), at(l.insert(l.end(), &c)) {}
  ~Listed() { list.erase(at); }
  std::list<Client*>& list;
  std::list<Client*>::iterator at;
};

std::optional<Route> inference(std::string_view path) {
  if (path == "/api/chat") return Route::chat;
  if (path == "/api/generate") return Route::generate;
  if (path == "/api/embed") return Route::embed;
  if (path == "/api/embeddings") return Route::embeddings;
  return {};
}

// Go's own refusals, before any handler; the connection is closed after them.
void refuse(Client& client, const Refusal& r) {
  const std::string reason = r.sentence.find("Host") != std::string::npos ? "Bad Request: missing required Host header"
                                                                          : std::string(reason_phrase(r.status));
  const std::string line = std::to_string(r.status) + " " + reason;
  client.raw("HTTP/1.1 " + line + "\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n" + line);
  client.cut();
}

void answer_show(Node::State& s, Client& client, const Request& q, Fields also) {
  const Decoded d = decode(Route::show, q.body.view());
  const Admission a = admit(s.spec, d);
  s.seen.back().model = d.asked.model;
  s.seen.back().status = a.status;
  const bool copilot = find(q.head.fields, "User-Agent").substr(0, 18) == "GitHubCopilotChat/";
  reply(client, q, a.status, json_utf8, a.model ? show_object(*a.model, d.asked, copilot) : error_object(a.error), std::move(also));
}

void answer_v1_model(Node::State& s, Client& client, const Request& q, const std::string& id, Fields also) {
  const NameAsked asked = read_name(id);
  const ModelSpec* m = asked.name ? find_model(s.spec, *asked.name) : nullptr;
  if (m) {
    reply(client, q, 200, "application/json", v1_model(*m, id) + "\n", std::move(also));
    return;
  }
  const std::string text = "model '" + (asked.name ? asked.name->shown() : id) + "' not found";
  reply(client, q, 404, "application/json",
        "{\"error\":{\"message\":" + json_text(text) + ",\"type\":\"not_found_error\",\"param\":null,\"code\":null}}\n", std::move(also));
}

// Everything that needs no model.
void answer_plain(Node::State& s, Client& client, const Request& q, const std::string& path, Fields also) {
  if (path == "/") return reply(client, q, 200, "text/plain; charset=utf-8", "Ollama is running", std::move(also));
  if (path == "/api/version") return reply(client, q, 200, json_utf8, "{\"version\":" + json_text(s.spec.version) + "}", std::move(also));
  if (path == "/api/status") {
    const char* off = s.spec.cloud_off ? "{\"cloud\":{\"disabled\":true,\"source\":\"env\"}}" : "{\"cloud\":{\"disabled\":false,\"source\":\"none\"}}";
    return reply(client, q, 200, json_utf8, off, std::move(also));
  }
  if (path == "/api/tags") return reply(client, q, 200, json_utf8, tags_object(s.spec), std::move(also));
  if (path == "/api/ps") {
    s.scheduler.tick(s.now());
    return reply(client, q, 200, json_utf8, ps_object(s.spec, s.scheduler.resident(s.now()), s.wall(), s.now()), std::move(also));
  }
  if (path == "/api/show") return answer_show(s, client, q, std::move(also));
  if (path == "/v1/models") return reply(client, q, 200, "application/json", v1_models(s.spec), std::move(also));
  if (path.rfind("/v1/models/", 0) == 0) return answer_v1_model(s, client, q, path.substr(11), std::move(also));
  reply(client, q, 501, json_utf8, error_object("the simulated node computes nothing on " + path + "; use /api/chat, /api/generate or /api/embed"),
        std::move(also));
}

// POST /sim/fault, GET /sim/record: for tests of a whole process.
void answer_sim(Node::State& s, Client& client, const Request& q, const std::string& path) {
  if (path == "/sim/record") return reply(client, q, 200, json_utf8, record(s));
  if (path != "/sim/fault" || q.head.method != "POST") return reply(client, q, 404, "text/plain", "404 page not found");
  const std::string wrong = set_fault(s, q.body.view());
  reply(client, q, wrong.empty() ? 200 : 400, json_utf8, wrong.empty() ? "{}" : error_object(wrong));
}

}  // namespace

ReplyHead reply_head(int status, std::string_view type, Fields also) {
  ReplyHead h;
  h.status = status;
  h.reason = std::string(reason_phrase(status));
  h.fields = std::move(also);
  if (!type.empty()) h.fields.push_back({"Content-Type", std::string(type)});
  std::stable_sort(h.fields.begin(), h.fields.end(), [](const Field& a, const Field& b) { return a.name < b.name; });
  if (!has(h.fields, "Date")) h.fields.push_back({"Date", date()});
  return h;
}

void reply(Client& client, const Request& q, int status, std::string_view type, std::string body, Fields also) {
  ReplyHead h = reply_head(status, type, std::move(also));
  if (body.size() <= 2048) return client.send(std::move(h), std::move(body));
  client.begin(std::move(h));
  if (q.head.method != "HEAD") client.piece(body);
  client.finish();
}

wire::Task<void> serve(StatePtr s, wire::Socket socket) {
  wire::ClientLimits limits;
  limits.body = 1ull << 30;
  limits.idle = std::chrono::hours(24);
  limits.write_stall = std::chrono::hours(24);  // Ollama has no such limit
  Client client(std::move(socket), limits, s->bodies);
  Listed listed(s->clients, client);
  while (!s->stopped) {
    wire::HeadCheck no_check;
    wire::Received got = co_await client.read_request(std::move(no_check), uploads);
    if (auto* r = std::get_if<Refusal>(&got)) {
      refuse(client, *r);
      co_await client.drained();
      break;
    }
    auto* q = std::get_if<Request>(&got);
    if (!q || s->stopped) break;
    Passed p = pass(q->head, s->loopback);
    if (p.path.rfind("/sim/", 0) == 0) {
      answer_sim(*s, client, *q, p.path);
    } else {
      const std::size_t at = s->seen.size();
      Seen seen;
      seen.method = q->head.method;
      seen.target = q->head.target;
      seen.body = std::string(q->body.view());
      seen.ended = "whole";
      seen.status = p.answer ? p.answer->status : 200;
      s->seen.push_back(std::move(seen));
      const auto route = p.answer ? std::nullopt : inference(p.path);
      const Fault f = route ? Fault{} : s->take_fault(p.path, false, true);
      if (p.answer) {
        auto type = p.answer->fields;
        client.send(reply_head(p.answer->status, "", std::move(type)), p.answer->body);
      } else if (f.what == Fault::What::hang || f.what == Fault::What::hang_mid) {
        s->seen[at].ended = "fault";
        Signal never(s->io.get_executor());
        auto watch = client.on_gone([&never] { never.fire(); });
        co_await never.wait();
        break;
      } else if (broken(*s, client, *q, f, at)) {
        // nothing more to say
      } else if (manages(p.path)) {
        co_await manage(s, client, *q, p.fields, p.path, at);
      } else if (route) {
        co_await infer(s, client, *q, p.fields, *route, at);
      } else {
        answer_plain(*s, client, *q, p.path, p.fields);
      }
    }
    const bool taken = co_await client.drained();
    if (!taken || !client.reusable()) break;
  }
}

}  // namespace rr::sim
