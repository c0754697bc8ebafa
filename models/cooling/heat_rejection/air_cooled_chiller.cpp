// Question   what chillers in the yard draw to cool the water to its set point
// Equation   chiller.hpp with outdoor dry bulb as condenser inlet; one machine stands for the yard, without staging
// Source     chiller.cpp
// Valid for  the curves' 5..10 degC of leaving water, beyond by lift; condenser fans are within the chillers' power
// Checked by tests/models/cooling/cooling_options_test.cpp
#include "models/cooling/chiller.hpp"
#include "models/cooling/heat_rejection.hpp"

namespace tokenworks::cooling {
namespace {

class Plant final : public HeatRejectionPlant {
 public:
  Plant(Watts capacity, const WaterLoop& loop, const weather::WeatherPoint& design)
      : loop_(loop), chiller_(air_cooled_path_a(), capacity, loop.supply, design.dry_bulb) {}

  RejectionEffort effort(const RejectionPoint& point, ValidityNotes& notes) const override {
    const Celsius supply = loop_.supply + point.warmer;
    RejectionEffort effort;
    effort.capability = chiller_.capability(loop_.supply, point.outside.dry_bulb, point.chillers, point.warmer);
    effort.chillers = chiller_.power(point.heat, supply, point.outside.dry_bulb, notes);
    return effort;
  }
  std::vector<std::string> modes() const override { return {"mechanical"}; }
  std::vector<std::pair<std::string, double>> ratings() const override {
    return {{"chiller_capacity_w", chiller_.capacity().value}};
  }

 private:
  WaterLoop loop_;
  Chiller chiller_;
};

class AirCooledChiller final : public HeatRejection {
 public:
  void visit(FieldVisitor&) override {}
  std::unique_ptr<HeatRejectionPlant> size(Watts capacity, const WaterLoop& loop,
                                           const weather::WeatherPoint& design_weather) const override {
    return std::make_unique<Plant>(capacity, loop, design_weather);
  }
};

}  // namespace

std::unique_ptr<HeatRejection> make_air_cooled_chiller() { return std::make_unique<AirCooledChiller>(); }

}  // namespace tokenworks::cooling
