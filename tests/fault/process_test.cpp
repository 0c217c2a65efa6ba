// The program as a process: signals, its port, its log, its configuration. Its nodes play in this process.
#include "support/process.hpp"
#include "support/scene.hpp"

#include <sys/resource.h>

namespace process_test {

using namespace rr;
using namespace rr::test;

namespace {

// Two scripted nodes, and the program in front of them.
struct Served : Loop {
  explicit Served(const std::string& more = "", const std::string& err = "", int parallel = 64)
      : here(io, "qwen3-coder:30b"), there(io, "qwen2.5-coder:14b"), node_here(io, {{here.model, 19 * gb}}, here.play()),
        node_there(io, {{there.model, 9 * gb}}, there.play()) {
    start();
    text = two_nodes(node_here.port(), node_there.port(), more, parallel);
    file = folder.save("router.yaml", text);
    launch("127.0.0.1:0", err);
  }
  ~Served() {
    program.reset();
    stop();
    node_here.stop();
    node_there.stop();
    io.restart();
    io.poll();
  }
  void launch(const std::string& listen, const std::string& err = "") {
    program.emplace(std::vector<std::string>{"serve", "--config", file, "--listen", listen}, err);
    port = program->port();
    REQUIRE(port != 0);
    REQUIRE(program->until([&] { return serves(); }));
  }
  bool serves() {
    for (const char* role : {"coder", "tester"})
      if (ask(chat_text(role, false)).status != 200) return false;
    return true;
  }
  Answer ask(const std::string& request) {
    RawClient client(port);
    client.send(request);
    return client.answer();
  }
  api::Json health() { return api::Json::parse(ask(request_text("GET", "/health")).body); }
  void save(const std::string& yaml) { folder.save("router.yaml", yaml); }
  std::string with(const std::string& from, const std::string& to) const {
    std::string out = text;
    return out.replace(out.find(from), from.size(), to);
  }
  // What holds of the process after a fault: it lives, it serves, the nodes are let go, and its log keeps the secret.
  void invariants() {
    on_loop([&] { here.release(), there.release(); });
    CHECK(program->alive());
    CHECK(serves());
    CHECK(until([&] { return here.active == 0 && there.active == 0; }));
    CHECK(program->err().find(canary) == std::string::npos);
    CHECK(program->out().find(canary) == std::string::npos);
  }

