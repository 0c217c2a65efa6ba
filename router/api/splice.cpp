#include "api/splice.hpp"

#include "api/quote.hpp"

#include <algorithm>

namespace rr::api {
namespace {

struct Edit {  // `size` bytes at `at` become `text`
  std::size_t at, size;
  std::string text;
};

std::string options_members(const Edits& edits, bool num_ctx, bool use_mmap) {
  std::string out;
  if (num_ctx && edits.num_ctx > 0) out = "\"num_ctx\":" + std::to_string(edits.num_ctx);
  if (use_mmap && edits.use_mmap) {
    if (!out.empty()) out += ",";
    out += std::string("\"use_mmap\":") + (*edits.use_mmap ? "true" : "false");
  }
  return out;
}

// Edits inside the client's options, or new options; the latter are returned as a member to insert.
std::string edit_options(std::string_view body, const Members& members, const Edits& edits, std::vector<Edit>& list) {
  const std::string all = options_members(edits, true, true);
  if (all.empty()) return {};
  if (!members.options) return "\"options\":{" + all + "}";
  if (members.options.in(body).front() != '{') {  // null
    list.push_back({members.options.at, members.options.size, "{" + all + "}"});
    return {};
  }
  if (edits.num_ctx > 0 && members.num_ctx_value)
    list.push_back({members.num_ctx_value.at, members.num_ctx_value.size, std::to_string(edits.num_ctx)});
  if (edits.use_mmap && members.use_mmap_value)
    list.push_back({members.use_mmap_value.at, members.use_mmap_value.size, *edits.use_mmap ? "true" : "false"});
  std::string added = options_members(edits, !members.num_ctx_value, !members.use_mmap_value);
  if (!added.empty()) list.push_back({members.options.at + 1, 0, added + (members.options_empty ? "" : ",")});
  return {};
}

}  // namespace

std::size_t Pieces::size() const {
  std::size_t sum = 0;
  for (const auto view : views) sum += view.size();
  return sum;
}

std::string Pieces::joined() const {
  std::string out;
  out.reserve(size());
  for (const auto view : views) out += view;
  return out;
}

Pieces splice(std::string_view body, const Members& members, const Edits& edits) {
  std::vector<Edit> list;
  std::string front;  // members that the client did not send
  const auto set = [&](std::string_view name, const std::string& json) {
    if (const auto span = members.value(name)) {
      list.push_back({span.at, span.size, json});
    } else {
      if (!front.empty()) front += ",";
      front += "\"" + std::string(name) + "\":" + json;
    }
  };
  set("model", quote(edits.model));
  if (edits.keep_alive) set("keep_alive", *edits.keep_alive);
  if (const auto shift = members.value("shift"); shift && edits.keep_alive) list.push_back({shift.at, shift.size, "null"});
  if (edits.keep_alive)
    for (const Member& one : members.runner_options)
      if (one.name != "use_mmap" || !edits.use_mmap) list.push_back({one.value.at, one.value.size, "null"});
  if (const auto options = edit_options(body, members, edits, list); !options.empty())
    front += (front.empty() ? "" : ",") + options;
  if (!front.empty()) list.push_back({members.open + 1, 0, front + (members.none ? "" : ",")});
  std::sort(list.begin(), list.end(), [](const Edit& a, const Edit& b) { return a.at < b.at; });

  Pieces out;
  std::size_t at = members.open;
  for (auto& edit : list) {
    if (edit.at > at) out.views.push_back(body.substr(at, edit.at - at));
    out.views.push_back(out.owned.emplace_back(std::move(edit.text)));
    at = edit.at + edit.size;
  }
  out.views.push_back(body.substr(at, members.close + 1 - at));
  return out;
}

std::string json_text(KeepAlive keep_alive) {
  if (keep_alive.forever()) return "-1";
  if (keep_alive.zero()) return "0";
  return "\"" + to_text(keep_alive) + "\"";
}

}  // namespace rr::api
