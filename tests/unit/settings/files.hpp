// Files of the repository, and loading with the product's own comparison of names.
#pragma once

#include "api/role_names.hpp"
#include "settings/load.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <iterator>

namespace rr::settings {

inline std::string read_file(const std::string& path) {
  std::ifstream in(std::string(RR_SOURCE_DIR) + "/" + path, std::ios::binary);
  REQUIRE_MESSAGE(in.good(), "no file " << path);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline Loaded load_text(const std::string& text) { return load(text, "test.yaml", api::fold_name); }

// Settings of a text without a mistake; the problems are shown when it has one.
inline Snapshot good(const std::string& text) {
  const Loaded loaded = load_text(text);
  REQUIRE_MESSAGE(loaded.settings, print(loaded.problems, "test.yaml"));
  return loaded.settings;
}

inline const std::string one_role = "roles: { coder: { node: macbook, model: qwen3:1.7b } }\nnodes: { macbook: { address: 127.0.0.1 } }\n";

}  // namespace rr::settings
