#include "models/cooling/heat_rejection.hpp"

#include <algorithm>

namespace tokenworks::cooling {
namespace {

class Reused final : public HeatRejectionPlant {
 public:
  Reused(const HeatReuseSpec& spec, const WaterLoop& loop, std::unique_ptr<HeatRejectionPlant> plant)
      : spec_(spec), returning_(loop.supply + loop.rise), plant_(std::move(plant)) {}

  RejectionEffort effort(const RejectionPoint& point, ValidityNotes& notes) const override {
    const bool is_warm = returning_ + point.warmer >= spec_.least_temperature;
    const Watts taken = is_warm ? std::min(spec_.demand, point.heat * spec_.share) : Watts(0);
    RejectionPoint left = point;
    left.heat = point.heat - taken;
    RejectionEffort effort = plant_->effort(left, notes);
    effort.heat_reused += taken;
    effort.capability.at_set_point += taken;
    return effort;
  }
  std::vector<std::string> modes() const override { return plant_->modes(); }
  std::vector<std::pair<std::string, double>> ratings() const override {
    std::vector<std::pair<std::string, double>> all = plant_->ratings();
    all.emplace_back("heat_reuse_demand_w", spec_.demand.value);
    return all;
  }
  RejectionUnits units() const override { return plant_->units(); }

 private:
  HeatReuseSpec spec_;
  Celsius returning_;
  std::unique_ptr<HeatRejectionPlant> plant_;
};

}  // namespace

void HeatReuseSpec::visit(FieldVisitor& v) {
  field(v, "demand_w", demand, "Most heat that is taken", rule().required().at_least(0));
  field(v, "share", share, "Most of the loop's heat that is taken, 0..1", rule().share());
  field(v, "least_temperature_c", least_temperature, "Of the loop's return, below which nothing is taken",
        rule().at_least(0).at_most(100).default_from('E', "Low-temperature district heating without a heat pump"));
}

std::unique_ptr<HeatRejectionPlant> with_heat_reuse(const HeatReuseSpec& spec, const WaterLoop& loop,
                                                    std::unique_ptr<HeatRejectionPlant> plant) {
  return std::make_unique<Reused>(spec, loop, std::move(plant));
}

void HeatRejection::visit(FieldVisitor& v) {
  visit_machines(v);
  field(v, "heat_reuse", heat_reuse_, "Somebody who takes heat before it is rejected");
}

std::unique_ptr<HeatRejectionPlant> HeatRejection::size(Watts capacity, const WaterLoop& loop,
                                                        const weather::WeatherPoint& design_weather) const {
  std::unique_ptr<HeatRejectionPlant> plant = size_machines(capacity, loop, design_weather);
  return heat_reuse_ ? with_heat_reuse(*heat_reuse_, loop, std::move(plant)) : std::move(plant);
}

}  // namespace tokenworks::cooling
