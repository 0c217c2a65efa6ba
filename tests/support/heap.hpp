// Bytes that are allocated and not freed in this process: a count, not what the kernel happens to keep resident.
#pragma once

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
extern "C" std::size_t __sanitizer_get_current_allocated_bytes();  // sanitizer/allocator_interface.h, which g++ does not ship
#elif defined(__APPLE__)
#include <malloc/malloc.h>
#else
#include <malloc.h>
#endif

namespace rr::test {

inline std::size_t live_bytes() {
#if defined(__SANITIZE_ADDRESS__)
  return __sanitizer_get_current_allocated_bytes();
#elif defined(__APPLE__)
  malloc_statistics_t told{};
  malloc_zone_statistics(nullptr, &told);
  return told.size_in_use;
#else
  const struct mallinfo2 told = ::mallinfo2();
  return told.uordblks + told.hblkhd;
#endif
}

}  // namespace rr::test
