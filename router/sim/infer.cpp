// A request for a model: refused, queued by the scheduler, loaded for, computed.
#include "sim/admission.hpp"
#include "sim/memory.hpp"
#include "sim/utter.hpp"

#include <algorithm>
#include <numeric>

namespace rr::sim {

namespace {

using wire::Client;
using wire::Request;

Fault directed(Node::State& s, const Asked& a, const Answer& answer) {
  Fault f;
  const std::string& word = answer.directed_fault;
  if (word.empty()) return f;
  const std::string text = a.messages.empty() ? a.prompt : a.messages.back().content;
  if (const auto at = text.find("[[times:"); at != std::string::npos) {
    if (s.directed[text]++ >= std::atoi(text.c_str() + at + 8)) return f;
  }
  if (word == "cut") f.what = Fault::What::die_mid;
  if (word == "noend") f.what = Fault::What::end_early;
  if (word == "error") f.what = Fault::What::error_mid;
  if (word.rfind("status-", 0) == 0) {
    f.what = Fault::What::status;
    f.status = std::clamp(std::atoi(word.c_str() + 7), 400, 599);
  }
  return f;
}

wire::Task<std::string> embed(Utterance u, Client& client, const Request& q) {
  const Asked& a = u.asked;
  int n = 0;
  std::vector<std::string> inputs = a.route == Route::embed ? a.input : std::vector<std::string>{a.prompt};
  for (auto& i : inputs) n += tokens(i);
  if (!co_await work(u.node, u.turn, blob_of(*u.model), from_seconds(n / u.model->prefill_tps))) co_return "client-closed";
  if (u.fault.what == Fault::What::hang || u.fault.what == Fault::What::hang_mid) {
    while (!u.turn->gone && !u.node->stopped) co_await u.turn->signal.wait();
    co_return "fault";
  }
  if (u.answer.fault == EngineFault::status) {
    u.node->seen[u.turn->seen].status = u.answer.status;
    reply(client, q, u.answer.status, json_utf8, error_object(u.answer.text), u.also);
    co_return "fault";
  }
  int length = a.dimensions > 0 ? a.dimensions : u.model->embedding_length;
  if (length <= 0) length = 768;
  std::vector<std::vector<float>> all;
  for (auto& i : inputs) all.push_back(embedding(i, length));
  Times t;
  t.load = u.node->real(u.load);
  t.total = std::max(u.node->real(u.node->now() - u.began), t.load);
  reply(client, q, 200, json_utf8, a.route == Route::embed ? embed_object(a.model, all, t, n) : embeddings_object(all.front()), u.also);
  co_return "whole";
}

}  // namespace

wire::Task<void> infer(StatePtr s, Client& client, const Request& q, Fields also, Route route, std::size_t at) {
  Utterance u;
  Decoded d = decode(route, q.body.view());
  const Admission adm = admit(s->spec, d);
  s->seen[at].model = d.asked.model;
  s->seen[at].keep_alive = d.asked.keep_alive_text;
  s->seen[at].num_ctx = d.asked.num_ctx_text;
  s->seen[at].status = adm.status;
  if (adm.status != 200) {
    reply(client, q, adm.status, json_utf8, error_object(adm.error), also);
    co_return;
  }
  const bool computes = adm.kind == Admission::Kind::compute;
  u.node = s;
  u.asked = d.asked;
  u.model = adm.model;
  u.also = also;
  u.fault = s->take_fault(q.head.target, true, computes);
  if (computes) {
    const Script* script = s->script_for(u.asked, *u.model);
    u.answer = script ? recite(*script, u.asked, adm.options.sampling, *u.model) : speak(u.asked, adm.options.sampling, *u.model);
    s->seen[at].role_hint = u.answer.role;
    if (u.fault.what == Fault::What::none) u.fault = directed(*s, u.asked, u.answer);
  }
  if (broken(*s, client, q, u.fault, at)) co_return;

  Speech speech{route, u.asked.model, u.asked.raw};
  if (adm.kind == Admission::Kind::unload) {
    s->scheduler.unload(blob_of(*u.model), s->now());
    s->pump();
    reply(client, q, 200, json_utf8, short_object(speech, s->created(), "unload"), also);
    co_return;
  }

  const TurnPtr turn = u.turn = s->begin(at);
  u.began = s->now();
  auto watch = client.on_gone([weak = std::weak_ptr(s), turn] {
    if (auto state = weak.lock()) state->left(turn);
  });
  Want needed = want(s->spec, *u.model, adm.options.runner);
  if (u.asked.keep_alive) needed.keep_alive = on_clock(*u.asked.keep_alive, s->spec);
  if (!computes && u.fault.what == Fault::What::hang) needed.load_time = std::chrono::hours(24 * 365);
  u.answer.prompt_n = std::min(u.answer.prompt_n, needed.options.num_ctx);
  s->scheduler.ask(turn->id, std::move(needed), u.began);
  s->pump();
  while (!turn->admitted && !turn->refused && !turn->failed && !turn->gone && !s->stopped) co_await turn->signal.wait();
  if (turn->leaked) {  // nobody tells this handler anything any more
    s->seen[at].ended = "leaked";
    while (!s->stopped) co_await turn->signal.wait();
    co_return;
  }
  if (turn->gone || s->stopped) {
    s->end(turn, "client-closed");
    co_return;
  }
  if (turn->refused || turn->failed) {
    s->seen[at].status = turn->refused ? 503 : 500;
    reply(client, q, s->seen[at].status, json_utf8,
          error_object(turn->refused ? "server busy, please try again.  maximum pending requests exceeded" : turn->failure), also);
    s->end(turn, "whole");
    co_return;
  }
  u.load = s->now() - u.began;
  if (!computes) {
    std::string body = route == Route::embed        ? "{\"model\":" + json_text(u.asked.model) + ",\"embeddings\":[]}"
                       : route == Route::embeddings ? std::string("{\"embedding\":[]}")
                                                    : short_object(speech, s->created(), "load");
    reply(client, q, 200, json_utf8, std::move(body), also);
    s->end(turn, "whole");
    co_return;
  }
  if (u.fault.what == Fault::What::wedge) s->scheduler.wedge(blob_of(*u.model));
  s->scheduler.compute(turn->id, s->now());
  s->pump();
  while (!turn->running && !turn->gone && !s->stopped) co_await turn->signal.wait();
  std::string how = "client-closed";
  if (!turn->gone && !s->stopped) {
    const std::string blob = blob_of(*u.model);
    s->compute(turn, blob);
    if (route == Route::embed || route == Route::embeddings) {
      how = co_await embed(std::move(u), client, q);
    } else {
      std::string text = rendered(u.asked, u.model->rendering);
      u.cached = s->prompts[blob].cached(text);
      const std::string said = std::accumulate(u.answer.pieces.begin(), u.answer.pieces.end(), std::string());
      const Bytes kv = u.model->kv_per_token;
      how = co_await utter(std::move(u), client, q);
      if (how == "whole") text += said;
      s->prompts[blob].keep(std::move(text), kv, s->spec.host_cache);
    }
    s->computed(blob);
  }
  s->end(turn, how);
}

}  // namespace rr::sim
