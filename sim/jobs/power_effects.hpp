// What the power tree does to the work: racks that lose their power go dark with all that runs on them and start again
// some time after it is back; the cooling stands without power, and its pumps, then its chillers, come back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/engine/simulation.hpp"
#include "sim/jobs/node_outages.hpp"
#include "sim/metrics/run_watch.hpp"
#include "sim/resources/facility.hpp"

namespace tokenworks::jobs {

class PowerEffects final : private resources::PowerSupplyClient, private engine::TimerClient {
 public:
  struct Setup {
    engine::Simulation& simulation;
    resources::Facility& facility;
    NodeOutages& outages;
    std::vector<std::string> groups;  ///< names of the rack groups
    Picoseconds restart_after = 0;    ///< from the return of power until servers are up
    Picoseconds pumps_after = 0;      ///< until fans and pumps of the cooling run
    Picoseconds chillers_after = 0;   ///< until its chillers run
    metrics::RunWatch* watch = nullptr;
  };
  explicit PowerEffects(Setup setup);

  /// A time without power of a rack group.
  struct Outage {
    std::size_t group = 0;
    Picoseconds dark = 0;
    std::optional<Picoseconds> lit, up;  ///< power is back; servers are up
    NodeOutages::Id id = 0;
  };
  const std::vector<Outage>& outages() const { return list_; }
  const NodeOutages::Progress& progress(const Outage& outage) const { return setup_.outages.progress(outage.id); }
  /// Spans in which the cooling had no power; the last may go on.
  struct Span {
    Picoseconds from = 0;
    std::optional<Picoseconds> until;
  };
  const std::vector<Span>& cooling_outages() const { return cooling_; }

 private:
  void on_racks_power(std::size_t group, bool has_power) override;
  void on_cooling_power(bool has_power) override;
  void on_timer(std::uint32_t tag) override;

  Setup setup_;
  std::vector<Outage> list_;
  std::vector<std::optional<std::size_t>> open_;  // by group: place in the list of what has not ended
  std::vector<engine::TimerId> restart_;          // by group
  engine::TimerId pumps_ = 0, chillers_ = 0;
  std::vector<Span> cooling_;
};

}  // namespace tokenworks::jobs
