#include "domain/story_words.hpp"

#include "domain/pace.hpp"

#include <algorithm>
#include <cstdio>

namespace rr {

namespace {

using Step = StoryStep::What;
constexpr double slow_gbps = 1.5;

std::string number(const char* form, double value) {
  char text[40];
  std::snprintf(text, sizeof text, form, value);
  return text;
}
std::string tenths(Duration d) { return number("%.1f s", in_seconds(d)); }

std::string grouped(std::int64_t n) {  // 9 214
  std::string out = std::to_string(n);
  for (std::size_t at = out.size(); at > 3;) out.insert(at -= 3, " ");
  return out;
}

std::string gigabytes(Bytes bytes) {
  const double size = static_cast<double>(bytes) / 1e9;
  return number(size < 10 ? "%.1f GB" : "%.0f GB", size);
}

double gbps(const StoryStep& load) { return load.took && in_seconds(*load.took) > 0 ? static_cast<double>(load.bytes) / 1e9 / in_seconds(*load.took) : 0; }
bool slow(const StoryStep& load) {
  return load.took && in_seconds(*load.took) > 2 * load_start_s && static_cast<double>(load.bytes) / 1e9 < slow_gbps * (in_seconds(*load.took) - load_start_s);
}

std::string_view to_text(Side side) { return side == Side::client ? "client" : side == Side::node ? "node" : "router"; }

std::string tokens(const Story& s) { return grouped(s.prompt_tokens > 0 ? s.prompt_tokens : s.estimated_tokens) + " tokens"; }

double tokens_per_s(const Story& s) {
  return s.output_tokens > 0 && s.output_time > Duration::zero() ? static_cast<double>(s.output_tokens) / in_seconds(s.output_time) : 0;
}

StoryLine line(const StoryStep& step) {
  StoryLine out{.at = step.at, .what = {}, .text = step.thing, .mark = {}};
  switch (step.what) {
    case Step::waited:
      out.what = "waited";
      out.text = "for " + step.thing + (step.ahead > 0 ? " (" + std::to_string(step.ahead) + " in front)" : "");
      break;
    case Step::unloaded:
      out.what = "unloaded";
      out.text += step.took ? ", confirmed after " + tenths(*step.took) : ", not confirmed yet";
      break;
    case Step::loading:
      out.what = "loading";
      if (step.bytes > 0) out.text = gigabytes(step.bytes);
      out.text += step.took ? " in " + tenths(*step.took) : " so far";
      if (step.took && step.bytes > 0) out.text += " = " + number("%.2f GB/s", gbps(step));
      if (slow(step)) out.mark = "slow";
      break;
    case Step::again:
      out.what = "again";
      out.text = "after " + step.thing;
      break;
    default: break;
  }
  return out;
}

StoryLine prompt(const Story& s) {
  StoryLine out{.at = *s.granted, .what = "prompt", .text = tokens(s), .mark = {}};
  if (s.first_token) out.text += " in " + tenths(*s.first_token - *s.granted);
  if (s.cache == Story::Cache::hit) out.text += "; " + grouped(s.cached_tokens) + " of them were cached";
  if (s.cache == Story::Cache::lost) out.text += "; cached before the model was unloaded", out.mark = "lost cache";
  if (s.cache == Story::Cache::pushed_out) out.text += "; other prompts pushed it out of the cache", out.mark = "lost cache";
  return out;
}

std::string end_words(const Story& s) {
  if (s.ending == "ok") return "ok";
  std::string out = s.ending == "client_left" ? "the client left" : s.ending == "node_failed" ? s.node + " failed" : "refused";
  if (!s.code.empty()) out += ": " + s.code;
  if (s.fault && s.ending != "client_left") out += " (" + std::string(to_text(*s.fault)) + "'s fault)";
  return out;
}

}  // namespace

std::vector<StoryLine> lines(const Story& s, Time now) {
  std::string model = s.model.spelt() + (s.node.empty() ? "" : " on " + s.node);
  std::vector<StoryLine> out{{.at = {}, .what = "arrived", .text = (s.source == RoleSource::none ? "" : "role by " + std::string(to_text(s.source)) + ", ") + model + ", " + tokens(s), .mark = {}}};
  for (const StoryStep& step : s.steps) {
    if (step.what == Step::waited && s.untold > 0 && &step == &*std::find_if(s.steps.rbegin(), s.steps.rend(), [](const StoryStep& x) { return x.what == Step::waited; }))
      out.push_back({.at = step.at, .what = "waited", .text = std::to_string(s.untold) + " reasons more", .mark = {}});
    out.push_back(line(step));
    out.back().at = std::max(out.back().at, Duration::zero());
    if (step.at < Duration::zero()) out.back().text += ", begun " + tenths(-step.at) + " before";
  }
  if (s.granted) out.push_back(prompt(s));
  if (s.first_token) {
    std::string text = s.output_tokens > 0 ? "then " + grouped(s.output_tokens) + " tokens" : "";
    if (const double rate = tokens_per_s(s); rate > 0) text = "then " + number("%.0f tok/s, ", rate) + grouped(s.output_tokens) + " tokens";
    out.push_back({.at = *s.first_token, .what = "first token", .text = std::move(text), .mark = {}});
  }
  if (s.ended && s.ending != "ok") out.push_back({.at = *s.ended, .what = "ended", .text = end_words(s) + (s.sentence.empty() ? "" : ": " + s.sentence), .mark = {}});
  if (!s.ended) out.push_back({.at = now - s.arrived, .what = "now", .text = s.granted ? "it is being answered" : "it waits", .mark = {}});
  return out;
}

std::string headline(const Story& s, Time now) {
  if (!s.ended) return (s.granted ? "being answered for " : "waiting for ") + tenths(now - s.arrived - s.granted.value_or(Duration::zero()));
  if (!s.first_token) return end_words(s) + " after " + tenths(*s.ended);
  return tenths(*s.first_token) + " to the first token, " + tenths(*s.ended - *s.first_token) + " of answer, " + end_words(s);
}

namespace {

// Of what happened while it waited: each counts from its arrival on.
Duration time_of(const Story& s, Step what, Time now) {
  Duration begin{Duration::max()}, end{};
  for (const StoryStep& step : s.steps) {
    if (step.what != what) continue;
    begin = std::min(begin, std::max(step.at, Duration::zero()));
    end = std::max(end, step.took ? step.at + *step.took : now - s.arrived);
  }
  return std::max(Duration::zero(), begin == Duration::max() ? Duration::zero() : end - begin);
}

const StoryStep* longest(const Story& s, Step what) {
  const StoryStep* out = nullptr;
  for (const StoryStep& step : s.steps)
    if (step.what == what && (!out || step.took.value_or(Duration::max()) > out->took.value_or(Duration::max()))) out = &step;
  return out;
}

const std::string replay = "role-router simulate --replay access.jsonl --config config/no-swap.yaml    what it would have been without swaps";

void explain_load(const Story& s, const StoryStep& load, const Settings& settings, Verdict& out) {
  const auto mmap = settings.model(s.model).use_mmap;
  if (slow(load)) {
    out.because = s.node + " read " + number("%.2f GB/s", gbps(load)) + "; 2 to 6 is usual without mmap.";
    if (mmap != std::optional(false)) out.tries.push_back("models: { " + s.model.spelt() + ": { use_mmap: false } }    and measure: role-router doctor --loads");
    else out.tries.push_back("role-router doctor --loads    measures it with and without mmap");
  } else {
    out.because = "It was not loaded" + (load.bytes > 0 ? ": " + gigabytes(load.bytes) + " had to be read." : std::string("."));
  }
  out.tries.push_back(replay);
}

void explain_wait(const Story& s, const Settings& settings, Verdict& out) {
  const StoryStep* wait = longest(s, Step::waited);
  if (!wait) return;
  out.because = "It waited for " + wait->thing + ".";
  if (wait->slot) out.tries.push_back("models: { " + s.model.spelt() + ": { parallel: " + std::to_string(settings.model(s.model).parallel + 1) + " } }    so many at a time; the memory it takes: role-router check");
  else out.tries.push_back(replay);
}

void explain_prompt(const Story& s, Verdict& out) {
  out.because = "The prompt has " + tokens(s) + (s.first_token && *s.first_token > *s.granted
                    ? number(", computed at %.0f a second", static_cast<double>(std::max(s.prompt_tokens, s.estimated_tokens) - s.cached_tokens) / in_seconds(*s.first_token - *s.granted)) + "." : ".");
  if (s.cache == Story::Cache::lost) {
    out.because += " It was cached until the model was unloaded.";
    out.tries.push_back(replay);
  } else if (s.cache == Story::Cache::pushed_out) {
    out.because += " It was cached until the prompts of others needed the room.";
  }
}

}  // namespace

Verdict slowest_part(const Story& s, const Settings& settings, Time now) {
  const Duration so_far = s.ended.value_or(now - s.arrived);
  const Duration unloading = time_of(s, Step::unloaded, now), loading = time_of(s, Step::loading, now);
  const Duration queue = std::max(Duration::zero(), s.granted.value_or(so_far) - unloading - loading);
  const Duration prompt = s.granted ? s.first_token.value_or(so_far) - *s.granted : Duration::zero();
  const Duration answer = s.first_token ? so_far - *s.first_token : Duration::zero();
  Verdict out;
  const auto longer = [&](const char* part, Duration took) {
    if (took > out.took) out.part = part, out.took = took;
  };
  longer("waiting", queue);
  longer("unloading", unloading);
  longer("loading", loading);
  longer("prompt", prompt);
  longer("answer", answer);
  if (out.part == "waiting") explain_wait(s, settings, out);
  if (out.part == "unloading") {
    out.because = longest(s, Step::unloaded)->thing + " was slow to leave the memory of " + s.node + ".";
    out.tries.push_back(replay);
  }
  if (out.part == "loading") explain_load(s, *longest(s, Step::loading), settings, out);
  if (out.part == "prompt") explain_prompt(s, out);
  if (out.part == "answer") {
    out.because = grouped(s.output_tokens) + " tokens" + (tokens_per_s(s) > 0 ? number(" at %.0f a second.", tokens_per_s(s)) : std::string("."));
  }
  return out;
}

}  // namespace rr
