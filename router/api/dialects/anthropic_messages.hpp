// /v1/messages spoken to a node as native /api/chat, and the answer rendered as Ollama's own shim renders it (reference/ollama-api.md
// 1.6, transcripts messages-*), better where the shim is worse than Anthropic's own API: stop_sequence and signature are there, an empty
// answer has an empty list of blocks, errors are told.
#pragma once

#include "api/dialects/native_line.hpp"
#include "api/dialects/translation.hpp"

namespace rr::api {

class AnthropicMessages final : public Translation {
 public:
  AnthropicMessages(const Members&, Answer);
  Dialect dialect() const override { return Dialect::anthropic; }
  std::string_view path() const override { return "/api/chat"; }
  Result<Pieces> to_native(const Members&, const Ask&, const Edits&) override;
  void take(std::string_view lines, std::string& out) override;
  void finish(std::string&) override {}  // message_stop went out with the last line
  Result<std::string> whole(std::string_view native) override;

 private:
  enum class Block { none, text, thinking };
  void line(const NativeLine&, std::string& out);
  void start(std::string& out);
  void open(Block, std::string& out);
  void close(std::string& out);
  void call(const NativeCall&, std::string& out);
  std::string id_of(const NativeCall&);
  std::string_view stop_reason(const NativeLine&) const;

  Answer answer_;
  bool begun_ = false;
  Block open_ = Block::none;
  int index_ = 0;  // of the open block, or of the next one
  int calls_ = 0;
};

}  // namespace rr::api
