#include "sim/report/progress_bar.hpp"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <string>

#include "sim/report/summary.hpp"
#include "tests/catch.hpp"
#include "tests/report/temporary_folder.hpp"

using namespace tokenworks;
using namespace tokenworks::report;

namespace {

/// The two ends of a pseudo-terminal: what is written to `terminal` can be read from `screen`.
struct Terminal {
  int screen = ::posix_openpt(O_RDWR | O_NOCTTY);
  std::FILE* terminal = nullptr;
  Terminal() {
    if (screen < 0 || ::grantpt(screen) != 0 || ::unlockpt(screen) != 0) return;
    const char* name = ::ptsname(screen);
    if (name != nullptr) terminal = std::fopen(name, "r+");
    ::fcntl(screen, F_SETFL, O_NONBLOCK);
  }
  ~Terminal() {
    if (terminal != nullptr) std::fclose(terminal);
    if (screen >= 0) ::close(screen);
  }
  std::string shown() const {
    std::string text;
    char piece[4096];
    for (ssize_t size; (size = ::read(screen, piece, sizeof piece)) > 0;)
      text.append(piece, static_cast<std::size_t>(size));
    return text;
  }
};

}  // namespace

TEST_CASE("progress: the line tells share, speed and time left", "[sim][report]") {
  // A quarter of 3,600 s in 2 s of wall time: 450 simulated seconds a second, 6 s left.
  CHECK(progress_line(900, 3600, 2) == "[######                  ]  25 %  450 simulated s/s  0:06 left");
  // Never 100 % before the end: 3,599 of 3,600 s is 99 %.
  CHECK(progress_line(3599, 3600, 10).find(" 99 %") != std::string::npos);
  CHECK(progress_line(3700, 3600, 10) == "all requests have arrived, finishing them  370 simulated s/s");
  CHECK(progress_line(900, 0, 2) == "900 s simulated  450 simulated s/s");
  // 1 s of 7,200 s in 2 s: 14,398 s left = 3 h 59 min 58 s
  CHECK(progress_line(1, 7200, 2).ends_with("3:59:58 left"));
  CHECK(progress_line(0, 3600, 0).find("left") == std::string::npos);
  CHECK(progress_line(1e9, 2e9, 1e-3).size() < 80);
}

TEST_CASE("progress: nothing is shown where there is no terminal", "[sim][report]") {
  const TemporaryFolder home;
  std::FILE* out = std::fopen((home.path() / "log").c_str(), "w");
  REQUIRE(out != nullptr);
  {
    ProgressBar bar(10, out);
    CHECK_FALSE(bar.active());
    for (int i = 0; i < 10; ++i) bar.update(i);
  }
  std::fclose(out);
  CHECK(content_of(home.path() / "log").empty());
}

TEST_CASE("progress: a terminal sees few redraws and a wiped line at the end", "[sim][report]") {
  const Terminal pty;
  if (pty.terminal == nullptr) {
    WARN("no pseudo-terminal here: not checked");
    return;
  }
  const auto start = std::chrono::steady_clock::now();
  const auto elapsed_s = [&start] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  std::string shown;
  {
    ProgressBar bar(10, pty.terminal);
    CHECK(bar.active());
    while (elapsed_s() < 0.65) bar.update(elapsed_s());
    shown = pty.shown();
  }
  const double ran_s = elapsed_s();
  std::size_t draws = 0;
  for (std::size_t at = shown.find('\r'); at != std::string::npos; at = shown.find('\r', at + 1)) ++draws;
  CHECK(draws >= 1);
  CHECK(static_cast<double>(draws) <= ran_s * 10 + 1);
  CHECK(shown.find(" simulated s/s") != std::string::npos);
  CHECK(pty.shown() == "\r\033[K");
  if (::getenv("NO_COLOR") == nullptr && ::getenv("TERM") != nullptr && std::string(::getenv("TERM")) != "dumb") {
    CHECK(colour_wanted(pty.terminal));
  }
  ::setenv("NO_COLOR", "1", 1);
  CHECK_FALSE(colour_wanted(pty.terminal));
}
