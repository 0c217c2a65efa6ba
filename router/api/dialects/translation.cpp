#include "api/dialects/translation.hpp"

#include "api/dialects/anthropic_messages.hpp"
#include "api/dialects/openai_chat.hpp"
#include "api/dialects/openai_completions.hpp"
#include "api/dialects/openai_embeddings.hpp"
#include "api/dialects/openai_responses.hpp"
#include "api/say_no.hpp"

namespace rr::api {
namespace {

class OpenAiChat final : public Translation {
 public:
  OpenAiChat(const Members& members, Answer answer)
      : shape_{.id = "chatcmpl-" + answer.unique, .created = answer.created, .model = std::move(answer.model),
               .include_usage = openai_chat::include_usage(members.body, members)},
        stream_(shape_) {}

  std::string_view path() const override { return "/api/chat"; }
  Result<Pieces> to_native(const Members& members, const Ask& ask, const Edits& edits) override {
    return openai_chat::to_native(members.body, members, ask, edits);
  }
  void take(std::string_view lines, std::string& out) override { stream_.take(lines, out); }
  void finish(std::string& out) override { stream_.finish(out); }
  Result<std::string> whole(std::string_view native) override { return openai_chat::whole(native, shape_); }

 private:
  openai_chat::Shape shape_;
  openai_chat::Stream stream_;
};

}  // namespace

void Translation::broken(const Refusal& refusal, std::string_view request_id, std::string& out) {
  out += in_band(refusal, dialect(), request_id);
}

bool translated(Kind kind) {
  switch (kind) {
    case Kind::chat_completions:
    case Kind::completions:
    case Kind::v1_embeddings:
    case Kind::responses:
    case Kind::messages:
    case Kind::count_tokens: return true;
    default: return false;
  }
}

std::unique_ptr<Translation> translation(Kind kind, const Members& members, Answer answer) {
  switch (kind) {
    case Kind::chat_completions: return std::make_unique<OpenAiChat>(members, std::move(answer));
    case Kind::completions: return std::make_unique<OpenAiCompletions>(members, std::move(answer));
    case Kind::v1_embeddings: return std::make_unique<OpenAiEmbeddings>(members, std::move(answer));
    case Kind::responses: return std::make_unique<OpenAiResponses>(members, std::move(answer));
    case Kind::messages: return std::make_unique<AnthropicMessages>(members, std::move(answer));
    default: return nullptr;
  }
}

}  // namespace rr::api
