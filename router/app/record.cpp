#include "app/record.hpp"

#include "api/access_line.hpp"
#include "app/log.hpp"
#include "app/stamp.hpp"

namespace rr::app {

namespace {

std::string_view word(Side side) {
  switch (side) {
    case Side::client: return "client";
    case Side::node: return "node";
    default: return "router";
  }
}

std::string when(Time began) {  // the wall clock may step; the steady one says how long ago it was
  using Wall = std::chrono::system_clock;
  return stamp(Wall::now() - std::chrono::duration_cast<Wall::duration>(std::chrono::steady_clock::now() - began));
}

std::string milliseconds(const std::optional<Duration>& d) {
  return d ? std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(*d).count()) : "";
}

std::string count(std::int64_t n) { return n > 0 ? std::to_string(n) : ""; }

void write(House& house, const api::AccessLine& line) {
  log::info(log::pairs({{"id", line.id},
                        {"method", line.method},
                        {"path", line.path},
                        {"status", std::to_string(line.status)},
                        {"role", line.role},
                        {"source", line.source},
                        {"model", line.model},
                        {"node", line.node},
                        {"link", line.link},
                        {"session", line.session},
                        {"queued_ms", milliseconds(line.queued)},
                        {"swap_ms", milliseconds(line.swapped)},
                        {"first_byte_ms", milliseconds(line.first_byte)},
                        {"took_ms", milliseconds(line.took)},
                        {"prompt_tokens", count(line.prompt_tokens)},
                        {"output_tokens", count(line.output_tokens)},
                        {"outcome", line.outcome == "ok" ? "" : line.outcome},
                        {"side", line.side},
                        {"error", line.code}}));
  if (house.access) house.access->add(api::access_line(line));
}

}  // namespace

void record(const Call& call) {
  const bool granted = !call.grant.node.empty();
  api::AccessLine line{.at = call.house->access ? when(call.began) : "",
                       .id = id_text(call.id),
                       .method = call.request.head.method,
                       .path = call.route.path,
                       .role = call.ask.role,
                       .source = call.ask.role.empty() ? "" : std::string(to_text(call.ask.source)),
                       .session = call.ask.session,
                       .asked = call.ask.asked_model,
                       .model = granted ? call.grant.model.spelt() : call.ask.model.spelt(),
                       .instead_of = call.ask.instead_of.spelt(),
                       .node = call.grant.node,
                       .link = call.link,
                       .stream = call.ask.stream,
                       .status = call.status,
                       .outcome = "ok",
                       .side = call.side ? std::string(word(*call.side)) : "",
                       .code = call.error,
                       .took = std::chrono::steady_clock::now() - call.began,
                       .body_bytes = call.body_bytes,
                       .estimated_tokens = call.ask.tokens,
                       .prompt_tokens = call.outcome.prompt_tokens,
                       .output_tokens = call.outcome.output_tokens};
  if (granted) line.queued = call.grant.queued;
  if (granted && call.grant.swapped > Duration::zero()) line.swapped = call.grant.swapped;
  if (call.first_byte) line.first_byte = *call.first_byte - call.began;
  if (call.outcome.prompt_time > Duration::zero()) line.prompt_time = call.outcome.prompt_time;
  if (!call.error.empty()) line.outcome = call.status == 200 ? "broken" : "refused";
  else if (call.client.gone() && call.outcome.ending != Ending::ok) line.outcome = "client_left", line.side = "client";
  write(*call.house, line);
}

void record(House& house, TicketId id, const Unread& unread, Time began, const Refusal& refusal) {
  write(house, {.at = house.access ? when(began) : "",
                .id = id_text(id),
                .method = unread.method,
                .path = unread.path,
                .status = refusal.status,
                .outcome = "refused",
                .side = std::string(word(refusal.side)),
                .code = refusal.code,
                .took = std::chrono::steady_clock::now() - began});
}

void record(House& house, const Note& note) {
  const bool warning = note.level == Note::Level::warn;
  warning ? log::warn(note.text) : log::info(note.text);
  if (house.access) house.access->add(api::fleet_line(stamp(std::chrono::system_clock::now()), warning, note.text));
}

}  // namespace rr::app
