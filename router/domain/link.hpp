// The addresses of one node, in the order of the YAML: which of them answer, which one is used, when a better one is taken back.
// Whoever asks a node or dials one says what came of it; a link is down after two misses or one certain no. A better link is taken
// back after three good answers in a row, at the earliest 10 s after it was left, longer when it fails again soon after.
#pragma once

#include "domain/settings.hpp"

namespace rr {

// What kind of way an address is: "Tailscale" (100.64.0.0/10, fd7a:115c:a1e0::/48, *.ts.net), "link-local" (169.254.0.0/16, fe80::/10: a
// Thunderbolt bridge gives itself such a one), "same network" (*.local), "this machine"; "" = cannot be told.
std::string_view kind(const Address&);
std::string described(const Address&);  // "100.101.102.103:11434 (Tailscale)"

enum class NodeState { unknown, up, down };

struct Link {
  Address address{};
  NodeState state = NodeState::unknown;
  std::string why{};               // of down: "refused the connection"
  Duration rtt{};                  // of the last answer
  Time since{};                    // of the state
  Time asked{};                    // when it last answered or failed
  Time heard{};                    // when it last answered
  Time missing{};                  // since when it has not: its first miss in a row
  int good = 0, missed = 0;        // in a row
  int probed = 0;                  // misses in a row of its own probes: nobody else's guess
  bool failed_once = false;        // since its verdicts were last forgotten
  bool given_up = false;           // what was silent on it has been ended
};

struct LinkChange {                // another address is used
  std::optional<Address> from{};   // absent: none answered before
  Address to{};
  std::string why{};               // what became of `from`; "" = a better one is back
  Duration away{};                 // how long `to` was not used
};

class Links {
 public:
  Links() = default;
  Links(const std::vector<Address>&, Time now);

  const std::vector<Link>& all() const { return links_; }
  const Link* in_use() const;      // null: none is known to answer
  bool several() const { return links_.size() > 1; }
  // As they are to be dialled: the one in use, the others that answer, the unknown, those that are down.
  std::vector<Address> order() const;

  std::optional<LinkChange> heard(const Address&, Duration rtt, Time now);
  enum class Evidence { hint,      // lost a race, was lost under a request
                        probe,     // its own probe got no answer
                        certain }; // refused, no route, no such name
  std::optional<LinkChange> failed(const Address&, std::string why, Evidence, Time now);
  // Links that are down by their own probes while another one has answered since: what is silent on them is to be ended. Each once. (When
  // none has, it may be the machine that is slow, and its streams are well.)
  std::vector<Address> to_give_up();
  void forget(Time now);           // every verdict, after a sleep
  void settings(const std::vector<Address>&, Time now);  // the YAML has changed: known addresses keep what is known of them

  // How long after the last word its probe is due.
  Duration every(const Link&, Time now) const;

 private:
  Link* find(const Address&);
  std::optional<LinkChange> use(std::size_t, std::string why, Time now);
  void leave(Time now);            // the one in use, because it failed
  std::optional<std::size_t> best() const;
  bool vouched(const Link& lost) const;  // another one has answered since it was lost

  std::vector<Link> links_{};
  std::optional<std::size_t> used_{};
  std::optional<Time> left_{};     // a better link, because it failed
  std::optional<Time> back_{};     // one was taken back
  Duration hold_{};
};

}  // namespace rr
