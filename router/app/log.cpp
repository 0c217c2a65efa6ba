#include "app/log.hpp"

#include <spdlog/async.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>

namespace rr::app::log {

namespace {

std::shared_ptr<spdlog::logger> logger;

std::string escaped(const std::string& value) {
  bool plain = true;
  for (const char c : value) plain = plain && static_cast<unsigned char>(c) > 0x20 && c != '"' && c != '\\' && c != 0x7f;
  if (plain) return value;
  static constexpr char hex[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : value) {
    const auto u = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') out += '\\', out += c;
    else if (u < 0x20 || u == 0x7f) out += "\\x", out += hex[u >> 4], out += hex[u & 15];
    else out += c;
  }
  return out + "\"";
}

}  // namespace

void start() {
  if (logger) return;
  spdlog::init_thread_pool(8192, 1);
  auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  logger = std::make_shared<spdlog::async_logger>("role-router", sink, spdlog::thread_pool(),
                                                  spdlog::async_overflow_policy::overrun_oldest);
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");
  logger->flush_on(spdlog::level::info);
}

void stop() {
  logger.reset();
  spdlog::shutdown();
}

void info(std::string_view text) {
  if (logger) logger->info("{}", text);
}

void warn(std::string_view text) {
  if (logger) logger->warn("{}", text);
}

std::string pairs(const std::vector<std::pair<std::string_view, std::string>>& all) {
  std::string out;
  for (const auto& [name, value] : all) {
    if (value.empty()) continue;
    if (!out.empty()) out += ' ';
    out.append(name);
    out += '=';
    out += escaped(value);
  }
  return out;
}

}  // namespace rr::app::log
