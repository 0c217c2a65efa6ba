// One recorded exchange with a real Ollama, in either of the two forms in which the folders keep them (fields as a list or as
// an object, a body as text or as the JSON it was, a cut end in two wordings).
#pragma once

#include "api/json.hpp"
#include "domain/http.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

namespace rr::test {

using api::Json;

enum class End { clean, cut, reset, client_left, other };

struct RecordedReply {
  int status = 0;
  std::string status_line{};
  Fields fields{};
  std::vector<std::string> pieces{};  // chunks, or the body in one or more parts
  bool chunked = false;
  End end = End::clean;
  std::string text() const {
    std::string out;
    for (const auto& p : pieces) out += p;
    return out;
  }
};

struct Recording {
  std::string name{};
  RequestHead head{};
  std::string body{};
  bool chunked = false, half_close = false;
  bool replayable = true;                    // false: its bytes were not kept as they were sent
  RecordedReply reply{};
  std::optional<RecordedReply> native{};     // the native answer to the same script of the engine
  std::string script{};
  Json asked() const { return Json::parse(body, nullptr, false); }
};

// A body kept as a JSON value, as the client wrote it: a space after each comma and colon, ASCII only.
inline std::string as_sent(const Json& value) {
  if (value.is_string()) return value;
  if (value.is_null()) return "";
  std::string out;
  bool inside = false, escaped = false;
  for (const char c : value.dump(-1, ' ', true)) {
    out += c;
    if (escaped) escaped = false;
    else if (inside && c == '\\') escaped = true;
    else if (c == '"') inside = !inside;
    else if (!inside && (c == ',' || c == ':')) out += ' ';
  }
  return out;
}

inline Fields fields_from(const Json& kept) {
  Fields out;
  if (kept.is_object()) {
    for (const auto& [name, value] : kept.items()) out.push_back({name, value});
  } else {
    for (const auto& pair : kept) out.push_back({pair[0], pair[1]});
  }
  return out;
}

inline RecordedReply reply_from(const Json& kept) {
  RecordedReply out;
  out.status = kept["status"];
  out.status_line = kept.value("status_line", "HTTP/1.1 " + std::to_string(out.status) + " " + std::string(reason_phrase(out.status)));
  out.fields = fields_from(kept["headers"]);
  for (const auto& piece : kept["pieces"]) out.pieces.push_back(piece[1]);
  out.chunked = same_name(find(out.fields, "Transfer-Encoding"), "chunked") || kept.value("framing", "") == "close";
  const std::string ended = kept.value("ended", "clean");
  if (ended == "clean" || ended == "last chunk" || ended == "content length") out.end = End::clean;
  else if (ended.starts_with("cut") || ended == "closed before the terminator") out.end = End::cut;
  else if (ended == "reset") out.end = End::reset;
  else if (ended.starts_with("closed by")) out.end = End::client_left;
  else out.end = End::other;
  return out;
}

inline std::optional<Recording> recording_from(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::stringstream text;
  text << in.rdbuf();
  const Json kept = Json::parse(text.str(), nullptr, false);
  if (!kept.is_object() || !kept.contains("request") || !kept["request"].is_object() || !kept.contains("reply")) return std::nullopt;
  const Json& request = kept["request"];
  Recording out;
  out.name = file.stem().string();
  out.head.method = request["method"];
  out.head.target = request["target"];
  out.head.version = request.value("http", "1.1") == "1.0" ? 10 : 11;
  out.head.fields = fields_from(request["headers"]);
  if (request.contains("body")) out.body = as_sent(request["body"]);
  out.chunked = request.value("chunked", false);
  out.half_close = request.value("half_close", false);
  out.replayable = !kept.contains("request_body_is") && !has(out.head.fields, "Content-Encoding");
  out.reply = reply_from(kept["reply"]);
  if (kept.contains("native") && kept["native"].contains("reply")) out.native = reply_from(kept["native"]["reply"]);
  if (kept.contains("script")) out.script = kept["script"].dump();
  return out;
}

inline std::vector<Recording> recordings(const std::filesystem::path& folder) {
  std::vector<Recording> out;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().extension() == ".json")
      if (auto one = recording_from(entry.path())) out.push_back(std::move(*one));
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return out;
}

// The bytes of the request; `late`: what waits for "100 Continue".
inline std::string bytes_of(const Recording& r, std::string& late) {
  std::string out = r.head.method + " " + r.head.target + (r.head.version == 10 ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n");
  for (const Field& f : r.head.fields)
    out += f.name + ": " + (same_name(f.name, "Content-Length") ? std::to_string(r.body.size()) : f.value) + "\r\n";
  out += "\r\n";
  std::string body = r.body;
  if (r.chunked) {
    std::stringstream size;
    size << std::hex << body.size();
    body = size.str() + "\r\n" + body + "\r\n0\r\n\r\n";
  }
  (has(r.head.fields, "Expect") ? late : out) += body;
  return out;
}

}  // namespace rr::test
