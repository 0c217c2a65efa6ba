// Every key that a file may use, and the words that are kept for later.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rr::settings {

struct Section {
  std::string_view name;           // "", "roles.*", "nodes.*", "models.*", "smart_swap", "limits"
  std::vector<std::string> keys;
  std::vector<std::string> later;  // known words that are not in this version
};

const std::vector<Section>& sections();
const Section& section(std::string_view name);

// Where else a key belongs: "at the top level", "under smart_swap"; "" = nowhere.
std::string home_of(std::string_view key);

}  // namespace rr::settings
