#include "api/usage.hpp"

#include "api/ondemand.hpp"
#include "api/quote.hpp"

#include <algorithm>

namespace rr::api {
namespace {

// In a JSON text an unescaped quote cannot stand inside a string, so these are found only as members of some object.
bool value_follows(std::string_view line, std::string_view key) {
  const auto at = line.find(key);
  if (at == line.npos) return false;
  const auto next = at + key.size();
  return next < line.size() && line[next] != '"' && line[next] != ']';
}

bool has_content(std::string_view line) {
  return value_follows(line, "\"content\":\"") || value_follows(line, "\"response\":\"") ||
         value_follows(line, "\"thinking\":\"") || value_follows(line, "\"tool_calls\":[");
}

bool may_be_done(std::string_view line) {
  for (std::size_t at = line.find("\"done\""); at != line.npos; at = line.find("\"done\"", at + 1)) {
    const auto next = line.find_first_not_of(" \t:", at + 6);
    if (next != line.npos && line[next] == 't') return true;
  }
  return false;
}

// The members at the end of a line, after the possibly very long ones.
struct Line {
  bool done = false;
  std::optional<std::string> error;
  Usage usage;
};

constexpr std::int64_t most = std::int64_t{1} << 50;  // of tokens, of nanoseconds: what is added up later stays in range

std::optional<Line> read(std::string_view text) {
  const simdjson::padded_string copy(text);
  od::parser parser;
  od::document document;
  od::object object;
  if (parser.iterate(copy).get(document) || document.get_object().get(object)) return std::nullopt;
  Line out;
  for (auto step : object) {
    od::field field;
    std::string_view key;
    if (std::move(step).get(field) || field.unescaped_key().get(key)) return std::nullopt;
    const std::string name(key);
    od::value value = std::move(field).value();
    std::int64_t number = 0;
    if (name == "done") {
      bool done = false;
      out.done = !value.get_bool().get(done) && done;
    } else if (name == "error") {
      const auto raw = whole_text(copy, value);
      out.error = raw.starts_with('"') ? text_of(copy, value) : std::string(raw);
    } else if (name == "done_reason") {
      if (whole_text(copy, value).starts_with('"')) out.usage.done_reason = text_of(copy, value);
    } else if (name.ends_with("_count") || name.ends_with("_duration")) {
      if (value.get_int64().get(number)) continue;
      number = std::clamp<std::int64_t>(number, 0, most);
      if (name == "prompt_eval_count") out.usage.prompt_tokens = number;
      if (name == "eval_count") out.usage.output_tokens = number;
      if (name == "prompt_eval_duration") out.usage.prompt_time = Duration{number};
      if (name == "eval_duration") out.usage.output_time = Duration{number};
      if (name == "load_duration") out.usage.load_time = Duration{number};
      if (name == "total_duration") out.usage.total_time = Duration{number};
    }
  }
  return out;
}

bool is_embedding(std::string_view line) {
  const auto head = line.substr(0, 1024);
  return head.starts_with("{\"embedding\":") || head.find(",\"embeddings\":[") != head.npos;
}

}  // namespace

void AnswerWatch::see(std::string_view lines) {
  while (!lines.empty()) {
    const auto end = std::min(lines.find('\n'), lines.size());
    auto line = lines.substr(0, end);
    lines.remove_prefix(std::min(end + 1, lines.size()));
    while (!line.empty() && static_cast<unsigned char>(line.back()) <= 0x20) line.remove_suffix(1);
    if (line.empty()) continue;
    if (!content_) content_ = has_content(line);
    pieces_ += content_;
    if (is_embedding(line) && line.ends_with('}')) {  // an embedding answer has no done member
      const auto last = line.rfind(']');
      const auto rest = last == line.npos ? std::string_view{} : line.substr(last + 1);
      const auto read_rest = read(rest.starts_with(',') ? "{" + std::string(rest.substr(1)) : "{}");
      done_ = content_ = read_rest.has_value();
      if (read_rest) usage_ = read_rest->usage;
      continue;
    }
    if (!line.starts_with("{\"error\"") && !may_be_done(line)) continue;
    auto last = read(line);
    if (!last) continue;
    if (last->error) error_ = std::move(last->error);
    if (!last->done) continue;
    done_ = true;
    usage_ = std::move(last->usage);
  }
}

Rename::Rename(std::string_view node_name, std::string_view client_name)
    : from_("{\"model\":" + quote(node_name)), to_("{\"model\":" + quote(client_name)) {}

void Rename::apply(std::string_view lines, std::string& out) {
  while (!lines.empty()) {
    const auto end = lines.find('\n');
    const auto line = end == lines.npos ? lines : lines.substr(0, end + 1);
    lines.remove_prefix(line.size());
    if (line.starts_with(from_)) {
      out += to_;
      out += line.substr(from_.size());
    } else {
      ++unchanged_;
      out += line;
    }
  }
}

}  // namespace rr::api
