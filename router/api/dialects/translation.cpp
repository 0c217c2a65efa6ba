#include "api/dialects/translation.hpp"

#include "api/dialects/openai_chat.hpp"

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

bool translated(Kind kind) { return kind == Kind::chat_completions; }

std::unique_ptr<Translation> translation(Kind kind, const Members& members, Answer answer) {
  if (kind == Kind::chat_completions) return std::make_unique<OpenAiChat>(members, std::move(answer));
  return nullptr;
}

}  // namespace rr::api
