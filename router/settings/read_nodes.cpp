#include "settings/draft.hpp"
#include "settings/words.hpp"

#include <algorithm>

namespace rr::settings {

namespace {

constexpr Bytes least_memory = Bytes{64} << 20;  // below it a unit was forgotten

std::optional<Address> read_address(const Cursor& cursor, const Engine& engine) {
  const auto text = cursor.word("an address such as mac-mini.local or 192.168.0.7:11434");
  if (!text) return std::nullopt;
  if (const auto scheme = text->find("://"); scheme != std::string::npos) {
    const std::string rest = text->substr(scheme + 3);
    cursor.mistake("an address has no " + text->substr(0, scheme + 3) + ": write " + rest.substr(0, rest.find('/')));
    return std::nullopt;
  }
  const auto address = text->find_first_of("/ @?#") == std::string::npos ? parse_address(*text, engine.port.value_or(0)) : std::nullopt;
  if (address && address->port != 0) return address;
  if (address && !engine.port && parse_address(*text, 1)->port == 1)
    cursor.mistake("the port is missing: write " + *text + ":8080 for llama.cpp's server or mlx_lm, " + *text + ":1234 for LM Studio, " + *text + ":8000 for vLLM");
  else cursor.mistake(in_quotes(*text) + " is no address: write host or host:port (1 to 65535), IPv6 as [fe80::1]:11434");
  return std::nullopt;
}

EngineType read_type(const Cursor& cursor) {
  const auto word = cursor.word("ollama, openai or exo");
  const Engine* known = word ? engine(*word) : nullptr;
  if (word && !known) cursor.mistake(in_quotes(*word) + " is no type of node" + did_you_mean(*word, {"ollama", "openai", "exo"}, "types"));
  return known ? known->type : EngineType::ollama;
}

void read_key(const Cursor& cursor, const NodeSettings& node, std::string& key) {
  const auto word = cursor.word("the key that the node's server wants, or none");
  if (!word || *word == "none") return;
  const bool printable = word->find_first_not_of("!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~") == std::string::npos;
  if (!printable) cursor.mistake("a key has no spaces and only ASCII characters: it is sent in a header");
  else if (engine(node.type).native) cursor.mistake("Ollama takes no key: remove it, or say what listens there, such as  type: openai");
  else key = *word;
}

}  // namespace

std::string why_no_name(std::string_view word) {
  if (word == "auto") return "\"auto\" asks the router to find the role: choose another name";
  if (word.find_first_of("/: \t") != std::string_view::npos)
    return "a name has no space, slash or colon: it stands in paths and model names";
  return "";
}

void read_nodes(const Cursor& nodes, Draft& draft) {
  constexpr std::string_view example = "nodes, each such as  mac-mini: { address: mac-mini.local, gpu_memory: 56GiB }";
  for (const auto& [name, name_at, value] : nodes.entries(example)) {
    draft.node_names.push_back(name);
    if (const std::string why = why_no_name(name); !why.empty()) name_at.mistake(why);
    const Fields fields(value, section("nodes.*"), "a node such as { address: mac-mini.local, gpu_memory: 56GiB }");
    NodeSettings node{.name = name, .at = name_at.at()};
    if (const Cursor* type = fields.find("type")) node.type = read_type(*type);
    if (const Cursor* key = fields.find("api_key")) read_key(*key, node, node.api_key);
    const Engine& runs = engine(node.type);
    if (const Cursor* address = fields.find("address")) {
      for (const Cursor& one : address->one_or_list("an address such as mac-mini.local or 192.168.0.7:11434")) {
        const auto read = read_address(one, runs);
        if (!read) continue;
        const bool twice = std::find(node.addresses.begin(), node.addresses.end(), *read) != node.addresses.end();
        if (twice) one.mistake("this address is said twice: remove one");
        if (node.addresses.empty()) draft.addresses.emplace(name, one);
        node.addresses.push_back(*read);
      }
    } else if (value.is_map() || value.nothing()) {
      name_at.mistake(runs.port ? "address is missing: write  address: 127.0.0.1  (port " + std::to_string(*runs.port) + " unless given)"
                                : "address is missing: write  address: 127.0.0.1:8080  (host and port)");
    }
    if (const Cursor* memory = fields.find("gpu_memory")) {
      node.memory_at = memory->at();
      node.gpu_memory = memory->size(least_memory).value_or(0);
      if (!runs.loads) memory->hint("nothing is loaded or unloaded on " + name + " (type: " + std::string(runs.word) + "), so this counts for nothing: its server keeps its own models");
      if (!runs.loads) node.gpu_memory = 0;
    }
    draft.settings.nodes.push_back(std::move(node));
  }
  if (draft.node_names.empty()) nodes.mistake("no node is given: write  macbook: { address: 127.0.0.1 }");
}

}  // namespace rr::settings
