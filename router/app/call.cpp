#include "app/call.hpp"

#include "api/say_no.hpp"

#include <cstdio>

namespace rr::app {

namespace {

double ms(Duration d) { return std::chrono::duration<double, std::milli>(d).count(); }

std::string timing(const Call& call) {
  const Duration since = std::chrono::steady_clock::now() - call.began;
  const Duration queue = call.grant.queued - call.grant.swapped;
  char text[120];
  std::snprintf(text, sizeof text, "queue;dur=%.1f, swap;dur=%.1f, node;dur=%.1f", ms(queue), ms(call.grant.swapped),
                ms(since - call.grant.queued));
  return text;
}

// "keep_alive 1800, num_ctx 2048": what the client asked for and does not get.
std::string ignored(const Call& call) {
  std::string out;
  if (call.grant.keep_alive && call.ask.client_keep_alive) out = "keep_alive " + *call.ask.client_keep_alive;
  if (call.ask.client_num_ctx && *call.ask.client_num_ctx != call.grant.num_ctx)
    out += (out.empty() ? "" : ", ") + std::string("num_ctx ") + std::to_string(*call.ask.client_num_ctx);
  if (!call.ignored.empty()) out += (out.empty() ? "" : ", ") + call.ignored;
  return out;
}

}  // namespace

Fields told(const Call& call) {
  Fields fields = call.extra;
  fields.push_back({"X-Router-Request", id_text(call.id)});
  if (!call.ask.role.empty()) fields.push_back({"X-Router-Role", call.ask.role});
  if (call.ask.source != RoleSource::none)
    fields.push_back({"X-Router-Role-Source", std::string(to_text(call.ask.source))});
  if (!call.grant.node.empty()) {
    fields.push_back({"X-Router-Node", call.grant.node});
    if (!call.grant.model.empty()) fields.push_back({"X-Router-Model", call.grant.model.spelt()});
    if (!call.ask.instead_of.empty()) fields.push_back({"X-Router-Instead-Of", call.ask.instead_of.spelt()});
    fields.push_back({"Server-Timing", timing(call)});
    if (call.grant.num_ctx > 0 && call.ask.tokens > call.grant.num_ctx)
      fields.push_back({"X-Router-Context", std::to_string(call.ask.tokens) + " of " + std::to_string(call.grant.num_ctx)});
    if (std::string what = ignored(call); !what.empty()) fields.push_back({"X-Router-Ignored", std::move(what)});
  }
  if (call.settings->demo) fields.push_back({"X-Router-Demo", "1"});
  return fields;
}

void refuse(Call& call, const Refusal& refusal, bool close) {
  api::Spoken spoken = api::say_no(refusal, call.route.dialect, id_text(call.id));
  for (Field& field : told(call)) spoken.head.fields.push_back(std::move(field));
  call.status = refusal.status;
  call.error = refusal.code;
  call.side = refusal.side;
  call.client.send(std::move(spoken.head), std::move(spoken.body), close);
}

Refusal draining() {
  return {.code = "draining", .side = Side::router, .status = 503,
          .sentence = "role-router is stopping: it finishes what runs and takes nothing new; ask again in a moment",
          .retry_after_s = 5};
}

Refusal link_lost(const Call& call, std::int64_t tokens) {
  std::string others;
  if (const NodeSettings* node = call.settings->node(call.grant.node))
    for (const Address& address : node->addresses)
      if (to_text(address) == call.link && call.house->other_way(call.grant.node, address)) others = ", the other link is up";
  const std::string when = tokens == 0 ? "before its first token" : "after " + std::to_string(tokens) + (tokens == 1 ? " token" : " tokens");
  return {.code = "link_lost", .side = Side::node, .status = 502,
          .sentence = "the link to " + call.grant.node + " (" + call.link + ") was lost " + when + "; ask again" + others};
}

void reply(Call& call, int status, std::string_view content_type, std::string body) {
  ReplyHead head{.status = status, .reason = std::string(reason_phrase(status)), .fields = {}};
  if (!content_type.empty()) head.fields.push_back({"Content-Type", std::string(content_type)});
  for (Field& field : told(call)) head.fields.push_back(std::move(field));
  call.status = status;
  call.client.send(std::move(head), std::move(body), call.house->draining);
}

}  // namespace rr::app
