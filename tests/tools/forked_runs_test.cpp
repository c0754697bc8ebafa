#include "tools/forked_runs.hpp"

#include <unistd.h>

#include <csignal>
#include <stdexcept>

#include "tests/catch.hpp"

namespace tokenworks::tools {
namespace {

using Status = ForkedAnswer::Status;

TEST_CASE("forked runs: answers come in the order of the input, whoever was first", "[tools]") {
  const auto work = [](std::size_t i) {
    usleep(static_cast<useconds_t>(20000 * (5 - i)));     // the later, the quicker
    return std::to_string(i) + std::string(100000, 'x');  // longer than a pipe holds
  };
  const auto answers = run_forked(6, work, {.jobs = 3});
  REQUIRE(answers.size() == 6);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    CHECK(answers[i].status == Status::answered);
    CHECK(answers[i].text.size() == 100001);
    CHECK(answers[i].text[0] == static_cast<char>('0' + i));
  }
}

TEST_CASE("forked runs: a child that dies is told and harms no other", "[tools]") {
  const auto work = [](std::size_t i) -> std::string {
    if (i == 1) std::raise(SIGKILL);
    if (i == 2) _exit(7);
    if (i == 3) {
      for (;;) pause();
    }
    return "fine";
  };
  const auto answers = run_forked(5, work, {.jobs = 2, .time_limit_s = 1});
  CHECK(answers[0].status == Status::answered);
  CHECK(answers[1].status == Status::died);
  CHECK(answers[1].text.find("signal 9") != std::string::npos);
  CHECK(answers[2].text == "exit code 7");
  CHECK(answers[3].text == "more than 1 s");
  CHECK(answers[4].text == "fine");
}

TEST_CASE("forked runs: when told to stop, what runs is ended and nothing else is begun", "[tools]") {
  std::size_t done = 0;
  ForkedRuns how;
  how.jobs = 1;
  how.progress = [&](std::size_t count) { done = count; };
  how.stop = [&] { return done >= 2; };
  const auto answers = run_forked(
      10, [](std::size_t) { return std::string("done"); }, how);
  CHECK(answers[1].status == Status::answered);
  CHECK(answers[2].status == Status::not_run);
  CHECK(answers[9].status == Status::not_run);
}

TEST_CASE("forked runs: what is abandoned ends at once and was not run", "[tools]") {
  int asked = 0;
  ForkedRuns how;
  how.jobs = 2;
  how.time_limit_s = 60;
  how.abandons = true;
  how.stop = [&] { return ++asked > 3; };
  const auto answers = run_forked(
      5,
      [](std::size_t) -> std::string {
        for (;;) pause();
      },
      how);
  for (const ForkedAnswer& answer : answers) CHECK(answer.status == Status::not_run);
}

}  // namespace
}  // namespace tokenworks::tools
