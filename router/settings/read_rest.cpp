#include "settings/draft.hpp"
#include "settings/words.hpp"

#include <limits>

namespace rr::settings {

namespace {

using namespace std::chrono_literals;

constexpr int any = std::numeric_limits<int>::max();

void read_time(const Cursor* cursor, Duration& value, Duration least, std::string_view limits) {
  if (cursor) value = cursor->duration(least, limits).value_or(value);
}

void read_size(const Cursor* cursor, Bytes& value, Bytes least) {
  if (cursor) value = cursor->size(least).value_or(value);
}

struct Said {
  const Cursor* at;  // nullptr: a default
  std::string name;
  Bytes size;
};

// What holds for all together must hold one.
void check_sum(const Said& one, const Said& all) {
  if (one.size <= all.size) return;
  if (all.at) all.at->mistake(size_text(all.size) + " for all together is less than " + one.name + " for one, " + size_text(one.size));
  else if (one.at) one.at->mistake(size_text(one.size) + " for one is more than " + all.name + " for all together, " + size_text(all.size));
}

void read_policy(const Cursor& cursor, PolicyName& policy) {
  const auto word = cursor.word("smart, seed or passthrough");
  if (!word) return;
  if (*word == "smart") policy = PolicyName::smart;
  else if (*word == "seed") policy = PolicyName::seed;
  else if (*word == "passthrough") policy = PolicyName::passthrough;
  else cursor.mistake(in_quotes(*word) + " is no policy" + did_you_mean(*word, {"smart", "seed", "passthrough"}, "policies"));
}

}  // namespace

void read_swap(const Cursor& smart_swap, Draft& draft) {
  Settings& settings = draft.settings;
  const Fields fields(smart_swap, section("smart_swap"), "settings such as { policy: seed, max_wait: 15m }");
  if (const Cursor* policy = fields.find("policy")) read_policy(*policy, settings.policy);
  read_time(fields.find("max_wait"), settings.max_wait, 1s, "at least 1s");
  read_time(fields.find("swap_timeout"), settings.swap_timeout, 1s, "at least 1s");
  if (const Cursor* on_exit = fields.find("on_exit")) {
    const auto word = on_exit->word("keep or release");
    if (word && *word != "keep" && *word != "release")
      on_exit->mistake(in_quotes(*word) + " is not known: at the end the models stay loaded (keep) or are unloaded (release)");
    settings.release_on_exit = word && *word == "release";
  }
}

void read_times_and_limits(const Fields& top, Draft& draft) {
  Settings& settings = draft.settings;
  Limits& limits = settings.limits;
  read_time(top.find("drain_timeout"), settings.drain_timeout, 0s, "0 = at once");
  read_time(top.find("first_byte"), settings.first_byte, 0s, "0 = off");
  read_time(top.find("between_chunks"), settings.between_chunks, 0s, "0 = off");
  read_time(top.find("prefill_grace"), settings.prefill_grace, 0s, "0 = off");
  const Cursor* stream_buffer = top.find("stream_buffer");
  read_size(stream_buffer, limits.stream_buffer, 64 << 10);
  if (const Cursor* map = top.find("limits")) {
    const Fields fields(*map, section("limits"), "limits such as { connections: 1024, body: 128MiB }");
    if (const Cursor* c = fields.find("connections")) limits.connections = static_cast<std::size_t>(c->whole(1, any).value_or(1024));
    if (const Cursor* c = fields.find("waiting")) limits.waiting = c->whole(1, any).value_or(limits.waiting);
    if (const Cursor* c = fields.find("per_role")) limits.per_role = c->whole(0, any).value_or(limits.per_role);
    if (const Cursor* c = fields.find("per_node")) limits.per_node = c->whole(0, any).value_or(limits.per_node);
    read_time(fields.find("wait"), limits.wait, 0s, "0 = off");
    read_size(fields.find("body"), limits.body, 4 << 10);
    read_size(fields.find("bodies"), limits.bodies, 4 << 10);
    read_size(fields.find("stream_buffers"), limits.stream_buffers, 64 << 10);
    check_sum({fields.find("body"), "limits.body", limits.body}, {fields.find("bodies"), "limits.bodies", limits.bodies});
    check_sum({stream_buffer, "stream_buffer", limits.stream_buffer},
              {fields.find("stream_buffers"), "limits.stream_buffers", limits.stream_buffers});
    return;
  }
  check_sum({stream_buffer, "stream_buffer", limits.stream_buffer}, {nullptr, "limits.stream_buffers", limits.stream_buffers});
}

}  // namespace rr::settings
