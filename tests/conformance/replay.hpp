// One recorded exchange played through the router: what the router passes on, and what the client sees, beside the recording.
#pragma once

#include "api/endpoints.hpp"
#include "playing_node.hpp"
#include "support/town.hpp"

#include <cctype>

namespace rr::test {

// What the recordings of one folder tell of their server.
struct Folder {
  std::vector<Recording> all{};
  std::string version = R"({"version":"0.0.0"})", tags = R"({"models":[]})";
  std::map<std::string, std::string> show{};
  std::vector<std::string> asked_models{};  // those that some request got an answer of
};

inline std::string path_of(const Recording& r) {
  const auto found = api::route(r.head);
  return found ? found->path : r.head.target;
}

inline Folder folder_of(const std::filesystem::path& where) {
  Folder out;
  out.all = recordings(where);
  std::size_t most = 0;
  std::set<std::string> have, can_tools, missing;
  for (const Recording& r : out.all) {
    const Json body = r.asked();
    if (r.reply.status == 404 && r.reply.text().starts_with('{') && body.is_object() && body.contains("model") && body["model"].is_string()) missing.insert(ModelName(body["model"].get<std::string>()).key());
    if (r.reply.status != 200 || r.reply.text().empty()) continue;
    const std::string path = path_of(r);
    if (path == "/api/version" && out.version.find("0.0.0") != std::string::npos) out.version = r.reply.text();
    const Json told = path == "/api/tags" || path == "/api/show" ? Json::parse(r.reply.text(), nullptr, false) : Json();
    if (path == "/api/tags" && told.is_object() && told["models"].size() > most) {
      most = told["models"].size();
      out.tags = r.reply.text();
    }
  }
  Json tags = Json::parse(out.tags);
  for (const auto& m : tags["models"]) have.insert(ModelName(m["name"].get<std::string>()).key());
  for (const Recording& r : out.all) {
    const Json body = r.asked();
    if (!body.is_object() || !body.contains("model") || !body["model"].is_string()) continue;
    const ModelName model(body["model"].get<std::string>());
    if (missing.count(model.key())) continue;
    if (path_of(r) == "/api/show" && r.reply.status == 200 && have.count(model.key())) out.show[model.key()] = r.reply.text();
    if (r.reply.status != 200 || path_of(r) == "/api/show") continue;
    if (body.contains("tools")) can_tools.insert(model.key());
    if (have.insert(model.key()).second)
      tags["models"].push_back({{"name", model.spelt()}, {"model", model.spelt()}, {"modified_at", "2026-01-01T00:00:00Z"}, {"size", 1000000},
                                {"digest", std::string(64, 'd') + std::to_string(have.size())}, {"details", {{"family", "llama"}}}});
    if (std::find(out.asked_models.begin(), out.asked_models.end(), model.key()) == out.asked_models.end()) out.asked_models.push_back(model.key());
  }
  // /api/show as recorded; where it was not, what the list says and what the recordings show; of what nobody knows it is silent.
  for (const auto& m : tags["models"]) {
    const std::string key = ModelName(m["name"].get<std::string>()).key();
    if (out.show.count(key) || !m.contains("capabilities")) continue;
    Json can = m["capabilities"];
    if (can_tools.count(key) && std::find(can.begin(), can.end(), "tools") == can.end()) can.push_back("tools");
    out.show[key] = Json{{"capabilities", can}}.dump();
  }
  out.tags = tags.dump();
  return out;
}

inline bool flag(const Json& body, const char* name, bool otherwise) {
  return body.is_object() && body.contains(name) && body[name].is_boolean() ? body[name].get<bool>() : otherwise;
}

// The node's answer with stream:false, put together from its stream as Ollama does.
inline RecordedReply put_together(const RecordedReply& stream) {
  Json whole, calls = Json::array(), logprobs = Json::array();
  std::string content, thinking;
  for (const auto& piece : stream.pieces) {
    Json line = Json::parse(piece);
    if (line.contains("message")) {
      const Json& message = line["message"];
      content += message.value("content", "");
      thinking += message.value("thinking", "");
      if (message.contains("tool_calls")) for (const auto& call : message["tool_calls"]) calls.push_back(call);
    } else {
      content += line.value("response", "");
      thinking += line.value("thinking", "");
    }
    if (line.contains("logprobs")) for (const auto& entry : line["logprobs"]) logprobs.push_back(entry);
    whole = std::move(line);
  }
  if (whole.contains("message")) {
    whole["message"]["content"] = content;
    if (!thinking.empty()) whole["message"]["thinking"] = thinking;
    if (!calls.empty()) whole["message"]["tool_calls"] = calls;
  } else {
    whole["response"] = content;
    if (!thinking.empty()) whole["thinking"] = thinking;
  }
  if (!logprobs.empty()) whole["logprobs"] = logprobs;
  RecordedReply out = stream;
  out.chunked = false;
  out.fields = {{"Content-Type", "application/json; charset=utf-8"}, {"Content-Length", ""}};
  std::string text;
  for (const char c : whole.dump()) text += c == '<' ? "\\u003c" : c == '>' ? "\\u003e" : c == '&' ? "\\u0026" : std::string(1, c);  // as Go writes
  out.pieces = {text};
  return out;
}

// What the node says to the native request that stands behind a recorded /v1 one: the recording kept with it; else the native
// recording of the same script, or of the same question; else, of an error, the words that the shim wrapped.
inline std::optional<RecordedReply> native_of(const Recording& r, const Folder& folder) {
  const Json asked = r.asked();
  std::optional<RecordedReply> found = r.native;
  for (const bool by_script : {true, false}) {
    for (const Recording& other : folder.all) {
      if (found || !asked.is_object() || path_of(other) != "/api/chat" || other.reply.end == End::client_left) continue;
      const Json body = other.asked();
      if (!body.is_object() || body.value("model", Json()) != asked.value("model", Json()) || body.value("messages", Json()) != asked.value("messages", Json()) ||
          body.value("tools", Json()) != asked.value("tools", Json()) || body.value("format", Json()).is_null() != asked.value("response_format", Json()).is_null() ||
          body.value("logprobs", Json()) != asked.value("logprobs", Json()) || body.value("think", Json()).is_null() != asked.value("reasoning_effort", Json()).is_null())
        continue;
      const bool same_way = flag(body, "stream", true) == flag(asked, "stream", false);
      const bool same_end = (other.reply.status == 200) == (r.reply.status == 200);
      if (by_script ? !r.script.empty() && r.script == other.script && same_way && same_end : other.reply.status == 200 && r.reply.status == 200 && r.script.empty() && other.script.empty() && (same_way || other.reply.chunked))
        found = other.reply;
    }
  }
  if (!found && r.reply.status >= 400) {
    const Json error = Json::parse(r.reply.text(), nullptr, false);
    found = RecordedReply{.status = r.reply.status, .status_line = r.reply.status_line, .fields = {{"Content-Type", "application/json; charset=utf-8"}, {"Content-Length", ""}}};
    const bool wrapped = error.is_object() && error.contains("error") && error["error"].is_object();
    found->pieces = {Json{{"error", wrapped ? error["error"].value("message", "") : r.reply.text()}}.dump()};
  }
  if (found && found->chunked && found->status == 200 && !flag(asked, "stream", false) && !found->pieces.empty() && found->end == End::clean)
    found = put_together(*found);
  return found;
}

// Where a translated answer keeps to the vendor's own API and Ollama's shim does not: members that its SDKs ask for, empty lists, the
// tools as they were sent. tests/unit/api/dialects_answer_test.cpp tells the reasons.
inline void as_the_vendor(Json& v) {
  const std::string type = v.contains("type") && v["type"].is_string() ? v["type"].get<std::string>() : "";
  if (type == "message_start" && v.contains("message")) {
    v["message"]["usage"]["input_tokens"] = "an estimate";
    v["message"].erase("stop_reason");
  }
  if (v.contains("stop_sequence") && v["stop_sequence"].is_null()) v.erase("stop_sequence");
  if (type == "thinking" && v.value("signature", "") == "") v.erase("signature");
  for (const char* list : {"content", "output"})
    if (v.contains(list) && v[list].is_null() && (type == "message" || v.value("object", "") == "response")) v[list] = Json::array();
  if (v.value("object", "") == "response" && v.contains("tools") && v["tools"].is_array())
    for (Json& tool : v["tools"]) tool["strict"] = nullptr;
  if (v.contains("reasoning") && v["reasoning"].is_object()) v["reasoning"].erase("summary");  // null in the events of a response alone
  const bool any_order = type.starts_with("response.") || v.value("object", "") == "response";
  if (any_order) v = Json::parse(nlohmann::json::parse(v.dump()).dump());  // the shim writes some of them by name, some as declared
}

// What differs from run to run is named by its kind.
inline Json levelled(const Json& v, const std::string& name = "") {
  if (name == "created" || name == "created_at" || name == "completed_at") return v.is_null() ? v : Json("a moment");
  if (v.is_string() && name == "request_id") return Json("an id");
  if (v.is_string() && (name == "id" || name == "item_id" || name == "call_id")) {
    const std::string s = v;
    const auto underscore = s.find_first_of("-_");
    return s.starts_with("lab") ? Json("an id call_") : underscore == s.npos ? v : Json("an id " + s.substr(0, underscore + 1));
  }
  if (v.is_array() || v.is_object()) {
    Json out = v;
    if (out.is_object()) as_the_vendor(out);
    for (auto it = out.begin(); it != out.end(); ++it) *it = levelled(*it, out.is_object() ? it.key() : "");
    return out;
  }
  return v;
}

inline std::string without_ports(std::string s) {
  for (std::size_t at = 0; (at = s.find("127.0.0.1:", at)) != s.npos;) {
    at += 10;
    while (at < s.size() && std::isdigit(static_cast<unsigned char>(s[at]))) s.erase(at, 1);
  }
  return s;
}

inline std::string levelled_text(const std::string& text) {  // JSON, or events with JSON in their data
  if (const Json whole = Json::parse(text, nullptr, false); !whole.is_discarded()) {
    std::string ending;
    for (std::size_t i = text.size(); i > 0 && text[i - 1] == '\n'; --i) ending += '\n';
    return levelled(whole).dump() + ending;
  }
  std::string out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    const Json data = line.starts_with("data: ") ? Json::parse(line.substr(6), nullptr, false) : Json(Json::value_t::discarded);
    out += (data.is_discarded() ? line : "data: " + levelled(data).dump()) + "\n";
  }
  return out;
}

