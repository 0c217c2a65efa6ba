#include "settings/words.hpp"

#include "settings/utf8.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace rr::settings {

namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }

// Takes "12", "1.5", ".5" off the front.
std::optional<long double> take_number(std::string_view& text) {
  long double value = 0;
  long double unit = 1;
  std::size_t digits = 0;
  bool point = false;
  while (!text.empty() && (digit(text.front()) || (text.front() == '.' && !point))) {
    if (text.front() == '.') {
      point = true;
    } else {
      ++digits;
      const auto d = static_cast<long double>(text.front() - '0');
      if (point) value += d * (unit /= 10);
      else value = value * 10 + d;
    }
    text.remove_prefix(1);
  }
  if (digits == 0) return std::nullopt;
  return value;
}

template <class Units>
std::optional<long double> take_unit(std::string_view& text, const Units& units) {
  for (const auto& [name, worth] : units) {
    if (!text.starts_with(name)) continue;
    text.remove_prefix(name.size());
    return worth;
  }
  return std::nullopt;
}

using Unit = std::pair<std::string_view, long double>;

// Longer names first: "ms" is not "m".
constexpr std::array<Unit, 8> duration_units{{{"ns", 1e0L}, {"us", 1e3L}, {"\u00B5s", 1e3L}, {"\u03BCs", 1e3L},
                                              {"ms", 1e6L}, {"s", 1e9L}, {"m", 60e9L}, {"h", 3600e9L}}};
constexpr std::array<Unit, 9> size_units{{{"kib", 1024.0L}, {"mib", 1048576.0L}, {"gib", 1073741824.0L}, {"tib", 1099511627776.0L},
                                          {"kb", 1e3L}, {"mb", 1e6L}, {"gb", 1e9L}, {"tb", 1e12L}, {"b", 1.0L}}};

constexpr long double most = 9.0e18L;  // below 2^63

// Optimal string alignment: insert, delete, replace, swap two neighbours.
std::size_t edits(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i)
    for (std::size_t j = 1; j <= b.size(); ++j) {
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0u : 1u)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  return d[a.size()][b.size()];
}

std::string plain(std::string_view word) {
  std::string out(word);
  for (char& c : out) c = c == '-' ? '_' : lower(c);
  return out;
}

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  bool negative = false;
  if (!text.empty() && (text.front() == '+' || text.front() == '-')) {
    negative = text.front() == '-';
    text.remove_prefix(1);
  }
  long double total = 0;
  for (bool first = true; first || !text.empty(); first = false) {
    const auto number = take_number(text);
    if (!number) return std::nullopt;
    if (text.empty() && first) {
      total = *number * 1e9L;
      break;
    }
    const auto unit = take_unit(text, duration_units);
    if (!unit) return std::nullopt;
    total += *number * *unit;
  }
  if (total > most) return std::nullopt;
  if (negative && total > 0) return Duration(-1);
  return Duration(static_cast<std::int64_t>(std::llround(total)));
}

std::optional<Bytes> parse_size(std::string_view word) {
  const std::string lowered = lower(word);
  std::string_view text = lowered;
  const auto number = take_number(text);
  if (!number) return std::nullopt;
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  long double worth = 1;
  if (!text.empty()) {
    const auto unit = take_unit(text, size_units);
    if (!unit || !text.empty()) return std::nullopt;
    worth = *unit;
  }
  if (*number * worth > most) return std::nullopt;
  return static_cast<Bytes>(std::llround(*number * worth));
}

std::optional<std::int64_t> parse_whole(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string nearest(std::string_view word, const std::vector<std::string>& known) {
  if (word.size() > 100) return "";
  const std::string wanted = plain(word);
  std::string best;
  std::size_t fewest = std::numeric_limits<std::size_t>::max();
  for (const std::string& candidate : known) {
    const std::size_t n = edits(wanted, plain(candidate));
    if (n < fewest) {
      fewest = n;
      best = candidate;
    }
  }
  const std::size_t allowed = wanted.size() <= 3 ? 1 : wanted.size() <= 7 ? 2 : 3;
  return fewest <= allowed ? best : "";
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& known, std::string_view kind) {
  if (const std::string near = nearest(word, known); !near.empty()) return " (did you mean " + in_quotes(near) + "?)";
  if (known.empty()) return "";
  return " (" + std::string(kind) + ": " + joined(known) + ")";
}

std::string size_text(Bytes bytes) {
  const auto in = [&](Bytes unit) { return bytes % unit == 0 && bytes >= unit; };
  if (in(gib)) return std::to_string(bytes / gib) + "GiB";
  if (in(gb / 1000)) return in(gb) ? std::to_string(bytes / gb) + "GB" : std::to_string(bytes / (gb / 1000)) + "MB";
  if (in(Bytes{1} << 20)) return std::to_string(bytes >> 20) + "MiB";
  if (in(1024)) return std::to_string(bytes >> 10) + "KiB";
  return bytes >= gib ? to_gib(bytes) + "GiB" : std::to_string(bytes);
}

std::string in_quotes(std::string_view word) {
  if (code_points(word) <= 60) return '"' + std::string(word) + '"';
  std::size_t end = 57;
  while (end > 0 && (static_cast<unsigned char>(word[end]) & 0xC0) == 0x80) --end;
  return '"' + std::string(word.substr(0, end)) + "...\"";
}

std::string joined(const std::vector<std::string>& words, std::string_view between) {
  std::string out;
  for (const std::string& word : words) {
    if (!out.empty()) out += between;
    out += word;
  }
  return out;
}

}  // namespace rr::settings
