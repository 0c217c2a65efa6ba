// Bodies that two readers may read in two ways: seeded mutations of good ones. Names in other letters, twice, escaped, folded;
// values of the wrong kind, at the edge of their range, never closed; white space that is none; bytes that are no text.
#pragma once

#include "support/plain_json.hpp"

#include <algorithm>
#include <random>

namespace rr::test {

class Adversary {
 public:
  explicit Adversary(unsigned seed) : random_(seed) {}

  std::string body(const std::string& good) {
    auto members = parts(good);
    for (std::size_t n = 1 + (one_in(2) ? pick(3) : 0); n > 0; --n) mutate(members, true);
    std::string text = joined(members);
    if (one_in(4)) spoil(text);
    return text;
  }
  std::size_t pick(std::size_t below) { return static_cast<std::size_t>(random_() % below); }
  bool one_in(std::size_t n) { return pick(n) == 0; }

 private:
  struct Part {
    std::string name, value;  // both as they stand in JSON
  };
  using Parts = std::vector<Part>;

  template <class List>
  std::string any(const List& list) {
    return std::string(list[pick(std::size(list))]);
  }

  static Parts parts(std::string_view object) {
    Parts out;
    if (const auto members = PlainJson::object(object))
      for (const auto& m : *members) out.push_back({std::string(m.raw_name), std::string(m.value)});
    return out;
  }

  std::string gap() {
    static constexpr std::string_view good[] = {" ", "\t", "\r\n", "\n  "};
    static constexpr std::string_view bad[] = {"\v", "\f", "\xC2\xA0", "\xEF\xBB\xBF", "/**/", "//\n", "\xE2\x80\xA8", ",", ";"};
    if (one_in(400)) return any(bad);
    return one_in(12) ? any(good) : "";
  }

  std::string joined(const Parts& members) {
    std::string out = gap() + "{";
    for (std::size_t i = 0; i < members.size(); ++i)
      out += (i > 0 ? "," : "") + gap() + members[i].name + gap() + ":" + gap() + members[i].value + gap();
    return out + gap() + "}" + gap();
  }

  // A name that some reader may take for `plain`.
  std::string name_like(std::string plain) {
    switch (pick(10)) {
      case 0: plain[pick(plain.size())] ^= 0x20; break;
      case 1: for (char& c : plain) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c); break;
      case 2: replace(plain, 's', "\xC5\xBF"); break;
      case 3: replace(plain, 'k', "\xE2\x84\xAA"); break;
      case 4: return escaped(plain);
      case 5: plain += any(tails); break;
      case 6: replace(plain, 'e', "\xD0\xB5"); break;
      case 7: plain.insert(0, one_in(2) ? "\\ufeff" : "_"); break;
      default: break;
    }
    return "\"" + plain + "\"";
  }
  static constexpr std::string_view tails[] = {" ", "\\n", "s", "\\u0000", "\\ud800", "\xE2\x80\x8B", "\xCC\x81", "\\", "\xFF"};

  static void replace(std::string& text, char what, std::string_view by) {
    if (const auto at = text.find(what); at != text.npos) text.replace(at, 1, by);
  }
  std::string escaped(std::string_view plain) {
    std::string out = "\"";
    const bool all = one_in(2);
    for (const char c : plain) {
      if (!all && !one_in(3)) {
        out += c;
        continue;
      }
      char text[8];
      std::snprintf(text, sizeof text, one_in(2) ? "\\u%04x" : "\\u%04X", static_cast<unsigned>(static_cast<unsigned char>(c)));
      out += text;
    }
    return out + "\"";
  }

  std::string value() {
    static constexpr std::string_view plain[] = {
        "null", "true", "false", "True", "nul", "truee", "tru", "0", "-0", "0.0", "-0.0", "1", "-1", "+1", "01", "-01", "1.", ".5", "-", "1e", "1e+", "0x10",
        "1_000", "1e400", "-1e400", "1e-400", "1E5", "1e5", "2.5e+2", "0.1", "1e-9", "1e-10", "1.9999999999", "8192", "8192.0", "8192.9", "8.192e3", "-5", "5",
        "300", "9223372036", "9223372036.854775807", "9223372037", "9223372036854775807", "9223372036854775808", "18446744073709551616", "9007199254740993",
        "123456789012345678901234567890", "1e18", "1e17", "1e-5", "NaN", "Infinity", "-Infinity", "nan", "[]", "{}", "[null]", "{\"a\":1}", "[1,2", "{\"a\":",
        "[tru]", "{\"a\" 1}", "[1 2]", "[1,]", "{\"a\":1,}", "{,}", "{\"model\":\"tester\",\"stream\":true,\"options\":{\"num_ctx\":7}}", "[{\"model\":1}]", "5x5", "5 5",
        "1\v", "nullx", "{\"a\":1,\"a\":2}", "\"a\"b", "'a'", "\"", "\"a", ""};
    static constexpr std::string_view text[] = {
        "", "coder", "tester", "coder\\u0000", "\\u0063oder", "c\\u006Fder", " coder ", "Coder", "\\u212Aoder", "role:coder", "qwen3-coder:30b", "설계자", "\\uc124\\uacc4\\uc790",
        "5m", "1h30m", "-1", "-1s", "0", "0s", "0m", "-0", "+0", "-0s", "1.5h", ".5h", "5.h", "+5m", "--5m", "5", "3600", "abc", "1d", "forever", "0.6ns", "0.4ns", "-0.6ns",
        "1.999999999s", "0.1s0.2s", "9223372036854775807ns", "9223372036854775808ns", "-9223372036854775808ns", "2562047h47m16.854775807s", "2562048h", "9223372036.854775807s",
        "1e3s", "1\xC2\xB5s", "1\xCE\xBCs", "1us", "5\\u006d", "5 m", "5m ", " 5m", "1.0000000000000000000000001s", "0.00000000000000000000001h", "99999999999999999999h",
        "2500000h0.000000001s", "104249991h1ns", "8784h0.3ns", "1h1", "\\ud800", "\\udc00", "\\ud83d\\ude00", "\\ud800\\u0041", "\\ud800\\ud800", "\\u12", "\\x41", "\\/", "\\", "\xFF", "\xC0\x80",
        "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x84", "a\tb", "a\nb", "\\u0000", "high", "low", "json", "user", "aGk=", "a\\\"b", "a\\\\"};
    if (one_in(60)) {
      const std::size_t depths[] = {2, 60, 126, 127, 128, 129, 130, 200, 1000};
      const std::size_t depth = depths[pick(std::size(depths))];
      std::string open, close;
      for (std::size_t i = 0; i < depth; ++i) {
        const bool list = one_in(2);
        open += list ? "[" : "{\"a\":";
        close.insert(0, list ? "]" : "}");
      }
      return open + "1" + close;
    }
    if (one_in(300)) return "\"" + std::string(pick(9000), 'x') + "\"";
    return one_in(2) ? any(plain) : "\"" + any(text) + "\"";
  }

