#include "wire/aside.hpp"

namespace rr::wire {

asio::execution_context::id Bench::id;

}  // namespace rr::wire
