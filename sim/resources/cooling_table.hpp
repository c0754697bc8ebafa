// The cooling plant's effort as a table over liquid and air heat, filled where a run goes and read by straight lines:
// plant models solve for fan speeds and take microseconds, a run asks at every change of a batch.
//
// Error of the straight lines: about (1/512)^2 of the plant's power where its curves are smooth, below 0.1 % at a
// change of mode; where a unit is switched on, they rise along its step between two knots. The value is a function of
// heat and state alone, whatever was asked before.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "models/cooling/cooling_option.hpp"

namespace tokenworks::resources {

/// What a run needs of a CoolingEffort, as figures that straight lines may mix.
struct CoolingFigures {
  enum Figure {
    air_handler_fans_w,
    pumps_w,
    chillers_w,
    heat_rejection_fans_w,
    heat_to_liquid_w,
    heat_reused_w,
    evaporation_kg_per_s,
    drift_kg_per_s,
    blow_down_kg_per_s,
    rack_supply_c,
    server_inlet_c,
    main_supply_c,
    figures
  };
  std::array<double, figures> values = {};
  cooling::ByLoop<std::uint8_t> mode, wanted_mode;

  CoolingFigures() = default;
  explicit CoolingFigures(const cooling::CoolingEffort& effort);
  double operator[](Figure figure) const { return values[figure]; }
};

class CoolingTable {
 public:
  /// For heat up to `range`; beyond it the plant itself is asked.
  CoolingTable(const cooling::CoolingPlant& plant, const cooling::HeatLoad& range);

  /// Air, modes, temperatures and what is in service from now on; the load is that of each question.
  void set_state(const cooling::PlantPoint& state);
  CoolingFigures effort(const cooling::HeatLoad& load);

 private:
  static constexpr std::size_t kSteps = 512;
  struct Knot {
    CoolingFigures figures;
    std::uint64_t state = 0;  // number of the state that it was filled in
  };
  const CoolingFigures& at(std::size_t liquid, std::size_t air);
  CoolingFigures ask(const cooling::HeatLoad& load);

  const cooling::CoolingPlant& plant_;
  Watts liquid_step_, air_step_;
  double per_liquid_step_, per_air_step_;  // 1 / step, 0 for an axis without range
  cooling::PlantPoint state_;
  std::uint64_t state_number_ = 1;
  std::vector<std::unique_ptr<Knot[]>> rows_;  // by liquid heat, allocated when first asked for
};

}  // namespace tokenworks::resources
