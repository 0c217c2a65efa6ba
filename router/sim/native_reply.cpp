#include "sim/native_reply.hpp"

#include <cmath>
#include <cstdio>
#include <ctime>

namespace rr::sim {

namespace {

std::string head(std::string_view model, std::string_view created) {
  return "{\"model\":" + json_text(model) + ",\"created_at\":\"" + std::string(created) + "\"";
}

void metric(std::string& out, const char* name, std::int64_t v) {
  if (v) out += ",\"" + std::string(name) + "\":" + std::to_string(v);
}

std::string call_list(const std::vector<ToolCall>& calls, std::size_t first_index) {
  std::string out = "[";
  for (auto& c : calls) {
    Json arguments = Json::parse(c.arguments, nullptr, false);
    if (!arguments.is_object()) arguments = Json::object();
    if (out.size() > 1) out += ",";
    out += "{\"id\":" + json_text(c.id) + ",\"function\":{\"index\":" + std::to_string(first_index++) + ",\"name\":" + json_text(c.name) +
           ",\"arguments\":" + through_any(arguments, true) + "}}";
  }
  return out + "]";
}

// message{...} of a chat, response/thinking/tool_calls of a generate
std::string said(const Speech& s, std::string_view text, std::string_view thinking, const std::vector<ToolCall>& calls, std::size_t first) {
  std::string out;
  if (s.route == Route::chat) {
    out = ",\"message\":{\"role\":\"assistant\",\"content\":" + json_text(text);
    if (!thinking.empty()) out += ",\"thinking\":" + json_text(thinking);
    if (!calls.empty()) out += ",\"tool_calls\":" + call_list(calls, first);
    return out + "}";
  }
  out = ",\"response\":" + json_text(text);
  if (!thinking.empty()) out += ",\"thinking\":" + json_text(thinking);
  return out;
}

std::string metrics(const Speech& s, const Answer& a, const Times& t) {
  std::string out;
  if (s.route == Route::generate && !s.raw) {
    out += ",\"context\":[";
    for (int i = 0; i < a.prompt_n + a.eval_n; ++i) out += (i ? "," : "") + std::to_string(1 + (i * 7919 + a.prompt_n * 31) % 31999);
    out += "]";
  }
  metric(out, "total_duration", t.total.count());
  metric(out, "load_duration", t.load.count());
  metric(out, "prompt_eval_count", a.prompt_n);
  metric(out, "prompt_eval_duration", t.prompt.count());
  metric(out, "eval_count", a.eval_n);
  metric(out, "eval_duration", t.eval.count());
  return out;
}

std::string with_logprobs(std::string_view list) { return list.empty() ? "" : ",\"logprobs\":[" + std::string(list) + "]"; }

std::string utc_after(std::chrono::system_clock::time_point at, std::int64_t plus_seconds) {
  const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(at.time_since_epoch()).count();
  const std::time_t seconds = std::time_t(ns / 1'000'000'000 + plus_seconds);
  std::tm tm{};
  gmtime_r(&seconds, &tm);
  char b[64];
  std::strftime(b, sizeof b, "%Y-%m-%dT%H:%M:%S", &tm);
  std::string out(b);
  if (const long rest = long(ns % 1'000'000'000)) {
    std::snprintf(b, sizeof b, ".%09ld", rest);
    out += b;
    out.erase(out.find_last_not_of('0') + 1);
  }
  return out + "Z";
}

std::string byte_list(std::string_view s) {
  std::string out = "[";
  for (char c : s) out += (out.size() > 1 ? "," : "") + std::to_string(static_cast<unsigned char>(c));
  return out + "]";
}

}  // namespace

std::string utc(std::chrono::system_clock::time_point at) { return utc_after(at, 0); }
std::string utc_plus_longest(std::chrono::system_clock::time_point at) { return utc_after(at, 9'223'372'036); }

std::string piece_line(const Speech& s, std::string_view created, std::string_view text, bool thinking, std::string_view logprobs) {
  return head(s.model, created) + said(s, thinking ? "" : text, thinking ? text : "", {}, 0) + ",\"done\":false" + with_logprobs(logprobs) +
         "}\n";
}

std::string call_line(const Speech& s, std::string_view created, const std::vector<ToolCall>& calls, std::size_t first_index) {
  return head(s.model, created) + said(s, "", "", calls, first_index) + ",\"done\":false}\n";
}

std::string done_line(const Speech& s, std::string_view created, const Answer& a, const std::vector<ToolCall>& calls, const Times& t) {
  return head(s.model, created) + said(s, "", "", calls, 0) + ",\"done\":true,\"done_reason\":\"" + a.done_reason + "\"" + metrics(s, a, t) +
         "}\n";
}

std::string whole_object(const Speech& s, std::string_view created, const Answer& a, const std::string& thinking, const std::string& text,
                         const std::vector<ToolCall>& calls, bool done, const Times& t, std::string_view logprobs) {
  std::string out = head(s.model, created) + said(s, text, thinking, calls, 0);
  if (!done) return out + ",\"done\":false" + with_logprobs(logprobs) + "}";
  out += ",\"done\":true,\"done_reason\":\"" + a.done_reason + "\"";
  const std::string m = metrics(s, a, t);
  // The order of the fields in Go's two structs.
  return out + (s.route == Route::chat ? with_logprobs(logprobs) + m : m + with_logprobs(logprobs)) + "}";
}

std::string nothing_object(Route r) {
  return std::string("{\"model\":\"\",\"created_at\":\"0001-01-01T00:00:00Z\",") +
         (r == Route::chat ? "\"message\":{\"role\":\"\",\"content\":\"\"}" : "\"response\":\"\"") + ",\"done\":false}";
}

std::string short_object(const Speech& s, std::string_view created, std::string_view reason) {
  return head(s.model, created) + said(s, "", "", {}, 0) + ",\"done\":true,\"done_reason\":\"" + std::string(reason) + "\"}";
}

std::string error_object(std::string_view text) { return "{\"error\":" + json_text(text) + "}"; }

std::string logprob(std::string_view token, int top, std::string_view alternative) {
  const std::string one = "\"token\":" + json_text(token) + ",\"logprob\":-0.25,\"bytes\":" + byte_list(token);
  std::string out = "{" + one;
  if (top > 0) {
    out += ",\"top_logprobs\":[{" + one + "}";
    if (top > 1) out += ",{\"token\":" + json_text(alternative) + ",\"logprob\":-1.75,\"bytes\":" + byte_list(alternative) + "}";
    out += "]";
  }
  return out + "}";
}

std::vector<float> embedding(std::string_view text, int length) {
  std::uint64_t h = 1469598103934665603ull;
  for (char c : text) h = (h ^ static_cast<unsigned char>(c)) * 1099511628211ull;
  std::vector<double> v;
  double sum = 0;
  for (int i = 0; i < length; ++i) {
    h = h * 6364136223846793005ull + 1442695040888963407ull;
    v.push_back(double(h >> 11) / double(1ull << 53) * 2 - 1);
    sum += v.back() * v.back();
  }
  std::vector<float> out;
  for (double x : v) out.push_back(float(x / std::sqrt(sum > 0 ? sum : 1)));
  return out;
}

std::string embed_object(std::string_view model, const std::vector<std::vector<float>>& all, const Times& t, int prompt_n) {
  std::string out = "{\"model\":" + json_text(model) + ",\"embeddings\":[";
  for (auto& v : all) {
    if (out.back() != '[') out += ",";
    out += "[";
    for (float x : v) out += (out.back() == '[' ? "" : ",") + number(x);
    out += "]";
  }
  out += "]";
  metric(out, "total_duration", t.total.count());
  metric(out, "load_duration", t.load.count());
  metric(out, "prompt_eval_count", prompt_n);
  return out + "}";
}

std::string embeddings_object(const std::vector<float>& v) {
  std::string out = "{\"embedding\":[";
  for (float x : v) out += (out.back() == '[' ? "" : ",") + number(double(x));
  return out + "]}";
}

}  // namespace rr::sim
