// Words of the YAML to values: durations, sizes, and the nearest word that was perhaps meant.
#pragma once

#include "domain/values.hpp"

namespace rr::settings {

// Go's words as Ollama reads them: "2h", "1h30m", "1.5h", "300ms"; a plain number is seconds; any negative one is -1ns (for ever).
std::optional<Duration> parse_duration(std::string_view);

// "56GiB", "19 GB", "1.4GB", "512MiB", a plain number of bytes. GB = 10^9, GiB = 2^30. Letter case does not matter.
std::optional<Bytes> parse_size(std::string_view);

std::optional<std::int64_t> parse_whole(std::string_view);  // an optional sign and digits

// The known word that `word` most likely means: few edits apart, letter case and - against _ count little. "" = none is near.
std::string nearest(std::string_view word, const std::vector<std::string>& known);

// ` (did you mean "coder"?)`, or ` (roles: router, coder)` when none is near; "" when nothing is known at all.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& known, std::string_view kind);

std::string size_text(Bytes);  // "56GiB", "19GB", "17.7GiB": the shortest that parse_size reads back, or nearly

std::string in_quotes(std::string_view word);  // in quotes, shortened to 60 characters
std::string joined(const std::vector<std::string>& words, std::string_view between = ", ");

}  // namespace rr::settings
