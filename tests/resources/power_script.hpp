// A power tree with a clock to which things happen by a list of dates; what it tells is logged.
#pragma once

#include <fmt/format.h>

#include <functional>
#include <string>
#include <vector>

#include "sim/resources/power_system.hpp"

namespace tokenworks::resources::tests {

/// What happens at which second, and what was told of it.
class Script final : private engine::TimerClient, private PowerListener {
 public:
  explicit Script(power::NetworkSpec spec, PowerSystemSettings settings = {}, bool quiet = false)
      : quiet_(quiet),
        simulation_({}),
        network_(std::move(spec)),
        system_(simulation_, network_, std::move(settings), *this) {}

  PowerSystem& system() { return system_; }
  const power::Network& network() const { return network_; }
  power::NodeId id(const std::string& name) const { return *network_.find(name); }

  void at(double second, std::function<void()> work) {
    const auto tag = static_cast<std::uint32_t>(works_.size());
    works_.push_back(std::move(work));
    simulation_.set_timer(simulation_.add_timer(*this, tag, engine::rank(engine::RankClass::incident, tag)),
                          to_picoseconds(second));
  }
  void demand(double second, const std::string& sink, double watts) {
    at(second, [this, sink, watts] { system_.set_demand(id(sink), to_milliwatts(watts), simulation_.now()); });
  }
  void say(double second, std::function<std::string()> what) {
    at(second, [this, what] { text_ += fmt::format("{:.3f} {}\n", now_s(), what()); });
  }
  /// The log, and at its end whether energy is in balance.
  std::string run() {
    const Femtojoules stored = system_.stored();
    simulation_.run();
    system_.advance(simulation_.now());
    const PowerTotals& totals = system_.totals();
    const Femtojoules in = totals.grid + totals.generators - (system_.stored() - stored);
    const Femtojoules out = totals.drawn_by_all() + totals.lost();
    if (in != out) text_ += fmt::format("unbalanced: {} J in, {} J out\n", to_joules(in), to_joules(out));
    if (totals.discharged - totals.charged + (system_.stored() - stored) + totals.storage_loss != 0)
      text_ += "stores unbalanced\n";
    return text_;
  }
  double now_s() const { return to_seconds(simulation_.now()); }
  Picoseconds now() const { return simulation_.now(); }
  void stop() { simulation_.stop(); }

 private:
  void on_timer(std::uint32_t tag) override { works_[tag](); }
  void log(const std::string& what, power::NodeId node) {
    if (!quiet_) text_ += fmt::format("{:.3f} {} {}\n", now_s(), what, network_.name(node));
  }
  void on_sink_dark(power::NodeId sink, Picoseconds) override { log("dark", sink); }
  void on_sink_lit(power::NodeId sink, Picoseconds) override { log("lit", sink); }
  void on_power_event(PowerEvent event, power::NodeId node, Picoseconds) override {
    log(std::string(power_event_name(event)), node);
  }

  bool quiet_;
  engine::Simulation simulation_;
  power::Network network_;
  PowerSystem system_;
  std::vector<std::function<void()>> works_;
  std::string text_;
};

}  // namespace tokenworks::resources::tests
