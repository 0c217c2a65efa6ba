// Small values that every room speaks: time, sizes, names, addresses, leases.
// Pure: no clock is read anywhere in domain/; a time comes in as an argument and goes out as a wake-up.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rr {

using Duration = std::chrono::nanoseconds;
using Time = std::chrono::steady_clock::time_point;
using Bytes = std::int64_t;

constexpr double in_seconds(Duration d) { return std::chrono::duration<double>(d).count(); }
constexpr Duration from_seconds(double s) { return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(s)); }

constexpr Bytes mib = Bytes{1} << 20, gib = Bytes{1} << 30;
constexpr Bytes gb = 1'000'000'000;

using NodeName = std::string;  // a key of `nodes:` in the YAML
using RoleName = std::string;  // a key of `roles:` in the YAML

// A model's name. Two spellings of one model compare equal: the default tag `latest`, the default
// namespace `library`, the default host `registry.ollama.ai` and letter case do not matter, a
// trailing `:local` is dropped (Ollama: types/model/name.go, internal/modelref).
class ModelName {
 public:
  ModelName() = default;
  explicit ModelName(std::string_view spelt);

  const std::string& spelt() const { return spelt_; }  // as the client or the YAML wrote it
  const std::string& key() const { return key_; }      // canonical: "qwen3:1.7b", "llama3:latest"
  bool empty() const { return key_.empty(); }
  bool cloud() const;  // the suffix means Ollama's cloud: ":cloud", "<tag>-cloud"

  friend bool operator==(const ModelName& a, const ModelName& b) { return a.key_ == b.key_; }
  friend std::strong_ordering operator<=>(const ModelName& a, const ModelName& b) { return a.key_.compare(b.key_) <=> 0; }

 private:
  std::string spelt_;
  std::string key_;
};
bool among(const std::vector<ModelName>&, const ModelName&);

struct Address {
  std::string host{};  // a name, an IPv4 or an IPv6 literal without brackets
  std::uint16_t port = 11434;
  friend bool operator==(const Address&, const Address&) = default;
};
using Addresses = std::vector<Address>;                         // of one node, in the order in which they are dialled
std::string to_text(const Address&);                            // "127.0.0.1:11434", "[::1]:11434"
std::optional<Address> parse_address(std::string_view, std::uint16_t default_port);

// How long a model stays after its last request: Ollama's keep_alive.
struct KeepAlive {
  Duration value{};  // negative = for ever, zero = leave at once
  bool forever() const { return value < Duration::zero(); }
  bool zero() const { return value == Duration::zero(); }
  friend bool operator==(const KeepAlive&, const KeepAlive&) = default;
};
constexpr KeepAlive for_ever{Duration{-1}};
bool longer(KeepAlive a, KeepAlive b);  // a keeps the model longer than b
std::string to_text(KeepAlive);         // "-1", "0", "2h", "1h30m", "90s" -> "1m30s", "300ms": Go's duration words

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }  // letters of ASCII only
std::string lower(std::string_view text);
// "2h13m", "7s", "1m30s", "300ms": what a person reads. Whole seconds above ten.
std::string to_text(Duration);
std::string to_gib(Bytes);  // "21.6"

}  // namespace rr
