// Request heads (and what follows them) with the status that our own check gives: 200 = accepted, the connection serves on.
// The bad ones are those that HTTP libraries have let pass, each of which lets two servers read one message in two ways.
#pragma once

#include <string>
#include <vector>

namespace rr::wire::test {

struct Vector {
  const char* what;
  int status;
  std::string bytes;
};

inline std::string with(const std::string& fields, const std::string& body = "") {
  return "POST /api/chat HTTP/1.1\r\nHost: localhost:8000\r\n" + fields + "\r\n" + body;
}
inline std::string at(const std::string& target) { return "GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n"; }
inline std::string hosted(const std::string& host_lines) { return "GET /api/tags HTTP/1.1\r\n" + host_lines + "\r\n"; }
template <std::size_t size>
std::string zero(const char (&text)[size]) { return {text, size - 1}; }  // a literal that holds NUL

inline std::vector<Vector> request_vectors() {
  const std::string chunks = "3\r\nabc\r\n0\r\n\r\n";
  std::string many, long_field = "X-Long: " + std::string(20000, 'a') + "\r\n";
  for (int i = 0; i < 120; ++i) many += "X-" + std::to_string(i) + ": 1\r\n";
  return {
      // ---- accepted
      {"a plain GET", 200, at("/api/tags")},
      {"a body by length", 200, with("Content-Length: 3\r\n", "abc")},
      {"a body in chunks", 200, with("Transfer-Encoding: chunked\r\n", chunks)},
      {"CHUNKED in capitals", 200, with("Transfer-Encoding: CHUNKED\r\n", chunks)},
      {"a zero length", 200, with("Content-Length: 0\r\n")},
      {"one empty line before the request", 200, "\r\n" + at("/api/tags")},
      {"HTTP/1.0 without Host", 200, "GET / HTTP/1.0\r\n\r\n"},
      {"whitespace around a value", 200, with("Content-Length: \t 3 \t\r\n", "abc")},
      {"an empty value", 200, with("X-Nothing:\r\n")},
      {"bytes from 0x80 in a value", 200, with("X-Name: \xed\x95\x9c\r\n")},
      {"a query with percent-encoding", 200, at("/api/tags?name=a%2Fb&x=%ED%95%9C")},
      {"percent-encoding in a path segment", 200, at("/role/%EC%84%A4/api/chat")},
      {"an IPv6 Host", 200, hosted("Host: [::1]:8000\r\n")},
      {"OPTIONS", 200, "OPTIONS /api/chat HTTP/1.1\r\nHost: a\r\nOrigin: http://localhost\r\n\r\n"},
      {"an underscore in an unguarded name", 200, with("session_id: 7\r\n")},
      {"an unknown option in Connection", 200, with("Connection: upgrade, keep-alive\r\nUpgrade: websocket\r\n")},
      {"dots inside a segment", 200, at("/v1/models/a..b")},
      // ---- two framings, two lengths
      {"a length, then chunked", 400, with("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", chunks)},
      {"chunked, then a length", 400, with("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", chunks)},
      {"gzip with a length", 400, with("Transfer-Encoding: gzip\r\nContent-Length: 3\r\n", "abc")},
      {"two different lengths", 400, with("Content-Length: 3\r\nContent-Length: 4\r\n", "abcd")},
      {"two equal lengths", 400, with("Content-Length: 3\r\nContent-Length: 3\r\n", "abc")},
      {"a list of lengths", 400, with("Content-Length: 3, 3\r\n", "abc")},
      {"a list of different lengths", 400, with("Content-Length: 3, 4\r\n", "abcd")},
      {"a length with a plus", 400, with("Content-Length: +3\r\n", "abc")},
      {"a length in hexadecimal", 400, with("Content-Length: 0x3\r\n", "abc")},
      {"a negative length", 400, with("Content-Length: -1\r\n", "abc")},
      {"a length beyond 2^64", 400, with("Content-Length: 18446744073709551616\r\n", "abc")},
      {"an empty length", 400, with("Content-Length:\r\n", "abc")},
      {"leading zeros in a length", 400, with("Content-Length: 003\r\n", "abc")},
      {"a length with a space inside", 400, with("Content-Length: 1 2\r\n", "abc")},
      {"a length beyond the limit", 413, with("Content-Length: 99999999999\r\n", "abc")},
      // ---- encodings that are not ours
      {"gzip alone", 501, with("Transfer-Encoding: gzip\r\n", "abc")},
      {"identity", 501, with("Transfer-Encoding: identity\r\n", "abc")},
      {"xchunked", 501, with("Transfer-Encoding: xchunked\r\n", chunks)},
      {"chunked in quotes", 501, with("Transfer-Encoding: \"chunked\"\r\n", chunks)},
      {"chunked, identity", 501, with("Transfer-Encoding: chunked, identity\r\n", chunks)},
      {"chunked twice in one line", 501, with("Transfer-Encoding: chunked, chunked\r\n", chunks)},
      {"gzip, chunked", 501, with("Transfer-Encoding: gzip, chunked\r\n", chunks)},
      {"chunked with a parameter", 501, with("Transfer-Encoding: chunked;foo=bar\r\n", chunks)},
      {"a comma before chunked", 501, with("Transfer-Encoding: ,chunked\r\n", chunks)},
      {"an empty encoding", 501, with("Transfer-Encoding:\r\n", chunks)},
      {"a vertical tab before chunked", 400, with("Transfer-Encoding: \vchunked\r\n", chunks)},
      {"identity and chunked in two lines", 400, with("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n", chunks)},
      {"chunked in two lines", 400, with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", chunks)},
      {"HTTP/1.0 with chunked", 400, "POST /api/chat HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks},
      // ---- chunks
      {"a chunk size with a space before", 400, with("Transfer-Encoding: chunked\r\n", " 3\r\nabc\r\n0\r\n\r\n")},
      {"a chunk size with a space behind", 400, with("Transfer-Encoding: chunked\r\n", "3 \r\nabc\r\n0\r\n\r\n")},
      {"a chunk size 0x3", 400, with("Transfer-Encoding: chunked\r\n", "0x3\r\nabc\r\n0\r\n\r\n")},
      {"a chunk size +3", 400, with("Transfer-Encoding: chunked\r\n", "+3\r\nabc\r\n0\r\n\r\n")},
      {"a chunk size -3", 400, with("Transfer-Encoding: chunked\r\n", "-3\r\nabc\r\n0\r\n\r\n")},
      {"a chunk size 0_3", 400, with("Transfer-Encoding: chunked\r\n", "0_3\r\nabc\r\n0\r\n\r\n")},
      {"an empty chunk extension", 400, with("Transfer-Encoding: chunked\r\n", "3;\r\nabc\r\n0\r\n\r\n")},
      {"a chunk size beyond 2^64", 400, with("Transfer-Encoding: chunked\r\n", "10000000000000003\r\nabc\r\n0\r\n\r\n")},
      {"a chunk line ended by LF", 400, with("Transfer-Encoding: chunked\r\n", "3\nabc\r\n0\r\n\r\n")},
      {"chunk data without CRLF behind", 400, with("Transfer-Encoding: chunked\r\n", "3\r\nabcd\r\n0\r\n\r\n")},
      {"LF in a quoted chunk extension", 400, with("Transfer-Encoding: chunked\r\n", "3;a=\"\n\"\r\nabc\r\n0\r\n\r\n")},
      {"NUL in a quoted chunk extension", 400, with("Transfer-Encoding: chunked\r\n", zero("3;a=\"\0\"\r\nabc\r\n0\r\n\r\n"))},
      {"a chunk extension of 60 KB", 400, with("Transfer-Encoding: chunked\r\n", "3;a=" + std::string(60000, 'x') + "\r\nabc\r\n0\r\n\r\n")},
      {"100 KB of trailers", 400, with("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n0\r\nX: " + std::string(100000, 'x') + "\r\n\r\n")},
      // ---- lines
      {"a folded line", 400, with("X-A: 1\r\n 2\r\n")},
      {"a folded Transfer-Encoding", 400, with("Transfer-Encoding:\r\n chunked\r\n", chunks)},
      {"a folded Content-Length", 400, with("Content-Length:\r\n\t3\r\n", "abc")},
      {"LF instead of CRLF", 400, "GET / HTTP/1.1\nHost: a\n\n"},
      {"one LF among CRLFs", 400, "GET / HTTP/1.1\r\nHost: a\nX: 1\r\n\r\n"},
      {"a bare CR in a value", 400, with("X-A: 1\r2\r\n")},
      {"CR CR LF", 400, with("X-A: 1\r\r\n")},
      {"NUL in a value", 400, with(zero("X-A: 1\0002\r\n"))},
      {"DEL in a value", 400, with("X-A: 1\x7f\r\n")},
      {"a space before the colon", 400, with("Content-Length : 3\r\n", "abc")},
      {"a tab before the colon", 400, with("Content-Length\t: 3\r\n", "abc")},
      {"no colon", 400, with("Content-Length\r\n")},
      {"an empty name", 400, with(": 3\r\n")},
      {"a name with a bracket", 400, with("X[A]: 3\r\n")},
      {"a name with a byte from 0x80", 400, with("X\xe9: 3\r\n")},
      {"Content_Length", 400, with("Content_Length: 3\r\n", "abc")},
      {"Transfer_Encoding", 400, with("Transfer_Encoding: chunked\r\n", chunks)},
      {"X_Agent_Role", 400, with("X_Agent_Role: coder\r\n")},
      {"two roles", 400, with("X-Agent-Role: coder\r\nX-Agent-Role: tester\r\n")},
      {"two Authorizations", 400, with("Authorization: Bearer a\r\nAuthorization: Bearer b\r\n")},
      {"120 fields", 431, with(many)},
      {"a field of 20 KB", 431, with(long_field)},
      // ---- Host
      {"no Host", 400, hosted("")},
      {"two Hosts", 400, hosted("Host: a\r\nHost: a\r\n")},
      {"an empty Host", 400, hosted("Host:\r\n")},
      {"a Host with user and path", 400, hosted("Host: a/b@c\r\n")},
      {"a Host with a comma", 400, hosted("Host: a, b\r\n")},
      {"a Host with a space", 400, hosted("Host: a b\r\n")},
      {"a Host with a port that is no number", 400, hosted("Host: a:8x\r\n")},
      {"a Host with a port above 65535", 400, hosted("Host: a:70000\r\n")},
      {"a Host that is an open bracket", 400, hosted("Host: [::1\r\n")},
      // ---- the request line
      {"lower-case get", 501, "get / HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"an unknown method", 501, "BREW /pot HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"TRACE", 405, "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"CONNECT", 405, "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n"},
      {"HTTP/1.2", 505, "GET / HTTP/1.2\r\nHost: a\r\n\r\n"},
      {"HTTP/2.0", 505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
      {"HTTP/0.9", 400, "GET /\r\n"},
      {"http/1.1 in lower case", 400, "GET / http/1.1\r\nHost: a\r\n\r\n"},
      {"a tab in the request line", 400, "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"two spaces in the request line", 400, "GET  / HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"a space at the end of the request line", 400, "GET / HTTP/1.1 \r\nHost: a\r\n\r\n"},
      {"a space before the request", 400, " GET / HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"two empty lines before the request", 400, "\r\n\r\n" + at("/")},
      {"a TLS greeting", 400, zero("\x16\x03\x01\x02\x00\x01")},
      // ---- the target
      {"absolute-form", 400, at("http://evil/api/tags")},
      {"no slash", 400, at("api/tags")},
      {"an asterisk", 400, "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"a fragment", 400, at("/api/tags#x")},
      {"a byte from 0x80", 400, at("/api/\xe9")},
      {"a quote", 400, at("/api/\"")},
      {"angle brackets", 400, at("/api/<a>")},
      {"a bar", 400, at("/api/a|b")},
      {"a caret", 400, at("/api/a^b")},
      {"a backtick", 400, at("/api/`a`")},
      {"a backslash", 400, at("/api\\tags")},
      {"a semicolon", 400, at("/api/tags;a=1")},
      {"a step up", 400, at("/v1/../api/delete")},
      {"an encoded step up", 400, at("/v1/%2e%2E/api/delete")},
      {"a half encoded step up", 400, at("/v1/.%2e/api/delete")},
      {"a step on the spot", 400, at("/v1/./models")},
      {"a step up at the end", 400, at("/v1/..")},
      {"two slashes", 400, at("//api/tags")},
      {"two slashes inside", 400, at("/api//tags")},
      {"an encoded NUL", 400, at("/api/%00")},
      {"a broken percent sign", 400, at("/api/%4")},
      {"a percent sign without hexadecimal digits", 400, at("/api/tags?a=%zz")},
      // ---- Expect
      {"an unknown expectation", 417, with("Expect: 200-ok\r\nContent-Length: 3\r\n", "abc")},
      {"two expectations", 417, with("Expect: 100-continue\r\nExpect: 100-continue\r\nContent-Length: 3\r\n", "abc")},
  };
}

}  // namespace rr::wire::test
