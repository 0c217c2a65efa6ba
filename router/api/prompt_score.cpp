#include "api/prompt_score.hpp"

#include "api/prompt_index.hpp"

#include <algorithm>

namespace rr::api {
namespace {

constexpr int enough_for_router = 2 * enough, margin = whole, margin_for_router = 3 * whole;
constexpr int settled = 12 * whole;          // what stands second to a router that is not certain must be certain itself
constexpr int most_tasks = 10 * whole;       // of one notion: many words of a topic are no job
constexpr std::size_t most_tried = 6'000;       // patterns: no text, however it repeats itself, holds the loop up
constexpr std::size_t early = 700, late = 1600;  // bytes of plain text

// Reads one plain text from front to back, a sentence at a time.
class Weighing {
 public:
  Weighing(std::string_view text, bool system) : text_(text), system_(system) {}

  Score read() {
    std::size_t at = 1;
    for (int number = 0; at < text_.size(); ++number) {
      auto end = text_.find(" . ", at - 1);
      if (end == text_.npos) end = text_.size() - 1;
      if (end > at && heard(at) <= late) sentence(at, end, number);
      at = end + 3;
    }
    return std::move(score_);
  }

 private:
  void sentence(std::size_t from, std::size_t to, int number) {
    if (roster(from, to, number)) return;
    const std::size_t job = lead(from, to, number);
    noun_ = job == text_.npos;
    bool label = false;  // a noun that opens the text without "you are": "Reviewer agent."
    if (noun_ && system_ && number == 0) noun_ = false, label = true;
    for (std::size_t at = from; at < to; at = next_word(at)) {
      if (heard(at) > late || tried_ > most_tried) continue;
      std::size_t past = at;
      if (!noun_ && at >= (label ? from : job)) past = noun(at, to, label, label ? words_between(from, std::min(at, from + 80)) : 0);
      if (past == at) past = tell(at, from, to, number);
      while (next_word(at) < past) at = next_word(at);
    }
  }

  // The longest of the patterns of this kind that stand here.
  const Found* longest(std::size_t at, std::size_t to, bool nouns) {
    best_ = {};
    tried_ += prompt_index().at(text_, at, [&](const Found& found) {
      if ((found.kind == Word::noun) != nouns || found.end > to + 1) return;
      if (found.end > best_.end || (found.end == best_.end && found.weight > best_.weight)) best_ = found;
    });
    return best_.end > at ? &best_ : nullptr;
  }

  // The first noun behind the lead is the job; later ones are colleagues. Returns where to go on.
  std::size_t noun(std::size_t at, std::size_t to, bool label, int words_before) {
    if (!label && stops(at)) return noun_ = true, at;
    const Found* found = longest(at, to, true);
    if (!found || (found->notion != Notion::none && belongs_to_another(found->end))) return at;
    if (label && (preceded_by_article(at) || (words_before > 4 && !copula(found->end)))) return at;
    if (denied(at, at > 60 ? at - 60 : 0)) return at;
    noun_ = true;
    named_ = !label;
    score_.add(found->notion, Word::noun, found->weight * whole - (label ? whole : 0), text_.substr(at, found->end - at));
    return found->end;
  }

  // How far in it stands; a user's request may stand at the end.
  std::size_t heard(std::size_t at) const { return system_ ? at : std::min(at, text_.size() - at); }

  std::size_t tell(std::size_t at, std::size_t from, std::size_t to, int number) {
    if (heard(at) > late) return at;
    const Found* found = longest(at, to, false);
    if (!found) return at;
    if (denied(at, from) || denied_behind(found->end, to)) return found->end;
    int weight = found->weight * whole;
    if (found->kind == Word::task) {
      if (heard(at) > early || (system_ && number > 4)) weight /= 2;
      else if (number == 0) weight += weight / 2;
    }
    const auto stood = text_.substr(at, found->end - at);
    if (std::find(said_.begin(), said_.end(), stood) != said_.end()) return found->end;  // said twice is said once
    said_.push_back(stood);
    score_.add(found->notion, found->kind, weight, stood, found->weight >= telling);
    return found->end;
  }

  // Where the job begins that this sentence gives its reader; npos: it gives none.
  std::size_t lead(std::size_t from, std::size_t to, int number) {
    if (!system_ && number > 1) return text_.npos;
    if (named_ || number > 8 || from > early) return text_.npos;
    for (std::size_t at = from; at < std::min(to, from + 160); at = next_word(at)) {
      const auto end = prompt_index().lead(text_, at);
      if (end != text_.npos && at != from && text_[end - 1] == ':') continue;  // "role :" begins its line
      if (end == text_.npos || end > to || text_.substr(end, 5) == " not ") continue;
      const auto word = text_.substr(at, 3);
      if (word == "as " && (number > 1 || !system_)) continue;  // "as the architect I want you to"
      return std::min(end + 1, to);
    }
    return text_.npos;
  }

  // "Coder: writes code", one of several such lines: a colleague.
  bool roster(std::size_t from, std::size_t to, int number) {
    const auto colon = text_.substr(0, std::min(to, from + 60)).find(" : ", from);
    if (colon == text_.npos || words_between(from, colon) > 2) return false;
    if (prompt_index().lead(text_, from) != text_.npos) return false;
    const auto name = text_.substr(from, colon - from);
    bool named = name.ends_with("agent") || name.ends_with("assistant");
    for (std::size_t at = from; at < colon; at = next_word(at))
      if (const Found* found = longest(at, colon, true); found && found->notion != Notion::none) named = true;
    return named && number > 0;
  }

