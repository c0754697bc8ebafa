#include "tools/forked_runs.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <stdexcept>

#include <fmt/format.h>

namespace tokenworks::tools {
namespace {

struct Child {
  std::size_t index;
  pid_t process;
  int pipe;
  std::string text;
};

void write_all(int pipe, const std::string& text) {
  for (std::size_t sent = 0; sent < text.size();) {
    const ssize_t count = write(pipe, text.data() + sent, text.size() - sent);
    if (count <= 0) _exit(3);
    sent += static_cast<std::size_t>(count);
  }
}

/// Nothing when the system gives no process or pipe for the moment.
bool start(std::vector<Child>& running, std::size_t index, const std::function<std::string(std::size_t)>& work,
           int time_limit_s) {
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) return false;
  std::fflush(nullptr);
  const pid_t process = fork();
  if (process < 0) {
    close(ends[0]);
    close(ends[1]);
    return false;
  }
  if (process == 0) {
    close(ends[0]);
    for (const Child& sibling : running) close(sibling.pipe);
    // The parent decides; what has begun is ended. Blocked, not ignored: SimGrid sets a handler of its own.
    sigset_t interrupt;
    sigemptyset(&interrupt);
    sigaddset(&interrupt, SIGINT);
    sigprocmask(SIG_BLOCK, &interrupt, nullptr);
    alarm(static_cast<unsigned>(time_limit_s));
    try {
      write_all(ends[1], work(index));
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s\n", error.what());
      _exit(4);
    }
    _exit(0);
  }
  close(ends[1]);
  running.push_back({index, process, ends[0], {}});
  return true;
}

ForkedAnswer end(Child& child, int time_limit_s) {
  close(child.pipe);
  int status = 0;
  while (waitpid(child.process, &status, 0) < 0 && errno == EINTR) {
  }
  using Status = ForkedAnswer::Status;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {Status::answered, std::move(child.text)};
  if (WIFEXITED(status)) return {Status::died, fmt::format("exit code {}", WEXITSTATUS(status))};
  if (WTERMSIG(status) == SIGALRM) return {Status::died, fmt::format("more than {} s", time_limit_s)};
  return {Status::died, fmt::format("signal {} ({})", WTERMSIG(status), strsignal(WTERMSIG(status)))};
}

/// Ends children that this process has started.
void kill_all(std::vector<Child>& running) {
  for (Child& child : running) kill(child.process, SIGKILL);
  for (Child& child : running) end(child, 0);
  running.clear();
}

}  // namespace

std::vector<ForkedAnswer> run_forked(std::size_t count, const std::function<std::string(std::size_t)>& work,
                                     const ForkedRuns& how) {
  std::vector<ForkedAnswer> answers(count);
  std::vector<Child> running;
  std::size_t next = 0, done = 0;
  while (next < count || !running.empty()) {
    const bool stopping = how.stop && how.stop();
    if (stopping && how.abandons) kill_all(running);
    while (!stopping && next < count && running.size() < static_cast<std::size_t>(std::max(1, how.jobs))) {
      if (!start(running, next, work, how.time_limit_s)) {
        if (running.empty()) throw std::runtime_error(fmt::format("no process can be started: {}", strerror(errno)));
        break;
      }
      ++next;
    }
    if (running.empty()) break;
    std::vector<pollfd> waits;
    for (const Child& child : running) waits.push_back({child.pipe, POLLIN, 0});
    // A signal may come between the question whether to stop and this wait.
    const int patience_ms = how.stop ? 100 : -1;
    if (poll(waits.data(), waits.size(), patience_ms) <= 0) continue;
    for (std::size_t i = waits.size(); i-- > 0;) {
      if (waits[i].revents == 0) continue;
      std::array<char, 65536> buffer{};
      const ssize_t got = read(running[i].pipe, buffer.data(), buffer.size());
      if (got < 0 && errno == EINTR) continue;
      if (got > 0) {
        running[i].text.append(buffer.data(), static_cast<std::size_t>(got));
        continue;
      }
      answers[running[i].index] = end(running[i], how.time_limit_s);
      running.erase(running.begin() + static_cast<std::ptrdiff_t>(i));
      if (how.progress) how.progress(++done);
    }
  }
  return answers;
}

}  // namespace tokenworks::tools
