// The only way to say no. An expected "no" is a value; an exception is a bug.
#pragma once

#include <boost/system/result.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace rr {

enum class Side { client, node, router };

struct Refusal {
  std::string code{};      // stable word: role_unknown, model_missing, line_full ... (error body, log, metric, README)
  Side side = Side::router;
  int status = 500;      // HTTP
  std::string sentence{};  // names the thing, the number and the way out; no trailing newline
  std::optional<int> retry_after_s{};  // 1..30
  bool ollama_text = false;  // the sentence is Ollama's own wording for this case: shown as it is
};

inline Refusal clients_fault(int status, std::string_view code, std::string sentence) {
  return {.code = std::string(code), .side = Side::client, .status = status, .sentence = std::move(sentence)};
}

template <class T>
using Result = boost::system::result<T, Refusal>;

struct RefusalError {  // thrown only by Result::value() in tests
  Refusal refusal{};
};
[[noreturn]] void throw_exception_from_error(const Refusal&, const boost::source_location&);

}  // namespace rr
