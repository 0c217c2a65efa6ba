// The whole path of requests: a client's bytes go in over a stream in memory, a node answers what the input says, and the real
// house serves until nothing is left to do. What the client gets are whole messages with readable errors; what the node gets is
// JSON with the router's model, context and lease; afterwards every count is back at zero and nobody holds the house.
//
// Input: one byte of choices, the client's bytes, and after each line "~~~" the bytes of one answer of the node (then it hangs up);
// without them the node answers well.
#include "fuzz/fuzz.hpp"
#include "support/plain_json.hpp"

#include "app/house.hpp"
#include "app/serve.hpp"
#include "wire/client.hpp"

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <algorithm>
#include <array>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace rr;
using rr::fuzz::Cuts;
using rr::test::PlainJson;
using rr::fuzz::promise;

namespace {

namespace asio = wire::asio;

constexpr int num_ctx = 8192;
constexpr std::array<std::string_view, 3> models{"qwen3:1.7b", "qwen3-coder:30b", "nomic-embed-text"};
const std::string kept_for = "\"2h\"";

// ---- the node

struct Node {
  explicit Node(asio::io_context& context) : io(context), acceptor(io.get_executor(), {asio::ip::address_v4::loopback(), 0}) { accept(); }

  void accept() {
    acceptor.async_accept([this](wire::error_code ec, wire::Socket socket) {
      if (!ec) asio::co_spawn(io, serve(*this, std::move(socket)), asio::detached);
      accept();
    });
  }

  static bool good_json(const wire::Request& request) {
    const std::string_view body = request.body.view();
    const auto members = PlainJson::object(body);
    if (!members) return false;  // of a body that was none before
    const auto value = [](const std::vector<test::PlainMember>& all, std::string_view name) {
      std::string_view out;
      for (const auto& m : all)
        if (m.name == name) promise(out.empty(), "the node gets a member twice"), out = m.value;
      return out;
    };
    const std::string_view model = value(*members, "model");
    promise(model.size() > 2, "the node gets no model", body);
    const ModelName name(model.substr(1, model.size() - 2));
    promise(std::any_of(models.begin(), models.end(), [&](std::string_view known) { return ModelName(known) == name; }), "the node gets another model", body);
    if (request.head.target == "/api/show") return true;
    const auto keep_alive = value(*members, "keep_alive");
    promise(!keep_alive.empty(), "the node gets no keep_alive", body);
    if (keep_alive == "0") return true;  // an unload
    const auto options = PlainJson::object(value(*members, "options"));
    promise(options && value(*options, "num_ctx") == std::to_string(num_ctx), "the node gets another num_ctx", body);
    promise(keep_alive == kept_for || keep_alive == "-1" || keep_alive == "\"5m\"", "the node gets another keep_alive", body);
    return true;
  }

  static std::string good_answer(const wire::Request& request) {
    const std::string& target = request.head.target;
    const std::string_view body = request.body.view();
    if (target == "/api/show") return R"({"capabilities":["completion","tools"]})";
    if (target.starts_with("/api/embed")) return R"({"model":"nomic-embed-text","embeddings":[[0.5,0.25]],"prompt_eval_count":2})";
    const std::string text = target == "/api/generate" ? R"("response":"hello")" : R"("message":{"role":"assistant","content":"hello"})";
    const std::string line = R"({"model":"qwen3:1.7b","created_at":"2026-01-01T00:00:00Z",)" + text;
    const std::string last = line + R"(,"done":true,"done_reason":"stop","prompt_eval_count":3,"eval_count":4})";
    if (body.find("\"stream\":false") != body.npos) return last;
    return line + ",\"done\":false}\n" + last + "\n";
  }