  Folder folder;
  Playing here, there;
  ScriptedNode node_here, node_there;
  std::string text{}, file{};
  std::optional<Program> program{};
  std::uint16_t port = 0;
};

struct Streams {
  Streams(Served& served, int many) {
    served.on_loop([&] { served.here.how = Playing::How::hold_mid; });
    for (int i = 0; i < many; ++i) {
      clients.push_back(std::make_unique<RawClient>(served.port));
      clients.back()->send(chat_text("coder", true));
    }
    for (auto& client : clients) {
      begun.push_back(client->head());
      CHECK(begun.back().status == 200);
      CHECK(client->chunk(begun.back()));
    }
  }
  std::vector<std::unique_ptr<RawClient>> clients{};
  std::vector<Answer> begun{};
};

std::uint16_t free_port() {
  wire::asio::io_context io;
  return wire::Listener::open(io.get_executor(), {{"127.0.0.1", 0}})->port();
}

}  // namespace

TEST_CASE("row 60: SIGTERM lets fifty streams finish, takes nobody new, and ends with 0") {
  Served served;
  Streams streams(served, 50);
  served.program->signal(SIGTERM);
  CHECK(served.program->until([&] { return refuses(served.port); }));
  CHECK(served.program->alive());
  served.on_loop([&] { served.here.release(); });
  for (std::size_t i = 0; i < streams.clients.size(); ++i) {
    streams.clients[i]->body(streams.begun[i]);
    CHECK(streams.begun[i].clean);
    CHECK(streams.begun[i].body.find("\"done\":true") != std::string::npos);
  }
  CHECK(served.program->wait() == 0);
  CHECK(served.until([&] { return served.here.active == 0; }));
  CHECK(served.program->err().find(canary) == std::string::npos);
}

TEST_CASE("row 60: at drain_timeout what still streams is cut with an in-band error, and the exit code says so") {
  Served served("drain_timeout: 1ms\n");
  Streams streams(served, 50);
  served.program->signal(SIGTERM);  // nobody releases the node
  for (std::size_t i = 0; i < streams.clients.size(); ++i) {
    streams.clients[i]->body(streams.begun[i]);
    CHECK_FALSE(streams.begun[i].clean);
    CHECK(streams.begun[i].body.find("\"error\":\"role-router is stopping") != std::string::npos);
  }
  CHECK(served.program->wait() == 1);
  CHECK(served.until([&] { return served.here.active == 0; }));
  CHECK(served.on_loop([&] { return served.here.left; }) == 50);
}

TEST_CASE("row 60: a second SIGTERM means now") {
  Served served;
  Streams streams(served, 3);
  served.program->signal(SIGTERM);
  CHECK(served.program->until([&] { return refuses(served.port); }));
  served.program->signal(SIGTERM);
  CHECK(served.program->wait() >= 0);
  for (std::size_t i = 0; i < streams.clients.size(); ++i) {
    streams.clients[i]->body(streams.begun[i]);
    CHECK_FALSE(streams.begun[i].clean);
  }
  CHECK(served.until([&] { return served.here.active == 0; }));
}

TEST_CASE("row 61: SIGHUP adopts a good file; one that is broken, half written, gone or unreadable changes nothing; streams go on") {
  Served served;
  Streams stream(served, 1);
  const auto generation = [&] { return served.health()["config"]["generation"].get<int>(); };
  const auto hup = [&] { served.program->signal(SIGHUP); };
  served.save(served.with("keep_alive: 2h", "keep_alive: 3h"));
  hup();
  CHECK(served.program->until([&] { return generation() == 2; }));
  const auto refused = [&](const std::string& why) {
    CAPTURE(why);
    hup();
    CHECK(served.program->until([&] {
      const api::Json told = served.health()["config"]["refused"];
      return told.is_string() && told.get<std::string>().find(why) != std::string::npos;
    }));
    CHECK(generation() == 2);
    CHECK(served.ask(chat_text("tester", true)).clean);
  };
  served.save(served.with("node: here,", "node: her,"));
  refused("her");
  served.save(served.text.substr(0, served.text.find("gpu_memory")));
  refused("router.yaml:");
  std::filesystem::remove(served.file);
  refused("No such file");
  std::filesystem::create_symlink(served.file, served.file);  // also for root
  refused("cannot be read");
  std::filesystem::remove(served.file);
  std::filesystem::create_directory(served.file);
  refused("directory");
  std::filesystem::remove(served.file);
  served.save(served.with("keep_alive: 2h", "keep_alive: 4h"));
  hup();
  CHECK(served.program->until([&] { return generation() == 3; }));
  CHECK(served.health()["config"]["refused"].is_null());
  served.on_loop([&] { served.here.release(); });
  stream.clients[0]->body(stream.begun[0]);
  CHECK(stream.begun[0].clean);
  served.invariants();
}

TEST_CASE("row 61: a hundred SIGHUPs drop no request, and the last file counts") {
  Served served;
  for (int i = 1; i <= 100; ++i) {
    if (i % 10 == 0) served.save(served.with("keep_alive: 2h", "keep_alive: " + std::to_string(100 + i) + "m"));
    served.program->signal(SIGHUP);
    if (i % 20 == 0) CHECK(served.ask(chat_text("coder", true)).clean);
  }
  CHECK(served.program->until([&] {
    CHECK(served.ask(chat_text("coder", false)).status == 200);
    return served.on_loop([&] { return served.node_here.state().bodies.back(); }).find("\"3h20m\"") != std::string::npos;
  }));
  served.invariants();
}

TEST_CASE("row 64: after kill -9 it listens again at the same port, nothing stale is left, and the nodes are let go") {
  const std::uint16_t port = free_port();
  Served served;
  served.launch("127.0.0.1:" + std::to_string(port));
  Streams streams(served, 3);
  served.program->signal(SIGKILL);
  CHECK(served.program->wait() == 1000 + SIGKILL);
  CHECK(served.until([&] { return served.here.active == 0; }));  // by the end of their connections alone
  for (std::size_t i = 0; i < 3; ++i) {
    streams.clients[i]->body(streams.begun[i]);
    CHECK_FALSE(streams.begun[i].clean);
  }
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(served.folder.path)) files.push_back(entry.path().filename().string());
  CHECK(files == std::vector<std::string>{"router.yaml"});
  served.on_loop([&] { served.here.how = Playing::How::at_once; });
  served.launch("127.0.0.1:" + std::to_string(port));
  CHECK(served.port == port);
  served.invariants();
}

