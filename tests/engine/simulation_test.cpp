#include "sim/engine/simulation.hpp"

#include <fmt/format.h>

#include <functional>
#include <random>
#include <utility>

#include "tests/catch.hpp"
#include "tests/engine/fork_case.hpp"

using namespace tokenworks;
using engine::RankClass;
using engine::Simulation;
using tokenworks::testing::in_child;

namespace {

/// Notes dates, and moves on by itself.
struct Clock : engine::TimerClient {
  Clock(Simulation& s, std::uint64_t number, Picoseconds period, int count)
      : simulation(s), timer(s.add_timer(*this, 0, engine::rank(RankClass::step, number))), step(period), left(count) {
    simulation.set_timer(timer, step);
  }
  void on_timer(std::uint32_t) override {
    log += fmt::format("{} ", simulation.now());
    if (--left > 0) simulation.set_timer(timer, simulation.now() + step);
  }
  Simulation& simulation;
  engine::TimerId timer;
  Picoseconds step;
  int left;
  std::string log;
};

struct Mover : engine::TimerClient, engine::TransferClient {
  Mover(Simulation& s, std::vector<std::pair<Picoseconds, double>> plan) : simulation(s), transfers(std::move(plan)) {
    storage = s.add_link(BytesPerSecond(10e9));
    for (std::size_t i = 0; i < transfers.size(); ++i) {
      nodes.push_back(s.add_link(BytesPerSecond(8e9)));
      const auto timer = s.add_timer(*this, static_cast<std::uint32_t>(i), engine::rank(RankClass::incident, i));
      s.set_timer(timer, transfers[i].first);
    }
  }
  void on_timer(std::uint32_t i) override {
    const engine::LinkId links[] = {storage, nodes[i]};
    simulation.start_transfer(*this, i, {.links = links, .bytes = Bytes(transfers[i].second)}, i);
  }
  void on_transfer_done(std::uint32_t i) override { log += fmt::format("{}:{} ", i, simulation.now()); }
  Simulation& simulation;
  std::vector<std::pair<Picoseconds, double>> transfers;
  std::vector<engine::LinkId> nodes;
  engine::LinkId storage = 0;
  std::string log;
};

}  // namespace

