// /v1/embeddings spoken to a node as native /api/embed, and its vectors rendered as float or base64 (reference/ollama-api.md 1.7).
#pragma once

#include "api/dialects/translation.hpp"

namespace rr::api {

class OpenAiEmbeddings final : public Translation {
 public:
  OpenAiEmbeddings(const Members&, Answer);
  std::string_view path() const override { return "/api/embed"; }
  // input (a string or a list of strings), dimensions, encoding_format. 400: token ids, no input, another encoding.
  Result<Pieces> to_native(const Members&, const Ask&, const Edits&) override;
  void take(std::string_view, std::string&) override {}  // an embedding is never streamed
  void finish(std::string&) override {}
  Result<std::string> whole(std::string_view native) override;

 private:
  std::string model_;
  bool base64_ = false;
};

}  // namespace rr::api
