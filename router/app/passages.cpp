#include "app/passages.hpp"

#include "api/quote.hpp"

#include <utility>

namespace rr::app {

void Watched::take(std::string_view lines, std::string& out) {
  watch_.see(lines);
  if (watch_.error() && (!began_ || !shows_errors())) return;  // end() says it
  render(lines, out);
  if (watch_.done() && !watch_.error() && !std::exchange(finished_, true)) finish(out);
  if (!out.empty()) call_.spoke = std::chrono::steady_clock::now();
  if (!out.empty() && !began_) {
    began_ = true;
    call_.first_byte = std::chrono::steady_clock::now();
    call_.request.body.give_back();  // no replay from here on
  }
}

bool Watched::end(const std::optional<wire::NodeError>& lost, std::string_view rest, std::string& out) {
  (void)rest;  // an unfinished line is never shown
  if (!lost && watch_.done() && !watch_.error()) {
    if (!std::exchange(finished_, true)) finish(out);
    return true;
  }
  if (!began_) return false;  // nothing reached the client: fail over, or refuse with a status
  if (!watch_.error() || !shows_errors()) say(trouble(lost), id_text(call_.id), out);
  return false;
}

Refusal Watched::trouble(const std::optional<wire::NodeError>& lost) const {
  const std::string where = call_.grant.model.spelt() + " on " + call_.grant.node;
  const std::string tokens = began_ ? " in the middle of the answer" : " before its first token";
  Refusal refusal{.code = "node_lost", .side = Side::node, .status = 502, .sentence = ""};
  if (watch_.error()) {
    refusal.code = "node_error";
    refusal.sentence = *watch_.error();
    refusal.ollama_text = true;
  } else if (lost && lost->what == wire::NodeError::What::closed_by_us) {
    refusal = draining();
  } else if (lost && lost->link) {
    refusal = link_lost(call_, watch_.pieces());
  } else if (lost && lost->what == wire::NodeError::What::timeout) {
    refusal.code = "node_silent";
    refusal.status = 504;
    refusal.sentence = where + " fell silent" + tokens + ": " + lost->sentence + "; ask again, or raise between_chunks in the YAML";
  } else if (lost) {
    refusal.sentence = where + " was lost" + tokens + ": " + lost->sentence + "; ask again";
  } else {
    refusal.code = "node_not_whole";
    refusal.sentence = where + " ended" + tokens + " without done:true, so the answer is not whole; ask again";
  }
  return refusal;
}

void ReadBack::take(std::string_view lines, std::string& out) {
  native_.clear();
  reply_.take(lines, native_);
  const Time now = std::chrono::steady_clock::now();
  if (reply_.pieces() != std::exchange(pieces_, reply_.pieces()) || !native_.empty()) {
    spoke_ = now;
  } else if (!silent_ && longest_ > Duration::zero() && now - spoke_ > longest_) {
    native_ = "{\"error\":" + api::quote("its server said nothing but keep-alives for " + to_text(longest_)) + "}\n";
    silent_ = true;
    stop_();
  }
  if (!native_.empty()) onward_.take(native_, out);
}

bool ReadBack::end(const std::optional<wire::NodeError>& lost, std::string_view rest, std::string& out) {
  native_.clear();
  if (!lost) {
    reply_.take(rest, native_);  // the last event may lack its newline
    reply_.finish(native_);
  }
  if (!native_.empty()) onward_.take(native_, out);
  return onward_.end(lost, {}, out);
}

NativePassage::NativePassage(Call& call, std::string_view node_name, std::string_view client_name)
    : Watched(call), rename_(node_name, client_name) {}

}  // namespace rr::app
