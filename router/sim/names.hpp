// Model names as Ollama parses them (types/model/name.go): [host/][namespace/]model[:tag], and the suffixes that mean a place.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rr::sim {

struct Name {
  std::string host = "registry.ollama.ai", space = "library", model, tag = "latest";
  std::string full() const;      // "registry.ollama.ai/library/coder:30b"
  std::string shown() const;     // shortest form with the tag: "coder:30b", "hf.co/x/y:q4"
  bool same(const Name&) const;  // letter case does not matter
};

struct NameAsked {
  std::optional<Name> name;      // nothing: it does not parse
  bool cloud = false;            // ":cloud" or "<tag>-cloud"
  bool both = false;             // ":local" and ":cloud"
};
NameAsked read_name(std::string_view spelt);

}  // namespace rr::sim
