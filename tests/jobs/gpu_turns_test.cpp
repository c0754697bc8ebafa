#include "sim/jobs/llm/gpu_turns.hpp"

#include <fmt/format.h>

#include <string>

#include "tests/catch.hpp"
#include "tests/engine/fork_case.hpp"

using namespace tokenworks;
using jobs::GpuTurns;
using tokenworks::testing::in_child;

namespace {

constexpr Picoseconds kSecond = kPicosecondsPerSecond;

/// Makes steps of one length, so many as it is told to, and notes when each starts.
class Stepper : public jobs::TurnTaker, private engine::TimerClient {
 public:
  Stepper(engine::Simulation& simulation, GpuTurns& turns, char name, std::uint64_t number, Picoseconds step,
          std::string& log, bool is_owner, Bytes weights = {}, Bytes held = {})
      : simulation_(simulation),
        turns_(turns),
        name_(name),
        step_(step),
        held_(held),
        log_(log),
        timer_(simulation.add_timer(*this, 0, engine::rank(engine::RankClass::step, number))),
        start_(simulation.add_timer(*this, 1, engine::rank(engine::RankClass::arrival, number))),
        place_(turns.join(*this, weights, is_owner)) {}

  void wants(int steps, Picoseconds at) {
    left_ = steps;
    simulation_.set_timer(start_, at);
  }
  GpuTurns::Book book() const { return turns_.book(place_); }
  std::int32_t place() const { return place_; }
  bool has_boards = false;

 private:
  void on_timer(std::uint32_t tag) override {
    if (tag == 1) return simulation_.set_timer(timer_, simulation_.now());
    if (in_step_) --left_;
    in_step_ = false;
    if (left_ == 0) return turns_.stop(place_);
    if (!turns_.ask(place_)) return;
    in_step_ = true;
    log_ += fmt::format("{}{} ", name_, to_seconds(simulation_.now()));
    simulation_.set_timer(timer_, simulation_.now() + step_);
  }
  void on_turn() override { simulation_.set_timer(timer_, simulation_.now()); }
  void end_run_after(Picoseconds) override {}
  void on_boards(bool has) override { has_boards = has; }
  void on_swapped_out() override { log_ += fmt::format("({} leaves) ", name_); }
  Bytes held_per_gpu() const override { return held_; }

  engine::Simulation& simulation_;
  GpuTurns& turns_;
  char name_;
  Picoseconds step_;
  Bytes held_;
  std::string& log_;
  engine::TimerId timer_, start_;
  std::int32_t place_;
  int left_ = 0;
  bool in_step_ = false;
};

}  // namespace

TEST_CASE("GPU turns: by steps, the longest waiting first, whoever asks at the end of a step one step later",
          "[jobs]") {
  // Steps of 4, 2 and 1 s. B comes at 1 s and C at 2 s, within A's first step, which ends at 4 s; then A waits since
  // 4 s, B since 6 s, C since 7 s. At 7 s A goes on, at 11 s B; C is done after its second step at 14 s. Alone again, A
  // makes its steps one after another; B, which asks at the very end of one, lets another pass.
  const std::string log = in_child([] {
    engine::Simulation simulation({});
    GpuTurns turns(simulation, {});
    std::string text;
    Stepper a(simulation, turns, 'A', 0, 4 * kSecond, text, true),
        b(simulation, turns, 'B', 1, 2 * kSecond, text, false), c(simulation, turns, 'C', 2, 1 * kSecond, text, false);
    a.wants(5, 0);
    b.wants(2, 1 * kSecond);
    c.wants(2, 2 * kSecond);
    struct Late : engine::TimerClient {
      Late(engine::Simulation& s, Stepper& stepper) : who(stepper) {
        s.set_timer(s.add_timer(*this, 0, engine::rank(engine::RankClass::incident, 0)), 15 * kSecond);
      }
      void on_timer(std::uint32_t) override { who.wants(1, 18 * kSecond); }
      Stepper& who;
    } late(simulation, b);
    simulation.run();
    text += fmt::format("| {} {} {}", to_seconds(a.book().waiting), to_seconds(b.book().waiting),
                        to_seconds(c.book().waiting));
    text += fmt::format("| {} {} {}", a.book().switches, b.book().switches, c.book().switches);
    text += fmt::format("| {}{}{}", a.has_boards, b.has_boards, c.has_boards);
    return text;
  });
  CHECK(log == "A0 B4 C6 A7 B11 C13 A14 A18 B22 A24 | 8 12 10| 3 3 2| truefalsefalse");
}

TEST_CASE("GPU turns: a change takes the moving of weights, keys and values, and nobody is sent away too soon",
          "[jobs]") {
  // Over 10 GB/s: A's 20 GB of weights and 5 GB for requests, B's 40 GB and 10 GB. From A to B 0.5 + (5 + 40 + 10)/10 =
  // 6 s, back 0.5 + (10 + 20 + 5)/10 = 4 s. A is there at first. B asks at 1 s and comes at the end of A's step at 2 s.
  // It is there at 8 s and stays for 5 s, to the end of its third step at 14 s.
  const std::string log = in_child([] {
    engine::Simulation simulation({});
    GpuTurns turns(
        simulation,
        {.swapped = true, .least_turn = 5 * kSecond, .overhead = kSecond / 2, .host_link = BytesPerSecond(10e9)});
    std::string text;
    Stepper a(simulation, turns, 'A', 0, 2 * kSecond, text, true, Bytes(20e9), Bytes(5e9)),
        b(simulation, turns, 'B', 1, 2 * kSecond, text, false, Bytes(40e9), Bytes(10e9));
    a.wants(3, 0);
    b.wants(4, 1 * kSecond);
    simulation.run();
    text += fmt::format("| {} {} {} {}", a.book().switches, to_seconds(a.book().switching), b.book().switches,
                        to_seconds(b.book().switching));
    return text;
  });
  CHECK(log == "A0 (A leaves) B8 B10 B12 (B leaves) A18 A20 (A leaves) B28 | 1 4 2 12");
}

TEST_CASE("GPU turns: who goes down gives the turn and the boards to others; the first to come up has them", "[jobs]") {
  const std::string log = in_child([] {
    engine::Simulation simulation({});
    GpuTurns turns(simulation, {});
    std::string text;
    Stepper a(simulation, turns, 'A', 0, kSecond, text, true), b(simulation, turns, 'B', 1, kSecond, text, false);
    const auto boards = [&] { text += fmt::format("{}{} ", a.has_boards ? 'A' : '-', b.has_boards ? 'B' : '-'); };
    boards();
    turns.go_down(a.place());
    boards();
    turns.go_down(b.place());
    boards();
    turns.come_up(b.place());
    turns.come_up(a.place());
    boards();
    return text;
  });
  CHECK(log == "A- -B -- -B ");
}
