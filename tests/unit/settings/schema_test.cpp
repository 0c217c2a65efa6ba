// config/router.schema.json, for editors, knows the same keys and defaults as the loader.
#include "api/json.hpp"
#include "files.hpp"
#include "settings/keys.hpp"
#include "settings/words.hpp"

#include <set>

namespace rr::settings::schema_test {

namespace {

const api::Json& schema() {
  static const api::Json json = api::Json::parse(read_file("config/router.schema.json"));
  return json;
}

const api::Json& part(std::string_view section) {
  if (section.empty()) return schema();
  if (section == "roles.*") return schema()["definitions"]["role"];
  if (section == "nodes.*") return schema()["definitions"]["node"];
  if (section == "models.*") return schema()["definitions"]["model"];
  return schema()["properties"][std::string(section)];
}

std::set<std::string> keys_of(const api::Json& object) {
  std::set<std::string> keys;
  for (const auto& [key, value] : object.items()) keys.insert(key);
  return keys;
}

}  // namespace

TEST_CASE("the schema and the loader accept the same keys, and no others") {
  for (const Section& section : sections()) {
    CAPTURE(section.name);
    const api::Json& object = part(section.name);
    CHECK(keys_of(object["properties"]) == std::set<std::string>(section.keys.begin(), section.keys.end()));
    CHECK(object["additionalProperties"] == false);
  }
}

TEST_CASE("every choice of words in the schema is one that the loader takes") {
  const auto takes = [](const std::string& yaml) { return load_text(one_role + yaml).settings != nullptr; };
  int choices = 0;
  for (const auto& word : part("smart_swap")["properties"]["policy"]["enum"]) {
    ++choices;
    CHECK(takes("smart_swap: { policy: " + word.get<std::string>() + " }\n"));
  }
  for (const auto& word : part("smart_swap")["properties"]["on_exit"]["enum"]) {
    ++choices;
    CHECK(takes("smart_swap: { on_exit: " + word.get<std::string>() + " }\n"));
  }
  for (const auto& word : part("models.*")["properties"]["on_overflow"]["enum"]) {
    ++choices;
    CHECK(takes("models: { m: { on_overflow: " + word.get<std::string>() + " } }\n"));
  }
  for (const auto& word : part("nodes.*")["properties"]["type"]["enum"]) {
    ++choices;
    CHECK(load_text("roles: { a: { node: n, model: m } }\nnodes: { n: { address: 127.0.0.1:9, type: " + word.get<std::string>() + " } }\n").settings != nullptr);
  }
  CHECK(choices == 10);
}

TEST_CASE("every default in the schema is the loader's own") {
  for (const std::string_view name : {"", "smart_swap", "limits"})
    for (const auto& [key, value] : part(name)["properties"].items()) {
      if (!value.contains("default")) continue;
      const std::string name_of_key = key;  // a structured binding cannot be captured
      CAPTURE(name_of_key);
      const std::string text = value["default"].is_string() ? value["default"].get<std::string>() : value["default"].dump();
      const std::string line = key + ": " + text;
      const Snapshot with = good(one_role + (name.empty() ? line : std::string(name) + ": { " + line + " }") + "\n");
      CHECK(difference(*good(one_role), *with) == "");
    }
  for (const std::string_view name : {"roles.*", "models.*"})
    for (const auto& [key, value] : part(name)["properties"].items()) {
      if (!value.contains("default")) continue;
      const std::string name_of_key = key;  // a structured binding cannot be captured
      CAPTURE(name_of_key);
      const std::string text = value["default"].is_string() ? value["default"].get<std::string>() : value["default"].dump();
      const std::string role = "node: macbook, model: m", nodes = "nodes: { macbook: { address: 127.0.0.1 } }\n";
      const std::string more = ", " + key + ": " + text;
      const bool of_role = name == "roles.*";
      const Snapshot without = good("roles: { coder: { " + role + " } }\nmodels: { m: {} }\n" + nodes);
      const Snapshot with = good("roles: { coder: { " + role + (of_role ? more : "") + " } }\nmodels: { m: { " + (of_role ? "" : more.substr(2)) + " } }\n" + nodes);
      CHECK(difference(*without, *with) == "");
    }
}

}  // namespace rr::settings::schema_test
