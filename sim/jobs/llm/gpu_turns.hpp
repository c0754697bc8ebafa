// Question   who computes when replicas of several services share the same GPUs, and what does a change cost
// Equation   one model's step at a time. Whoever has a step to make while another's runs waits, and gets the GPUs at
//            the end of that step, the longest waiting first; one that waits since the very date at which a step ends
//            waits one step more. Swapped: one model at a time lies in GPU memory; it stays for `least_turn` while it
//            has steps to make, and a change takes overhead + (keys and values of the leaving + weights and keys and
//            values of the coming model) / host link, a GPU
// Source     kernels of different processes never run at once on a GPU without MPS (R. Crovella, NVIDIA developer
//            forum, "Multi Process context switching", 2021). Swapped: vLLM sleep mode level 1 keeps weights in host
//            memory (docs.vllm.ai, features/sleep_mode, 2025); Aegaeon changes models between tokens and takes their
//            keys and values along (Xiang et al., SOSP 2025, doi 10.1145/3731569.3764815)
// Valid for  engines that are asked for one step at a time, as Aegaeon's. Processes that know nothing of each other are
//            sliced within steps: as many tokens a second, but a short step beside a long one is held up by its own
//            length, not by the other's; and the time that the host takes in a step is not filled by the other. Weights
//            stay in host memory, which is large enough, so that leaving costs nothing for them; nothing else uses the
//            host link meanwhile
// Checked by tests/jobs/gpu_turns_test.cpp, tests/laws/shared_gpus_test.cpp
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "models/core/units.hpp"
#include "sim/engine/simulation.hpp"

namespace tokenworks::jobs {

/// A replica that shares its GPUs.
class TurnTaker {
 public:
  /// It may form a step at this date.
  virtual void on_turn() = 0;
  /// Another waits: if it is in a run of steps, that ends with the first step that ends later than `after`.
  virtual void end_run_after(Picoseconds after) = 0;
  /// What the boards draw is counted for it from now on, or no more.
  virtual void on_boards(bool has) = 0;
  /// It leaves GPU memory: what it has there for no request is gone.
  virtual void on_swapped_out() = 0;
  /// That it holds for requests, on each GPU.
  virtual Bytes held_per_gpu() const = 0;

 protected:
  ~TurnTaker() = default;
};

/// The turns of the replicas on one set of GPUs.
class GpuTurns final : private engine::TimerClient {
 public:
  struct Setup {
    bool swapped = false;
    // If so:
    Picoseconds least_turn = 0;
    Picoseconds overhead = 0;
    BytesPerSecond host_link{0};  ///< of one GPU
    std::uint64_t number = 0;     ///< unique among the turns of a factory; ranks its events
  };
  struct Book {
    std::int64_t switches = 0;  ///< the GPUs went over to it from another
    Picoseconds switching = 0;  ///< that this took
    Picoseconds waiting = 0;    ///< for the turn
  };

  GpuTurns(engine::Simulation& simulation, const Setup& setup);

  /// A replica that is up; returns its place. The owner's model lies in GPU memory at first.
  std::int32_t join(TurnTaker& taker, Bytes weights_per_gpu, bool is_owner);

  /// It has a step to make. True: it may form it now. Otherwise it waits for on_turn(), or leave().
  bool ask(std::int32_t place);
  /// It has no step to make: the turn is given on if it is its own.
  void stop(std::int32_t place);
  /// It waits no more. False: it must take the turn, for its model is on the way into GPU memory.
  bool leave(std::int32_t place);
  void go_down(std::int32_t place);
  void come_up(std::int32_t place);

  bool others_wait() const;
  /// A run of the one that has the turn, while others wait, ends with the first step that ends later.
  Picoseconds run_ends_after() const;

  /// Settles the book of a replica at the end of the run.
  void finish(std::int32_t place, Picoseconds end);
  const Book& book(std::int32_t place) const { return members_[static_cast<std::size_t>(place)].book; }

 private:
  static constexpr std::int32_t kNobody = -1;
  struct Member {
    TurnTaker* taker;
    Bytes weights_per_gpu;
    bool is_up = true;
    std::optional<Picoseconds> waits_since{};
    Book book{};
  };

  void on_timer(std::uint32_t tag) override;
  Member& at(std::int32_t place) { return members_[static_cast<std::size_t>(place)]; }
  std::int32_t first_waiting() const;
  bool give(std::int32_t place);
  void pass_on();
  void give_boards(std::int32_t place);
  void stop_waiting(Member& member, Picoseconds now);
  void settle_switch(Picoseconds now);
  Picoseconds switch_time(std::int32_t from, std::int32_t to);

  engine::Simulation& simulation_;
  Setup setup_;
  engine::TimerId timer_;
  std::vector<Member> members_;
  std::int32_t turn_ = kNobody;    // makes steps, is about to, or is being brought into GPU memory
  std::int32_t boards_ = kNobody;  // had the last turn
  std::int32_t loaded_ = kNobody;  // swapped: lies in GPU memory, or is on the way
  bool is_new_ = false;            // the turn has been given, and no step formed yet
  bool came_over_ = false;         // from another
  std::optional<Picoseconds> switching_since_;
  Picoseconds stays_until_ = 0;
};

}  // namespace tokenworks::jobs
