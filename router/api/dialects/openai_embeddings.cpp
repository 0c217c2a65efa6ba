#include "api/dialects/openai_embeddings.hpp"

#include "api/dialects/native_line.hpp"
#include "api/dialects/request.hpp"
#include "api/ondemand.hpp"
#include "api/quote.hpp"
#include "api/raw_json.hpp"

#include <cstring>

namespace rr::api {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void append_base64(const std::vector<unsigned char>& bytes, std::string& out) {
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t left = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t three = 0;
    for (std::size_t k = 0; k < 3; ++k) three = three << 8 | (k < left ? bytes[i + k] : 0u);
    for (std::size_t k = 0; k < 4; ++k) out += k <= left ? alphabet[three >> (18 - 6 * k) & 63] : '=';
  }
}

// 32-bit floats, little-endian, as OpenAI packs them. False: no list of numbers.
bool pack(od::array vector, std::vector<unsigned char>& bytes) {
  bytes.clear();
  for (auto step : vector) {
    double number = 0;
    if (std::move(step).get_double().get(number)) return false;
    const auto narrow = static_cast<float>(number);
    std::uint32_t bits = 0;
    std::memcpy(&bits, &narrow, sizeof bits);
    for (int k = 0; k < 4; ++k) bytes.push_back(static_cast<unsigned char>(bits >> (8 * k)));
  }
  return true;
}

// One text for each vector; nothing when the list is not what a node answers.
std::optional<std::vector<std::string>> packed(std::string_view embeddings) {
  const simdjson::padded_string copy(embeddings);
  Parser parser;
  od::document document;
  od::array all;
  if (parser.of(embeddings.size()).iterate(copy).get(document) || document.get_array().get(all)) return std::nullopt;
  std::vector<std::string> out;
  std::vector<unsigned char> bytes;
  for (auto step : all) {
    od::array vector;
    if (std::move(step).get_array().get(vector) || !pack(vector, bytes)) return std::nullopt;
    append_base64(bytes, out.emplace_back("\""));
    out.back() += '"';
  }
  return out;
}

}  // namespace

OpenAiEmbeddings::OpenAiEmbeddings(const Members& members, Answer answer)
    : model_(std::move(answer.model)), base64_(value_of(members, "encoding_format") == "\"base64\"") {}

Result<Pieces> OpenAiEmbeddings::to_native(const Members& members, const Ask&, const Edits& edits) {
  const auto format = value_of(members, "encoding_format"), input = value_of(members, "input");
  if (!format.empty() && format != "\"float\"" && format != "\"base64\"" && format != "\"\"")
    return shim_refusal("Invalid value for 'encoding_format' = " + unescaped(format).value_or(std::string(format.substr(0, 40))) +
                        ". Supported values: ['float', 'base64'].");
  if (input.empty() || input == "[]") return shim_refusal("invalid input");
  const auto list = raw_elements(input);
  if (!is_string(input) && (list.empty() || !std::all_of(list.begin(), list.end(), is_string)))
    return unsupported("input holds no text: send a string or a list of strings; token ids mean other words to every model "
                       "(LangChain: check_embedding_ctx_length=False)");
  PiecesWriter write;
  write.text("{\"model\":").text(api::quote(edits.model)).text(",\"input\":");
  if (input == "\"\"") write.text("[\"\"]");  // one vector; a bare "" would only load the model
  else write.raw(input);
  for (const auto name : {"dimensions", "truncate"})
    if (const auto raw = value_of(members, name); !raw.empty()) write.text(",\"").text(name).text("\":").raw(raw);
  write_keep_alive(edits, write);
  write.text(",\"options\":{");
  bool first = true;
  write_granted_options(edits, first, write);
  write.text("}}");
  return write.done();
}

Result<std::string> OpenAiEmbeddings::whole(std::string_view native) {
  const auto answer = native.substr(std::min(native.find('{'), native.size()));
  std::string_view embeddings, tokens = "0";
  for (const auto& [key, value] : raw_members(answer)) {
    if (key == "embeddings") embeddings = value;
    if (key == "prompt_eval_count") tokens = value;
  }
  const auto floats = raw_elements(embeddings);
  const auto base64 = base64_ && !embeddings.empty() ? packed(embeddings) : std::optional(std::vector<std::string>{});
  if (floats.empty() || !base64) return not_whole();
  std::string out = "{\"object\":\"list\",\"data\":[";
  for (std::size_t i = 0; i < floats.size(); ++i) {
    out += i > 0 ? ",{" : "{";
    out += "\"object\":\"embedding\",\"embedding\":";
    out += base64_ ? std::string_view((*base64)[i]) : floats[i];
    out += ",\"index\":" + std::to_string(i) + "}";
  }
  out += "],\"model\":" + api::quote(model_) + ",\"usage\":{\"prompt_tokens\":" + std::string(tokens) +
         ",\"total_tokens\":" + std::string(tokens) + "}}\n";
  return {boost::system::in_place_value, std::move(out)};
}

}  // namespace rr::api
