// SimGrid keeps its clock and callbacks for the life of a process, so each case that runs the engine does so in a child.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <exception>
#include <functional>
#include <stdexcept>
#include <string>

namespace tokenworks::testing {

/// Runs `work` in a forked child and returns the text that it returned. Throws when the child threw (with its message)
/// or died.
inline std::string in_child(const std::function<std::string()>& work) {
  std::array<int, 2> pipe_ends{};
  if (pipe(pipe_ends.data()) != 0) throw std::runtime_error("no pipe");
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    close(pipe_ends[0]);
    std::string text;
    try {
      text = "+" + work();
    } catch (const std::exception& error) {
      text = std::string("-") + error.what();
    }
    for (std::size_t sent = 0; sent < text.size();) {
      const ssize_t count = write(pipe_ends[1], text.data() + sent, text.size() - sent);
      if (count <= 0) _exit(3);
      sent += static_cast<std::size_t>(count);
    }
    close(pipe_ends[1]);
    _exit(0);
  }
  close(pipe_ends[1]);
  std::string text;
  std::array<char, 65536> buffer{};
  for (;;) {
    const ssize_t count = read(pipe_ends[0], buffer.data(), buffer.size());
    if (count <= 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
  close(pipe_ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || text.empty()) throw std::runtime_error("the child died");
  if (text.front() == '-') throw std::runtime_error(text.substr(1));
  return text.substr(1);
}

}  // namespace tokenworks::testing
