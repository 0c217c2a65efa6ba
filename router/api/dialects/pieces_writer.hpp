// Builds Pieces front to back: short texts are copied together, long ones of the client's body stay views.
#pragma once

#include "api/splice.hpp"

namespace rr::api {

class PiecesWriter {
 public:
  PiecesWriter& text(std::string_view copied) {
    pending_ += copied;
    return *this;
  }
  PiecesWriter& raw(std::string_view of_body) {
    if (of_body.size() < worth_a_view) return text(of_body);
    flush();
    out_.views.push_back(of_body);
    return *this;
  }
  std::string& keep(std::string text) { return out_.owned.emplace_back(std::move(text)); }  // for raw(): it lives as long as the pieces
  Pieces done() {
    flush();
    return std::move(out_);
  }

 private:
  static constexpr std::size_t worth_a_view = 256;

  void flush() {
    if (pending_.empty()) return;
    out_.views.push_back(out_.owned.emplace_back(std::move(pending_)));
    pending_.clear();
  }

  Pieces out_;
  std::string pending_;
};

}  // namespace rr::api
