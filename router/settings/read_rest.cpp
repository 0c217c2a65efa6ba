#include "settings/draft.hpp"
#include "settings/words.hpp"

#include <limits>

namespace rr::settings {

namespace {

using namespace std::chrono_literals;

constexpr int any = std::numeric_limits<int>::max();

void read_time(const Cursor* cursor, Duration& value, Duration least, std::string_view zero_means = "") {
  if (cursor) value = cursor->duration(least, zero_means).value_or(value);
}

void read_size(const Cursor* cursor, Bytes& value, Bytes least) {
  if (cursor) value = cursor->size(least).value_or(value);
}

void read_policy(const Cursor& cursor, PolicyName& policy) {
  const auto word = cursor.word("seed or passthrough");
  if (!word) return;
  if (*word == "seed") policy = PolicyName::seed;
  else if (*word == "passthrough") policy = PolicyName::passthrough;
  else if (*word == "smart") cursor.mistake("\"smart\" is not in this version: use seed");
  else cursor.mistake(quoted(*word) + " is no policy" + did_you_mean(*word, {"seed", "passthrough"}, "policies"));
}

}  // namespace

void read_swap(const Cursor& smart_swap, Draft& draft) {
  Settings& settings = draft.settings;
  const Fields fields(smart_swap, section("smart_swap"), "settings such as { policy: seed, max_wait: 15m }");
  if (const Cursor* policy = fields.find("policy")) read_policy(*policy, settings.policy);
  read_time(fields.find("max_wait"), settings.max_wait, 1s, ", at least 1s");
  read_time(fields.find("swap_timeout"), settings.swap_timeout, 1s, ", at least 1s");
  if (const Cursor* on_exit = fields.find("on_exit")) {
    const auto word = on_exit->word("keep or release");
    if (word && *word != "keep" && *word != "release")
      on_exit->mistake(quoted(*word) + " is not known: at the end the models stay loaded (keep) or are unloaded (release)");
    settings.release_on_exit = word && *word == "release";
  }
}

void read_times_and_limits(const Fields& top, Draft& draft) {
  Settings& settings = draft.settings;
  Limits& limits = settings.limits;
  read_time(top.find("drain_timeout"), settings.drain_timeout, 0s, ", 0 = at once");
  read_time(top.find("first_byte"), settings.first_byte, 0s, ", 0 = off");
  read_time(top.find("between_chunks"), settings.between_chunks, 0s, ", 0 = off");
  read_time(top.find("prefill_grace"), settings.prefill_grace, 0s, ", 0 = off");
  const Cursor* stream_buffer = top.find("stream_buffer");
  read_size(stream_buffer, limits.stream_buffer, 64 << 10);
  const Cursor* map = top.find("limits");
  if (!map) return;
  const Fields fields(*map, section("limits"), "limits such as { connections: 1024, body: 128MiB }");
  if (const Cursor* c = fields.find("connections")) limits.connections = static_cast<std::size_t>(c->whole(1, any).value_or(1024));
  if (const Cursor* c = fields.find("waiting")) limits.waiting = c->whole(1, any).value_or(limits.waiting);
  read_size(fields.find("body"), limits.body, 4 << 10);
  read_size(fields.find("bodies"), limits.bodies, 4 << 10);
  read_size(fields.find("stream_buffers"), limits.stream_buffers, 64 << 10);
  const auto check = [&](std::string_view one, Bytes size, std::string_view all, Bytes sum, const Cursor* one_at, const Cursor* all_at) {
    if (size <= sum) return;
    (all_at ? *all_at : one_at ? *one_at : *map).mistake(
        std::string(all) + " holds " + std::to_string(sum) + " bytes for all together, less than one " + std::string(one) + " of " + std::to_string(size));
  };
  check("body", limits.body, "limits.bodies", limits.bodies, fields.find("body"), fields.find("bodies"));
  check("stream_buffer", limits.stream_buffer, "limits.stream_buffers", limits.stream_buffers, stream_buffer, fields.find("stream_buffers"));
}

}  // namespace rr::settings