// ---- what arrived at the node beside what the client sent

// The members of a JSON object as they are written, nothing decoded.
inline std::vector<std::pair<std::string, std::string>> written_members(std::string_view object) {
  std::vector<std::pair<std::string, std::string>> out;
  std::size_t at = object.find('{');
  const auto space = [&] { while (at < object.size() && std::isspace(static_cast<unsigned char>(object[at]))) ++at; };
  const auto value = [&] {
    const std::size_t from = at;
    int depth = 0;
    for (bool inside = false; at < object.size(); ++at) {
      const char c = object[at];
      if (inside && c == '\\') ++at;
      else if (c == '"') inside = !inside;
      else if (!inside && (c == '{' || c == '[')) ++depth;
      else if (!inside && depth == 0 && (c == ',' || c == ':' || c == '}')) break;
      else if (!inside && (c == '}' || c == ']')) --depth;
    }
    std::string_view text = object.substr(from, at - from);
    while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) text.remove_suffix(1);
    return std::string(text);
  };
  for (++at; at < object.size(); ++at) {
    space();
    if (at >= object.size() || object[at] == '}') break;
    std::string key = value();
    ++at;
    space();
    out.emplace_back(std::move(key), value());
    if (at >= object.size() || object[at] == '}') break;
  }
  return out;
}

