#include "api/status_text.hpp"

#include <doctest/doctest.h>

namespace status_text_test {

using namespace rr::api;

TEST_CASE("the page of a router: roles, machines with their links and models, who waits, what is wrong") {
  CHECK(status_text(R"({
    "status": "degraded", "version": "0.1.0", "demo": false, "up": "2h13m", "config": {"file": "router.yaml", "generation": 7, "adopted": "x", "refused": null}, "policy": "smart",
    "roles": {"coder": {"state": "ready", "model": "qwen3-coder:30b", "node": "mac-mini"},
              "architect": {"state": "after_swap", "model": "big", "node": "mac-mini", "why": "coder leaves when idle, then 52 GB load", "expected_s": 26}},
    "nodes": {"mac-mini": {"state": "up", "drained": {"still_running": 1}, "ollama": "0.33.0", "heard_s_ago": 0.4,
        "links": [{"address": "169.254.19.104:11434", "state": "up", "in_use": true, "rtt_ms": 0.6},
                  {"address": "100.101.102.103:11434", "state": "down", "in_use": false, "why": "no answer in 300 ms, next try in 4 s"}],
        "memory": {"limit_gib": 56.0, "used_gib": 21.6},
        "models": [{"name": "qwen3-coder:30b", "role": "coder", "gib": 21.6, "num_ctx": 32768, "on_gpu": 1.0, "in_flight": 1, "lease_s": 7200}], "swap": null},
      "macbook": {"state": "down", "why": "127.0.0.1:11434 refused the connection", "ollama": null, "links": [], "memory": {"limit_gib": null, "used_gib": 0.0}, "models": [], "swap": null}},
    "waiting": [{"id": "r-000414", "role": "architect", "for": "coder r-000412 to finish, then a swap", "place": 1, "waited_s": 7, "expected_s": 26}],
    "in_flight": 1, "warnings": ["macbook is down: 127.0.0.1:11434 refused the connection"]})") ==
        "role-router 0.1.0  degraded  up 2h13m  policy smart  router.yaml\n"
        "roles\n"
        "  coder      ready       qwen3-coder:30b  mac-mini\n"
        "  architect  after_swap  big              mac-mini  coder leaves when idle, then 52 GB load; about 26s\n"
        "nodes\n"
        "  mac-mini  up, drained (1 still running)  Ollama 0.33.0  21.6 of 56.0 GiB\n"
        "    link   169.254.19.104:11434   up       in use  0.6 ms\n"
        "    link   100.101.102.103:11434  down             no answer in 300 ms, next try in 4 s\n"
        "    model  qwen3-coder:30b  21.6 GiB   1 running   coder         leaves after 2h\n"
        "  macbook  down  0.0 GiB  127.0.0.1:11434 refused the connection\n"
        "1 running, 1 waiting\n"
        "  r-000414  architect  7 s so far  for coder r-000412 to finish, then a swap; about 26s\n"
        "WARN  macbook is down: 127.0.0.1:11434 refused the connection\n");
}

TEST_CASE("what is no answer of /health gives no page, whatever it is") {
  for (const char* text : {"", "Ollama is running", "[]", "{}", R"({"roles":1})", R"({"error":"x"})", "\xff"}) CHECK(status_text(text).empty());
  CHECK_FALSE(status_text(R"({"roles":{},"nodes":{}})").empty());
}

}  // namespace status_text_test