  static wire::Task<void> serve(Node& node, wire::Socket socket) {
    wire::Budget budget(Bytes{1} << 30);
    wire::Client client(std::move(socket), {}, budget);
    node.open.insert(&client);
    for (;;) {
      auto received = co_await client.read_request([](const RequestHead&, std::uint64_t) { return std::nullopt; });
      if (const auto* refusal = std::get_if<Refusal>(&received)) promise(false, "the node gets a bad request: " + refusal->sentence);
      auto* request = std::get_if<wire::Request>(&received);
      if (!request) break;
      ++node.asked;
      const bool good = good_json(*request);
      if (!node.scripts.empty()) {
        const std::string script = std::exchange(node.scripts.front(), {});
        node.scripts.erase(node.scripts.begin());
        client.raw(script);
        co_await client.drained();
        client.close();
        break;
      }
      const std::string answer = good ? good_answer(*request) : "{\"error\":\"invalid\"}";
      ReplyHead head{.status = good ? 200 : 400, .fields = {{"Content-Type", "application/x-ndjson"}}};
      if (answer.ends_with('\n')) {
        client.begin(std::move(head));
        client.piece(answer.substr(0, answer.find('\n') + 1));
        client.piece(answer.substr(answer.find('\n') + 1));
        client.finish();
      } else {
        client.send(std::move(head), answer);
      }
      co_await client.drained();
      if (!client.reusable()) break;
    }
    node.open.erase(&client);
  }

  asio::io_context& io;
  wire::Acceptor acceptor;
  std::set<wire::Client*> open{};
  std::vector<std::string> scripts{};
  int asked = 0;
};

// ---- the house

Snapshot settings_for(std::uint16_t port) {
  Settings s;
  s.roles = {{.name = "router", .nodes = {"near", "gone"}, .model = ModelName("qwen3:1.7b"), .keep_alive = for_ever},
             {.name = "coder", .nodes = {"near"}, .model = ModelName("qwen3-coder:30b"), .keep_alive = {std::chrono::hours(2)}, .also_called = {"코더"}}};
  s.default_role = "coder";
  s.nodes = {{.name = "near", .addresses = {{"127.0.0.1", port}}}, {.name = "gone", .addresses = {{"127.0.0.1", 1}}}};
  s.model_default.num_ctx = num_ctx;
  s.limits.body = 64 * 1024;
  s.limits.bodies = 256 * 1024;
  return std::make_shared<const Settings>(std::move(s));
}

// What the watch would have learnt; the watch itself stays asleep.
void learn(app::House& house, const Settings& settings) {
  for (const NodeSettings& node : settings.nodes) {
    std::vector<Installed> installed;
    std::vector<Resident> residents;
    for (const std::string_view name : models) {
      const std::string can = name == models.back() ? "embedding" : "completion";
      const std::string digest(64, name[5]);
      installed.push_back({.name = ModelName(name), .size = gb, .digest = digest, .capabilities = {can, "tools"}, .raw = R"({"name":")" + std::string(name) + "\"}"});
      residents.push_back({.name = ModelName(name), .size = gb, .size_vram = gb, .num_ctx = num_ctx, .digest = digest, .raw = "{}"});
    }
    house.desk.tell(Inventory{node.name, "0.33.0", std::move(installed)});
    house.desk.tell(Observed{node.name, std::move(residents), std::chrono::milliseconds(1)});
  }
}

// ---- the client's end of the stream

struct Wire {
  explicit Wire(asio::io_context& io) : router(io.get_executor()) {
    int ends[2];
    promise(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0, "no socket pair");
    fd = ends[0];
    ::fcntl(fd, F_SETFL, O_NONBLOCK);
    router.assign(wire::tcp::v4(), ends[1]);
  }
  ~Wire() { hang_up(); }
  Wire(const Wire&) = delete;
  void hang_up() {
    if (fd >= 0) ::close(std::exchange(fd, -1));
  }
  std::size_t say(std::string_view bytes) {
    const auto n = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    return n > 0 ? static_cast<std::size_t>(n) : 0;
  }
  bool hear() {
    char buffer[16 * 1024];
    const auto n = ::recv(fd, buffer, sizeof buffer, 0);
    if (n > 0) got.append(buffer, static_cast<std::size_t>(n));
    closed = closed || n == 0 || (n < 0 && errno != EAGAIN);
    return n > 0;
  }
  wire::Socket router;
  int fd = -1;
  bool closed = false;
  std::string got{};
};

// ---- what came back

struct Message {
  int status = 0;
  std::string type{}, body{};
  bool whole = true;
};

