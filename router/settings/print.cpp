#include "settings/load.hpp"
#include "settings/utf8.hpp"

#include <algorithm>

namespace rr::settings {

namespace {

constexpr std::size_t widest_aligned = 60;  // a long path of a file is not aligned to

std::string place_of(const Problem& p, const std::string& file) {
  return file + ":" + std::to_string(p.line) + ":" + std::to_string(p.column) + ":";
}

// A key in quotes may hold any character: one line stays one line.
std::string one_line(std::string text) {
  std::replace_if(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; }, ' ');
  return text;
}

}  // namespace

std::string print(const std::vector<Problem>& problems, const std::string& file) {
  std::size_t width = 0;
  for (const Problem& p : problems) width = std::max(width, code_points(place_of(p, file)));
  if (width > widest_aligned) width = 0;
  std::string out;
  for (const Problem& p : problems) {
    std::string place = place_of(p, file);
    const std::size_t size = code_points(place);
    place.append(size < width ? width - size + 1 : 1, ' ');
    const std::string indent(width > 0 ? width + 1 : 4, ' ');
    out += place;
    if (!p.path.empty()) out += one_line(p.path) + ": ";
    if (p.hint) out += "hint: ";
    for (std::size_t begin = 0; begin <= p.sentence.size();) {
      const std::size_t end = std::min(p.sentence.find('\n', begin), p.sentence.size());
      if (begin > 0) out += indent;
      out += one_line(p.sentence.substr(begin, end - begin)) + '\n';
      begin = end + 1;
    }
  }
  return out;
}

}  // namespace rr::settings
