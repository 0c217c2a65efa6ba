#include "sim/manage.hpp"

#include "sim/memory.hpp"
#include "sim/native_reply.hpp"
#include "sim/sha256.hpp"
#include "sim/show.hpp"

#include <algorithm>

namespace rr::sim {

namespace {

using wire::Client;
using wire::Request;

constexpr std::string_view blob_path = "/api/blobs/";
constexpr Duration between_lines = std::chrono::milliseconds(60);

std::string sha256(std::string_view text) {
  Sha256 sum;
  sum.add(text);
  return sum.hex();
}

std::string status(std::string_view text) { return "{\"status\":" + json_text(text) + "}"; }

// One request and the progress it tells: a line each, or, not streamed, only the last.
struct Errand {
  StatePtr node;
  Client& client;
  const Request& request;
  Fields also;
  std::size_t seen;
  Json body;
  bool stream = true;

  std::string text(const char* name) const {
    const Json* v = member(body, name);
    return v && v->is_string() ? v->get<std::string>() : std::string();
  }
  std::string model() const { return text("model").empty() ? text("name") : text("model"); }
  void answer(int code, std::string object) {
    node->seen[seen].status = code;
    const char* type = object.empty() ? "" : json_utf8;
    reply(client, request, code, type, std::move(object), also);
  }
  void line(const std::string& object) {
    if (!stream) return;
    if (!client.begun()) client.begin(reply_head(200, "application/x-ndjson", also));
    client.piece(object + "\n");
  }
  void end(const std::string& last) {
    line(last);
    if (stream) client.finish();
    else reply(client, request, 200, "application/json", last, also);
  }
  void fail(const std::string& why) {
    if (stream) return end(error_object(why));
    node->seen[seen].status = 500;
    reply(client, request, 500, "application/json", error_object(why), also);
  }
};

ModelSpec* find(Node::State& s, const Name& name) {
  const ModelSpec* found = find_model(s.spec, name);
  for (ModelSpec& m : s.spec.models)
    if (&m == found) return &m;
  return nullptr;
}

// Out of the list, but kept: a running answer may still look at it.
void take_out(Node::State& s, const ModelSpec* model) {
  for (auto i = s.spec.models.begin(); i != s.spec.models.end(); ++i) {
    if (&*i != model) continue;
    s.removed.splice(s.removed.end(), s.spec.models, i);
    return;
  }
}

void put_in(Node::State& s, ModelSpec model) {
  if (const NameAsked asked = read_name(model.name); asked.name) take_out(s, find(s, *asked.name));
  s.spec.models.push_front(std::move(model));
}

std::string no_manifest(const NodeSpec& spec, const Name& name) {
  if (spec.registry_trouble.empty()) return "pull model manifest: file does not exist";
  return "pull model manifest: Get \"https://" + name.host + "/v2/" + name.space + "/" + name.model + "/manifests/" + name.tag + "\": " + spec.registry_trouble;
}

// All pulls of one model share one download. It is cancelled when nobody waits for it any more.
struct Waiting {
  Waiting(StatePtr s, std::shared_ptr<Download> d) : node(std::move(s)), download(std::move(d)) { ++download->waiting; }
  ~Waiting() {
    if (--download->waiting == 0) node->downloads.erase(download->model.name);
  }
  Waiting(const Waiting&) = delete;
  StatePtr node;
  std::shared_ptr<Download> download;
};

wire::Task<void> pull(Errand e) {
  const NameAsked asked = read_name(e.model());
  if (!asked.name) co_return e.answer(400, error_object("invalid model name"));
  Node::State& s = *e.node;
  e.line(status("pulling manifest"));
  const auto offered = std::find_if(s.spec.registry.begin(), s.spec.registry.end(), [&](const ModelSpec& m) { return read_name(m.name).name->same(*asked.name); });
  const ModelSpec* source = offered == s.spec.registry.end() ? nullptr : &*offered;
  if (!source || !s.spec.registry_trouble.empty()) co_return e.fail(no_manifest(s.spec, *asked.name));
  auto& shared = s.downloads[source->name];
  if (!shared) shared = std::make_shared<Download>(Download{.model = *source, .began = s.now()});
  const std::shared_ptr<Download> download = shared;
  const Waiting waiting(e.node, download);
  Signal signal(s.io.get_executor());
  const auto watch = e.client.on_gone([&signal] { signal.fire(); });
  const std::string digest = digest_of(download->model);
  const auto progress = [&](Bytes completed) {
    e.line("{\"status\":" + json_text("pulling " + digest.substr(0, 12)) + ",\"digest\":\"sha256:" + digest + "\",\"total\":" +
           std::to_string(download->model.size) + ",\"completed\":" + std::to_string(completed) + "}");
  };
  const double seconds = double(download->model.size) / (s.spec.registry_gbps * 1e9);
  const Time done = download->began + Duration{static_cast<Duration::rep>(std::min(seconds * 1e9, 4e18))};
  while (s.now() < done && !e.client.gone() && !s.stopped) {
    const double part = double((s.now() - download->began).count()) / double((done - download->began).count());
    progress(static_cast<Bytes>(double(download->model.size) * part));
    co_await signal.wait_until(std::min(s.real(done), wire::Timer::clock_type::now() + between_lines));
  }
  if (e.client.gone() || s.stopped) {
    s.seen[e.seen].ended = "client-closed";
    co_return;
  }
  if (!std::exchange(download->done, true)) put_in(s, download->model);
  progress(download->model.size);
  for (const char* step : {"verifying sha256 digest", "writing manifest"}) e.line(status(step));
  e.end(status("success"));
}

void push(Errand e) {
  if (e.model().empty()) return e.answer(400, error_object("model is required"));
  const NameAsked asked = read_name(e.model());
  if (!asked.name) return e.answer(400, error_object("invalid model name"));
  const ModelSpec* model = find(*e.node, *asked.name);
  e.line(status("retrieving manifest"));
  if (!model) return e.fail("file does not exist");
  const std::string digest = digest_of(*model);
  e.line("{\"status\":" + json_text("pushing " + digest.substr(0, 12)) + ",\"digest\":\"sha256:" + digest + "\",\"total\":" +
         std::to_string(model->size) + ",\"completed\":" + std::to_string(model->size) + "}");
  e.line(status("pushing manifest"));
  e.end(status("success"));
}

void create(Errand e) {
  const NameAsked asked = read_name(e.model());
  if (!asked.name) return e.answer(400, error_object("invalid model name"));
  Node::State& s = *e.node;
  ModelSpec made;
  const Json* files = member(e.body, "files");
  if (const std::string from = e.text("from"); !from.empty()) {
    const NameAsked base = read_name(from);
    const ModelSpec* source = base.name ? find(s, *base.name) : nullptr;
    if (!base.name) return e.answer(400, error_object("invalid model name"));
    if (!source) {
      e.line(status("pulling manifest"));
      return e.fail(no_manifest(s.spec, *base.name));
    }
    made = *source;
    made.blob = blob_of(*source);
    for (const char* layer : {"weights", "template", "parameters"}) e.line(status("using existing layer sha256:" + sha256(made.blob + layer)));
  } else if (files && files->is_object() && !files->empty()) {
    e.line(status("parsing GGUF"));
    for (const auto& file : files->items()) {
      const std::string digest = file.value().is_string() ? file.value().get<std::string>() : "";
      const auto blob = s.blobs.find(digest);
      if (blob == s.blobs.end()) return e.fail("blob " + go_quoted(digest) + " not found");
      made.size += blob->second;
      e.line(status("using existing layer " + digest));
    }
  } else {
    return e.answer(400, error_object("neither 'from' or 'files' was specified"));
  }
  made.name = asked.name->shown();
  made.digest.clear();
  if (const Json* parameters = member(e.body, "parameters"); parameters && parameters->is_object()) made.num_ctx = parameters->value("num_ctx", made.num_ctx);
  put_in(s, std::move(made));
  e.line(status("writing manifest"));
  e.end(status("success"));
}

void copy(Errand e) {
  const NameAsked from = read_name(e.text("source")), to = read_name(e.text("destination"));
  if (!from.name) return e.answer(400, error_object("source " + go_quoted(e.text("source")) + " is invalid"));
  if (!to.name) return e.answer(400, error_object("destination " + go_quoted(e.text("destination")) + " is invalid"));
  const ModelSpec* source = find(*e.node, *from.name);
  if (!source) return e.answer(404, error_object("model " + go_quoted(e.text("source")) + " not found"));
  ModelSpec made = *source;
  made.digest = digest_of(*source);
  made.blob = blob_of(*source);
  made.name = to.name->shown();
  put_in(*e.node, std::move(made));
  e.answer(200, "");
}

void remove(Errand e) {
  const NameAsked asked = read_name(e.model());
  if (!asked.name) return e.answer(400, error_object("name " + go_quoted(e.model()) + " is invalid"));
  Node::State& s = *e.node;
  const ModelSpec* model = find(s, *asked.name);
  if (!model) return e.answer(404, error_object("model '" + e.model() + "' not found"));
  s.scheduler.unload(blob_of(*model), s.now());
  s.pump();
  take_out(s, model);
  e.answer(200, "");
}

wire::Task<void> blob(Errand e, std::string digest) {
  const bool valid = digest.size() == 71 && digest.rfind("sha256", 0) == 0 && (digest[6] == ':' || digest[6] == '-');
  if (!valid) co_return e.answer(400, error_object("invalid digest format"));
  digest[6] = ':';
  Node::State& s = *e.node;
  const bool known = s.blobs.count(digest) > 0;
  if (e.request.head.method == "HEAD") co_return e.answer(known ? 200 : 404, known ? "" : error_object("blob " + go_quoted(digest) + " not found"));
  if (known) co_return e.answer(200, "");
  Sha256 sum;
  Bytes size = 0;
  std::string window(64 * 1024, '\0');
  for (;;) {
    const std::span<char> room(window.data(), window.size());
    const wire::Taken taken = co_await e.client.read_body(room);
    const auto* n = std::get_if<std::size_t>(&taken);
    if (!n) {
      s.seen[e.seen].ended = "client-closed";
      co_return;
    }
    if (*n == 0) break;
    sum.add(std::string_view(window).substr(0, *n));
    size += static_cast<Bytes>(*n);
    s.blob_bytes += static_cast<Bytes>(*n);
  }
  const std::string got = "sha256:" + sum.hex();
  if (got != digest) co_return e.answer(400, error_object("digest mismatch, expected " + go_quoted(digest) + ", got " + go_quoted(got)));
  s.blobs[digest] = size;
  e.answer(201, "");
}

}  // namespace

bool manages(std::string_view path) {
  for (const char* known : {"/api/pull", "/api/push", "/api/create", "/api/copy", "/api/delete", "/api/me"})
    if (path == known) return true;
  return path.starts_with(blob_path);
}

bool uploads(const RequestHead& head) { return head.method == "POST" && head.target.rfind(blob_path, 0) == 0; }

wire::Task<void> manage(StatePtr s, Client& client, const Request& q, Fields also, std::string path, std::size_t seen_at) {
  Errand e{.node = s, .client = client, .request = q, .also = std::move(also), .seen = seen_at, .body = {}};
  if (path.starts_with(blob_path)) {
    std::string digest = path.substr(blob_path.size());
    co_await blob(std::move(e), std::move(digest));
    co_return;
  }
  if (path == "/api/me") co_return e.answer(401, error_object("unauthorized"));
  const FirstValue first = read_first(q.body.view());
  if (!first.error.empty()) co_return e.answer(400, error_object(first.error == "EOF" ? "missing request body" : first.error));
  if (!first.value.is_object()) co_return e.answer(400, error_object("json: cannot unmarshal " + std::string(kind(first.value)) + " into Go value"));
  e.body = first.value;
  if (const Json* stream = member(e.body, "stream")) e.stream = *stream != false;
  s->seen[seen_at].model = e.model();
  if (path == "/api/pull") co_await pull(std::move(e));
  else if (path == "/api/push") push(std::move(e));
  else if (path == "/api/create") create(std::move(e));
  else if (path == "/api/copy") copy(std::move(e));
  else remove(std::move(e));
}

}  // namespace rr::sim