  std::string value_for(const std::string& name) {  // most of the time of the right kind
    static constexpr std::string_view leases[] = {"\"5m\"", "-1", "0", "\"0\"", "300", "1.5", "null", "\"1h0.5s\"", "\"-1m\"", "1e2"};
    static constexpr std::string_view contexts[] = {"8192", "4096.5", "0", "-1", "null", "1e4", "16384"};
    static constexpr std::string_view flags[] = {"true", "false", "null"};
    static constexpr std::string_view models[] = {"\"coder\"", "\"tester\"", "\"qwen3:1.7b\"", "null", "\"\\u0063oder\"", "\"auto\""};
    if (one_in(2)) return value();
    if (name == "keep_alive") return any(leases);
    if (name == "num_ctx") return any(contexts);
    if (name == "model") return any(models);
    if (name == "stream" || name == "use_mmap" || name == "raw" || name == "think") return any(flags);
    if (name == "options") return options("{}");
    return value();
  }

  std::string options(std::string_view before) {
    Parts inner = parts(before);
    for (std::size_t n = 1 + pick(2); n > 0; --n) mutate(inner, false);
    return joined(inner);
  }

  void mutate(Parts& members, bool top) {
    static constexpr std::string_view of_top[] = {"model", "stream", "keep_alive", "options", "model", "stream", "keep_alive", "options", "messages", "prompt", "input", "name",
                                                  "think", "format", "system", "raw", "images", "tools", "context", "truncate", "user", "metadata", "num_ctx", "shift", "x"};
    static constexpr std::string_view of_options[] = {"num_ctx", "num_ctx", "num_ctx", "use_mmap", "num_gpu", "temperature", "seed", "stop", "model", "x", "num_thread", "top_k"};
    const std::string name = top ? any(of_top) : any(of_options);
    const std::size_t at = pick(members.size() + 1);
    const auto insert = [&](Part part) { members.insert(members.begin() + static_cast<std::ptrdiff_t>(at), std::move(part)); };
    if (members.empty() || one_in(4)) return insert({name_like(name), value_for(name)});
    Part& some = members[at % members.size()];
    const auto plain = some.name.size() > 2 ? some.name.substr(1, some.name.size() - 2) : std::string("x");
    const auto same = std::find_if(members.begin(), members.end(), [&](const Part& p) { return p.name == "\"" + name + "\""; });
    switch (pick(9)) {
      case 0: some.name = name_like(plain); break;
      case 1: some.value = value(); break;
      case 2: insert({name_like(plain), one_in(2) ? some.value : value_for(plain)}); break;
      case 3: members.erase(members.begin() + static_cast<std::ptrdiff_t>(at % members.size())); break;
      case 4: std::swap(some, members[pick(members.size())]); break;
      case 5: insert({"\"" + std::string(one_in(9) ? pick(5000) : pick(70), 'k') + "\"", value()}); break;
      default:  // one of the members that matter gets a new value, or comes to be
        if (same == members.end()) insert({"\"" + name + "\"", value_for(name)});
        else if (name == "options" && same->value.starts_with('{') && !one_in(4)) same->value = options(same->value);
        else same->value = value_for(name);
    }
  }

  void spoil(std::string& text) {
    static constexpr std::string_view bits[] = {"\"", "\\", "{", "}", "[", "]", ",", ":", "null", "1e400", "\\u", "\xFF", " ", "\"model\":\"tester\",", "-", "\xE2\x84\xAA", "/**/", "\x01"};
    static constexpr std::string_view behind[] = {"x", "{}", "\n{\"model\":\"tester\"}", "\xFF", "]", "}", "\"", ",", std::string_view("\0", 1), "  \n", "//"};
    const std::size_t at = pick(text.size() + 1);
    switch (pick(7)) {
      case 0: text.insert(0, "\xEF\xBB\xBF"); break;
      case 1: text += any(behind); break;
      case 2: text.resize(at); break;
      case 3: text.insert(at, any(bits)); break;
      case 4: text.erase(at, 1 + pick(4)); break;
      case 5: if (at < text.size()) text[at] = static_cast<char>(pick(256)); break;
      default: if (at < text.size()) text[at] = static_cast<char>(text[at] ^ (1 << pick(8)));
    }
  }

  std::mt19937_64 random_;
};

}  // namespace rr::test
