// A client's body and the edits of a grant. A second reader says which members the body has; in the edited body the edited
// ones have the edited values, and every other member stands where it stood with the same bytes. A body that is no JSON stays none.
// The first byte chooses the edits.
#include "fuzz/fuzz.hpp"
#include "support/plain_json.hpp"

#include "api/dialects/openai_chat.hpp"
#include "api/splice.hpp"

#include <algorithm>
#include <map>

using namespace rr;
using namespace rr::api;
using rr::test::PlainJson;
using rr::test::PlainMember;
using rr::fuzz::promise;
using Plain = std::vector<PlainMember>;
using Wanted = std::map<std::string, std::string>;

namespace {

const PlainMember* find(const Plain& members, std::string_view name) {
  const auto found = std::find_if(members.begin(), members.end(), [&](const PlainMember& m) { return m.name == name; });
  return found == members.end() ? nullptr : &*found;
}

// Of one object: `wanted` members have their text, once; all others are the same, byte for byte and in order.
void same_but(const Plain& before, const Plain& after, const Wanted& wanted, std::string_view skip, std::string_view all) {
  for (const auto& edited : wanted) {
    const std::string& name = edited.first;
    const auto count = std::count_if(after.begin(), after.end(), [&](const PlainMember& m) { return m.name == name; });
    promise(count == 1, "an edited member is not there once", all);
    promise(find(after, name)->value == edited.second, "an edited member has another value", all);
  }
  const auto others = [&](const Plain& members) {
    Plain out;
    for (const auto& m : members)
      if (wanted.count(m.name) == 0 && m.name != skip) out.push_back(m);
    return out;
  };
  const Plain was = others(before), is = others(after);
  promise(was.size() == is.size(), "a member was lost or invented", all);
  for (std::size_t i = 0; i < was.size(); ++i)
    promise(was[i].raw_name == is[i].raw_name && was[i].value == is[i].value, "an untouched member changed", all);
}

// What the members say by the second reader is what the first one took.
void same_reading(const Plain& plain, const Members& members, std::string_view body) {
  for (const auto& member : members.all) {
    const PlainMember* found = find(plain, member.name);
    promise(found && member.value.in(body) == found->value && member.key.in(body) == found->raw_name, "a member's span is another", body);
  }
  for (const std::string_view name : {"model", "stream", "keep_alive", "options", "messages", "prompt", "shift"}) {
    const auto count = std::count_if(plain.begin(), plain.end(), [&](const PlainMember& m) { return m.name == name; });
    promise(count == (members.find(name) ? 1 : 0), "a member was not seen", body);
  }
  const PlainMember* stream = find(plain, "stream");
  const std::string_view said = stream ? stream->value : "null";
  promise(members.stream.has_value() == (said != "null") && (!members.stream || *members.stream == (said == "true")), "stream is read otherwise", body);
  promise(members.none == plain.empty(), "an empty object is none", body);
}

void native(std::string_view body, const Edits& edits, Kind kind) {
  const auto members = read_members(body, kind);
  if (!members) {
    promise(members.error().status == 400 && !members.error().sentence.empty(), "a refusal without words", body);
    return;
  }
  const Pieces pieces = splice(body, *members, edits);
  const std::string edited = pieces.joined();
  promise(edited.size() == pieces.size(), "the pieces are not their size", body);
  std::size_t end = 0;
  const auto before = PlainJson::object(body, &end);
  if (!before) return;
  promise(members->close + 1 == end, "the first value ends elsewhere", body);
  same_reading(*before, *members, body);

  std::size_t used = 0;
  const auto after = PlainJson::object(edited, &used);
  promise(after.has_value() && used == edited.size(), "the edited body is no JSON", edited);
  Wanted top{{"model", "\"" + edits.model + "\""}};
  if (edits.keep_alive) top["keep_alive"] = *edits.keep_alive;
  if (edits.keep_alive && find(*before, "shift")) top["shift"] = "null";
  Wanted inner;
  if (edits.num_ctx > 0) inner["num_ctx"] = std::to_string(edits.num_ctx);
  if (edits.use_mmap) inner["use_mmap"] = *edits.use_mmap ? "true" : "false";
  if (const PlainMember* was = edits.keep_alive ? find(*before, "options") : nullptr)
    if (const auto inside = PlainJson::object(was->value))
      for (const char* name : {"num_gpu", "num_batch", "num_thread", "main_gpu", "draft_num_predict", "use_mmap"})  // they would reload the model
        if (const PlainMember* one = find(*inside, name); one && one->value != "null" && !inner.count(name)) inner[name] = "null";
  same_but(*before, *after, top, inner.empty() ? "" : "options", edited);
  if (inner.empty()) return;
  const PlainMember* was = find(*before, "options");
  const PlainMember* is = find(*after, "options");
  promise(is != nullptr && std::count_if(after->begin(), after->end(), [](const PlainMember& m) { return m.name == "options"; }) == 1, "options are not there once", edited);
  const auto inside = PlainJson::object(is->value);
  promise(inside.has_value(), "options are no object", edited);
  same_but(was && was->value != "null" ? PlainJson::object(was->value).value_or(Plain{}) : Plain{}, *inside, inner, "", edited);
}

void translated(std::string_view body, const Edits& edits) {
  const auto members = read_members(body, Kind::chat_completions);
  if (!members) return;
  (void)openai_chat::include_usage(body, *members);
  const auto pieces = openai_chat::to_native(body, *members, Ask{}, edits);
  if (!pieces) {
    promise(pieces.error().status == 400, "a translation fails otherwise", body);
    return;
  }
  const std::string sent = pieces->joined();
  const auto before = PlainJson::object(body);
  if (!before) return;
  const auto after = PlainJson::object(sent);
  promise(after.has_value(), "the translated body is no JSON", sent);
  promise(find(*after, "model") && find(*after, "model")->value == "\"" + edits.model + "\"", "the translated model is another", sent);
  for (std::size_t i = 0; i < after->size(); ++i)
    for (std::size_t j = 0; j < i; ++j) promise((*after)[i].name != (*after)[j].name, "a translated member is there twice", sent);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const unsigned choice = data[0];
  const rr::fuzz::Body body(rr::fuzz::text_of(data + 1, size - 1));
  Edits edits{.model = "qwen3:1.7b"};
  if (choice & 1) edits.num_ctx = 8192;
  if (choice & 2) edits.keep_alive = choice & 4 ? "-1" : "\"2h\"";
  if (choice & 8) edits.use_mmap = (choice & 16) != 0;
  if (choice & 32) translated(body.view(), edits);
  else native(body.view(), edits, choice & 64 ? Kind::generate : Kind::chat);
  return 0;
}
