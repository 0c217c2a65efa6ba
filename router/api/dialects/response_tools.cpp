#include "api/dialects/response_tools.hpp"

#include "api/quote.hpp"
#include "api/raw_json.hpp"

#include <algorithm>

namespace rr::api {
namespace {

constexpr std::string_view one_text =
    "{\"type\":\"object\",\"properties\":{\"input\":{\"type\":\"string\",\"description\":\"the whole input of the tool, as text\"}},"
    "\"required\":[\"input\"]}";

// Calls `function` and `custom` with each tool that a node can be told of, and the raw name of its namespace.
template <class Function, class Custom>
void each(std::string_view tools, Function function, Custom custom, std::string_view space = "") {
  for (const auto tool : raw_elements(tools)) {
    const auto type = raw_member(tool, "type");
    const auto nested = raw_member(tool, "function");  // as chat completions have it
    if (type == "\"function\"") function(nested.empty() ? tool : nested, space);
    else if (type == "\"custom\"") custom(tool);
    else if (type == "\"namespace\"" && space.empty()) each(raw_member(tool, "tools"), function, custom, raw_member(tool, "name"));
  }
}

}  // namespace

ResponseTools::ResponseTools(std::string_view tools) {
  each(tools,
       [&](std::string_view tool, std::string_view space) {
         if (!space.empty()) custom_or_spaced_[std::string(raw_member(tool, "name"))] = space;
       },
       [&](std::string_view tool) { custom_or_spaced_[std::string(raw_member(tool, "name"))] = ""; });
}

bool ResponseTools::custom(std::string_view name) const {
  const auto found = custom_or_spaced_.find(name);
  return found != custom_or_spaced_.end() && found->second.empty();
}

std::string_view ResponseTools::name_space(std::string_view name) const {
  const auto found = custom_or_spaced_.find(name);
  return found == custom_or_spaced_.end() ? std::string_view{} : found->second;
}

bool ResponseTools::native(std::string_view tools) {
  const auto list = raw_elements(tools);
  return std::none_of(list.begin(), list.end(), [](std::string_view tool) {
    const auto type = raw_member(tool, "type");
    return type == "\"custom\"" || type == "\"namespace\"" || (type == "\"function\"" && raw_member(tool, "function").empty());
  });
}

void ResponseTools::write(std::string_view tools, std::string_view choice, PiecesWriter& write) {
  if (choice == "\"none\"") return;
  auto only = raw_member(choice, "name");
  if (only.empty()) only = raw_member(raw_member(choice, "function"), "name");
  const auto wanted = [&](std::string_view name) { return only.empty() || only == name; };
  NativeTools out(write);
  each(tools,
       [&](std::string_view tool, std::string_view) {
         const auto name = raw_member(tool, "name");
         if (wanted(name)) out.add(name, raw_member(tool, "description"), raw_member(tool, "parameters"));
       },
       [&](std::string_view tool) {
         const auto name = raw_member(tool, "name");
         if (wanted(name)) out.add(name, raw_member(tool, "description"), one_text);
       });
  out.end();
}

std::string custom_input(std::string_view arguments) {
  const auto input = raw_member(arguments, "input");
  return is_string(input) ? std::string(input) : quote(arguments);
}

}  // namespace rr::api