TEST_CASE("simulation: timers fire at their dates, to the picosecond, in both clock modes", "[engine]") {
  const auto run = [](bool always_sync) {
    return in_child([always_sync] {
      Simulation simulation({.always_sync = always_sync});
      Clock a(simulation, 0, 333'333'333'333, 5);
      Clock b(simulation, 1, 1'000'000'000'001, 3);
      simulation.run();
      return a.log + "/ " + b.log + fmt::format("/ {}", simulation.events());
    });
  };
  const std::string lazy = run(false);
  CHECK(lazy ==
        "333333333333 666666666666 999999999999 1333333333332 1666666666665 / "
        "1000000000001 2000000000002 3000000000003 / 8");
  CHECK(run(true) == lazy);
}

TEST_CASE("simulation: transfers share a link by max-min fairness", "[engine]") {
  // Two reads of 10 GB from storage at 10 GB/s: the second starts at 0.5 s. Alone the first runs at its node's 8 GB/s
  // and moves 4 GB; then both get 5 GB/s. The first ends its last 6 GB after 1.2 s more, at 1.7 s; the second has moved
  // 6 GB by then and ends its last 4 GB at 8 GB/s after 0.5 s, at 2.2 s.
  for (const bool simgrid_flows : {false, true}) {
    CAPTURE(simgrid_flows);
    const std::string log = in_child([&] {
      Simulation simulation({.simgrid_flows = simgrid_flows});
      Mover mover(simulation, {{0, 10e9}, {500'000'000'000, 10e9}});
      simulation.run();
      return mover.log;
    });
    CHECK(log == "0:1700000000000 1:2200000000000 ");
  }
}

TEST_CASE("simulation: latency delays the news of a transfer, not the links", "[engine]") {
  struct Two : engine::TimerClient, engine::TransferClient {
    explicit Two(Simulation& s) : simulation(s), link(s.add_link(BytesPerSecond(1e9))) {
      s.set_timer(s.add_timer(*this, 0, engine::rank(RankClass::incident, 0)), 0);
    }
    void on_timer(std::uint32_t) override { start(0); }
    void on_transfer_done(std::uint32_t tag) override {
      log += fmt::format("{}:{} ", tag, simulation.now());
      if (tag == 0) start(1);
    }
    void start(std::uint32_t tag) {
      const engine::LinkId links[] = {link};
      simulation.start_transfer(*this, tag, {.links = links, .bytes = Bytes(1e9), .latency = 250}, tag);
    }
    Simulation& simulation;
    engine::LinkId link;
    std::string log;
  };
  const std::string log = in_child([] {
    Simulation simulation({});
    Two two(simulation);
    simulation.run();
    return two.log;
  });
  CHECK(log == "0:1000000000250 1:2000000000500 ");
}

TEST_CASE("simulation: a link that stands still holds its transfers; one taken back says what was left", "[engine]") {
  // 8 GB at 8 GB/s, the link is down from 0.25 to 0.75 s: ends at 1.5 s. The second is taken back at 0.75 s, when it
  // has moved 2 GB in its quarter of a second.
  struct Stops : engine::TimerClient, engine::TransferClient {
    explicit Stops(Simulation& s) : simulation(s) {
      for (const double capacity : {8e9, 8e9}) links.push_back(s.add_link(BytesPerSecond(capacity)));
      for (const std::uint32_t step : {0u, 1u, 2u})
        s.set_timer(s.add_timer(*this, step, engine::rank(RankClass::incident, step)),
                    step == 0 ? 0 : step * 500'000'000'000 - 250'000'000'000);
    }
    void on_timer(std::uint32_t step) override {
      if (step == 0) {
        for (std::uint32_t i = 0; i < 2; ++i)
          ids.push_back(simulation.start_transfer(*this, i, {.links = {&links[i], 1}, .bytes = Bytes(8e9)}, i));
        return;
      }
      for (const engine::LinkId link : links) simulation.set_link_capacity(link, BytesPerSecond(step == 1 ? 0.0 : 8e9));
      if (step == 2) log += fmt::format("left {} ", simulation.cancel_transfer(ids[1]).value);
    }
    void on_transfer_done(std::uint32_t tag) override { log += fmt::format("{}:{} ", tag, simulation.now()); }
    Simulation& simulation;
    std::vector<engine::LinkId> links;
    std::vector<engine::TransferId> ids;
    std::string log;
  };
  const std::string log = in_child([] {
    Simulation simulation({});
    Stops stops(simulation);
    simulation.run();
    return stops.log;
  });
  CHECK(log == "left 6000000000 0:1500000000000 ");
}

TEST_CASE("simulation: lazy and always synchronised clocks report the same dates of transfers", "[engine][law]") {
  std::mt19937 random(20261124);
  for (int round = 0; round < 25; ++round) {
    std::vector<std::pair<Picoseconds, double>> plan;
    const int transfers = 1 + static_cast<int>(random() % 8);
    for (int i = 0; i < transfers; ++i) {
      plan.emplace_back(static_cast<Picoseconds>(random() % 3000) * 1'000'000'777,
                        1e6 * static_cast<double>(random() % 20000));
    }
    const Picoseconds period = 1'000'000'000 + static_cast<Picoseconds>(random());
    const auto run = [&](bool always_sync) {
      return in_child([&] {
        Simulation simulation({.always_sync = always_sync});
        Clock clock(simulation, 0, period, 3000);
        Mover mover(simulation, plan);
        simulation.run();
        return mover.log + clock.log;
      });
    };
    REQUIRE(run(false) == run(true));
  }
}

TEST_CASE("simulation: a clock that stands still is reported with what waits", "[engine]") {
  const auto run = [] {
    return in_child([] {
      Simulation simulation({.watch_interval = 100, .still_limit = 1000});
      Clock forever(simulation, 0, 0, 1 << 30);
      simulation.set_work_left([] { return std::string("the test waits for nothing"); });
      simulation.run();
      return std::string();
    });
  };
  try {
    run();
    FAIL("not noticed");
  } catch (const std::runtime_error& error) {
    const std::string message = error.what();
    CHECK(message.find("the clock stands still at 0 s") != std::string::npos);
    CHECK(message.find("the test waits for nothing") != std::string::npos);
  }
}

TEST_CASE("simulation: work left when nothing moves is reported", "[engine]") {
  try {
    in_child([] {
      Simulation simulation({});
      Clock once(simulation, 0, 5, 1);
      simulation.set_work_left([] { return std::string("replica 3 waits for blocks"); });
      simulation.run();
      return std::string();
    });
    FAIL("not noticed");
  } catch (const std::runtime_error& error) {
    CHECK(std::string(error.what()).find("replica 3 waits for blocks") != std::string::npos);
  }
}

TEST_CASE("simulation: the watch stops a run", "[engine]") {
  const std::string log = in_child([] {
    Simulation simulation({.watch_interval = 10});
    Clock clock(simulation, 0, 1, 1000);
    simulation.set_watch([&] { return simulation.events() < 50; });
    simulation.run();
    return fmt::format("{} {}", simulation.events(), simulation.interrupted());
  });
  CHECK(log == "50 true");
}

namespace {

/// Fires at every multiple of its period, for ever, and does something once.
struct Interval : engine::TimerClient {
  Interval(Simulation& s, std::uint64_t number, Picoseconds length)
      : simulation(s), timer(s.add_timer(*this, 0, engine::rank(RankClass::network, number))), period(length) {
    simulation.set_idle(timer);
    simulation.set_timer(timer, period);
  }
  void on_timer(std::uint32_t) override {
    if (simulation.now() >= acts_at && act) std::exchange(act, {})();
    if (!once) simulation.set_timer(timer, simulation.now() + period);
  }
  Simulation& simulation;
  engine::TimerId timer;
  Picoseconds period, acts_at = 0;
  std::function<void()> act;
  bool once = false;
};

constexpr Picoseconds kHour = 3600 * kPicosecondsPerSecond;

/// Fires once, and that is all the work.
struct Work : engine::TimerClient {
  explicit Work(Simulation& s) : simulation(s), timer(s.add_timer(*this, 0, engine::rank(RankClass::step, 0))) {
    s.set_work_left([this] { return std::string(done ? "" : "request 7 waits for a replica"); });
  }
  void on_timer(std::uint32_t) override {
    done = true;
    simulation.stop();
  }
  Simulation& simulation;
  engine::TimerId timer;
  bool done = false;
};

std::string message_of(const std::function<std::string()>& body) {
  try {
    return in_child(body);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
}

}  // namespace

TEST_CASE("simulation: intervals that keep each other going do not hide that nothing moves", "[engine]") {
  const std::string message = message_of([] {
    Simulation simulation({});
    Clock last(simulation, 1, 5 * kPicosecondsPerSecond, 1);
    Interval weather(simulation, 0, kHour), controller(simulation, 1, 15 * kPicosecondsPerSecond);
    Work work(simulation);
    simulation.run();
    return std::string("went on");
  });
  CHECK(message.find("nothing has moved since 5 s") != std::string::npos);
  CHECK(message.find("request 7 waits for a replica") != std::string::npos);
}

TEST_CASE("simulation: a transfer that stands still for ever is found beside an interval", "[engine]") {
  struct Nobody : engine::TransferClient {
    void on_transfer_done(std::uint32_t) override {}
  };
  const std::string message = message_of([] {
    Simulation simulation({});
    Interval weather(simulation, 0, kHour);
    Work work(simulation);
    Nobody nobody;
    const engine::LinkId link = simulation.add_link(BytesPerSecond(1e9));
    simulation.start_transfer(nobody, 0, {.links = {&link, 1}, .bytes = Bytes(8e9)}, 0);
    simulation.set_link_capacity(link, BytesPerSecond(0));
    simulation.run();
    return std::string("went on");
  });
  CHECK(message.find("nothing has moved since 0 s") != std::string::npos);
}

TEST_CASE("simulation: long waits for something that comes are no reason to stop", "[engine]") {
  struct Arrives : engine::TransferClient {
    explicit Arrives(Work& w) : work(w) {}
    void on_transfer_done(std::uint32_t) override { work.on_timer(0); }
    Work& work;
  };
  const auto run = [](int what) {
    return message_of([what] {
      Simulation simulation({});
      Interval weather(simulation, 0, kHour);
      Work work(simulation);
      Arrives arrives(work);
      Interval other(simulation, 1, what == 2 ? 100 * kHour : 20 * kHour);
      const engine::LinkId link = simulation.add_link(BytesPerSecond(1e9));
      const auto begin = [&] { simulation.set_timer(work.timer, simulation.now()); };
      switch (what) {
        case 0:  // a think time of ten days
          simulation.set_timer(work.timer, 240 * kHour);
          break;
        case 1:  // a transfer that takes six days
          simulation.start_transfer(arrives, 0, {.links = {&link, 1}, .bytes = Bytes(144 * 3600e9)}, 0);
          break;
        case 2:  // a time-out of four days, after which something else is tried
          other.once = true;
          other.act = begin;
          break;
        default:  // a controller that looks every 20 hours, and acts when it has looked twice
          other.acts_at = 40 * kHour;
          other.act = begin;
      }
      simulation.run();
      return std::string(work.done ? "done" : "not done");
    });
  };
  for (int what = 0; what < 4; ++what) {
    CAPTURE(what);
    CHECK(run(what) == "done");
  }
}
