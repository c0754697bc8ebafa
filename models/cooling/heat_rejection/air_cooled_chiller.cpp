// Question   what chillers in the yard draw to cool the water to its set point
// Equation   chiller.hpp with outdoor dry bulb as condenser inlet
// Source     chiller.cpp
// Valid for  the curves' leaving water, beyond by lift; condenser fans are within the chillers' power
// Checked by tests/models/cooling/heat_rejection_test.cpp
#include "models/cooling/chiller.hpp"
#include "models/cooling/heat_rejection.hpp"

namespace tokenworks::cooling {
namespace {

struct Spec {
  std::string curves = "air_cooled_path_a";
  std::int64_t chillers = 4, spare_chillers = 1;

  void visit(FieldVisitor& v) {
    field(v, "curves", curves, "Published curves of capacity and power", rule().one_of(kAirCooledChillers));
    field(v, "chillers", chillers, "Machines that carry the design load, staged by least power",
          rule().at_least(1).at_most(1000).default_from('E', "A common number"));
    field(v, "spare_chillers", spare_chillers, "Machines beyond the need",
          rule().at_least(0).at_most(1000).default_from('E', "Usual practice"));
  }
};

class Plant final : public HeatRejectionPlant {
 public:
  Plant(const Spec& spec, Watts capacity, const WaterLoop& loop, const weather::WeatherPoint& design)
      : spec_(spec),
        loop_(loop),
        chiller_(chiller_curves(spec.curves), capacity, loop.supply, design.dry_bulb, spec.chillers) {}

  RejectionEffort effort(const RejectionPoint& point, ValidityNotes& notes) const override {
    const Celsius outside = point.outside.dry_bulb;
    RejectionEffort effort;
    effort.capability = chiller_.capability(loop_.supply, outside, point.chillers, point.warmer);
    effort.chillers = chiller_.work(point.heat, loop_.supply + point.warmer, outside, point.chillers, notes).power;
    return effort;
  }
  std::vector<std::string> modes() const override { return {"mechanical"}; }
  std::vector<std::pair<std::string, double>> ratings() const override {
    return {{"chiller_capacity_w", chiller_.capacity().value}};
  }
  RejectionUnits units() const override {
    return {.chillers_needed = spec_.chillers, .chillers_installed = spec_.chillers + spec_.spare_chillers};
  }

 private:
  Spec spec_;
  WaterLoop loop_;
  Chiller chiller_;
};

}  // namespace

std::unique_ptr<HeatRejection> make_air_cooled_chiller() { return std::make_unique<HeatRejectionOf<Spec, Plant>>(); }

}  // namespace tokenworks::cooling
