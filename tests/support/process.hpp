// The program itself, as a process of its own: its arguments, where its outputs go, signals, and how it ended. Nothing of this
// process's descriptors is inherited.
#pragma once

#include "support/raw_client.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

extern char** environ;

namespace rr::test {

// A folder that is gone at the end.
struct Folder {
  Folder() {
    static int number = 0;
    path = std::filesystem::temp_directory_path() / ("role-router-fault-" + std::to_string(::getpid()) + "-" + std::to_string(++number));
    std::filesystem::create_directories(path);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  Folder(const Folder&) = delete;
  std::string file(const std::string& name) const { return (path / name).string(); }
  std::string save(const std::string& name, const std::string& text) const {  // as editors save
    std::ofstream(file(name + ".new"), std::ios::binary) << text;
    std::filesystem::rename(file(name + ".new"), file(name));
    return file(name);
  }
  std::filesystem::path path;
};

inline std::string content(const std::string& path) {
  std::stringstream all;
  all << std::ifstream(path, std::ios::binary).rdbuf();
  return all.str();
}

class Program {
 public:
  // `err`: "" = a file of ours, "-" = closed, else a path (as /dev/full).
  explicit Program(std::vector<std::string> arguments, const std::string& err = "") {
    std::vector<char*> argv{const_cast<char*>(RR_BINARY)};
    for (std::string& a : arguments) argv.push_back(a.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    const std::string out = folder_.file("out"), own = folder_.file("err");
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, 1, out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (err == "-") posix_spawn_file_actions_addclose(&files, 2);
    else posix_spawn_file_actions_addopen(&files, 2, err.empty() ? own.c_str() : err.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    posix_spawnattr_t how;
    posix_spawnattr_init(&how);
#if defined(__APPLE__)
    posix_spawnattr_setflags(&how, POSIX_SPAWN_CLOEXEC_DEFAULT);
#else
    posix_spawn_file_actions_addclosefrom_np(&files, 3);
#endif
    ::setenv("XDG_STATE_HOME", folder_.file("state").c_str(), 1);  // what it remembers is gone with the folder
    const int failed = ::posix_spawn(&pid_, RR_BINARY, &files, &how, argv.data(), environ);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&how);
    if (failed) throw std::runtime_error("cannot start " RR_BINARY);
  }
  ~Program() {
    if (pid_ > 0 && !status_) {
      ::kill(pid_, SIGKILL);
      wait();
    }
  }
  Program(const Program&) = delete;

  void signal(int number) { ::kill(pid_, number); }
  pid_t pid() const { return pid_; }
  std::string out() const { return content(folder_.file("out")); }
  std::string err() const { return content(folder_.file("err")); }

  // The port it greets with; 0: it ended instead.
  std::uint16_t port() {
    static const std::string mark = "http://localhost:";
    std::string text;
    const bool greeted = until([&] {
      text = out();
      return text.find(mark) != std::string::npos && text.find('\n') != std::string::npos;
    });
    return greeted ? static_cast<std::uint16_t>(std::atoi(text.c_str() + text.find(mark) + mark.size())) : std::uint16_t{0};
  }
  bool alive() {
    int status = 0;
    if (!status_ && ::waitpid(pid_, &status, WNOHANG) == pid_) status_ = status;
    return !status_;
  }
  // Its exit code; above 1000 = ended by that signal; -1 = it does not end.
  int wait() {
    until([&] { return !alive(); }, false);
    if (!status_) return -1;
    return WIFEXITED(*status_) ? WEXITSTATUS(*status_) : 1000 + WTERMSIG(*status_);
  }
  // Waits for a fact; false when the program ended first, or a bound against hanging is hit.
  template <class F>
  bool until(F condition, bool while_alive = true) {
    for (int i = 0; i < 6000; ++i) {
      if (condition()) return true;
      if (while_alive && !alive()) return condition();
      ::usleep(5000);
    }
    return false;
  }

 private:
  Folder folder_;
  pid_t pid_ = -1;
  std::optional<int> status_{};
};

inline bool refuses(std::uint16_t port) {
  try {
    const RawClient client(port);
    return false;
  } catch (const std::runtime_error&) {
    return true;
  }
}

}  // namespace rr::test
