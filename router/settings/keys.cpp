#include "settings/keys.hpp"

#include <algorithm>

namespace rr::settings {

const std::vector<Section>& sections() {
  static const std::vector<Section> all{
      {"",
       {"listen", "roles", "default_role", "also_called", "nodes", "models", "smart_swap", "required", "drain_timeout", "first_byte",
        "between_chunks", "prefill_grace", "stream_buffer", "limits", "allowed_hosts", "allowed_origins", "phrases", "management", "cloud",
        "access_log", "substitutes", "api_key"},
       {"client", "key", "guard"}},
      {"roles.*", {"node", "model", "keep_alive", "required"}, {"substitutes", "client", "key", "guard", "cloud"}},
      {"nodes.*", {"address", "gpu_memory", "type", "api_key"}, {"management", "cloud"}},
      {"models.*", {"num_ctx", "size", "parallel", "use_mmap", "on_overflow"}, {"substitutes", "cloud"}},
      {"smart_swap", {"policy", "max_wait", "swap_timeout", "on_exit"}, {}},
      {"limits", {"connections", "body", "bodies", "stream_buffers", "waiting", "per_role", "per_node", "wait"}, {}},
  };
  return all;
}

const Section& section(std::string_view name) {
  return *std::find_if(sections().begin(), sections().end(), [&](const Section& s) { return s.name == name; });
}

std::string home_of(std::string_view key) {
  for (const Section& s : sections()) {
    if (std::find(s.keys.begin(), s.keys.end(), key) == s.keys.end()) continue;
    if (s.name.empty()) return "at the top level";
    if (!s.name.ends_with(".*")) return "under " + std::string(s.name);
    return "under " + std::string(s.name.substr(0, s.name.size() - 1)) + "<name>";
  }
  return "";
}

}  // namespace rr::settings
