#include "domain/share.hpp"

#include <doctest/doctest.h>

namespace share_test {

using namespace rr;
using std::chrono::seconds;

TEST_CASE("a node's time is shared by the models at work, however many requests each has") {
  const Time begin{};
  const ModelName coder("coder:30b"), tester("tester:14b");
  Share share;
  share.enter(coder, begin);
  CHECK(share.sum(begin + seconds(3)) == seconds(3));
  share.enter(coder, begin + seconds(3));   // a second request of the same model
  share.enter(tester, begin + seconds(4));
  CHECK(share.sum(begin + seconds(6)) == seconds(8));
  share.leave(coder, begin + seconds(6));
  CHECK(share.sum(begin + seconds(7)) == seconds(10));
  share.leave(coder, begin + seconds(7));
  share.leave(tester, begin + seconds(9));
  CHECK(share.sum(begin + seconds(100)) == seconds(12));
}

TEST_CASE("an idle node's time is nobody's") {
  Share share;
  share.leave(ModelName("m"), Time{} + seconds(5));
  CHECK(share.sum(Time{} + seconds(10)) == Duration::zero());
}

}  // namespace share_test
