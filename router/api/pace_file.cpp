#include "api/pace_file.hpp"

#include "api/json.hpp"

#include <array>
#include <cmath>

namespace rr::api {

namespace {

constexpr const char* pace_format = "role-router-pace/1";
constexpr std::size_t most_figures = 10'000;

struct Part { const char* name; Pace::Figures Pace::All::*figures; };
constexpr std::array parts{Part{"load_s", &Pace::All::load_s}, Part{"prefill_tps", &Pace::All::prefill_tps}, Part{"decode_tps", &Pace::All::decode_tps},
                           Part{"output_tokens", &Pace::All::output}, Part{"file_bytes", &Pace::All::file}};

}  // namespace

std::string pace_text(const Pace& pace) {
  Json out{{"format", pace_format}};
  for (const Part& part : parts) {
    Json figures = Json::object();
    for (const auto& [key, value] : pace.all.*part.figures) figures[key] = std::round(value * 1000) / 1000;
    out[part.name] = std::move(figures);
  }
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::optional<Pace> parse_pace(std::string_view json) {
  const Json said = Json::parse(json, nullptr, false);
  if (!said.is_object() || said.value("format", Json()) != pace_format) return std::nullopt;
  Pace pace;
  for (const Part& part : parts) {
    const auto figures = said.find(part.name);
    if (figures == said.end() || !figures->is_object() || figures->size() > most_figures) continue;
    for (const auto& [key, value] : figures->items())
      if (value.is_number() && value.get<double>() > 0 && value.get<double>() < 1e15) (pace.all.*part.figures)[key] = value.get<double>();
  }
  return pace;
}

}  // namespace rr::api
