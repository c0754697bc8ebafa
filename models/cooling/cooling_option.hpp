// How a hall takes heat from its racks: a family, one file an option, listed in cooling_options.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "models/cooling/heat_rejection.hpp"
#include "models/cooling/thermal_path.hpp"
#include "models/cooling/water_use.hpp"
#include "models/core/fields.hpp"
#include "models/core/units.hpp"
#include "models/core/validity.hpp"
#include "models/weather/weather_point.hpp"

namespace tokenworks::cooling {

/// Heat that the plant must move, and what it was sized for.
struct HeatLoad {
  Watts liquid{0};  ///< that racks offer to cold plates; an option without a liquid path takes it as air
  Watts air{0};
  /// Of a design load: most heat of one rack, and most that one offers to air; 0 where not known.
  Watts fullest_rack{0}, fullest_rack_air{0};
};

/// Loops with heat rejection and modes of their own. `main` takes all heat where there is one loop; where there are
/// two, the liquid's.
enum class Loop { main, residual_air };
inline constexpr std::size_t kLoops = 2;
template <class T>
struct ByLoop {
  T values[kLoops] = {};
  T& operator[](Loop loop) { return values[static_cast<std::size_t>(loop)]; }
  const T& operator[](Loop loop) const { return values[static_cast<std::size_t>(loop)]; }
  bool operator==(const ByLoop&) const = default;
};

/// What of a plant can fail, each several alike units.
enum class Part { air_handlers, coolant_units, facility_pumps, chillers, outdoor_units };
inline constexpr std::size_t kParts = 5;
std::string_view part_name(Part part);  ///< "air_handlers" ...

/// Of each part what is in service, as a share of the need that it was sized for: 1 on the design day, more with spare
/// units. Pumps that serve a zone fail there; these are the plant's.
struct PlantCondition {
  double in_service[kParts] = {1.0, 1.0, 1.0, 1.0, 1.0};
  double of(Part part) const { return in_service[static_cast<std::size_t>(part)]; }
  double& of(Part part) { return in_service[static_cast<std::size_t>(part)]; }
  bool operator==(const PlantCondition&) const = default;
};

/// Units of a part as they are sized: `needed` carry the plant's capacity, the others are spare. With all of them in
/// service a plant's condition of that part is installed / needed.
struct PartUnits {
  Part part;
  std::int64_t needed = 1, installed = 1;
};

/// Where a plant works.
struct PlantPoint {
  HeatLoad load = {};
  weather::WeatherPoint outside = {};
  ByLoop<std::size_t> modes = {};  ///< that the controls hold
  PlantCondition condition = {};
  ByLoop<KelvinDelta> warmer = {};  ///< of each loop above its set point; 0 while that is held
};

/// One loop at a point.
struct LoopEffort {
  Celsius supply;               ///< of its water or air, to CDUs, doors or coils
  Watts heat{0};                ///< that it has to give off: the racks', and that of its own fans and pumps
  Capability capability;        ///< of what is in service
  std::size_t mode = 0;         ///< that runs; index into modes(loop)
  std::size_t wanted_mode = 0;  ///< that its controls would hold next
};

/// Electric power that moving the heat takes, by component; water, and what the machines have in front of them.
struct CoolingEffort {
  Watts air_handler_fans{0};
  Watts pumps{0};
  Watts chillers{0};
  Watts heat_rejection_fans{0};
  Watts heat_to_liquid{0};  ///< of the load, taken by a liquid path; the rest is taken by air
  Watts heat_reused{0};     ///< of what leaves the racks, given to somebody who needs it
  WaterUse water;
  Celsius rack_supply;   ///< coolant that enters cold plates, doors or tanks; of no meaning without them
  Celsius server_inlet;  ///< air that enters the servers
  ByLoop<LoopEffort> loops;

  Watts total() const { return air_handler_fans + pumps + chillers + heat_rejection_fans; }
};

/// A plant sized for one hall.
class CoolingPlant {
 public:
  virtual ~CoolingPlant() = default;
  /// A pure function of the point. Moves the heat that it is given in any case; whether it holds its set points is what
  /// the loops' capabilities say.
  virtual CoolingEffort effort(const PlantPoint& point, ValidityNotes& notes) const = 0;
  /// Names of a loop's modes; empty for a loop that the plant does not have.
  virtual std::vector<std::string> modes(Loop loop) const = 0;
  virtual std::vector<PartUnits> parts() const = 0;
  /// For chips that give heat to liquid, and for those that give it to air.
  virtual ThermalPath thermal_path(bool chips_on_liquid) const = 0;
  /// Rated figures for the report: "chiller_capacity_w" -> watts of heat or power.
  virtual std::vector<std::pair<std::string, double>> ratings() const = 0;
};

/// The plant in the modes and at the temperatures that it settles in under a load and weather that stay. Begins from
/// the modes of `from` and leaves the settled modes and temperatures there.
CoolingEffort settled_effort(const CoolingPlant& plant, PlantPoint& from, ValidityNotes& notes);

/// Settings that each lie in their limits and together make no plant: pointer within the option ("/supply_air_c") and
/// what was found and is allowed.
using OptionFaults = std::vector<std::pair<std::string, std::string>>;

class CoolingOption {
 public:
  virtual ~CoolingOption() = default;
  virtual void visit(FieldVisitor& v) = 0;
  virtual std::string_view heat_rejection_kind() const = 0;
  /// Of the servers' fans, how many the racks do without: they stand in a tank. Known before a plant is sized, since
  /// what the racks draw sizes it.
  virtual double server_fan_share_removed() const { return 0.0; }
  /// All of them; `size` throws where there is one.
  virtual OptionFaults faults() const { return {}; }
  /// A plant whose parts carry `design_load` at `design_weather`.
  virtual std::unique_ptr<CoolingPlant> size(const HeatLoad& design_load,
                                             const weather::WeatherPoint& design_weather) const = 0;
};

/// By its settings, which have visit(), faults() and the choice heat_rejection, and a plant that is made of them,
/// design load and design weather.
template <class Spec, class Plant>
class CoolingOptionOf : public CoolingOption {
 public:
  void visit(FieldVisitor& v) override { spec_.visit(v); }
  std::string_view heat_rejection_kind() const override { return spec_.heat_rejection.kind(); }
  OptionFaults faults() const override { return spec_.faults(); }
  std::unique_ptr<CoolingPlant> size(const HeatLoad& design_load,
                                     const weather::WeatherPoint& design_weather) const override {
    return std::make_unique<Plant>(spec_, design_load, design_weather);
  }

 private:
  Spec spec_;
};

/// `air_crah`, `rear_door`, `direct_to_chip`, `liquid_to_air`, `immersion`.
Options<CoolingOption> cooling_options();

}  // namespace tokenworks::cooling
