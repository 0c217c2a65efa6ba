#include "api/managed.hpp"

#include "api/go_words.hpp"
#include "api/member_names.hpp"
#include "api/member_refusals.hpp"
#include "api/ondemand.hpp"

#include <array>

namespace rr::api {
namespace {

Refusal not_an_object(std::string_view body) {
  std::string words = go_syntax_error(body);
  const bool theirs = !words.empty();
  return {.code = "json_invalid", .side = Side::client, .status = 400,
          .sentence = theirs ? std::move(words) : "the body must be one JSON object in UTF-8", .ollama_text = theirs};
}

struct Wanted {
  std::string_view name;
  std::string* into;
  bool seen = false;
};

}  // namespace

Result<Managed> read_managed(std::string_view body) {
  if (body.find_first_not_of(" \t\r\n") == body.npos)
    return Refusal{.code = "json_invalid", .side = Side::client, .status = 400, .sentence = "missing request body", .ollama_text = true};
  const auto extent = first_value(body);
  if (extent.depth > max_depth)
    return bad_member("the body nests deeper than " + std::to_string(max_depth) + " levels: send flatter JSON");
  if (body[extent.at] != '{' || extent.end == 0) return not_an_object(body);

  Managed out;
  std::string name;
  std::array<Wanted, 6> wanted{Wanted{"model", &out.model}, Wanted{"name", &name}, Wanted{"from", &out.from}, Wanted{"source", &out.source},
                               Wanted{"destination", &out.destination}, Wanted{"remote_host", &out.remote_host}};
  Parser parser;
  od::document document;
  od::object object;
  const simdjson::padded_string_view padded(body.data(), extent.end, body.size() + simdjson::SIMDJSON_PADDING);
  if (parser.of(extent.end).iterate(padded).get(document) || document.get_object().get(object)) return not_an_object(body);
  for (auto step : object) {
    od::field field;
    std::string_view key;
    if (std::move(step).get(field) || field.unescaped_key().get(key)) return not_an_object(body);
    const std::string folded = folded_member(key);
    for (Wanted& one : wanted) {
      if (!folded.empty() && folded == one.name)
        return bad_member("member \"" + std::string(key) + "\" would be read as \"" + folded + "\": spell it so");
      if (key != one.name) continue;
      if (std::exchange(one.seen, true)) return bad_member("member \"" + std::string(key) + "\" is there twice: send it once");
      od::value value = std::move(field).value();
      const auto first = token(body, value);
      if (first != "null" && !first.starts_with('"')) return bad_member("member \"" + std::string(one.name) + "\" must be a string");
      if (first != "null") *one.into = text_of(body, value);
      break;
    }
  }
  if (out.model.empty()) out.model = std::move(name);
  return out;
}

}  // namespace rr::api
