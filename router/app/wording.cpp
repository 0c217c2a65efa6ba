#include "app/wording.hpp"

#include "settings/words.hpp"
#include "wire/aside.hpp"

namespace rr::app {

namespace {

std::string_view node_path(Kind kind) {
  switch (kind) {
    case Kind::generate: return "/api/generate";
    case Kind::embed: return "/api/embed";
    case Kind::embeddings: return "/api/embeddings";
    case Kind::show: return "/api/show";
    default: return "/api/chat";
  }
}

// "shift false, num_thread 4": what of the body the policy does not pass on.
std::string not_passed_on(const api::Members& members, const api::Edits& edits) {
  std::string out;
  const auto add = [&](const std::string& name, std::string_view value) { out += (out.empty() ? "" : ", ") + name + " " + std::string(value.substr(0, 40)); };
  if (const auto shift = members.value("shift"); shift && shift.in(members.body) != "null") add("shift", shift.in(members.body));
  for (const api::Member& one : members.runner_options)
    if (one.name != "use_mmap" || !edits.use_mmap) add(one.name, one.value.in(members.body));
  return out;
}

}  // namespace

std::unique_ptr<api::Translation> translation(const Call& call, const api::Members& members) {
  return api::translation(call.route.kind, members,
                          {.unique = id_text(call.id).substr(2) + "-" + std::to_string(call.began.time_since_epoch().count() % 1'000'000'007),
                           .created = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count(),
                           .model = call.ask.asked_model,
                           .tokens = call.ask.tokens});
}

wire::Task<Result<Wording>> word(Call& call, const api::Members& members) {
  const Engine& runs = call.settings->runs(call.grant.node);
  const std::string_view body = call.request.body.view();
  api::Edits edits{.model = call.grant.model.spelt(), .num_ctx = 0, .keep_alive = std::nullopt, .use_mmap = std::nullopt};
  if (runs.options) {
    edits.num_ctx = call.grant.num_ctx;
    edits.use_mmap = call.grant.use_mmap;
  }
  if (call.grant.keep_alive) edits.keep_alive = api::json_text(*call.grant.keep_alive);
  Wording out;
  out.to_client = translation(call, members);
  out.path = out.to_client ? out.to_client->path() : node_path(call.route.kind);
  if (edits.keep_alive && !out.to_client) call.ignored = not_passed_on(members, edits);
  std::vector<std::string> ignored;
  api::NativeShape shape{};
  const auto edit = [&]() -> Result<api::Pieces> {
    Result<api::Pieces> native = out.to_client ? out.to_client->to_native(members, call.ask, edits) : api::splice(body, members, edits);
    if (!native || runs.native) return native;
    api::EngineOrder order = api::openai_order(out.path, native->joined());
    out.path = order.path;
    shape = order.shape;
    ignored = std::move(order.ignored);
    return {boost::system::in_place_value, std::move(order.body)};
  };
  Result<api::Pieces> pieces = api::Pieces{};
  if ((out.to_client || !runs.native) && body.size() >= large_body) pieces = co_await wire::aside(call.house->io.get_executor(), edit);
  else pieces = edit();
  if (!pieces) co_return pieces.error();
  out.body = std::move(*pieces);
  if (!runs.native) {
    std::erase(ignored, "options.num_ctx");  // its value is told already
    if (!out.to_client) call.ignored = settings::joined(ignored);
    out.from_node = std::make_unique<api::OpenAiReply>(shape, call.grant.model.spelt(), utc_text(), [] { return std::chrono::steady_clock::now(); });
  }
  co_return std::move(out);
}

}  // namespace rr::app
