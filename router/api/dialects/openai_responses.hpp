// /v1/responses spoken to a node as native /api/chat, and the answer rendered as Ollama's own shim renders it (reference/ollama-api.md
// 1.5, transcripts responses-*), better where the shim is worse than OpenAI's own API: a message before tool calls is closed and kept,
// a limit that cuts the answer makes it incomplete, an error is an event.
#pragma once

#include "api/dialects/native_line.hpp"
#include "api/dialects/response_tools.hpp"
#include "api/dialects/translation.hpp"

namespace rr::api {

class OpenAiResponses final : public Translation {
 public:
  OpenAiResponses(const Members&, Answer);
  std::string_view path() const override { return "/api/chat"; }
  Result<Pieces> to_native(const Members&, const Ask&, const Edits&) override;
  void take(std::string_view lines, std::string& out) override;
  void finish(std::string&) override {}  // response.completed went out with the last line
  void broken(const Refusal&, std::string_view request_id, std::string& out) override;
  Result<std::string> whole(std::string_view native) override;

 private:
  enum class Item { none, message, reasoning };
  struct Said { std::string id{}, text{}; };     // text: raw, as inside a JSON string
  void event(std::string_view type, const std::string& members, std::string& out);
  void line(const NativeLine&, std::string& out);
  void open(Item, std::string& out);
  void close(std::string& out);
  void call(const NativeCall&, std::string& out);
  std::string call_item(const NativeCall&, const std::string& id, const std::string& call_id, std::string_view said, bool done) const;
  void keep(const std::string& item);
  std::string object(std::string_view status, const NativeLine*) const;

  Answer answer_;
  std::string asked_;            // the members that an answer repeats
  ResponseTools tools_;
  std::string output_{};         // items that are whole
  Item open_ = Item::none;
  Said said_{};                  // by the open item
  int items_ = 0, calls_ = 0, sequence_ = 0;
};

}  // namespace rr::api