  bool stops(std::size_t at) const {
    for (const std::string_view word : {"that ", "who ", "which ", "to the ", "with the ", "with a ", "from the ",
        "from a ", "for the ", "by the ", "helping ", "working with ", "alongside ", "whose ", "where ",
        "responsible for ", "tasked with ", "focused on ", "in a ", "in an ", "in the ", "in our ", "inside ",
        "within ", "of a ", "of the ", "for a ", "for an "})
      if (text_.substr(at, word.size()) == word) return true;
    return false;
  }

  bool preceded_by_article(std::size_t at) const {
    for (const std::string_view word : {" the ", " your ", " by ", " from ", " of ", " to ", " by a ", " from a ", " s "})
      if (at >= word.size() - 1 && text_.substr(at + 1 - word.size(), word.size()) == word) return true;
    return false;
  }

  // Korean particles that make the noun before them somebody else; "architect 's".
  bool belongs_to_another(std::size_t end) const {
    const auto rest = text_.substr(std::min(end, text_.size()));
    if (copula(end)) return false;
    for (const std::string_view particle : {"가", "이", "에게", "한테", "의", "와", "과", "를", "을", "께", "들",
        "에 ", " s ", "나 ", "랑 "})
      if (rest.starts_with(particle)) return true;
    return false;
  }

  // "... 담당입니다", "테스터로서": the noun before it is the job.
  bool copula(std::size_t end) const {
    const auto rest = text_.substr(std::min(end, text_.size()));
    for (const std::string_view word : {"이다", "이며", "이고", "이야", "이자", "입니다", "이에요", "예요", "이십",
        "이라", "으로서", "로서", "으로 행동", "로 행동", "이되", "다 ", "야 ", "다.", "처럼"})
      if (rest.starts_with(word)) return true;
    return false;
  }

  // A "not" before it in the same clause; "but" and "only" end what it denies.
  bool denied(std::size_t at, std::size_t from) const {
    const auto before = text_.substr(from, at - from);
    std::size_t end = before.size();
    for (int words = 0; words < 8 && end > 0; ++words) {
      while (end > 0 && before[end - 1] == ' ') --end;
      auto begin = before.rfind(' ', end == 0 ? 0 : end - 1);
      begin = begin == before.npos ? 0 : begin + 1;
      const auto word = before.substr(begin, end - begin);
      if (word == "but" || word == "only" || word == ":" || word == "just" || word == "then" || word == ".") return false;
      if (word.size() > 1 && leads_denial(word)) return true;
      if (words < 3 && word == "before") return true;
      if (begin == 0) break;
      end = begin - 1;
    }
    return false;
  }

  static bool leads_denial(std::string_view word) {
    return denials().find(" " + std::string(word) + " ") != std::string_view::npos;
  }

  // "... 작성하지 마세요": Korean denies at the end of the clause.
  bool denied_behind(std::size_t end, std::size_t to) const {
    if (end < 3 || static_cast<unsigned char>(text_[end - 3]) < 0xEA) return false;
    std::size_t at = end > 3 ? end - 3 : end;
    const auto limit = std::min(to, end + 30);
    for (; at < limit && text_[at] != ','; ++at) {
      const auto c = static_cast<unsigned char>(text_[at]);
      if ((c & 0xC0) != 0x80 && prompt_index().denies(text_, at)) return true;
    }
    return false;
  }

  std::size_t next_word(std::size_t at) const {
    const auto space = text_.find(' ', at);
    return space == text_.npos ? text_.size() : space + 1;
  }
  int words_between(std::size_t from, std::size_t to) const {
    return static_cast<int>(std::count(text_.begin() + static_cast<std::ptrdiff_t>(from), text_.begin() + static_cast<std::ptrdiff_t>(to), ' '));
  }

  std::string_view text_;
  bool system_;
  bool noun_ = false, named_ = false;  // this sentence, the text has said its job
  Found best_{};
  std::size_t tried_ = 0;
  std::vector<std::string_view> said_;
  Score score_;
};

}  // namespace

void Score::add(Notion notion, Word kind, int more, std::string_view stood, bool tells) {
  const auto n = static_cast<std::size_t>(notion);
  if (kind == Word::task) {
    more = std::min(more, most_tasks - tasks_[n]);
    tasks_[n] += more;
  } else if (kind == Word::noun) {  // a heading and a sentence may both say the job: it is one job
    job = true;
    const int before = nouns_[n];
    nouns_[n] = std::max(before, more);
    points[n] += nouns_[n] - before - more;
  }
  points[n] += more;
  told_[n] = told_[n] || tells;
  if (more <= best_[n]) return;
  best_[n] = more;
  words[n] = stood;
}

bool Score::says_none() const { return told_[notions] && points[notions] >= enough; }

Notion Score::decided() const {
  std::array<std::size_t, notions + 1> order{0, 1, 2, 3, 4};
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return points[a] > points[b]; });
  const auto [first, second] = std::pair{order[0], order[1]};
  const int lead = points[first] - points[second];
  const auto router = static_cast<std::size_t>(Notion::router);
  if (first == router && nouns_[router] == 0)  // a coder that may hand over is a coder
    for (std::size_t n = 0; n < notions; ++n)
      if (nouns_[n] >= settled) return static_cast<Notion>(n);
  if (static_cast<Notion>(first) == Notion::router && (points[first] < enough_for_router || lead < margin_for_router))
    return points[second] >= settled ? static_cast<Notion>(second) : Notion::none;
  return told_[first] && points[first] >= enough && lead >= margin ? static_cast<Notion>(first) : Notion::none;
}

Score read_prompt(std::string_view plain_text, bool system) { return Weighing(plain_text, system).read(); }

}  // namespace rr::api
