// The story of one request. Read this first.
#pragma once

#include "app/house.hpp"
#include "wire/net.hpp"

namespace rr::app {

// One client connection from its first byte to its end: a request at a time.
wire::Task<void> serve(std::shared_ptr<House>, wire::Socket);

}  // namespace rr::app