// The next answer in `bytes`; `alone`: it may go on until the connection ends.
Message take_message(std::string_view& bytes, bool alone) {
  const std::string_view all = bytes;
  const std::size_t end = wire::head_end(bytes);
  promise(end > 0, "half a head", all);
  const auto head = wire::check_reply(bytes.substr(0, end), false, {64 * 1024, 200});
  promise(head.has_value(), "an answer's head is malformed", all);
  bytes.remove_prefix(end);
  Message out{.status = head->head.status, .type = std::string(find(head->head.fields, "Content-Type"))};
  if (head->framing == wire::Framing::length) {
    out.whole = bytes.size() >= head->length;
    out.body = bytes.substr(0, static_cast<std::size_t>(head->length));
    bytes.remove_prefix(out.body.size());
  } else if (head->framing == wire::Framing::chunked) {
    wire::ChunkDecoder decoder;
    for (;;) {
      const auto step = decoder.next(bytes);
      promise(!step.bad, "an answer's chunks are malformed", all);
      out.body += step.payload;
      bytes.remove_prefix(step.consumed);
      if (step.body_ends) break;
      if (step.consumed == 0) {
        out.whole = false;
        break;
      }
    }
  } else if (head->framing == wire::Framing::until_close) {
    promise(alone, "an answer without an end", all);
    out.body = std::exchange(bytes, {});
  }
  return out;
}

void judge(const Wire& wire, std::string_view said, bool scripted) {
  std::string_view got = wire.got;
  if (said.find("HEAD ") != said.npos) return;  // the lengths of its answers announce nothing
  while (!got.empty()) {
    const std::string_view before = got;
    const Message message = take_message(got, said.find("HTTP/1.0") != said.npos);
    promise(message.whole || (scripted && got.empty() && wire.closed), "an answer that is not whole", before);
    if (message.status >= 400 && message.type.starts_with("application/json") && message.whole && !scripted)
      promise(PlainJson::object(message.body).has_value(), "an error that is no JSON", before);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static auto& io = *new asio::io_context(1);
  static auto& node = *new Node(io);
  static const Snapshot settings = settings_for(node.acceptor.local_endpoint().port());
  if (size == 0) return 0;
  const unsigned choice = data[0];
  const bool in_pieces = choice & 1, leaves_early = (choice & 6) == 6;

  constexpr std::string_view mark = "\n~~~\n";
  std::string_view input = rr::fuzz::text_of(data + 1, size - 1);
  const std::string_view said = input.substr(0, input.find(mark));
  input.remove_prefix(said.size());
  while (!input.empty()) {
    input.remove_prefix(mark.size());
    node.scripts.emplace_back(input.substr(0, input.find(mark)));
    input.remove_prefix(node.scripts.back().size());
  }
  const bool scripted = !node.scripts.empty();

  auto house = std::make_shared<app::House>(io, settings);
  learn(*house, *settings);
  Wire wire(io);
  bool over = false;
  asio::co_spawn(io, app::serve(house, std::move(wire.router)), [&](std::exception_ptr error) {
    promise(error == nullptr, "serve() threw", said);
    over = true;
  });

  Cuts cuts(said, in_pieces ? Cuts::Kind::some : Cuts::Kind::whole);
  std::string_view piece;
  for (bool busy = true; busy;) {
    busy = false;
    if (piece.empty() && !wire.closed) cuts.next(piece);
    if (!piece.empty() && !wire.closed) {
      const std::size_t taken = wire.say(piece);
      piece.remove_prefix(taken);
      busy = taken > 0;
    }
    while (io.poll() > 0) busy = true;
    io.restart();
    if (leaves_early && piece.empty()) continue;
    while (wire.hear()) busy = true;
  }
  wire.hang_up();
  const Time late = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  const auto until = [&](auto done, std::string_view what) {
    while (!done()) {
      promise(std::chrono::steady_clock::now() < late, what, said);
      io.run_one_for(std::chrono::milliseconds(20));
      io.restart();
    }
  };
  until([&] { return over; }, "the connection does not end");
  promise(house->answering == 0 && house->clients.empty() && house->asked.empty(), "somebody is still being answered", said);
  promise(house->bodies.used() == 0 && house->stream_buffers.used() == 0, "memory of bodies or streams is still held", said);
  until([&] { return house->upstream.open() == house->upstream.idle(); }, "a connection to the node is neither closed nor kept");
  if (!leaves_early) judge(wire, said, scripted);

  house->stop();
  const std::weak_ptr<app::House> gone = house;
  house.reset();
  for (wire::Client* client : std::set<wire::Client*>(node.open)) client->reset();
  node.scripts.clear();
  until([&] { return gone.expired() && node.open.empty(); }, "the house is still held");
  return 0;
}
