#include "sim/admission.hpp"

#include "sim/names.hpp"
#include "sim/show.hpp"
#include "sim/voice.hpp"

namespace rr::sim {

namespace {

Admission no(int status, std::string error) {
  Admission a;
  a.status = status;
  a.error = std::move(error);
  return a;
}

}  // namespace

std::string format_error(const Asked& a) {
  if (a.format.is_null() || a.format.is_object() || a.format == "json" || a.format == "") return "";
  return "invalid format: " + go_quoted(a.format.dump()) + "; expected \"json\" or a valid JSON Schema object";
}

Admission admit(const NodeSpec& node, const Decoded& d) {
  const Asked& q = d.asked;
  if (!d.error.empty()) return no(400, d.error);
  if (q.top_logprobs < 0 || q.top_logprobs > 20) return no(400, "top_logprobs must be between 0 and 20");
  const bool single_quotes = q.route == Route::chat || q.route == Route::generate || q.route == Route::show;
  auto missing = [&](const std::string& name) {
    return no(404, single_quotes ? "model '" + name + "' not found" : "model \"" + name + "\" not found, try pulling it first");
  };
  if (q.model.empty()) {
    if (q.route == Route::generate || q.route == Route::embed) return no(404, "model '' not found");
    return no(400, "model is required");
  }
  const NameAsked asked = read_name(q.model);
  if (asked.both) return no(400, "use either :local or :cloud, not both: " + go_quoted(q.model));
  if (asked.cloud && node.cloud_off) return no(403, "ollama cloud is disabled: remote model is unavailable");
  if (!asked.name) return no(400, "invalid model name");
  Admission out;
  out.model = find_model(node, *asked.name);
  if (!out.model) return missing(q.route == Route::show ? asked.name->shown() : q.model);
  if (q.route == Route::show) return out;

  const ModelSpec& m = *out.model;
  const bool chat = q.route == Route::chat, generate = q.route == Route::generate;
  const bool empty = chat ? q.messages.empty() : generate ? q.prompt.empty() : q.route == Route::embed ? q.input.empty() : q.prompt.empty();
  if ((chat || generate) && empty && q.keep_alive && q.keep_alive->zero()) {
    out.kind = Admission::Kind::unload;
    return out;
  }
  if (generate && q.raw && (!q.template_text.empty() || !q.system.empty() || q.has_context)) {
    return no(400, "raw mode does not support template, system, or context");
  }
  if (q.input_is_bad) return no(400, "invalid input type");
  if ((chat || generate) && !can(m, "completion")) return no(400, go_quoted(q.model) + " does not support " + (chat ? "chat" : "generate"));
  if (q.tools.is_array() && !q.tools.empty() && !can(m, "tools")) return no(400, asked.name->full() + " does not support tools");
  if (!q.suffix.empty() && !can(m, "insert")) return no(400, asked.name->full() + " does not support insert");
  if (q.think == Asked::Think::on && !can(m, "thinking")) return no(400, go_quoted(q.model) + " does not support thinking");
  out.options = read_options(q);
  if (!out.options.error.empty()) return no(500, out.options.error);
  if (empty) out.kind = Admission::Kind::load;
  return out;
}

}  // namespace rr::sim
