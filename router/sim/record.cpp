// What a whole process tells and takes on /sim/*: the record as JSON, faults by JSON.
#include "sim/go_json.hpp"
#include "sim/node_state.hpp"

#include <array>
#include <utility>

namespace rr::sim {

namespace {

constexpr std::array<std::pair<std::string_view, Fault::What>, 12> words{{{"none", Fault::What::none},
                                                                        {"refuse", Fault::What::refuse},
                                                                        {"hang", Fault::What::hang},
                                                                        {"hang_mid", Fault::What::hang_mid},
                                                                        {"die_before", Fault::What::die_before},
                                                                        {"die_mid", Fault::What::die_mid},
                                                                        {"end_early", Fault::What::end_early},
                                                                        {"error_mid", Fault::What::error_mid},
                                                                        {"garbage", Fault::What::garbage},
                                                                        {"wrong_length", Fault::What::wrong_length},
                                                                        {"status", Fault::What::status},
                                                                        {"wedge", Fault::What::wedge}}};

}  // namespace

std::string record(const Node::State& s) {
  Json all = Json::array();
  for (auto& r : s.seen) {
    Json j;
    j["method"] = r.method;
    j["target"] = r.target;
    j["model"] = r.model;
    j["keep_alive"] = r.keep_alive;
    j["num_ctx"] = r.num_ctx;
    j["role_hint"] = r.role_hint;
    j["loaded_for_it"] = r.loaded_for_it;
    j["queued"] = r.queued;
    j["status"] = r.status;
    j["ended"] = r.ended;
    j["body"] = r.body;
    all.push_back(std::move(j));
  }
  Json out;
  out["name"] = s.spec.name;
  out["open_streams"] = s.turns.size();
  out["seen"] = std::move(all);
  return api::written(out);
}

std::string set_fault(Node::State& s, std::string_view body) {
  const FirstValue first = read_first(body);
  if (!first.error.empty() || !first.value.is_object()) return "the body must be an object such as {\"what\":\"die_mid\",\"after\":2,\"times\":1,\"path\":\"\"}";
  Fault f;
  const std::string what = first.value.value("what", std::string());
  bool known = false;
  for (auto& [word, value] : words) {
    if (word == what) {
      f.what = value;
      known = true;
    }
  }
  if (!known) {
    std::string list;
    for (auto& [word, value] : words) list += (list.empty() ? "" : ", ") + std::string(word);
    return "unknown fault " + go_quoted(what) + "; one of " + list;
  }
  f.after = first.value.value("after", f.after);
  f.status = first.value.value("status", f.status);
  f.times = first.value.value("times", f.times);
  f.path = first.value.value("path", f.path);
  s.set(std::move(f));
  return "";
}

}  // namespace rr::sim
