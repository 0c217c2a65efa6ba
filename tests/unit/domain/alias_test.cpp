#include "domain/alias.hpp"

#include <doctest/doctest.h>

namespace alias_test {

using namespace rr;

TEST_CASE("a copy of a role's model is counted as it, another digest or another num_ctx is not") {
  const ModelName coder("coder:30b"), copy("my-coder"), other("other:30b"), twin("other-copy");
  Settings s;
  s.roles = {{.name = "coder", .nodes = {"mini"}, .model = coder}};
  s.models = {{.name = coder, .num_ctx = 8192}};
  s.model_default.num_ctx = 8192;
  NodeBelief node{.name = "mini", .inventory_known = true};
  node.installed = {{.name = coder, .digest = "aa"}, {.name = copy, .digest = "aa"}, {.name = other, .digest = "bb"}, {.name = twin, .digest = "bb"}};
  CHECK(counted_as(copy, node, s) == coder);
  CHECK(counted_as(coder, node, s) == coder);
  CHECK(counted_as(other, node, s) == other);
  CHECK(counted_as(ModelName("nowhere"), node, s) == ModelName("nowhere"));
  node.residents = {{.name = other, .digest = "bb", .expires = {}}};
  CHECK(counted_as(twin, node, s) == other);  // of no role: under the name that is resident
  s.model_default.num_ctx = 4096;
  CHECK(counted_as(copy, node, s) == copy);  // a node would reload it for this one
  node.installed[1].digest.clear();
  CHECK(counted_as(copy, node, s) == copy);
}

}  // namespace alias_test
