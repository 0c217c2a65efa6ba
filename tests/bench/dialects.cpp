// What a body of about 1 MB costs the loop: reading its members, and saying it in Ollama's API. Milliseconds, the median of 11.
#include "api/dialects/translation.hpp"
#include "api/json.hpp"
#include "api/members.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

namespace {

using namespace rr;
using namespace rr::api;

constexpr std::size_t whole = 1'000'000;

std::string words(std::size_t size) {
  static const std::string line = "The scheduler reads \\\"keep_alive\\\" and writes a line:\\n  if (loaded) return; ";
  std::string out;
  while (out.size() < size) out += line;
  return out;
}

std::string said(Kind kind, std::size_t n, std::size_t size) {
  const std::string role = n % 2 ? "assistant" : "user", text = words(size);
  if (kind != Kind::responses) return "{\"role\":\"" + role + "\",\"content\":\"" + text + "\"}";
  const std::string part = n % 2 ? "output_text" : "input_text";
  return "{\"type\":\"message\",\"role\":\"" + role + "\",\"content\":[{\"type\":\"" + part + "\",\"text\":\"" + text + "\"}]}";
}

std::string tool(Kind kind, std::size_t n) {
  const std::string name = "tool_" + std::to_string(n), about = words(300);
  const std::string schema = R"({"type":"object","properties":{"path":{"type":"string","description":")" + about + R"("},"line":{"type":"integer"}},"required":["path"]})";
  if (kind == Kind::messages) return R"({"name":")" + name + R"(","description":")" + about + R"(","input_schema":)" + schema + "}";
  const std::string inner = R"("name":")" + name + R"(","description":")" + about + R"(","parameters":)" + schema;
  return kind == Kind::responses ? R"({"type":"function",)" + inner + "}" : R"({"type":"function","function":{)" + inner + "}}";
}

std::string body(Kind kind, std::size_t messages, std::size_t tools) {
  std::string list, offered;
  for (std::size_t n = 0; n < messages; ++n) list += (n ? "," : "") + said(kind, n, tools ? 100 : whole / messages > 60 ? whole / messages - 60 : 10);
  for (std::size_t n = 0; n < tools; ++n) offered += (n ? "," : "") + tool(kind, n);
  return "{\"model\":\"coder\",\"max_tokens\":100,\"stream\":true,\"" + std::string(kind == Kind::responses ? "input" : "messages") + "\":[" + list + "]" +
         (tools ? ",\"tools\":[" + offered + "]" : "") + "}";
}

double median_ms(const std::function<void()>& what) {
  std::vector<double> took;
  for (int i = 0; i < 11; ++i) {
    const auto began = std::chrono::steady_clock::now();
    what();
    took.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - began).count());
  }
  std::nth_element(took.begin(), took.begin() + 5, took.end());
  return took[5];
}

}  // namespace

int main() {
  struct Shape { const char* name; std::size_t messages, tools; };
  const Shape shapes[] = {{"one message", 1, 0}, {"20 messages", 20, 0}, {"1 000 messages", 1000, 0}, {"9 000 messages", 9000, 0}, {"1 000 tools", 4, 1000}};
  struct Of { const char* name; Kind kind; };
  const Of dialects[] = {{"chat/completions", Kind::chat_completions}, {"responses", Kind::responses}, {"messages", Kind::messages}};
  std::printf("%-18s %-16s %8s %8s %10s\n", "dialect", "body", "MB", "read ms", "translate");
  for (const Of& of : dialects) {
    for (const Shape& shape : shapes) {
      std::string text = body(of.kind, shape.messages, shape.tools);
      const std::size_t size = text.size();
      text.append(64, '\0');
      const std::string_view view(text.data(), size);
      const auto members = read_members(view, of.kind);
      if (!members) return std::printf("%s: %s\n", of.name, members.error().sentence.c_str()), 1;
      const double read = median_ms([&] { (void)read_members(view, of.kind); });
      std::size_t out = 0;
      const double translate = median_ms([&] {
        const auto t = translation(of.kind, *members, {.unique = "1", .created = 1, .model = "coder"});
        const auto pieces = t->to_native(*members, Ask{}, Edits{.model = "qwen3-coder:30b"});
        if (pieces) out += pieces->joined().size();
      });
      std::printf("%-18s %-16s %8.2f %8.2f %10.2f%s\n", of.name, shape.name, static_cast<double>(size) / 1e6, read, translate, out ? "" : "  refused");
    }
  }
  return 0;
}
