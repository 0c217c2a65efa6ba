#include "api/dialects/response_tools.hpp"

#include "api/dialects/raw_tool.hpp"
#include "api/quote.hpp"

namespace rr::api {
namespace {

constexpr std::string_view one_text =
    "{\"type\":\"object\",\"properties\":{\"input\":{\"type\":\"string\",\"description\":\"the whole input of the tool, as text\"}},"
    "\"required\":[\"input\"]}";

// Calls `function` and `custom` with each tool that a node can be told of; the former also with the raw name of its namespace.
template <class Function, class Custom>
void each(std::string_view tools, Function function, Custom custom, std::string_view space = "") {
  step_tools(tools, [&](const RawTool& tool) {
    if (tool.type == "\"custom\"") return custom(tool);
    if (tool.type == "\"namespace\"" && space.empty()) return each(tool.tools, function, custom, tool.name);
    if (tool.type != "\"function\"") return;
    RawTool inner;
    if (!tool.function.empty()) read_tool(tool.function, 0, inner);  // as chat completions have it
    function(tool.function.empty() ? tool : inner, space);
  });
}

}  // namespace

ResponseTools::ResponseTools(std::string_view tools) {
  each(tools,
       [&](const RawTool& tool, std::string_view space) {
         if (!space.empty()) custom_or_spaced_[std::string(tool.name)] = space;
       },
       [&](const RawTool& tool) { custom_or_spaced_[std::string(tool.name)] = ""; });
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
  bool all = true;
  step_tools(tools, [&](const RawTool& tool) {
    if (tool.type == "\"custom\"" || tool.type == "\"namespace\"" || (tool.type == "\"function\"" && tool.function.empty())) all = false;
  });
  return all;
}

void ResponseTools::write(std::string_view tools, std::string_view choice, PiecesWriter& write) {
  if (choice == "\"none\"") return;
  auto only = raw_member(choice, "name");
  if (only.empty()) only = raw_member(raw_member(choice, "function"), "name");
  NativeTools out(write);
  const auto add = [&](const RawTool& tool, std::string_view schema) {
    if (only.empty() || only == tool.name) out.add(tool.name, tool.description, schema);
  };
  each(tools, [&](const RawTool& tool, std::string_view) { add(tool, tool.schema); }, [&](const RawTool& tool) { add(tool, one_text); });
  out.end();
}

std::string custom_input(std::string_view arguments) {
  const auto input = raw_member(arguments, "input");
  return is_string(input) ? std::string(input) : quote(arguments);
}

}  // namespace rr::api
