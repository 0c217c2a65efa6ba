// A node behind two cables: the better one is refused, swallows everything, is pulled and put back. The client of a request that can be
// asked again notices nothing; the client of a stream that had begun is told within the stream.
#include "support/cable.hpp"
#include "support/scene.hpp"

namespace links_test {

using namespace rr;
using namespace rr::test;

namespace {

class Cabled : public Scene {
 public:
  explicit Cabled(const std::string& instead_of_first = "") : Scene() {
    on_loop([&] {
      fast = std::make_unique<Cable>(io, "127.0.0.2", node_here.port());
      slow = std::make_unique<Cable>(io, "127.0.0.3", node_here.port());
    });
    here_at({instead_of_first.empty() ? fast->text() : instead_of_first, slow->text()});
  }
  ~Cabled() { unplug(); }

  const Link& link(std::size_t i) { return house().desk.dispatch().fleet().node("here")->links.all()[i]; }
  std::string used() {
    const Link* one = house().desk.dispatch().fleet().node("here")->links.in_use();
    return one ? to_text(one->address) : "none";
  }
  // Both answer, the better one is used, and the model is known to be there.
  void plugged() {
    REQUIRE(comes([&] { return link(0).state == NodeState::up && link(1).state == NodeState::up && used() == fast->text(); }));
    REQUIRE(ask(chat_text("coder", false)).status == 200);
  }
  // Back to one address: what all other faults leave behind is counted without cables.
  void over() {
    on_loop([&] { here.release(); });
    CHECK(comes([&] { return here.active == 0 && house().answering == 0; }));
    unplug();
    CHECK(comes([&] { return house().desk.dispatch().fleet().node("here")->state == NodeState::up; }));
    invariants();
  }

  std::unique_ptr<Cable> fast{}, slow{};

