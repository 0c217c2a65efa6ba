#include "wire/head_parse.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>

#include <limits>

namespace rr::wire {

namespace {

namespace http = boost::beast::http;
using boost::beast::string_view;
using boost::system::error_code;

std::string text(string_view s) { return {s.data(), s.size()}; }

// Takes the fields straight into our own list. The bodies' functions are never reached: only a head is put in.
// No `override` marks: on_trailer_field_impl is virtual in newer Boost only.
template <bool request, class Head>
class HeadParser : public http::basic_parser<request> {
 public:
  explicit HeadParser(Head& head) : head_(head) {
    this->header_limit(std::numeric_limits<std::uint32_t>::max());
    this->body_limit(std::numeric_limits<std::uint64_t>::max());
  }

  bool read(std::string_view raw) {
    error_code ec;
    const std::size_t taken = this->put(boost::asio::buffer(raw.data(), raw.size()), ec);
    return !ec && taken == raw.size() && this->is_header_done();
  }

 private:
  void on_request_impl(http::verb, string_view method, string_view target, int version, error_code&) {
    if constexpr (request) {
      head_.method = text(method);
      head_.target = text(target);
      head_.version = version;
    }
  }
  void on_response_impl(int status, string_view reason, int version, error_code&) {
    if constexpr (!request) {
      head_.status = status;
      head_.reason = text(reason);
      head_.version = version;
    }
  }
  void on_field_impl(http::field, string_view name, string_view value, error_code&) {
    head_.fields.push_back({text(name), text(value)});
  }
  void on_trailer_field_impl(http::field, string_view, string_view, error_code&) {}
  void on_header_impl(error_code&) {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) {}
  std::size_t on_body_impl(string_view, error_code&) { return 0; }
  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) {}
  std::size_t on_chunk_body_impl(std::uint64_t, string_view, error_code&) { return 0; }
  void on_finish_impl(error_code&) {}

  Head& head_;
};

}  // namespace

bool parse_head(std::string_view raw, RequestHead& head) {
  head.fields.reserve(16);
  return HeadParser<true, RequestHead>(head).read(raw);
}

bool parse_head(std::string_view raw, ReplyHead& head) {
  head.fields.reserve(8);
  return HeadParser<false, ReplyHead>(head).read(raw);
}

}  // namespace rr::wire