// Without what the router sets; model names in their one spelling; an options object that held nothing else counts as none.
inline std::vector<std::string> kept_members(std::string_view body, bool keep_alive_is_the_clients) {
  std::vector<std::string> out;
  for (const auto& [key, value] : written_members(body)) {
    if ((key == "\"keep_alive\"" || key == "\"shift\"") && !keep_alive_is_the_clients) continue;
    if (key == "\"model\"") {
      const Json name = Json::parse(value, nullptr, false);
      out.push_back(key + ":" + (name.is_string() ? ModelName(name.get<std::string>()).key() : value));
    } else if (key == "\"options\"") {
      std::string options;
      if (value != "null")
        for (const auto& [inner, setting] : written_members(value))
          if (inner != "\"num_ctx\"") options += inner + ":" + setting + ",";
      if (!options.empty()) out.push_back(key + ":" + options);
    } else {
      out.push_back(key + ":" + value);
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

// ---- the replay

struct Replayed {
  std::vector<std::string> differences{};
  Answer ours{};
  bool passed_on = false;
  std::string says() const { return std::to_string(ours.status) + " " + ours.body; }
};

enum class Rule { passthrough, seed };

inline std::string replay_yaml(const Folder& folder, Rule rule, std::uint16_t port) {
  std::string roles, models;
  if (rule == Rule::seed) {
    for (std::size_t i = 0; i < folder.asked_models.size(); ++i)
      roles += "  member" + std::to_string(i) + ": { node: lab, model: \"" + folder.asked_models[i] + "\", keep_alive: 30m }\n";
  }
  if (roles.empty()) roles = "  nobody: { node: lab, model: \"not-asked-for:1b\", keep_alive: 30m }\n";
  return "roles:\n" + roles + "nodes:\n  lab: { address: \"127.0.0.1:" + std::to_string(port) + "\" }\nmodels:\n  default: { num_ctx: 4096 }\n" +
         "smart_swap: { policy: " + (rule == Rule::seed ? "seed" : "passthrough") + " }\n";
}

inline PlayingNode::Part part_of(const Recording& r, const Folder& folder, bool translated) {
  PlayingNode::Part part{.version = folder.version, .tags = folder.tags, .ps = "", .show = {}, .reply = r.reply, .paced = false};
  const Json have = Json::parse(folder.tags);
  for (const auto& m : have["models"])
    if (const auto told = folder.show.find(ModelName(m["name"].get<std::string>()).key()); told != folder.show.end()) part.show[m["name"]] = told->second;
  const std::string path = path_of(r), text = r.reply.text();
  const bool told = r.reply.status == 200 && !text.empty();
  if (told && path == "/api/version") part.version = text;
  if (told && path == "/api/tags") part.tags = text;
  if (told && path == "/api/ps") part.ps = text;
  if (told && path == "/v1/models") {  // the node had these, and no others
    Json tags{{"models", Json::array()}};
    const Json listed = Json::parse(text);
    for (const auto& one : listed["data"])
      for (const auto& m : have["models"])
        if (m["name"] == one["id"]) tags["models"].push_back(m);
    part.tags = tags.dump();
  }
  if (translated) part.reply = native_of(r, folder);
  if (r.reply.status / 100 == 3) {  // the node is asked at the right path: it answers as it answers there
    for (const Recording& other : folder.all)
      if (path_of(other) == path && other.reply.status == 200 && flag(other.asked(), "stream", true) == flag(r.asked(), "stream", true)) part.reply = other.reply;
  }
  if (part.reply && part.reply->chunked && r.reply.chunked && r.head.version == 11 && part.reply->pieces.size() == r.reply.pieces.size()) part.paced = true;
  return part;
}

inline std::vector<std::string> fields_that_matter(const Fields& fields) {
  std::vector<std::string> out;
  for (const Field& f : fields) {
    std::string name;
    for (const char c : f.name) name += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (name == "content-type" || name == "allow" || name == "location" || name == "retry-after" || name.starts_with("access-control-"))
      out.push_back(name + ": " + f.value);
  }
  std::sort(out.begin(), out.end());
  return out;
}

inline std::string joined(const std::vector<std::string>& parts) {
  std::string out;
  for (const auto& p : parts) out += (out.empty() ? "" : " | ") + p;
  return out;
}

inline std::string shortened(std::string s) {
  if (s.size() > 600) s = s.substr(0, 300) + " ... " + s.substr(s.size() - 300);
  for (std::size_t at = 0; (at = s.find('\n', at)) != s.npos; at += 2) s.replace(at, 1, "\\n");
  return s;
}

inline void compare(const Recording& r, Replayed& out, bool paced, bool translated) {
  const auto differs = [&](const std::string& what, const std::string& ours, const std::string& theirs) {
    if (ours != theirs) out.differences.push_back(what + ": " + shortened(ours) + " INSTEAD OF " + shortened(theirs));
  };
  const Answer& a = out.ours;
  differs("status", std::to_string(a.status), std::to_string(r.reply.status));
  differs("fields", joined(fields_that_matter(a.fields)), joined(fields_that_matter(r.reply.fields)));
  for (const Field& f : a.fields) {
    static const std::set<std::string> known{"Content-Type", "Content-Length", "Transfer-Encoding", "Date", "Connection", "Cache-Control", "Allow", "Location", "Retry-After",
                                             "Vary", "Server-Timing", "x-should-retry"};
    if (!known.count(f.name) && !f.name.starts_with("X-Router-") && !f.name.starts_with("Access-Control-")) out.differences.push_back("a field of nobody's: " + f.name);
  }
  const bool none = r.head.method == "HEAD" || r.reply.status == 204;
  // Go frames a whole body over 2 kB in chunks, and an error of a streamed request: hop by hop, nobody can depend on it.
  const bool streamed = r.reply.chunked && (r.reply.pieces.size() > 1 || find(r.reply.fields, "Content-Type") != "application/json; charset=utf-8") && r.reply.status == 200;
  const bool by_chunks = streamed && r.head.version == 11;
  if (!none && (streamed || a.chunked)) differs("framing", a.chunked ? "chunked" : "whole", by_chunks ? "chunked" : "whole");
  if (r.reply.end != End::client_left) differs("end", a.clean ? "clean" : "not clean", r.reply.end == End::clean ? "clean" : "not clean");
  const bool boundaries = a.chunked && by_chunks && (paced || !translated);
  std::vector<std::string> ours = boundaries ? a.chunks : std::vector{a.body}, theirs = boundaries ? r.reply.pieces : std::vector{r.reply.text()};
  if (ours == theirs) return;
  if (translated || !out.passed_on) {
    for (auto* side : {&ours, &theirs})
      for (std::string& piece : *side) piece = without_ports(levelled_text(piece));
  }
  if (ours.size() != theirs.size()) differs("pieces", std::to_string(ours.size()), std::to_string(theirs.size()));
  for (std::size_t i = 0; i < std::max(ours.size(), theirs.size()); ++i) {
    const std::size_t before = out.differences.size();
    differs("piece " + std::to_string(i + 1), i < ours.size() ? ours[i] : "", i < theirs.size() ? theirs[i] : "");
    if (out.differences.size() > before) return;
  }
}

inline void compare_arrived(const Recording& r, const Arrived& arrived, Rule rule, bool translated, Replayed& out) {
  const auto wrong = [&](std::string what) { out.differences.push_back("to the node: " + std::move(what)); };
  const std::string path = path_of(r);
  if (translated ? !arrived.target.starts_with("/api/") : arrived.target != path) wrong("path " + arrived.target);
  if (find(arrived.fields, "Content-Type") != "application/json") wrong("not called JSON");
  if (find(arrived.fields, "User-Agent") != find(r.head.fields, "User-Agent")) wrong("another User-Agent");
  const Json body = Json::parse(arrived.body.substr(0, arrived.body.rfind('}') + 1), nullptr, false);
  if (!body.is_object()) return wrong("no object: " + arrived.body);
  const bool shows = path == "/api/show";
  if (!shows && (!body.contains("options") || body["options"].value("num_ctx", 0) != 4096)) wrong("without the policy's num_ctx");
  if (rule == Rule::seed && !shows && body.value("keep_alive", Json()) != "30m" && body.value("keep_alive", Json()) != "5m") wrong("without the policy's keep_alive");
  if (translated) {
    const Json asked = r.asked();
    if (ModelName(body.value("model", "")).key() != ModelName(asked.value("model", "")).key()) wrong("another model");
    if (arrived.target != "/api/embed" && flag(body, "stream", true) != flag(asked, "stream", false)) wrong("another stream");
    return;
  }
  if (const Json asked = r.asked(); asked.is_object() && asked.value("model", "") == "") return;  // named by `name`: the model is filled in
  const auto sent = kept_members(r.body, rule == Rule::passthrough), came = kept_members(arrived.body, rule == Rule::passthrough);
  if (sent != came) wrong(shortened(joined(came)) + " INSTEAD OF " + shortened(joined(sent)));
}

inline Replayed replay(const Recording& r, const Folder& folder, Rule rule) {
  Replayed out;
  const auto route = api::route(r.head);
  const bool translated = route && route->kind != Kind::known_refused && route->path.starts_with("/v1/") && r.head.method == "POST";
  const PlayingNode::Part part = part_of(r, folder, translated);
  PlayingNode node(part);
  Loop loop;
  auto opened = app::Router::open(loop.io, settings_of(replay_yaml(folder, rule, node.port())));
  if (!opened) throw std::runtime_error(opened.error());
  loop.start();
  const auto known = [&] {
    const auto& nodes = (*opened)->house().desk.dispatch().fleet().nodes;
    return nodes.size() == 1 && nodes[0].inventory_known && nodes[0].state == NodeState::up;  // both its tags and its /api/ps
  };
  if (!loop.until(known)) out.differences.push_back("the router never learnt what its node has");
  {
    RawClient client((*opened)->port());
    std::string late;
    client.send(bytes_of(r, late));
    if (r.half_close) client.half_close();
    if (!late.empty()) {
      if (client.head().status != 100) out.differences.push_back("no 100 Continue");
      client.send(late);
    }
    Answer& a = out.ours;
    a = client.head();
    if (same_name(a.field("Transfer-Encoding"), "chunked")) {
      a.chunked = true;
      const bool leaves = r.reply.end == End::client_left;
      while (!(leaves && a.chunks.size() >= r.reply.pieces.size()) && client.chunk(a)) node.pace.shown();
    } else if (!a.closed) {
      client.body(a, r.head.method == "HEAD");
    }
    node.pace.over();
  }
  if (r.reply.end == End::client_left && !loop.until([&] { return node.left(); })) out.differences.push_back("the node was not left");
  const auto arrived = node.arrived();
  out.passed_on = !arrived.empty();
  compare(r, out, part.paced, translated);
  for (const Arrived& one : arrived) compare_arrived(r, one, rule, translated, out);
  for (std::string& what : node.complaints()) out.differences.push_back(std::move(what));
  loop.stop();
  opened->reset();
  return out;
}

}  // namespace rr::test
