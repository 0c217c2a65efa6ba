// What differs between Linux and macOS. The two branches stand beside each other and do the same.
#include "wire/os.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#if defined(__APPLE__)
#include <libproc.h>
#include <sys/proc_info.h>
#include <sys/syslimits.h>
#endif

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <vector>

namespace rr::wire::os {

namespace {

void option(Socket& socket, int level, int name, int value) {
  ::setsockopt(socket.native_handle(), level, name, &value, sizeof value);  // best effort: the connection works without
}

template <class Take>
void each_entry(const char* folder, Take take) {
  DIR* dir = ::opendir(folder);
  if (!dir) return;
  while (const dirent* entry = ::readdir(dir)) {
    if (entry->d_name[0] == '.') continue;
    if (!take(entry->d_name, ::dirfd(dir))) break;
  }
  ::closedir(dir);
}

}  // namespace

// A silent but living peer is fine for minutes; a dead one is noticed within about 11 s.
void watch_peer(Socket& socket) {
  option(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
#if defined(__APPLE__)
  option(socket, IPPROTO_TCP, TCP_KEEPALIVE, 5);            // seconds of silence before the first probe
  option(socket, IPPROTO_TCP, TCP_KEEPINTVL, 2);
  option(socket, IPPROTO_TCP, TCP_KEEPCNT, 3);
  option(socket, IPPROTO_TCP, TCP_RXT_CONNDROPTIME, 11);    // seconds, for sent bytes nobody acknowledges
#else
  option(socket, IPPROTO_TCP, TCP_KEEPIDLE, 5);
  option(socket, IPPROTO_TCP, TCP_KEEPINTVL, 2);
  option(socket, IPPROTO_TCP, TCP_KEEPCNT, 3);
  option(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, 11'000);    // milliseconds
#endif
}

// EHOSTUNREACH (65) at once, while ping works: the program lacks macOS's permission for the local network (macOS 15 and later).
std::string hint([[maybe_unused]] error_code failed) {
#if defined(__APPLE__)
  if (failed == asio::error::host_unreachable)
    return "; if ping reaches it, macOS keeps the local network from this program: System Settings, Privacy & Security, Local Network, "
           "or run it as a LaunchDaemon";
#endif
  return {};
}

void hold_standard_files() {
  for (int fd = 0; fd <= 2; ++fd)
    if (::fcntl(fd, F_GETFD) < 0 && errno == EBADF) (void)::open("/dev/null", O_RDWR);  // the lowest free number: this one
}

void raise_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
#if defined(__APPLE__)
  if (limit.rlim_cur > OPEN_MAX) limit.rlim_cur = OPEN_MAX;  // setrlimit refuses more
#endif
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

std::size_t open_files() {
  std::size_t count = 0;
  each_entry("/dev/fd", [&](const char*, int) { return ++count > 0; });
  return count > 0 ? count - 1 : 0;  // without the one that reads the folder
}

#if defined(__APPLE__)

std::string holder_of_port(std::uint16_t port) {
  std::vector<pid_t> pids(8192);
  const int pid_bytes = ::proc_listpids(PROC_ALL_PIDS, 0, pids.data(), static_cast<int>(pids.size() * sizeof(pid_t)));
  pids.resize(pid_bytes > 0 ? static_cast<std::size_t>(pid_bytes) / sizeof(pid_t) : 0);
  for (const pid_t pid : pids) {
    const int size = ::proc_pidinfo(pid, PROC_PIDLISTFDS, 0, nullptr, 0);
    if (pid <= 0 || size <= 0) continue;
    std::vector<proc_fdinfo> files(static_cast<std::size_t>(size) / sizeof(proc_fdinfo));
    const int got = ::proc_pidinfo(pid, PROC_PIDLISTFDS, 0, files.data(), size);
    files.resize(got > 0 ? static_cast<std::size_t>(got) / sizeof(proc_fdinfo) : 0);
    for (const proc_fdinfo& file : files) {
      socket_fdinfo info{};
      if (file.proc_fdtype != PROX_FDTYPE_SOCKET ||
          ::proc_pidfdinfo(pid, file.proc_fd, PROC_PIDFDSOCKETINFO, &info, sizeof info) < static_cast<int>(sizeof info))
        continue;
      if (info.psi.soi_kind != SOCKINFO_TCP || info.psi.soi_proto.pri_tcp.tcpsi_state != TSI_S_LISTEN) continue;
      if (ntohs(static_cast<std::uint16_t>(info.psi.soi_proto.pri_tcp.tcpsi_ini.insi_lport)) != port) continue;
      char name[2 * MAXCOMLEN + 1] = {};
      ::proc_name(pid, name, sizeof name);
      return "pid " + std::to_string(pid) + " (" + name + ")";
    }
  }
  return {};
}

#else

namespace {

// Inode of the socket that listens at the port, as /proc/net/tcp tells: "sl local:port remote st ... inode".
std::string listening_inode(const char* table, std::uint16_t port) {
  std::ifstream file(table);
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    char local[80] = {}, state[8] = {}, inode[24] = {};
    if (std::sscanf(line.c_str(), "%*s %79s %*s %7s %*s %*s %*s %*s %*s %23s", local, state, inode) != 3) continue;
    const char* colon = std::strrchr(local, ':');
    if (colon && std::strcmp(state, "0A") == 0 && std::strtoul(colon + 1, nullptr, 16) == port) return inode;
  }
  return {};
}

bool holds(const std::string& pid, const std::string& link) {
  bool found = false;
  each_entry(("/proc/" + pid + "/fd").c_str(), [&](const char* name, int folder) {
    char target[64] = {};
    const ssize_t size = ::readlinkat(folder, name, target, sizeof target - 1);
    found = size > 0 && link == target;
    return !found;
  });
  return found;
}

}  // namespace

std::string holder_of_port(std::uint16_t port) {
  std::string inode = listening_inode("/proc/net/tcp", port);
  if (inode.empty()) inode = listening_inode("/proc/net/tcp6", port);
  if (inode.empty()) return {};
  const std::string link = "socket:[" + inode + "]";
  std::string holder;
  each_entry("/proc", [&](const char* name, int) {
    if (name[0] < '0' || name[0] > '9' || !holds(name, link)) return true;
    std::ifstream file("/proc/" + std::string(name) + "/comm");
    std::string command;
    std::getline(file, command);
    holder = "pid " + std::string(name) + " (" + command + ")";
    return false;
  });
  return holder;
}

#endif

}  // namespace rr::wire::os
