// Which of a node's addresses is used: in virtual time.
#include "domain/link.hpp"

#include <doctest/doctest.h>

#include <random>

namespace link_test {

using namespace rr;
using namespace std::chrono_literals;
using Evidence = Links::Evidence;

namespace {

const Address cable{"169.254.19.104", 11434}, lan{"mac-mini.local", 11434}, tail{"100.101.102.103", 11434};

struct Mini {
  Time now{};
  Links links{{cable, lan, tail}, now};
  int switches = 0;

  std::string hear(const Address& a, Duration rtt = 1ms) { return told(links.heard(a, rtt, now)); }
  std::string miss(const Address& a, Evidence evidence = Evidence::probe) { return told(links.failed(a, "no answer", evidence, now)); }
  std::string used() const { return links.in_use() ? links.in_use()->address.host : "none"; }
  std::string told(const std::optional<LinkChange>& change) {
    switches += change && change->from;
    if (!change || !change->from) return "";
    return change->from->host + " -> " + change->to.host + (change->why.empty() ? "" : ": " + change->why);
  }
  const Link& link(const Address& a) const {
    for (const Link& l : links.all())
      if (l.address == a) return l;
    throw 0;
  }
};

std::vector<std::string> hosts(const std::vector<Address>& addresses) {
  std::vector<std::string> out;
  for (const Address& a : addresses) out.push_back(a.host);
  return out;
}

}  // namespace

TEST_CASE("an address says what kind of way it is, where that can be told") {
  const auto of = [](const char* host) { return std::string(kind({host, 11434})); };
  for (const char* host : {"100.64.0.1", "100.127.255.255", "mac-mini.tail1234.ts.net", "fd7a:115c:a1e0::1", "Mac-Mini.TAIL.TS.NET"}) CHECK(of(host) == "Tailscale");
  for (const char* host : {"169.254.19.104", "fe80::1%en5"}) CHECK(of(host) == "link-local");
  for (const char* host : {"127.0.0.1", "::1", "localhost"}) CHECK(of(host) == "this machine");
  CHECK(of("mac-mini.local") == "same network");
  for (const char* host : {"100.63.0.1", "100.128.0.1", "10.99.0.2", "192.168.0.7", "mac-mini", "169.255.0.1"}) CHECK(of(host).empty());
  CHECK(described(tail) == "100.101.102.103:11434 (Tailscale)");
}

TEST_CASE("the first address that answers is used, and a better one that had not failed at once") {
  Mini m;
  CHECK(m.used() == "none");
  CHECK(m.hear(tail).empty());
  CHECK(m.used() == tail.host);
  CHECK(m.hear(cable) == tail.host + " -> " + cable.host);
  CHECK(m.used() == cable.host);
  CHECK(m.hear(lan).empty());
  CHECK(m.used() == cable.host);
}

TEST_CASE("one miss is no verdict, two are, and a certain no is at once") {
  Mini m;
  m.hear(cable), m.hear(lan), m.hear(tail);
  CHECK(m.miss(cable).empty());
  CHECK(m.used() == cable.host);
  m.hear(cable);
  CHECK(m.miss(cable).empty());
  CHECK(m.miss(cable, Evidence::hint) == cable.host + " -> " + lan.host + ": no answer");
  CHECK(m.link(cable).state == NodeState::down);
  CHECK(m.link(cable).why == "no answer");
  CHECK(m.miss(lan, Evidence::certain) == lan.host + " -> " + tail.host + ": no answer");
  CHECK(hosts(m.links.order()) == std::vector<std::string>{tail.host, cable.host, lan.host});
}

TEST_CASE("a lost link is taken back after three good answers in a row and ten seconds") {
  Mini m;
  m.hear(cable), m.hear(tail);
  m.miss(cable, Evidence::certain);
  CHECK(m.used() == tail.host);
  m.now += 9s;
  for (int i = 0; i < 5; ++i) CHECK(m.hear(cable).empty());
  m.now += 1s;
  CHECK(m.hear(cable) == tail.host + " -> " + cable.host);

  Mini n;
  n.hear(cable), n.hear(tail);
  n.miss(cable, Evidence::certain);
  n.now += 60s;
  n.hear(cable), n.hear(cable);
  n.miss(cable, Evidence::hint);  // in a row
  n.hear(cable), n.hear(cable);
  CHECK(n.used() == tail.host);
  n.hear(cable);
  CHECK(n.used() == cable.host);
}

TEST_CASE("whatever flaps in whatever rhythm: in 5 minutes at most 30 switches, and never onto a link that is known to be down") {
  std::mt19937 random(7);
  for (int life = 0; life < 300; ++life) {
    Mini m;
    const int up = 1 + static_cast<int>(random() % 30), down = 1 + static_cast<int>(random() % 10);
    for (int second = 0; second < 300; ++second, m.now += 1s) {
      const bool cable_up = second % (up + down) < up;
      if (second % 2 == 0) {
        if (cable_up) m.hear(cable);
        else m.miss(cable, random() % 2 ? Evidence::certain : Evidence::probe);
        m.hear(tail);
      }
      REQUIRE(m.links.in_use());
    }
    CAPTURE(up);
    CAPTURE(down);
    CHECK(m.switches <= 30);
  }
  Mini every_two_seconds;
  for (int second = 0; second < 300; ++second, every_two_seconds.now += 1s) {
    if (second % 4 < 2) every_two_seconds.hear(cable);
    else every_two_seconds.miss(cable);
    every_two_seconds.hear(tail);
  }
  CHECK(every_two_seconds.switches == 1);
}

TEST_CASE("when nothing answers the order is the YAML's, and who answers first is used") {
  Mini m;
  m.hear(cable), m.hear(tail);
  m.miss(tail, Evidence::certain);
  CHECK(m.miss(cable, Evidence::certain).empty());  // nothing to go to
  CHECK(m.used() == "none");
  CHECK(hosts(m.links.order()) == std::vector<std::string>{lan.host, cable.host, tail.host});  // the unknown one before those that said no
  CHECK(m.hear(tail) == cable.host + " -> " + tail.host + ": no answer");
  CHECK(m.used() == tail.host);
}

TEST_CASE("what is silent on a link is given up once, by its own probes, and only when another link has answered since") {
  Mini m;
  m.hear(cable), m.hear(tail);
  m.now += 1s;
  m.miss(cable, Evidence::hint), m.miss(cable, Evidence::hint);  // races lost: the machine may be slow to accept
  m.now += 1s;
  m.hear(tail);
  CHECK(m.links.to_give_up().empty());
  m.miss(cable);
  CHECK(m.links.to_give_up().empty());
  m.miss(cable);
  CHECK(hosts(m.links.to_give_up()) == std::vector<std::string>{cable.host});
  CHECK(m.links.to_give_up().empty());
  m.hear(cable);
  m.now += 1s;
  m.miss(cable), m.miss(cable);
  CHECK(m.links.every(m.link(tail), m.now) == 1s);  // in reserve, and asked soon: is it the link or the machine?
  CHECK(m.links.to_give_up().empty());              // it last answered before the cable was missed: the machine may be slow
  m.now += 1s;
  m.hear(tail);
  CHECK(m.links.to_give_up().size() == 1);
  CHECK(m.links.every(m.link(cable), m.now) == 2s);

  Mini alone;  // the whole machine is silent: nobody knows what its streams do
  alone.hear(cable), alone.hear(tail);
  alone.now += 1s;
  for (int i = 0; i < 2; ++i) alone.miss(cable), alone.miss(lan), alone.miss(tail);
  CHECK(alone.links.to_give_up().empty());
  alone.now += 1s;
  alone.hear(tail);
  CHECK(hosts(alone.links.to_give_up()) == std::vector<std::string>{cable.host, lan.host});
}

TEST_CASE("a link in use and a better one are asked often, those in reserve seldom, a dead one less") {
  Mini m;
  m.hear(cable), m.hear(tail);
  CHECK(m.links.every(m.link(cable), m.now) == 2s);
  CHECK(m.links.every(m.link(tail), m.now) == 10s);
  m.miss(tail);
  CHECK(m.links.every(m.link(tail), m.now) == 1s);  // one miss is confirmed soon
  m.miss(cable, Evidence::certain);
  CHECK(m.links.every(m.link(cable), m.now) == 2s);
  m.now += 61s;
  CHECK(m.links.every(m.link(cable), m.now) == 5s);
}

TEST_CASE("after a sleep nothing is known, and other settings keep what is known of addresses that stay") {
  Mini m;
  m.hear(cable), m.hear(tail);
  m.miss(cable, Evidence::certain);
  m.links.settings({tail, cable}, m.now);
  CHECK(m.used() == tail.host);
  CHECK(m.link(cable).state == NodeState::down);
  m.links.settings({lan}, m.now);
  CHECK(m.used() == "none");
  m.links.settings({cable, tail}, m.now);
  m.hear(tail);
  m.miss(cable, Evidence::certain);
  m.links.forget(m.now);
  CHECK(m.used() == "none");
  CHECK(m.link(cable).state == NodeState::unknown);
  CHECK(hosts(m.links.order()) == std::vector<std::string>{cable.host, tail.host});
}

}  // namespace link_test
