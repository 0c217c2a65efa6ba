// What becomes of a node's streamed lines on their way to the client: native (renamed) or translated.
#pragma once

#include "api/dialects/translation.hpp"
#include "api/engines/openai_reply.hpp"
#include "api/say_no.hpp"
#include "api/usage.hpp"
#include "app/call.hpp"
#include "wire/relay.hpp"

namespace rr::app {

// Common to both: the answer is watched; it is whole only with done:true and no error line.
class Watched : public wire::Passage {
 public:
  explicit Watched(Call& call) : call_(call) {}
  void take(std::string_view lines, std::string& out) final;
  bool end(const std::optional<wire::NodeError>& lost, std::string_view rest, std::string& out) final;
  const api::AnswerWatch& watch() const { return watch_; }
  bool began() const { return began_; }
  Refusal trouble(const std::optional<wire::NodeError>& lost) const;  // why the answer is not whole

 protected:
  virtual void render(std::string_view lines, std::string& out) = 0;
  virtual void finish(std::string& out) = 0;
  virtual void say(const Refusal&, std::string_view request_id, std::string& out) = 0;  // why it breaks off
  virtual bool shows_errors() const = 0;  // the node's error line reaches the client as it is

 private:
  Call& call_;
  api::AnswerWatch watch_;
  bool began_ = false;     // bytes went towards the client
  bool finished_ = false;  // the last words stand in one chunk with the done line, as Ollama writes them
};

class NativePassage final : public Watched {
 public:
  NativePassage(Call& call, std::string_view node_name, std::string_view client_name);

 private:
  void render(std::string_view lines, std::string& out) override { rename_.apply(lines, out); }
  void finish(std::string&) override {}
  void say(const Refusal& refusal, std::string_view id, std::string& out) override { out += api::in_band(refusal, Dialect::ollama, id); }
  bool shows_errors() const override { return true; }
  api::Rename rename_;
};

class TranslatedPassage final : public Watched {
 public:
  TranslatedPassage(Call& call, api::Translation& translation) : Watched(call), translation_(translation) {}

 private:
  void render(std::string_view lines, std::string& out) override { translation_.take(lines, out); }
  void finish(std::string& out) override { translation_.finish(out); }
  void say(const Refusal& refusal, std::string_view id, std::string& out) override { translation_.broken(refusal, id, out); }
  bool shows_errors() const override { return false; }
  api::Translation& translation_;
};

// The stream of a server of the OpenAI API: read back into native lines before it goes on. Its comments keep the connection alive, but are no sign
// that it works: after `longest` without a word (zero = off) it is ended by `stop`.
class ReadBack final : public wire::Passage {
 public:
  ReadBack(api::OpenAiReply& reply, Watched& onward, Duration longest, std::function<void()> stop)
      : reply_(reply), onward_(onward), longest_(longest), stop_(std::move(stop)), spoke_(std::chrono::steady_clock::now()) {}
  void take(std::string_view lines, std::string& out) override;
  bool end(const std::optional<wire::NodeError>& lost, std::string_view rest, std::string& out) override;
  bool silent() const { return silent_; }  // it was ended for that

 private:
  api::OpenAiReply& reply_;
  Watched& onward_;
  Duration longest_;
  std::function<void()> stop_;
  Time spoke_;
  std::int64_t pieces_ = 0;
  bool silent_ = false;
  std::string native_{};
};

}  // namespace rr::app
