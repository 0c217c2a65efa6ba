#include "api/chain.hpp"
#include "api/classify.hpp"

#include "api/dialects/translation.hpp"
#include "api/go_words.hpp"
#include "api/role_choice.hpp"
#include "api/session.hpp"

#include <algorithm>

namespace rr::api {
namespace {

std::string trimmed(std::string_view text) {
  const auto from = text.find_first_not_of(" \t\r\n");
  if (from == text.npos) return "";
  return std::string(text.substr(from, text.find_last_not_of(" \t\r\n") - from + 1));
}

Refusal no(std::string code, int status, std::string sentence, bool ollama_text) {
  return {.code = std::move(code), .side = Side::client, .status = status, .sentence = std::move(sentence), .ollama_text = ollama_text};
}

bool name_part(std::string_view part) {
  if (part.empty() || part.size() > 80 || part[0] == '.' || part[0] == '-') return false;
  return std::all_of(part.begin(), part.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || c == '-' || c == '.';
  });
}

// [host[:port]/[namespace/]]model[:tag], as Ollama's types/model/name.go reads it.
bool name_is_valid(std::string_view name) {
  const auto slash = name.rfind('/');
  const auto last = slash == name.npos ? name : name.substr(slash + 1);
  const auto colon = last.find(':');
  if (!name_part(last.substr(0, colon)) || (colon != last.npos && !name_part(last.substr(colon + 1)))) return false;
  return std::count(name.begin(), name.end(), '/') <= 2;
}

bool inventories_known(const Fleet& fleet) {
  return std::all_of(fleet.nodes.begin(), fleet.nodes.end(), [](const NodeBelief& n) { return n.inventory_known; });
}

Purpose purpose_of(Kind kind, const Members& members, bool leave_at_once) {
  const Purpose empty = leave_at_once ? Purpose::unload : Purpose::preload;
  switch (kind) {
    case Kind::generate: return members.prompt_empty ? empty : Purpose::answer;
    case Kind::chat: return members.messages == 0 ? empty : Purpose::answer;
    case Kind::embed: return members.input_empty ? Purpose::preload : Purpose::answer;
    case Kind::embeddings: return members.prompt_empty ? Purpose::preload : Purpose::answer;
    default: return Purpose::answer;
  }
}

Needs needs_of(Kind kind, Purpose purpose, const Members& members) {
  Needs needs;
  if (kind == Kind::show || purpose == Purpose::unload) return needs;
  needs.embedding = kind == Kind::embed || kind == Kind::embeddings || kind == Kind::v1_embeddings;
  needs.completion = !needs.embedding;
  if (purpose == Purpose::answer && needs.completion) {
    needs.tools = members.tools && kind != Kind::generate && kind != Kind::completions;
    needs.images = members.images;
  }
  return needs;
}

PromptSize size_of(const Members& members) {
  const bool led = members.value("system") || members.value("instructions");  // a message of its own in the template
  return {.plain = members.text_bytes - std::min(members.hangul, members.text_bytes), .hangul = members.hangul, .messages = members.messages + led, .tools = members.tools};
}

// What Ollama's own routes of other vendors ask for before anything else, in their words.
std::optional<Refusal> lacking(Kind kind, const Members& members) {
  const bool nothing = members.messages == 0;
  if (kind == Kind::chat_completions && nothing && members.input_empty) return no("messages_empty", 400, "[] is too short - 'messages'", true);
  if (kind != Kind::messages && kind != Kind::count_tokens) return std::nullopt;
  const auto limit = members.value("max_tokens").in(members.body);
  const bool positive = !limit.empty() && limit.front() >= '0' && limit.front() <= '9' && limit.find_first_not_of("0.") != limit.npos;
  if (kind == Kind::messages && !positive) return no("max_tokens_missing", 400, "max_tokens is required and must be positive", true);
  if (nothing) return no("messages_empty", 400, "messages is required", true);
  return std::nullopt;
}

bool thinks(const ModelName& model, const Fleet& fleet) {
  return std::any_of(fleet.nodes.begin(), fleet.nodes.end(), [&](const NodeBelief& node) {
    const auto* installed = node.find(model);
    return installed && installed->capabilities.count("thinking") > 0;
  });
}

// The role's nodes for the role's model, and for another model that one of them has; else any node.
std::vector<NodeName> nodes_for(const RoleSettings* role, const ModelName& model, const Fleet& fleet) {
  if (!role) return {};
  if (role->model == model) return role->nodes;
  for (const auto& name : role->nodes)
    if (const auto* node = fleet.node(name); node && node->find(model)) return role->nodes;
  return {};
}

}  // namespace

