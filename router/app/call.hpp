// One request on its way: what the steps of serve.cpp hand on to each other.
#pragma once

#include "api/classify.hpp"
#include "app/house.hpp"
#include "wire/client.hpp"

namespace rr::app {

constexpr std::size_t large_body = 128 << 10;    // from here on a body is read and translated beside the loop (wire/aside)
constexpr std::size_t most_answer = 256u << 20;  // of a node's answer that is not streamed

struct Call {
  std::shared_ptr<House> house;
  Snapshot settings{};                             // the snapshot this request began with
  std::shared_ptr<const api::RoleNames> names;
  wire::Client& client;
  wire::Request request;
  api::Route route{};
  TicketId id = 0;
  Time began{};
  Fields extra{};                                  // CORS fields of the answer
  std::int64_t body_bytes = 0;

  std::string ignored{};                           // what of the body the policy does not pass on: "shift false"

  // for the one log line at the end
  Ask ask{};
  Grant grant{};
  int status = 0;
  std::string error{};                             // code of a refusal
  std::optional<Side> side{};                      // whose fault it is
  std::string link{};                              // the node's address that was used
  std::optional<Time> first_byte{};                // of the answer's body, towards the client
  Time spoke{};                                    // when the client last got a piece of it; before the first: when it began to wait
  Outcome outcome{};
};

// The house can end the node's part of this answer while it runs.
struct Asked {
  Asked(House& h, TicketId i, std::function<void()> end) : house(h), id(i) { house.asked[id] = std::move(end); }
  ~Asked() { house.asked.erase(id); }
  Asked(const Asked&) = delete;
  House& house;
  TicketId id;
};

// The fields that tell what the router did: X-Router-*, Server-Timing, CORS, X-Router-Demo.
Fields told(const Call&);

// Answers a refusal in the dialect of the path. `close`: the connection ends with it.
void refuse(Call&, const Refusal&, bool close = false);

Refusal draining();  // the program stops
// The way to the node is gone, after `tokens` of the answer; whether another one is there.
Refusal link_lost(const Call&, std::int64_t tokens);

// A whole answer of our own.
void reply(Call&, int status, std::string_view content_type, std::string body);

}  // namespace rr::app
