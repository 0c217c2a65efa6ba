#include "sim/requests.hpp"

#include "sim/keep_alive.hpp"

#include <cmath>

namespace rr::sim {

namespace {

std::string_view struct_name(Route r) {
  switch (r) {
    case Route::generate: return "GenerateRequest";
    case Route::chat: return "ChatRequest";
    case Route::embed: return "EmbedRequest";
    case Route::embeddings: return "EmbeddingRequest";
    case Route::show: return "ShowRequest";
  }
  return "";
}

// Reads members of one object; the first mistake stays.
class Reader {
 public:
  Reader(const Json& object, std::string where, std::string& error) : object_(object), where_(std::move(where)), error_(error) {}

  void text(const char* name, std::string& out) {
    if (const Json* v = get(name, "string", "string")) out = v->get<std::string>();
  }
  void flag(const char* name, bool& out) {
    if (const Json* v = get(name, "bool", "bool")) out = v->get<bool>();
  }
  void flag(const char* name, std::optional<bool>& out) {
    if (const Json* v = get(name, "bool", "bool")) out = v->get<bool>();
  }
  void whole(const char* name, int& out) {
    const Json* v = get(name, "number", "int");
    if (v && v->is_number_integer()) {
      out = int(v->get<std::int64_t>());
    } else if (v) {
      wrong("number " + v->dump(), name, "int");
    }
  }
  const Json* list(const char* name, const char* go_type) { return get(name, "array", go_type); }
  const Json* map(const char* name) { return get(name, "object", "map[string]interface {}"); }
  const Json* any(const char* name) const { return member(object_, name); }