Result<Ask> classify(const RequestHead& head, const Route& route, const Members& members, const Circumstance& at) {
  const bool v1 = translated(route.kind), show = route.kind == Kind::show;
  const bool modelless = route.dialect == Dialect::anthropic && trimmed(members.model.value_or("")).empty();  // said first there
  const auto missing = lacking(route.kind, members);
  if (missing && !modelless) return *missing;

  Ask ask;
  ask.dialect = route.dialect;
  ask.kind = route.kind;
  bool leave_at_once = false;
  if (!v1 && !show && members.keep_alive) {
    const auto keep_alive = parse_keep_alive(*members.keep_alive);
    if (!keep_alive) return keep_alive.error();
    leave_at_once = keep_alive->zero();
    ask.client_keep_alive = members.keep_alive;
  }

  std::string wanted = trimmed(members.model.value_or(""));
  if (wanted.empty() && show) wanted = trimmed(members.name.value_or(""));
  if (wanted.ends_with(":local:cloud") || wanted.ends_with(":cloud:local"))
    return no("model_name", 400, "use either :local or :cloud, not both: \"" + wanted + "\"", true);
  const auto choice = choose(head, route, members, wanted, at);
  if (!choice) return choice.error();
  if (missing) return *missing;
  std::string_view bare = wanted;  // :local says that the model is not in the cloud; it is no part of its name
  if (bare.ends_with(":local")) bare.remove_suffix(6);
  if (!choice->role && !name_is_valid(bare)) return no("model_name", 400, "invalid model name", true);
  const ModelName model_name = at.settings.answering(choice->model);
  if (!choice->role && inventories_known(at.fleet) && !at.fleet.anyone_has(model_name))
    return no("model_missing", 404, not_found(route.kind, wanted), true);

  if (choice->role) ask.role = choice->role->name;
  ask.source = choice->source;
  ask.because = choice->because;
  ask.asked_model = wanted.empty() ? choice->model.spelt() : wanted;
  ask.model = model_name;
  if (!(model_name == choice->model)) ask.instead_of = choice->model;
  else if (choice->role && choice->role->model == model_name) ask.instead_of = choice->role->instead_of;
  ask.nodes = nodes_for(choice->role, model_name, at.fleet);

  auto session = session_of(head, route.session, members.first_user.value_or(""), at.session_key);
  ask.session = std::move(session.id);
  ask.session_from_client = session.from_client;

  ask.purpose = purpose_of(route.kind, members, leave_at_once);
  ask.needs = needs_of(route.kind, ask.purpose, members);
  const bool streams = route.kind == Kind::chat || route.kind == Kind::generate || (v1 && route.kind != Kind::v1_embeddings);
  ask.stream = streams && ask.purpose == Purpose::answer && members.stream.value_or(!v1);
  if (show) return ask;

  if (!v1 && members.num_ctx_wrong) return no("num_ctx_type", 400, "option \"num_ctx\" must be of type integer", true);
  const auto& model = at.settings.model(ask.model);
  ask.size = size_of(members);
  ask.tokens = at.guess ? at.guess->tokens(ask.model, ask.size) : first_estimate(ask.size);
  if (at.settings.policy == PolicyName::smart) ask.chain = chain_of(members, ask.tokens, at.session_key);
  ask.num_ctx = model.num_ctx;
  ask.thinks = thinks(ask.model, at.fleet);
  ask.keep_alive = at.settings.keep_alive(ask.model, ask.role);
  if (!v1) ask.client_num_ctx = members.num_ctx;
  if (model.on_overflow == OnOverflow::refuse && route.kind != Kind::count_tokens && ask.tokens > ask.num_ctx)
    return no("context_over", 400,
              "the prompt is about " + std::to_string(ask.tokens) + " tokens, " + ask.model.spelt() + " has num_ctx " +
                  std::to_string(ask.num_ctx) + ": shorten it, or raise models." + ask.model.spelt() + ".num_ctx",
              false);
  return ask;
}

}  // namespace rr::api
