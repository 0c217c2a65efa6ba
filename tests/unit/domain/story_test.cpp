// The story of a request: what it waited for, what was done for it, how it ended; few of them are kept, and none tells a prompt.
#include "domain/story_words.hpp"
#include "talk.hpp"

#include <doctest/doctest.h>

namespace story_test {

using namespace rr;
using namespace rr::test;
using namespace std::chrono_literals;

namespace {

std::string shown(const Story& s, Time now) {
  std::string out;
  for (const StoryLine& l : lines(s, now)) {
    char at[32];
    std::snprintf(at, sizeof at, "%.1f ", std::chrono::duration<double>(l.at).count());
    out += at + l.what + ": " + l.text + (l.mark.empty() ? "" : " <- " + l.mark) + "\n";
  }
  return out;
}

Outcome answer(Time first, std::int64_t prompt, Duration prompt_time, std::int64_t output, Duration output_time) {
  return {.ending = Ending::ok, .content_began = true, .prompt_tokens = prompt, .output_tokens = output, .prompt_time = prompt_time,
          .output_time = output_time, .first_byte = first};
}

Ask asked(TicketId id, const RoleName& role, const ModelName& model, Chain chain = {}) {
  return {.id = id, .role = role, .source = RoleSource::path, .asked_model = role, .model = model, .nodes = {"mini"}, .session = "team",
          .chain = std::make_shared<const Chain>(std::move(chain)), .tokens = 9000, .num_ctx = 4096};
}

Settings smart_macs() {
  Settings s = macs();
  s.policy = PolicyName::smart;
  return s;
}

// Out with one model, in with the other, as /api/ps and the orders' answers tell it.
void swap(Talk& t, const ModelName& out, Duration leaves, const ModelName& in, Duration loads) {
  t.unloaded("mini", out);
  t.now += leaves;
  t.seen("mini", {});
  t.seen("mini", {});
  t.now += loads;
  t.loaded("mini", in);
}

// The coder has answered 1, the architect answers 2, the coder's next turn 3 waits behind it.
void coder_waits(Talk& t) {
  t.seen("mini", {there(coder, middle)});
  t.tell(Arrived{asked(1, "coder", coder, {{11, 8000}})});
  t.now += 1s;
  t.tell(Ended{1, answer(t.now, 8000, 10s, 500, 10s)});
  t.tell(Arrived{asked(2, "architect", architect, {{22, 4000}})});
  swap(t, coder, 1s, architect, 20s);
  t.tell(Arrived{asked(3, "coder", coder, {{11, 8000}, {12, 9000}})});
}

}  // namespace

TEST_CASE("a request behind a swap tells whom it waited for, what left after how long, how fast its model loaded, its lost cache, its first token") {
  Talk t(smart_macs());
  coder_waits(t);
  t.now += 12200ms;
  t.ended(2);
  swap(t, architect, 1100ms, coder, 27100ms);
  t.now += 14s;
  const Time first = t.now;
  t.now += 12100ms;
  t.tell(Ended{3, answer(first, 9214, 13900ms, 581, 12100ms)});
  const auto story = t.dispatch.stories().last(t.now);
  REQUIRE(story);
  CHECK(shown(*story, t.now) ==
        "0.0 arrived: role by path, coder-m on mini, 9 214 tokens\n"
        "0.0 waited: for architect r-000002 to finish, then a swap\n"
        "12.2 waited: for architect to leave, then coder loads\n"
        "12.2 unloaded: architect-m, confirmed after 1.1 s\n"
        "13.3 waited: for coder to load\n"
        "13.3 loading: 23 GB in 27.1 s = 0.83 GB/s <- slow\n"
        "40.4 prompt: 9 214 tokens in 14.0 s; cached before the model was unloaded <- lost cache\n"
        "54.4 first token: then 48 tok/s, 581 tokens\n");
  CHECK(headline(*story, t.now) == "54.4 s to the first token, 12.1 s of answer, ok");
  const Verdict verdict = slowest_part(*story, t.set, t.now);
  CHECK(verdict.part == "loading");
  CHECK(verdict.took == 27100ms);
  CHECK(verdict.because == "mini read 0.83 GB/s; 2 to 6 is usual without mmap.");
  REQUIRE(verdict.tries.size() == 2);
  CHECK(verdict.tries[0] == "models: { coder-m: { use_mmap: false } }    and measure: role-router doctor --loads");
  CHECK(verdict.tries[1].starts_with("role-router simulate --replay access.jsonl --config config/no-swap.yaml"));
  CHECK(t.dispatch.stories().loads() == 2);
  CHECK(t.dispatch.stories().waited_for_loads() == 47100ms);
}

TEST_CASE("who waits or is answered has a story too, with what is under way; who comes in the middle of a load says when it began") {
  Talk t(smart_macs());
  coder_waits(t);
  CHECK(shown(*t.dispatch.stories().find(3, t.now + 2s), t.now + 2s).ends_with("2.0 now: it waits\n"));
  t.now += 3s;
  t.ended(2);
  t.unloaded("mini", architect);
  t.now += 1s;
  t.seen("mini", {});
  t.seen("mini", {});
  t.now += 5s;
  CHECK(shown(*t.dispatch.stories().find(3, t.now), t.now).find("4.0 loading: 23 GB so far\n") != std::string::npos);
  CHECK(headline(*t.dispatch.stories().find(3, t.now), t.now) == "waiting for 9.0 s");
  CHECK(slowest_part(*t.dispatch.stories().find(3, t.now), t.set, t.now).part == "loading");
  t.tell(Arrived{asked(4, "coder", coder, {{44, 100}})});
  t.now += 5s;
  t.loaded("mini", coder);
  const auto late = t.dispatch.stories().find(4, t.now);
  CHECK(shown(*late, t.now).find("0.0 loading: 23 GB in 10.0 s = 2.25 GB/s, begun 5.0 s before\n") != std::string::npos);
  CHECK(shown(*t.dispatch.stories().find(3, t.now + 1s), t.now + 1s).ends_with("11.0 now: it is being answered\n") == false);
  CHECK(headline(*t.dispatch.stories().find(3, t.now + 1s), t.now + 1s) == "being answered for 1.0 s");
}

TEST_CASE("what would help is said for the part that was slowest") {
  const auto verdict = [](Story s, const Settings& settings = smart_macs()) {
    s.model = coder;
    s.node = "mini";
    return slowest_part(s, settings, s.arrived + s.ended.value_or(0s));
  };
  using What = StoryStep::What;
  Story slot{.granted = 40s, .first_token = 41s, .ended = 50s, .ending = "ok", .steps = {{.what = What::waited, .thing = "coder r-000007 to finish", .took = 40s, .slot = true}}};
  CHECK(verdict(slot).part == "waiting");
  CHECK(verdict(slot).because == "It waited for coder r-000007 to finish.");
  CHECK(verdict(slot).tries.at(0).starts_with("models: { coder-m: { parallel: 2 } }"));
  Story behind = slot;
  behind.steps[0] = {.what = What::waited, .thing = "architect r-000007 to finish, then a swap", .took = 40s};
  CHECK(verdict(behind).tries.at(0).starts_with("role-router simulate --replay access.jsonl --config config/no-swap.yaml"));
  Story lost{.cache = Story::Cache::lost, .granted = 0s, .first_token = 30s, .ended = 35s, .ending = "ok"};
  lost.prompt_tokens = 9000;
  CHECK(verdict(lost).part == "prompt");
  CHECK(verdict(lost).because == "The prompt has 9 000 tokens, computed at 300 a second. It was cached until the model was unloaded.");
  CHECK(verdict(lost).tries.size() == 1);
  Story load{.granted = 30s, .first_token = 31s, .ended = 32s, .ending = "ok", .steps = {{.what = What::loading, .thing = "coder-m", .took = 30s, .bytes = 19 * gb}}};
  CHECK(verdict(load).tries.at(0).starts_with("models: { coder-m: { use_mmap: false } }"));
  Settings without = smart_macs();
  for (ModelSettings& m : without.models) m.use_mmap = false;
  CHECK(verdict(load, without).tries.at(0).starts_with("role-router doctor --loads"));
  load.steps[0].took = 10s;  // 1.9 GB/s
  load.granted = 10s, load.first_token = 11s, load.ended = 12s;
  CHECK(verdict(load).because == "It was not loaded: 19 GB had to be read.");
  Story talk{.granted = 0s, .first_token = 1s, .ended = 12s, .ending = "ok"};
  talk.output_tokens = 500, talk.output_time = 11s;
  CHECK(verdict(talk).part == "answer");
  CHECK(verdict(talk).because == "500 tokens at 45 a second.");
  CHECK(verdict(Story{.ended = 0s, .ending = "refused"}).part == "");
}

TEST_CASE("the end says whose fault it was: the client that left, the node that failed, the line that was full") {
  Settings settings = macs();
  settings.limits.waiting = 1;
  Talk t(settings);
  t.seen("mini", {there(coder, middle)});
  t.ask(1, "coder"), t.ask(2, "coder"), t.ask(3, "coder");
  const auto end = [&](TicketId id) {
    const auto s = t.dispatch.stories().find(id, t.now);
    REQUIRE(s);
    return headline(*s, t.now) + " | " + s->code;
  };
  CHECK(end(3) == "refused: line_full (router's fault) after 0.0 s | line_full");
  CHECK(lines(*t.dispatch.stories().find(3, t.now), t.now).back().text.find("1 requests wait already") != std::string::npos);
  t.now += 2s;
  t.tell(Left{2});
  CHECK(end(2) == "the client left after 2.0 s | ");
  t.tell(Ended{1, {.ending = Ending::node_failed, .error = "connection reset"}});
  CHECK(end(1) == "mini failed (node's fault) after 2.0 s | ");
  CHECK(t.dispatch.stories().find(1, t.now)->fault == Side::node);
  CHECK_FALSE(t.dispatch.stories().find(4, t.now).has_value());
}

TEST_CASE("a request that is asked again after its node failed goes on with its story") {
  Talk t;
  t.seen("mini", {there(coder, middle)});
  t.ask(1, "coder");
  t.now += 3s;
  t.tell(Ended{1, {.ending = Ending::node_failed}});
  t.ask(1, "coder");
  CHECK(t.dispatch.stories().size() == 1);
  const auto story = t.dispatch.stories().find(1, t.now);
  CHECK(shown(*story, t.now).find("3.0 again: after node_failed on mini\n") != std::string::npos);
  CHECK_FALSE(story->ended.has_value());
}

TEST_CASE("a reason to wait is told again when it changes, and a wait with many reasons stays a short story") {
  Talk t;
  t.seen("mini", {there(coder, middle)});
  TicketId id = 1;
  t.ask(id, "coder");
  t.ask(1000, "coder");  // behind all who come before it is its turn: they are ahead of it in the line
  for (int i = 0; i < 5; ++i) {
    t.now += 1s;
    t.seen("mini", {there(coder, middle)});
  }
  CHECK(t.dispatch.stories().find(1000, t.now)->steps.size() == 1);  // nothing has changed
  Stories stories;
  stories.arrived(asked(1, "coder", coder), t.now);
  for (int i = 0; i < 100; ++i) stories.waits(1, "mini", "coder " + id_text(static_cast<TicketId>(i)) + " to finish", i == 0 ? 3 : 0, true, t.now + i * 1s);
  const Story story = *stories.find(1, t.now + 200s);
  CHECK(story.steps.size() <= Stories::most_steps);
  CHECK(story.steps.front().ahead == 3);
  CHECK(story.steps.back().thing == "coder r-000099 to finish");
  const std::string text = shown(story, t.now + 200s);
  CHECK(text.find("0.0 waited: for coder r-000000 to finish (3 in front)\n") != std::string::npos);
  CHECK(text.find("99.0 waited: " + std::to_string(story.untold) + " reasons more\n") != std::string::npos);
}

TEST_CASE("of a hundred thousand requests the last 200 and the 50 slowest are kept") {
  Stories stories;
  Time now = Time{} + 1h;
  for (TicketId id = 1; id <= 100'000; ++id) {
    stories.arrived(asked(id, "coder", coder), now);
    stories.granted(id, "mini", coder, Story::Cache::unknown, 0, now);
    const Duration slow = id % 1000 == 0 ? 100s + std::chrono::milliseconds(id) : 1s;
    stories.ended(id, answer(now + slow, 9000, slow, 10, 1s), now + slow + 1s);
    now += 1s;
  }
  CHECK(stories.size() <= Stories::most_recent + Stories::most_slow);
  CHECK(stories.find(100'000, now).has_value());
  CHECK(stories.find(99'801, now).has_value());
  CHECK_FALSE(stories.find(99'799, now).has_value());
  CHECK(stories.find(60'000, now).has_value());  // slow
  CHECK_FALSE(stories.find(50'000, now).has_value());
  CHECK(stories.slowest(now)->id == 100'000);
  CHECK(stories.last(now)->id == 100'000);
}

TEST_CASE("a name that a client chose is kept short") {
  Stories stories;
  Ask ask = asked(1, "coder", ModelName(std::string(100'000, 'm')));
  ask.session = std::string(100'000, 's');
  stories.arrived(ask, Time{});
  CHECK(stories.find(1, Time{})->session.size() == 120);
  CHECK(stories.find(1, Time{})->model.spelt().size() == 120);
}

}  // namespace story_test