TEST_CASE("row 65: a port in use is named, the exit code is 1, and nothing listens by half") {
  Served served;
  const std::string taken = std::to_string(served.port);
  Program second({"serve", "--config", served.file, "--listen", "127.0.0.1:" + taken});
  CHECK(second.wait() == 1);
  CHECK(second.err().find("127.0.0.1:" + taken) != std::string::npos);
  CHECK(second.err().find("in use") != std::string::npos);
  CHECK(second.err().find("--listen") != std::string::npos);  // the way out
  CHECK(second.out() == "");
  served.invariants();
  wire::asio::io_context io;
  auto six = wire::Listener::open(io.get_executor(), {{"::1", 0}});
  if (!six) {
    MESSAGE("no IPv6 on this host: ::1 cannot be taken");
    return;
  }
  const std::string port = std::to_string(six->port());
  Program third({"serve", "--config", served.file, "--listen", "localhost:" + port});
  CHECK(third.wait() == 1);
  CHECK(third.err().find(port) != std::string::npos);
  CHECK(third.err().find("in use") != std::string::npos);
  CHECK(refuses(six->port()));  // 127.0.0.1 is free again
}

TEST_CASE("row 66: where the log cannot be written the requests are served, and /health counts what was lost") {
  for (const std::string err : {"/dev/full", "-"}) {
    CAPTURE(err);
    Served served("", err);
    for (int i = 0; i < 20; ++i) {
      CHECK(served.ask(chat_text("coder", i % 2)).clean);
      CHECK(served.ask(request_text("GET", "/nowhere")).status == 404);
    }
    if (err != "-")
      CHECK(served.program->until([&] { return served.ask(request_text("GET", "/health")).body.find("No space left") != std::string::npos; }));
    served.invariants();
    served.program->signal(SIGTERM);
    CHECK(served.program->wait() == 0);
  }
}

TEST_CASE("row 66: a log whose reader went away, and one whose reader never reads, hold up nobody") {
  Folder folder;
  const std::string pipe = folder.file("pipe");
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  for (const bool goes : {true, false}) {
    CAPTURE(goes);
    int reader = ::open(pipe.c_str(), O_RDONLY | O_NONBLOCK);
    REQUIRE(reader >= 0);
    Served served("", pipe);
    if (goes) ::close(std::exchange(reader, -1));
    for (int i = 0; i < 600; ++i)  // more than the pipe holds
      CHECK(served.ask(request_text("GET", "/" + std::string(400, 'n'))).status == 404);
    CHECK(served.ask(chat_text("coder", true)).clean);
    served.invariants();
    served.program->signal(SIGTERM);
    CHECK(served.program->until([&] { return refuses(served.port); }, false));
    if (reader >= 0) ::close(reader);
    CHECK(served.program->wait() == 0);
  }
}

TEST_CASE("row 70: a configuration with a mistake is refused at start with its place, and the exit code is 2") {
  struct Row {
    const char* what;
    std::string from, to, said;
  };
  const std::vector<Row> rows{
      {"an unknown key", "roles:", "rolls: 1\nroles:", "f.yaml:1:1: "},
      {"a wrong type", "parallel: 4", "parallel: many", "f.yaml:8:"},
      {"two roles of one name", "  tester:", "  coder: { node: there, model: a, keep_alive: 1h }\n  tester:", "f.yaml:3:3: "},
      {"a node that is not there", "node: here,", "node: her, ", "f.yaml:2:"},
      {"nothing but an alias of itself", "roles:", "x: &a [*a]\nroles:", "f.yaml:1:"},
      {"no YAML", "roles:", "roles: [", "f.yaml:"},
      {"a tab", "  coder:", "\tcoder:", "f.yaml:2:"},
  };
  Folder folder;
  const std::string good = two_nodes(1, 2);
  const auto start = [&](const std::string& text, const std::string& said, const char* what) {
    CAPTURE(what);
    const std::string file = folder.save("f.yaml", text);
    Program program({"serve", "--config", file, "--listen", "127.0.0.1:0"});
    CHECK(program.wait() == 2);
    const std::string err = program.err();
    CAPTURE(err);
    CHECK(err.find(said) != std::string::npos);
    CHECK(err.find("not started") != std::string::npos);
    CHECK(program.out() == "");
  };
  for (const Row& row : rows) {
    std::string text = good;
    const auto at = text.find(row.from);
    REQUIRE(at != std::string::npos);
    start(text.replace(at, row.from.size(), row.to), row.said, row.what);
  }
  const auto nodes = good.find("nodes:"), models = good.find("models:");
  start(good.substr(0, nodes) + "nodes: {}\n" + good.substr(models), "f.yaml:4:", "no nodes");
  start(good.substr(0, nodes) + good.substr(models), "nodes is missing", "no key nodes");
  start(good + "# " + std::string(10 << 20, 'x') + "\n", "larger than 1 MiB", "10 MB");
  start("", "f.yaml:1:1: ", "an empty file");
}

