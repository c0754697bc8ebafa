// Question   what dry coolers draw to cool the water to its set point, and what is left for a trim chiller
// Equation   dry_coil.hpp with outdoor air
// Source     dry_coil.hpp
// Valid for  dry_coil.hpp
// Checked by tests/models/cooling/dry_cooler_test.cpp
#include "models/cooling/dry_coil.hpp"

namespace tokenworks::cooling {
namespace {

constexpr std::size_t kFree = 0, kTrim = 1;

class Plant final : public HeatRejectionPlant {
 public:
  Plant(const DryCoilSpec& spec, Watts capacity, const WaterLoop& loop, const weather::WeatherPoint& design)
      : coil_(spec, capacity, loop, design.dry_bulb, design.dry_bulb) {}

  RejectionEffort effort(const RejectionPoint& point, ValidityNotes& notes) const override {
    const DryCoilEffort work = coil_.effort(point, point.outside.dry_bulb, notes);
    RejectionEffort effort = work.rejection;
    effort.mode = effort.wanted_mode = work.trims ? kTrim : kFree;
    return effort;
  }
  std::vector<std::string> modes() const override { return {"free", "trim"}; }
  std::vector<std::pair<std::string, double>> ratings() const override { return coil_.ratings(); }
  RejectionUnits units() const override { return coil_.units(); }

 private:
  DryCoil coil_;
};

}  // namespace

std::unique_ptr<HeatRejection> make_dry_cooler() { return std::make_unique<HeatRejectionOf<DryCoilSpec, Plant>>(); }

}  // namespace tokenworks::cooling
