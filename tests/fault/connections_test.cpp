// Connections cost little while they rest, and at limits.connections the one that has rested longest makes room for a new one.
#include "support/heap.hpp"
#include "support/long_run.hpp"
#include "support/scene.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include <sys/resource.h>

namespace connections_test {

using namespace rr;
using namespace rr::test;

namespace {

const std::string version = request_text("GET", "/api/version");

std::unique_ptr<RawClient> rested(Scene& scene) {
  auto client = std::make_unique<RawClient>(scene.port());
  client->send(version);
  REQUIRE(client->answer().status == 200);
  return client;
}

}  // namespace

TEST_CASE("row 42: at limits.connections the oldest idle connection is closed for the new one") {
  Scene scene("limits: { connections: 3 }\n");
  auto first = rested(scene), second = rested(scene), third = rested(scene);
  first->send(version);
  REQUIRE(first->answer().status == 200);  // now the second is the one that rested longest
  auto fourth = rested(scene);
  CHECK(second->closed_by_peer());
  for (RawClient* other : {first.get(), third.get(), fourth.get()}) {
    other->send(version);
    CHECK(other->answer().status == 200);
  }
  first.reset(), second.reset(), third.reset(), fourth.reset();
  scene.invariants();
}

TEST_CASE("row 42: where every connection is busy a new one gets a 503, and those that are open go on") {
  Scene scene("limits: { connections: 2 }\n");
  scene.on_loop([&] { scene.here.how = Playing::How::hold_mid; });
  RawClient busy(scene.port()), waits(scene.port());
  for (RawClient* client : {&busy, &waits}) client->send(chat_text("coder", true));
  CHECK(scene.comes([&] { return scene.here.active == 2; }));
  {
    RawClient third(scene.port());
    const Answer refused = third.answer();
    CHECK(refused.status == 503);
    CHECK(refused.field("Retry-After") != "");
    CHECK(third.closed_by_peer());
  }
  scene.on_loop([&] { scene.here.release(); });
  for (RawClient* client : {&busy, &waits}) CHECK(client->answer().clean);
  busy.close(), waits.close();
  scene.invariants();
}

TEST_CASE("row 42: idle connections cost at most 10 KB each, and others are served beside them") {
  wire::os::raise_file_limit();
  rlimit files{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &files) == 0);
  const std::size_t room = (static_cast<std::size_t>(files.rlim_cur) - 500) / 2;  // both ends are in this process
  const std::size_t many = std::min<std::size_t>(long_run() ? 10'000 : 500, room);
  Scene scene("limits: { connections: 20000 }\n");
  scene.on_loop([&] { scene.house().client_limits.idle = std::chrono::hours(1); });
  std::vector<std::unique_ptr<RawClient>> all;
  all.reserve(many);
  all.push_back(rested(scene));
  const std::size_t before = live_bytes();
  while (all.size() < many) all.push_back(rested(scene));
  const std::size_t own = sizeof(RawClient) + all.back()->buffered().capacity() + 1;  // this end of it
  const std::size_t each = (live_bytes() - before) / (many - 1) - own;
  MESSAGE(many << " idle connections, bytes of each: " << each);
  CHECK(each <= 10 * 1024);
  CHECK(scene.on_loop([&] { return scene.house().resting.size(); }) == many);
  scene.others_are_served();
  all.clear();
  scene.invariants();
}

}  // namespace connections_test
