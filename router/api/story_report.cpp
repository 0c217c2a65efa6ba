#include "api/story_report.hpp"

#include "api/json.hpp"
#include "domain/story_words.hpp"

#include <cmath>

namespace rr::api {

namespace {

double rounded(Duration d) { return std::round(in_seconds(d) * 1000) / 1000; }
Json rounded(const std::optional<Duration>& d) { return d ? Json(rounded(*d)) : Json(nullptr); }
Json word(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

Json fault(const std::optional<Side>& side) {
  if (!side) return nullptr;
  return *side == Side::client ? "client" : *side == Side::node ? "node" : "router";
}

Json cache(Story::Cache cache) {
  switch (cache) {
    case Story::Cache::fresh: return "new";
    case Story::Cache::hit: return "hit";
    case Story::Cache::lost: return "lost";
    case Story::Cache::pushed_out: return "pushed_out";
    default: return nullptr;
  }
}

}  // namespace

std::string story(const Story& s, const Settings& settings, const std::string& at, Time now) {
  Json out{{"id", id_text(s.id)}, {"at", at}};
  out["state"] = s.ended ? "ended" : s.granted ? "running" : "waiting";
  out["headline"] = headline(s, now);
  out["role"] = word(s.role);
  out["source"] = s.source == RoleSource::none ? Json(nullptr) : Json(std::string(to_text(s.source)));
  out["model"] = word(s.model.spelt());
  out["node"] = word(s.node);
  out["session"] = word(s.session);
  out["tokens"] = {{"estimated", s.estimated_tokens}, {"prompt", s.prompt_tokens}, {"cached", s.cached_tokens}, {"output", s.output_tokens}};
  out["cache"] = cache(s.cache);
  out["granted_s"] = rounded(s.granted);
  out["first_token_s"] = rounded(s.first_token);
  out["ended_s"] = rounded(s.ended);
  out["ending"] = word(s.ending);
  out["fault"] = fault(s.fault);
  out["code"] = word(s.code);
  out["steps"] = Json::array();
  for (const StoryLine& line : lines(s, now)) {
    Json step{{"at_s", rounded(line.at)}, {"what", line.what}, {"text", line.text}};
    if (!line.mark.empty()) step["mark"] = line.mark;
    out["steps"].push_back(std::move(step));
  }
  const rr::Verdict verdict = slowest_part(s, settings, now);
  out["slowest"] = nullptr;
  if (!verdict.part.empty()) out["slowest"] = {{"part", verdict.part}, {"s", rounded(verdict.took)}, {"because", verdict.because}, {"try", verdict.tries}};
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace rr::api
