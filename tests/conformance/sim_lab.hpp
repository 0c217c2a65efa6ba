// The laboratory in which the exchanges were recorded, as a simulated node: its models, and each recorded script.
#pragma once

#include "api/json.hpp"
#include "sim/spec.hpp"
#include "sim/voice.hpp"

#include <fstream>
#include <sstream>

namespace rr::test {

using api::Json;

inline Json recorded(const std::string& name) {
  std::ifstream in(std::string(RR_SOURCE_DIR) + "/tests/conformance/transcripts/0.33.0-rc2/" + name + ".json");
  std::stringstream text;
  text << in.rdbuf();
  return Json::parse(text.str());
}

// The models as /api/tags told of them, and what only the laboratory knew: who renders, and what the template in the file can do.
inline std::list<sim::ModelSpec> lab_models() {
  std::list<sim::ModelSpec> out;
  const Json listed = Json::parse(recorded("transport-tags")["reply"]["pieces"][0][1].get<std::string>());
  const Json coder = Json::parse(recorded("manage-show")["reply"]["pieces"][0][1].get<std::string>());
  const Json embed = Json::parse(recorded("manage-show-verbose")["reply"]["pieces"][0][1].get<std::string>());
  for (auto& t : listed["models"]) {
    sim::ModelSpec m;
    m.name = t["name"];
    m.size = t["size"];
    m.digest = t["digest"];
    m.modified_at = t["modified_at"];
    m.family = t["details"]["family"];
    m.parameter_size = t["details"]["parameter_size"];
    m.quantization = t["details"]["quantization_level"];
    m.trained_ctx = t["details"]["context_length"];
    m.embedding_length = t["details"]["embedding_length"];
    m.capabilities = t["capabilities"].get<std::vector<std::string>>();
    m.rendering = sim::Rendering::ollama;
    auto by_engine = [&](const char* name, std::initializer_list<const char*> more) {
      if (m.name != name) return;
      m.rendering = sim::Rendering::engine;
      for (auto* c : more) m.capabilities.emplace_back(c);
    };
    by_engine("coder:30b", {"tools"});
    by_engine("architect-l:70b", {"thinking"});
    by_engine("agent:27b", {"tools", "thinking"});
    if (m.name == "router-s-8k:8b") {
      m.blob = "router-s:8b";
      m.num_ctx = 8192;
    }
    for (auto* shown : {&coder, &embed}) {
      if (m.name != (shown == &coder ? "coder:30b" : "embed-s:latest")) continue;
      m.model_info = (*shown)["model_info"].dump();
      m.template_text = (*shown)["template"];
      m.tensors = (*shown)["tensors"].is_null() ? "" : (*shown)["tensors"].dump();
      if (shown == &coder) m.parameters = "temperature 0.2\ntop_p 0.7";
    }
    m.kv_per_token = 16384;  // what the engine's log said: 64 MiB for 4096 tokens
    m.compute = 134457472 - 240053 - 64 * 1024 * 1024;
    out.push_back(std::move(m));
  }
  return out;
}

inline std::vector<std::string> texts(const Json& list) { return list.get<std::vector<std::string>>(); }

// The tool call that Ollama's own parser of this model family reads out of the raw pieces.
inline void read_raw(const std::vector<std::string>& raw, sim::Script& s) {
  std::string all;
  for (auto& p : raw) {
    if (p.find("<tool_call>") != std::string::npos || !all.empty()) {
      all += p;
    } else {
      s.pieces.push_back(p.substr(0, p.find_last_not_of('\n') + 1));
    }
  }
  auto between = [&](const std::string& open, const std::string& close, std::size_t& at) {
    const auto from = all.find(open, at);
    if (from == std::string::npos) return std::string();
    const auto to = all.find(close, from);
    at = to;
    return all.substr(from + open.size(), to - from - open.size());
  };
  std::size_t at = 0;
  sim::ToolCall call;
  call.name = between("<function=", ">", at);
  Json arguments = Json::object();
  while (true) {
    const std::string name = between("<parameter=", ">", at);
    if (name.empty()) break;
    const std::string value = between(">\n", "\n</parameter>", at);
    const bool digits = value.find_first_not_of("0123456789") == std::string::npos;
    arguments[name] = digits ? Json(std::stoi(value)) : Json(value);
  }
  call.arguments = arguments.dump();
  s.calls.push_back(std::move(call));
}

inline void read_fault(const Json& script, sim::Script& s) {
  using sim::EngineFault;
  for (auto& [word, fault] : {std::pair{"crash_after", EngineFault::crash}, {"eof_after", EngineFault::eof}, {"error_after", EngineFault::error},
                              {"garble_after", EngineFault::garble}, {"reset_after", EngineFault::reset}, {"hang_after", EngineFault::hang}}) {
    if (!script.contains(word)) continue;
    s.fault = fault;
    s.after = script[word];
  }
  s.text = script.value("crash_msg", std::string());
  if (script.contains("error_status")) {
    s.fault = EngineFault::status;
    s.status = script["error_status"];
    s.text = script.value("error_body", std::string(R"({"error":{"code":500,"message":"scripted error status","type":"server_error"}})"));
  }
}

// What the engine did in one exchange. Where no script was kept, its text is read off the answer.
inline sim::Script lab_script(const Json& exchange) {
  sim::Script s;
  s.top_alternative = " alt";
  const Json none = Json::object();
  const bool kept = exchange.contains("script") && exchange["script"].is_object();
  const Json& script = kept ? exchange["script"] : none;
  bool says = false;
  if (script.contains("text")) s.pieces = sim::word_pieces(script["text"].get<std::string>()), says = true;
  if (script.contains("pieces")) s.pieces = texts(script["pieces"]), says = true;
  if (script.contains("thinking")) s.thinking = sim::word_pieces(script["thinking"].get<std::string>()), says = true;
  if (script.contains("repeat")) s.pieces.assign(script["n_tokens"].get<std::size_t>(), script["repeat"].get<std::string>()), says = true;
  if (script.contains("raw")) read_raw(texts(script["raw"]), s), says = true;
  if (script.contains("tool_calls")) {
    says = true;
    for (auto& c : script["tool_calls"]) s.calls.push_back({c.value("id", std::string()), c["name"], c["arguments"].dump()});
  }
  read_fault(script, s);
  if (!says && s.fault != sim::EngineFault::none) {
    for (int i = 0; i < 8; ++i) s.pieces.push_back(" w" + std::to_string(i));
  } else if (!says) {
    for (auto& piece : exchange["reply"]["pieces"]) {
      const Json line = Json::parse(piece[1].get<std::string>(), nullptr, false);
      if (!line.is_object()) continue;
      const Json& holder = line.contains("message") ? line["message"] : line;
      const std::string text = holder.value(line.contains("message") ? "content" : "response", std::string());
      for (auto& p : sim::word_pieces(text)) s.pieces.push_back(p);
    }
  }
  if (script.contains("prompt_n")) s.prompt_n = script["prompt_n"].get<int>();
  for (auto& seen : exchange.contains("engine") ? exchange["engine"] : Json::array()) {
    if (seen["ev"] == "req" && seen.contains("prompt_len") && !s.prompt_n) s.prompt_n = (seen["prompt_len"].get<int>() + 3) / 4;
    if (seen["ev"] == "done" && seen.contains("n")) s.eval_n = seen["n"].get<int>();
  }
  return s;
}

inline sim::NodeSpec lab_node() {
  sim::NodeSpec n;
  n.name = "lab";
  n.gpu_memory = 0;  // a host without an accelerator
  n.clock = 500;
  n.max_loaded = 16;
  n.version = "0.0.0";
  n.registry_trouble = "proxyconnect tcp: dial tcp 127.0.0.1:9: connect: connection refused";
  n.models = lab_models();
  return n;
}

}  // namespace rr::test
