#include "settings/load.hpp"
#include "settings/words.hpp"

#include <algorithm>

namespace rr::settings {

namespace {

using Changes = std::vector<std::string>;

std::string text_of(PolicyName policy) { return std::string(to_text(policy)); }
std::string text_of(OnOverflow on) { return on == OnOverflow::warn ? "warn" : "refuse"; }
std::string text_of(bool flag) { return flag ? "true" : "false"; }
std::string text_of(const Door& door) { return door.open && !door.node.empty() ? door.node : text_of(door.open); }
std::string text_of(int number) { return std::to_string(number); }
std::string text_of(std::size_t number) { return std::to_string(number); }
std::string text_of(Duration time) { return to_text(KeepAlive{time}); }
std::string text_of(KeepAlive keep) { return to_text(keep); }
std::string text_of(const std::string& word) { return word.empty() ? "none" : word; }
std::string text_of(const ModelName& model) { return model.spelt(); }
std::string text_of(const std::optional<bool>& flag) { return flag ? text_of(*flag) : "unset"; }

std::string text_of(const std::optional<Bytes>& size) { return size ? size_text(*size) : "unknown"; }

std::string list_text(const std::vector<std::string>& words) { return words.empty() ? "none" : joined(words, "+"); }

std::vector<std::string> texts_of(const std::vector<Substitute>& substitutes) {
  std::vector<std::string> out;
  for (const Substitute& s : substitutes) out.push_back(s.by.spelt() + " for " + s.model.spelt());
  return out;
}

std::string list_text(const std::vector<Address>& addresses) {
  std::vector<std::string> words;
  for (const Address& address : addresses) words.push_back(to_text(address));
  return list_text(words);
}

template <class Value>
void note(Changes& changes, const std::string& what, const Value& before, const Value& after) {
  if (!(before == after)) changes.push_back(what + ' ' + text_of(before) + " -> " + text_of(after));
}

template <class List>
void note_list(Changes& changes, const std::string& what, const List& before, const List& after) {
  if (before != after) changes.push_back(what + ' ' + list_text(before) + " -> " + list_text(after));
}

void note_size(Changes& changes, const std::string& what, Bytes before, Bytes after) {
  if (before != after) changes.push_back(what + ' ' + size_text(before) + " -> " + size_text(after));
}

// A secret is not shown.
void note_key(Changes& changes, const std::string& what, const std::string& before, const std::string& after) {
  if (before != after) changes.push_back(what + (after.empty() ? " removed" : before.empty() ? " set" : " changed"));
}

// What is only before, only after, and in both.
template <class Thing, class Compare>
void each(Changes& changes, const std::string& kind, const std::vector<Thing>& before, const std::vector<Thing>& after,
          const Compare& compare) {
  const auto find = [](const std::vector<Thing>& things, const Thing& wanted) {
    return std::find_if(things.begin(), things.end(), [&](const Thing& t) { return t.name == wanted.name; });
  };
  for (const Thing& thing : before)
    if (find(after, thing) == after.end()) changes.push_back(kind + ' ' + text_of(thing.name) + " removed");
  for (const Thing& thing : after) {
    const auto old = find(before, thing);
    if (old == before.end()) changes.push_back(kind + ' ' + text_of(thing.name) + " added");
    else compare(*old, thing);
  }
}

void model_difference(Changes& changes, const std::string& name, const ModelSettings& a, const ModelSettings& b) {
  note(changes, name + " num_ctx", a.num_ctx, b.num_ctx);
  note(changes, name + " size", a.size, b.size);
  note(changes, name + " parallel", a.parallel, b.parallel);
  note(changes, name + " use_mmap", a.use_mmap, b.use_mmap);
  note(changes, name + " on_overflow", a.on_overflow, b.on_overflow);
}

void role_difference(Changes& changes, const RoleSettings& a, const RoleSettings& b) {
  if (a.nodes != b.nodes) changes.push_back(b.name + " moved from " + list_text(a.nodes) + " to " + list_text(b.nodes));
  note(changes, b.name + " model", a.model, b.model);
  note(changes, b.name + " keep_alive", a.keep_alive, b.keep_alive);
  note(changes, b.name + " required", a.required, b.required);
  note_list(changes, b.name + " also_called", a.also_called, b.also_called);
  note_list(changes, b.name + " phrases", a.phrases, b.phrases);
}

}  // namespace

std::string difference(const Settings& before, const Settings& after) {
  Changes changes;
  each(changes, "role", before.roles, after.roles, [&](const RoleSettings& a, const RoleSettings& b) { role_difference(changes, a, b); });
  note(changes, "default_role", before.default_role, after.default_role);
  each(changes, "node", before.nodes, after.nodes, [&](const NodeSettings& a, const NodeSettings& b) {
    note_list(changes, b.name + " address", a.addresses, b.addresses);
    note_size(changes, b.name + " gpu_memory", a.gpu_memory, b.gpu_memory);
    note(changes, b.name + " type", std::string(engine(a.type).word), std::string(engine(b.type).word));
    note_key(changes, b.name + " api_key", a.api_key, b.api_key);
  });
  each(changes, "model", before.models, after.models,
       [&](const ModelSettings& a, const ModelSettings& b) { model_difference(changes, b.name.spelt(), a, b); });
  model_difference(changes, "models.default", before.model_default, after.model_default);
  note_list(changes, "substitutes", texts_of(before.substitutes), texts_of(after.substitutes));
  note(changes, "policy", before.policy, after.policy);
  note(changes, "max_wait", before.max_wait, after.max_wait);
  note(changes, "swap_timeout", before.swap_timeout, after.swap_timeout);
  const auto on_exit = [](const Settings& s) { return std::string(s.release_on_exit ? "release" : "keep"); };
  note(changes, "on_exit", on_exit(before), on_exit(after));
  note_list(changes, "listen", before.listen, after.listen);
  note(changes, "drain_timeout", before.drain_timeout, after.drain_timeout);
  note(changes, "first_byte", before.first_byte, after.first_byte);
  note(changes, "between_chunks", before.between_chunks, after.between_chunks);
  note(changes, "prefill_grace", before.prefill_grace, after.prefill_grace);
  note_list(changes, "allowed_hosts", before.allowed_hosts, after.allowed_hosts);
  note_list(changes, "allowed_origins", before.allowed_origins, after.allowed_origins);
  note_key(changes, "api_key", before.api_key, after.api_key);
  note(changes, "management", before.management, after.management);
  note(changes, "cloud", before.cloud, after.cloud);
  note(changes, "access_log", before.access_log, after.access_log);
  note(changes, "limits.connections", before.limits.connections, after.limits.connections);
  note_size(changes, "limits.body", before.limits.body, after.limits.body);
  note_size(changes, "limits.bodies", before.limits.bodies, after.limits.bodies);
  note_size(changes, "stream_buffer", before.limits.stream_buffer, after.limits.stream_buffer);
  note_size(changes, "limits.stream_buffers", before.limits.stream_buffers, after.limits.stream_buffers);
  note(changes, "limits.waiting", before.limits.waiting, after.limits.waiting);
  note(changes, "limits.per_role", before.limits.per_role, after.limits.per_role);
  note(changes, "limits.per_node", before.limits.per_node, after.limits.per_node);
  note(changes, "limits.wait", before.limits.wait, after.limits.wait);
  return joined(changes, "; ");
}

}  // namespace rr::settings