 private:
  const Json* get(const char* name, std::string_view wanted, const char* go_type) {
    const Json* v = member(object_, name);
    if (!v || kind(*v) == wanted) return v;
    wrong(std::string(kind(*v)), name, go_type);
    return nullptr;
  }
  void wrong(const std::string& what, const char* name, const char* go_type) {
    if (error_.empty()) error_ = "json: cannot unmarshal " + what + " into Go struct field " + where_ + "." + name + " of type " + go_type;
  }
  const Json& object_;
  std::string where_;
  std::string& error_;
};

std::size_t bad_base64(const std::string& s) {  // npos = fine
  std::size_t n = 0;
  for (; n < s.size(); ++n) {
    const char c = s[n];
    const bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
    if (letter || c == '\n' || c == '\r') continue;
    if (c == '=' && n + 2 >= s.size()) continue;
    return n;
  }
  return n % 4 == 0 ? std::string::npos : n - n % 4;
}

int images(const Json* list, std::string& error) {
  if (!list) return 0;
  for (auto& i : *list) {
    const std::size_t at = i.is_string() ? bad_base64(i.get_ref<const std::string&>()) : std::string::npos;
    if (error.empty() && at != std::string::npos) error = "illegal base64 data at input byte " + std::to_string(at);
  }
  return int(list->size());
}

void read_messages(const Json& list, const std::string& where, std::vector<Message>& out, std::string& error) {
  for (auto& one : list) {
    Message m;
    if (!one.is_object()) {
      if (error.empty() && !one.is_null()) {
        error = "json: cannot unmarshal " + std::string(kind(one)) + " into Go struct field " + where + " of type api.Message";
      }
      continue;
    }
    Reader r(one, where, error);
    r.text("role", m.role);
    r.text("content", m.content);
    r.text("thinking", m.thinking);
    r.text("tool_name", m.tool_name);
    if (const Json* calls = r.list("tool_calls", "[]api.ToolCall")) m.tool_calls = *calls;
    m.images = images(r.list("images", "[]api.ImageData"), error);
    for (char& c : m.role) c = c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c;
    out.push_back(std::move(m));
  }
}

Asked::Think read_think(const Json& v, std::string& error) {
  if (v.is_boolean()) return v.get<bool>() ? Asked::Think::on : Asked::Think::off;
  const std::string word = v.is_string() ? v.get<std::string>() : "";
  if (word == "high" || word == "medium" || word == "low" || word == "max") return Asked::Think::on;
  if (error.empty()) {
    error = v.is_string() ? "invalid think value: " + go_quoted(word) + " (must be \"high\", \"medium\", \"low\", \"max\", true, or false)"
                          : "think must be a boolean or string (\"high\", \"medium\", \"low\", \"max\", true, or false)";
  }
  return Asked::Think::unsaid;
}

void read_input(const Json& v, Asked& a) {
  if (v.is_string()) {
    if (!v.get_ref<const std::string&>().empty()) a.input.push_back(v.get<std::string>());
    return;
  }
  a.input_is_bad = !v.is_array();
  if (a.input_is_bad) return;
  for (auto& e : v) {
    if (e.is_string()) {
      a.input.push_back(e.get<std::string>());
    } else {
      a.input_is_bad = true;
    }
  }
}

}  // namespace

Decoded decode(Route route, std::string_view body) {
  Decoded out;
  Asked& a = out.asked;
  a.route = route;
  const FirstValue first = read_first(body);
  if (!first.error.empty()) {
    out.error = first.error == "EOF" ? "missing request body" : first.error;
    return out;
  }
  const Json& v = first.value;
  const std::string where(struct_name(route));
  if (v.is_null()) return out;
  if (!v.is_object()) {
    out.error = "json: cannot unmarshal " + std::string(kind(v)) + " into Go value of type api." + where;
    return out;
  }
  std::string& e = out.error;
  Reader r(v, where, e);
  r.text("model", a.model);
  if (route == Route::show) {
    std::string name;
    r.text("name", name);
    r.flag("verbose", a.verbose);
    if (a.model.empty()) a.model = name;
    return out;
  }
  if (const Json* k = r.any("keep_alive")) {
    a.keep_alive_text = k->dump();
    if (auto keep = read_keep_alive(*k)) {
      a.keep_alive = *keep;
    } else if (e.empty()) {
      e = keep.error();
    }
  }
  if (const Json* o = r.map("options")) {
    a.options = *o;
    if (o->contains("num_ctx")) a.num_ctx_text = o->at("num_ctx").dump();
  }
  r.text("prompt", a.prompt);
  if (route == Route::embeddings) return out;
  r.flag("truncate", a.truncate);
  if (route == Route::embed) {
    if (const Json* i = r.any("input")) read_input(*i, a);
    r.whole("dimensions", a.dimensions);
    return out;
  }
  r.flag("stream", a.stream);
  r.flag("shift", a.shift);
  if (const Json* f = r.any("format")) a.format = *f;
  if (const Json* t = r.any("think")) a.think = read_think(*t, e);
  r.flag("logprobs", a.logprobs);
  r.whole("top_logprobs", a.top_logprobs);
  if (route == Route::chat) {
    if (const Json* m = r.list("messages", "[]api.Message")) read_messages(*m, where + ".messages", a.messages, e);
    if (const Json* t = r.list("tools", "api.Tools")) a.tools = *t;
    for (auto& m : a.messages) a.images += m.images;
  } else {
    r.text("suffix", a.suffix);
    r.text("system", a.system);
    r.text("template", a.template_text);
    r.flag("raw", a.raw);
    if (const Json* c = r.list("context", "[]int")) a.has_context = !c->empty();
    a.images = images(r.list("images", "[]api.ImageData"), e);
  }
  return out;
}

Options read_options(const Asked& a) {
  Options out;
  out.runner.shift = a.shift;
  if (!a.options.is_object()) return out;
  auto wrong = [&](const std::string& name, const char* type) {
    if (out.error.empty()) out.error = "option " + go_quoted(name) + " must be of type " + type;
  };
  auto whole = [&](const std::string& name, const Json& v, auto& into) {
    if (!v.is_number()) return wrong(name, "integer");
    using Int = std::int64_t;
    into = static_cast<std::decay_t<decltype(into)>>(static_cast<Int>(std::trunc(v.get<double>())));
  };
  int unused = 0;
  for (const auto& option : a.options.items()) {
    const std::string& name = option.key();
    const Json& v = option.value();
    if (v.is_null()) continue;
    auto runner = [&](std::optional<int>& into) {
      int n = 0;
      whole(name, v, n);
      into = n;
    };
    if (name == "num_ctx") runner(out.runner.num_ctx);
    if (name == "num_batch") runner(out.runner.num_batch);
    if (name == "num_gpu") runner(out.runner.num_gpu);
    if (name == "main_gpu") runner(out.runner.main_gpu);
    if (name == "num_thread") runner(out.runner.num_thread);
    if (name == "draft_num_predict") runner(out.runner.draft_num_predict);
    if (name == "num_predict") whole(name, v, out.sampling.num_predict);
    if (name == "seed") whole(name, v, out.sampling.seed);
    for (const char* other : {"num_keep", "top_k", "repeat_last_n"}) {
      if (name == other) whole(name, v, unused);
    }
    for (const char* other : {"temperature", "top_p", "min_p", "typical_p", "repeat_penalty", "presence_penalty", "frequency_penalty"}) {
      if (name == other && !v.is_number()) wrong(name, "float32");
    }
    if (name == "use_mmap") {
      if (!v.is_boolean()) {
        wrong(name, "boolean");
      } else {
        out.runner.use_mmap = v.get<bool>() ? 1 : 0;
      }
    }
    if (name == "stop") {
      if (!v.is_array()) wrong(name, "array");
      for (auto& s : v) {
        if (s.is_string() && !s.get_ref<const std::string&>().empty()) out.sampling.stop.push_back(s.get<std::string>());
      }
    }
  }
  return out;
}

}  // namespace rr::sim
