// The router's machine sleeps for a night and wakes, a hundred times: pooled connections are dropped, no machine is called down, what
// runs goes on, what comes is served.
#include "support/scene.hpp"

namespace sleep_test {

using namespace rr;
using namespace rr::test;

TEST_CASE("row 68: after each of a hundred nights every machine is asked anew, none is called down, and requests are served") {
  Scene scene;
  scene.on_loop([&] { scene.here.how = Playing::How::hold_mid; });
  RawClient running(scene.port());
  running.send(chat_text("coder", true));
  Answer stream = running.head();
  REQUIRE(running.chunk(stream));
  std::chrono::system_clock::time_point wall{};
  int nights = 0;
  scene.on_loop([&] {
    scene.house().wall = [&] { return wall; };
    scene.house().heart = {};
    scene.house().beat();
  });
  const auto state = [&](const char* name) { return scene.house().desk.dispatch().fleet().node(name)->state; };
  for (; nights < 100; ++nights) {
    const std::size_t idle = scene.on_loop([&] {
      wall += std::chrono::hours(8);
      scene.house().beat();
      return scene.house().upstream.idle();
    });
    CHECK(idle == 0);
    if (nights % 10 == 0) scene.others_are_served();
    bool down = false;
    REQUIRE(scene.comes([&] {
      down = down || state("here") == NodeState::down || state("there") == NodeState::down;
      return state("here") == NodeState::up && state("there") == NodeState::up;
    }));
    CHECK_FALSE(down);
  }
  scene.on_loop([&] { scene.here.release(); });
  while (running.chunk(stream)) {}
  CHECK(stream.clean);
  scene.invariants(1);
}

TEST_CASE("row 67: a wall clock that jumps by an hour or a day, either way, moves no deadline and no lease, and costs no request") {
  Scene scene("first_byte: 20s\nbetween_chunks: 20s\n");
  scene.on_loop([&] { scene.here.how = Playing::How::hold_before; });
  RawClient waiting(scene.port());
  waiting.send(chat_text("coder", true));
  REQUIRE(scene.comes([&] { return scene.here.active == 1; }));
  std::chrono::system_clock::time_point wall{std::chrono::hours(500'000)};
  scene.on_loop([&] {
    scene.house().wall = [&] { return wall; };
    scene.house().heart = {};
    scene.house().beat();
  });
  for (const int hours : {1, -1, 24, -24, 24 * 365, -24 * 365}) {
    scene.on_loop([&] {
      wall += std::chrono::hours(hours);
      scene.house().beat();
    });
    scene.others_are_served();
    const auto held = scene.on_loop([&] { return scene.house().desk.dispatch().picture(std::chrono::steady_clock::now()).nodes[0].models; });
    REQUIRE(held.size() == 1);
    CHECK(held[0].in_flight == 1);
  }
  scene.on_loop([&] { scene.here.release(); });
  CHECK(waiting.answer().clean);
  waiting.close();
  scene.invariants();
}

TEST_CASE("row 69: a router that gets no processor for six seconds calls nobody down and breaks nobody's answer") {
  Scene scene;
  scene.on_loop([&] { scene.here.how = Playing::How::hold_mid; });
  RawClient running(scene.port());
  running.send(chat_text("coder", true));
  Answer stream = running.head();
  REQUIRE(running.chunk(stream));
  scene.on_loop([] { ::usleep(6'000'000); });  // longer than a node has for its answer to a probe
  bool down = false;
  int looks = 0;
  std::optional<Time> heard;
  CHECK(scene.comes([&] {
    const NodeBelief* node = scene.house().desk.dispatch().fleet().node("here");
    down = down || node->state == NodeState::down;
    if (node->heard != heard) ++looks, heard = node->heard;
    return looks >= 3;
  }));
  CHECK_FALSE(down);
  scene.on_loop([&] { scene.here.release(); });
  while (running.chunk(stream)) {}
  CHECK(stream.clean);
  scene.invariants(1);
}

}  // namespace sleep_test
