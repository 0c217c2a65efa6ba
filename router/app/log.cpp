#include "app/log.hpp"

#include "domain/values.hpp"

#include <spdlog/async.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdio>
#include <ctime>
#include <memory>
#include <utility>

namespace rr::app::log {

namespace {

constexpr Duration together = std::chrono::milliseconds(20);

struct Log {
  explicit Log(wire::Executor executor) : bell(executor) {}
  std::shared_ptr<spdlog::logger> sink;
  wire::Timer bell;
  bool armed = false;
  std::string waiting;       // whole lines, the last without its end
  std::time_t second = 0;
  std::string stamp, zone;   // of that second: "2026-11-20T14:02:11", "+09:00"
};
std::unique_ptr<Log> log;

void write_out() {
  if (!log->waiting.empty()) log->sink->info("{}", log->waiting);
  log->waiting.clear();
}

void add(std::string_view level, std::string_view text) {
  if (!log) return;
  const auto now = std::chrono::system_clock::now();
  const std::time_t second = std::chrono::system_clock::to_time_t(now);
  if (second != log->second) {
    std::tm local{};
    localtime_r(&second, &local);
    char stamp[32], zone[8];
    std::strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &local);
    std::strftime(zone, sizeof zone, "%z", &local);
    log->stamp = stamp;
    log->zone = std::string(zone, 3) + ":" + (zone + 3);
    log->second = second;
  }
  char ms[8];
  std::snprintf(ms, sizeof ms, ".%03d", static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000));
  std::string& out = log->waiting;
  if (!out.empty()) out += '\n';
  out.append(log->stamp).append(ms).append(log->zone).append(" ").append(level).append(" ").append(text);
  if (std::exchange(log->armed, true)) return;
  log->bell.expires_after(together);
  log->bell.async_wait([](wire::error_code ec) {
    if (ec || !log) return;
    log->armed = false;
    write_out();
  });
}

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

void start(wire::Executor executor) {
  if (log) return;
  spdlog::init_thread_pool(8192, 1);
  log = std::make_unique<Log>(executor);
  log->sink = std::make_shared<spdlog::async_logger>("role-router", std::make_shared<spdlog::sinks::stderr_sink_mt>(),
                                                     spdlog::thread_pool(), spdlog::async_overflow_policy::overrun_oldest);
  log->sink->set_pattern("%v");
}

void stop() {
  if (!log) return;
  write_out();
  log.reset();
  spdlog::shutdown();
}

void info(std::string_view text) { add("info", text); }
void warn(std::string_view text) { add("warn", text); }

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
