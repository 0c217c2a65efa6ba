// Every call that differs between Linux and macOS, on one screen of os.cpp: the macOS branch beside the Linux one.
#pragma once

#include "wire/net.hpp"

#include <string>

namespace rr::wire::os {

void watch_peer(Socket&);                        // keepalive 5 s / 2 s / 3, TCP_USER_TIMEOUT or TCP_RXT_CONNDROPTIME
std::string hint(error_code);                    // what a person can do about a connect that failed so, as ": ..."; "" = nothing known
void hold_standard_files();                      // a closed stdin, stdout or stderr becomes /dev/null: no socket gets its number
void raise_file_limit();                         // RLIMIT_NOFILE to its hard limit
std::string holder_of_port(std::uint16_t port);  // "pid 4711 (nginx)", or "" when it cannot be told
std::size_t open_files();                        // descriptors of this process (tests)

}  // namespace rr::wire::os