 private:
  void unplug() {
    if (!fast) return;
    back();
    on_loop([&] { fast.reset(), slow.reset(); });
  }
};

}  // namespace

TEST_CASE("row 3: an address that refuses is passed over at once, marked and asked again, and taken back") {
  Cabled scene;
  scene.on_loop([&] { scene.fast->refuse(); });
  const Answer a = scene.ask(chat_text("coder", true));
  CHECK(a.status == 200);
  CHECK(a.clean);
  // What was on its way when the port closed may be reset instead; what comes after it is refused.
  REQUIRE(scene.comes([&] { return scene.link(0).state == NodeState::down && scene.link(0).why.ends_with("refused the connection") && scene.used() == scene.slow->text(); }));
  const Answer health = scene.ask(request_text("GET", "/health"));
  CHECK(health.body.find(scene.fast->text() + " refused the connection, next try ") != std::string::npos);
  scene.on_loop([&] { scene.fast->mend(); });
  CHECK(scene.comes([&] { return scene.used() == scene.fast->text(); }));
  CHECK(scene.on_loop([&] { return scene.link(0).good; }) >= 3);
  scene.over();
}

TEST_CASE("row 4: an address that swallows everything is overtaken, and later requests go to the other one first") {
  Cabled scene;
  scene.on_loop([&] { scene.fast->cut(); });
  CHECK(scene.ask(chat_text("coder", true)).clean);
  REQUIRE(scene.comes([&] { return scene.link(0).state == NodeState::down; }));
  CHECK(scene.on_loop([&] { return to_text(scene.house().way("here").front()); }) == scene.slow->text());
  CHECK(scene.ask(chat_text("coder", true)).clean);
  scene.over();
}

TEST_CASE("row 5: a cable pulled while nothing runs costs no client an error, pooled connections or not") {
  Cabled scene;
  scene.plugged();
  scene.on_loop([&] { scene.fast->cut(); });
  const Answer a = scene.ask(chat_text("coder", true));  // on a connection that looks alive
  CHECK(a.status == 200);
  CHECK(a.clean);
  CHECK(scene.on_loop([&] { return scene.used(); }) == scene.slow->text());
  scene.over();
}

TEST_CASE("row 6: a cable pulled during a large upload: the request is sent again over the other one, once") {
  Cabled scene;
  scene.plugged();
  const std::size_t before = scene.upstream();
  RawClient client(scene.port());
  scene.on_loop([&] { scene.fast->cut(); });
  client.send(request_text("POST", "/api/chat", chat_body("coder", true, std::string(20'000'000, 'x'))));
  const Answer a = client.answer();
  CHECK(a.status == 200);
  CHECK(a.clean);
  CHECK(scene.upstream() == before + 1);
  client.close();
  scene.over();
}

TEST_CASE("row 7: a cable pulled in a silent prefill: once more over the other one, in the same seat") {
  Cabled scene;
  scene.plugged();
  const std::size_t before = scene.upstream();
  scene.on_loop([&] { scene.here.how = Playing::How::hold_before; });
  RawClient client(scene.port());
  client.send(chat_text("coder", true));
  REQUIRE(scene.comes([&] { return scene.here.active == 1; }));
  scene.on_loop([&] { scene.fast->cut(); });
  REQUIRE(scene.comes([&] { return scene.here.active == 2; }));  // the node has not heard that the first one was given up
  CHECK(scene.on_loop([&] { return scene.house().desk.dispatch().in_flight(); }) == 1);
  scene.on_loop([&] { scene.here.release(); });
  const Answer a = client.answer();
  CHECK(a.status == 200);
  CHECK(a.clean);
  CHECK(scene.upstream() == before + 2);
  client.close();
  scene.over();
}

TEST_CASE("row 8: a cable pulled in mid-stream: told within the stream, which ends uncleanly; new requests take the other one") {
  for (const bool openai : {false, true}) {
    CAPTURE(openai);
    Cabled scene;
    scene.plugged();
    scene.on_loop([&] { scene.here.how = Playing::How::hold_mid; });
    RawClient client(scene.port());
    client.send(openai ? request_text("POST", "/v1/chat/completions", chat_body("coder", true)) : chat_text("coder", true));
    REQUIRE(scene.comes([&] { return scene.here.active == 1; }));
    Answer a = client.head();
    REQUIRE(client.chunk(a));
    scene.on_loop([&] { scene.fast->cut(); });
    while (client.chunk(a)) {}
    CHECK_FALSE(a.clean);
    CHECK(a.body.find("the link to here (" + scene.fast->text() + ") was lost after 1 token; ask again, the other link is up") != std::string::npos);
    client.close();
    scene.on_loop([&] { scene.here.release(); });
    CHECK(scene.ask(chat_text("coder", true)).clean);
    scene.over();
  }
}

TEST_CASE("row 9: a link that returns is taken back, and what runs over the other one stays there to its end") {
  Cabled scene;
  scene.on_loop([&] { scene.fast->refuse(), scene.here.how = Playing::How::hold_mid; });
  RawClient client(scene.port());
  client.send(chat_text("coder", true));
  Answer a = client.head();
  REQUIRE(client.chunk(a));
  scene.on_loop([&] { scene.fast->mend(); });
  REQUIRE(scene.comes([&] { return scene.used() == scene.fast->text(); }));
  scene.on_loop([&] { scene.here.release(); });
  while (client.chunk(a)) {}
  CHECK(a.clean);
  client.close();
  scene.over();
}

TEST_CASE("row 10: a link that flaps costs no client an error, and is not followed") {
  Cabled scene;
  scene.plugged();
  for (int flap = 0; flap < 8; ++flap) {
    scene.on_loop([&] { scene.fast->refuse(); });
    CHECK(scene.ask(chat_text("coder", true)).clean);
    scene.on_loop([&] { scene.fast->mend(); });
    CHECK(scene.ask(chat_text("coder", false)).status == 200);
    CHECK(scene.on_loop([&] { return scene.used(); }) == scene.slow->text());
  }
  scene.over();
}

TEST_CASE("row 11: answers do not come back, requests arrive: as a cut, and nobody calls the node down") {
  Cabled scene;
  scene.plugged();
  const std::size_t before = scene.upstream();
  scene.on_loop([&] { scene.here.how = Playing::How::hold_before; });
  RawClient client(scene.port());
  client.send(chat_text("coder", false));
  REQUIRE(scene.comes([&] { return scene.here.active == 1; }));
  scene.on_loop([&] { scene.fast->cut(true); });
  REQUIRE(scene.comes([&] { return scene.here.left == 1 && scene.here.active == 1; }));  // the node hears that the first one was given up
  CHECK(scene.upstream() == before + 2);
  CHECK(scene.on_loop([&] { return scene.house().desk.dispatch().fleet().node("here")->state; }) == NodeState::up);
  scene.on_loop([&] { scene.here.release(); });
  CHECK(client.answer().status == 200);
  client.close();
  scene.over();
}

TEST_CASE("row 31: a name that leads nowhere costs nothing: the next address is used, other nodes are untouched") {
  Cabled scene("no-such-mac.invalid:11434");
  CHECK(scene.ask(chat_text("coder", true)).clean);
  scene.others_are_served();
  REQUIRE(scene.comes([&] { return scene.link(0).state == NodeState::down && scene.used() == scene.slow->text(); }));
  CHECK(scene.ask(request_text("GET", "/health")).body.find("no-such-mac.invalid:11434 cannot be reached") != std::string::npos);
  scene.over();
}

}  // namespace links_test
