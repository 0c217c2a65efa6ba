// The whole state of a gate in one line.
#include "domain/gate.hpp"

#include <algorithm>
#include <cstdio>

namespace rr {

namespace {

long ago(Time t, Time now) {  // milliseconds, to an hour both ways
  const Duration d = std::clamp<Duration>(now - t, -std::chrono::hours(1), std::chrono::hours(1));
  return static_cast<long>(std::chrono::duration_cast<std::chrono::milliseconds>(d).count());
}

void add(std::string& out, const char* form, auto... values) {
  char text[400];
  out.append(text, static_cast<std::size_t>(std::clamp(std::snprintf(text, sizeof text, form, values...), 0, 399)));
}

}  // namespace

std::string Gate::state(Time now) const {
  std::string out(to_text(phase_));
  if (phase_ != SwapPhase::steady) {
    add(out, " %s in %ld", swap_.model.key().c_str(), ago(deadline_, now));
    for (const ModelName& v : swap_.victims) add(out, " -%s", v.key().c_str());
    add(out, " fails %d%s", failures_, overdue_ ? " overdue" : "");
  }
  if (answers_wanted_) add(out, " answers %d", answers_wanted_);
  if (load_out_) add(out, " load %s %d", load_.name.key().c_str(), load_.num_ctx);
  for (const ModelName& m : unloads_out_) add(out, " unload %s", m.key().c_str());
  if (failure_) add(out, " failed %s", failure_->model.key().c_str());
  if (looks_wanted()) add(out, " looked %ld %ld", ago(looked_, now), static_cast<long>(gap_.count()));
  for (const Held& h : held_) {
    const long rank = std::count_if(held_.begin(), held_.end(), [&](const Held& o) { return o.used < h.used; });
    add(out, " [%s %lld B, ctx %d %d, in flight %d, missed %d, sent %ld %ld, used %ld.", h.model.key().c_str(), static_cast<long long>(h.bytes), h.num_ctx,
        h.shown_ctx, h.in_flight, h.missed, static_cast<long>(h.sent.value.count()), static_cast<long>(h.next.value.count()), rank);
    add(out, "%s%s%s%s%s%s%s%s%s", h.wedged ? " wedged" : "", h.leaving ? " leaving" : "", h.unsure ? " unsure" : "", h.ours ? " ours" : "", h.touched ? " touched" : "",
        h.in_doubt ? " in doubt" : "", h.settled ? " settled" : "", h.renewed == now ? " new" : "", !h.use_mmap ? "" : *h.use_mmap ? " mmap" : " no mmap");
    if (h.expires) add(out, " until %ld", ago(*h.expires, now));
    if (h.leaving) add(out, " since %ld", ago(h.leaving_since, now));
    if (h.stayed) add(out, " stayed %ld", ago(*h.stayed, now));
    out += ']';
  }
  return out;
}

}  // namespace rr