#if defined(__linux__)
TEST_CASE("row 58: without a descriptor left nobody is let in and nothing spins; running streams end whole, and it recovers by itself") {
  Served served;
  Streams streams(served, 5);
  const std::string folder = "/proc/" + std::to_string(served.program->pid()) + "/fd";
  const auto used = static_cast<rlim_t>(std::distance(std::filesystem::directory_iterator(folder), std::filesystem::directory_iterator{}));
  const rlimit few{used + 4, used + 4};
  REQUIRE(::prlimit(served.program->pid(), RLIMIT_NOFILE, &few, nullptr) == 0);
  std::vector<std::unique_ptr<RawClient>> crowd;
  for (int i = 0; i < 40; ++i) {
    crowd.push_back(std::make_unique<RawClient>(served.port));
    crowd.back()->send(request_text("GET", "/health/live"));
  }
  CHECK(crowd.front()->answer().status == 200);  // the first were let in
  const auto ticks = [&] {  // of the processor, user and system
    std::istringstream in(content("/proc/" + std::to_string(served.program->pid()) + "/stat"));
    std::string word;
    long sum = 0;
    for (int i = 1; i <= 15 && in >> word; ++i)
      if (i >= 14) sum += std::stol(word);
    return sum;
  };
  const long before = ticks();
  ::usleep(1'000'000);
  CHECK(ticks() - before < ::sysconf(_SC_CLK_TCK) / 2);  // a loop of failing accepts takes all of that second, whatever the machine
  CHECK(served.program->alive());
  served.on_loop([&] { served.here.release(); });
  for (std::size_t i = 0; i < streams.clients.size(); ++i) {
    streams.clients[i]->body(streams.begun[i]);
    CHECK(streams.begun[i].clean);
  }
  streams.clients.clear();
  crowd.clear();
  served.invariants();
}

#if !defined(__SANITIZE_ADDRESS__)  // which needs all the addresses there are
TEST_CASE("row 59: without memory for a body that request is refused with 503, the process lives, and others are served") {
  Served served("limits: { body: 256MiB, bodies: 1GiB }\n");
  long pages = 0;
  std::istringstream(content("/proc/" + std::to_string(served.program->pid()) + "/statm")) >> pages;
  const rlim_t now = static_cast<rlim_t>(pages) * static_cast<rlim_t>(::sysconf(_SC_PAGESIZE));
  const std::string large = chat_body("coder", false, std::string(100u << 20, 'x'));
  for (const rlim_t more : {rlim_t{20} << 20, rlim_t{150} << 20, rlim_t{400} << 20}) {  // for the body itself, for reading it, for what follows
    CAPTURE(more);
    const rlimit few{now + more, RLIM_INFINITY};
    REQUIRE(::prlimit(served.program->pid(), RLIMIT_AS, &few, nullptr) == 0);
    const Answer a = served.ask(request_text("POST", "/api/chat", large));
    CHECK((a.status == 503 || a.status == 200));
    if (more < (rlim_t{100} << 20)) CHECK(a.status == 503);
    if (a.status == 503) CHECK(a.field("Retry-After") != "");
    CHECK(served.program->alive());
    CHECK(served.serves());
  }
  const rlimit plenty{RLIM_INFINITY, RLIM_INFINITY};
  REQUIRE(::prlimit(served.program->pid(), RLIMIT_AS, &plenty, nullptr) == 0);
  CHECK(served.ask(request_text("POST", "/api/chat", large)).status == 200);
  served.invariants();
}
#endif
#endif

}  // namespace process_test
