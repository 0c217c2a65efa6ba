// Precision and recall of rules 7 and 8 on labelled requests: roles.cpp FILE.jsonl. A line: id, expect (router, architect, coder,
// tester or default), endpoint, body. Prints what is asked of each role, the confusions and every miss. Exit 0 whatever it finds.
#include "bench/roles_score.hpp"

#include <cstdio>

int main(int argc, char** argv) {
  if (argc != 2) return std::fprintf(stderr, "usage: roles FILE.jsonl\n"), 2;
  const auto score = rr::bench::score_file(argv[1]);
  if (!score) return std::fprintf(stderr, "roles: %s cannot be read\n", argv[1]), 2;
  std::fputs(rr::bench::table(*score).c_str(), stdout);
  return 0;
}
