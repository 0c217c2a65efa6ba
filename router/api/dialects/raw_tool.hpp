// The tools of a request, each gone through once: raw texts of what the dialects call by one name or another.
#pragma once

#include "api/raw_json.hpp"

namespace rr::api {

struct RawTool {  // "" = absent or null
  std::string_view type{}, name{}, description{}, schema{};  // schema: `parameters` or `input_schema`
  std::string_view function{};                               // of chat completions, which have all of that inside it
  std::string_view tools{};                                  // of a namespace
};

inline std::size_t read_tool(std::string_view text, std::size_t at, RawTool& tool) {
  return step_members(text, at, [&](std::string_view key, std::string_view value) {
    if (value == "null") value = {};
    if (key == "type") tool.type = value;
    else if (key == "name") tool.name = value;
    else if (key == "description") tool.description = value;
    else if (key == "parameters" || key == "input_schema") tool.schema = value;
    else if (key == "function") tool.function = value;
    else if (key == "tools") tool.tools = value;
  });
}

template <class Take>
void step_tools(std::string_view array, Take take) {
  step_objects(array, [&](std::size_t at) {
    RawTool tool;
    const auto end = read_tool(array, at, tool);
    take(tool);
    return end;
  });
}

}  // namespace rr::api
