// How a plant gives heat to the outside air: a family, one file an option in heat_rejection/. Each cooling option lists
// the kinds that it can work with, so that no impossible pair can be written.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "models/cooling/capability.hpp"
#include "models/cooling/heat_reuse.hpp"
#include "models/cooling/water_use.hpp"
#include "models/core/fields.hpp"
#include "models/core/units.hpp"
#include "models/core/validity.hpp"
#include "models/weather/weather_point.hpp"

namespace tokenworks::cooling {

/// What carries the heat to the machines. A cooling option that offers a rejection on air sizes it with the set point
/// and rise of the air through its handlers and has no chilled-water loop beside it.
enum class Medium { water, air };

/// The loop that heat arrives in: water, or the hall's air for a rejection on air (HeatRejection::medium).
struct WaterLoop {
  Celsius supply;    ///< set point of what leaves the heat rejection
  KelvinDelta rise;  ///< at every load: the flow follows the heat
};

/// What the machines face. Machines in service are shares of what was sized: 1 is exactly the need on the design day,
/// spare units make it more, failed ones less.
struct RejectionPoint {
  Watts heat{0};
  weather::WeatherPoint outside = {};
  std::size_t mode = 0;   ///< that the controls hold; index into modes()
  KelvinDelta warmer{0};  ///< of the loop above its set point; 0 while that is held
  double chillers = 1.0;  ///< in service
  double outdoor = 1.0;   ///< towers or coolers with their fans and pumps, in service
};

struct RejectionEffort {
  Watts chillers{0};
  Watts fans{0};
  Watts pumps{0};        ///< of condensers and towers
  Watts heat_reused{0};  ///< of the heat, given to somebody who needs it
  WaterUse water;
  /// In the mode that runs, at this outside air, of what is in service; a line that is right at this `warmer`. Where
  /// machines share the work, what is carried beside the heat of the point is less than the truth, on the same side.
  Capability capability;
  std::size_t mode = 0;         ///< that runs
  std::size_t wanted_mode = 0;  ///< that the controls would hold next, once the one that runs has been held long enough
};

/// Machines as they are sized: `needed` carry the design load, the others are spare. None of a part: 0 and 0.
struct RejectionUnits {
  std::int64_t chillers_needed = 0, chillers_installed = 0;
  std::int64_t outdoor_needed = 0, outdoor_installed = 0;
  bool operator==(const RejectionUnits&) const = default;
};

class HeatRejectionPlant {
 public:
  virtual ~HeatRejectionPlant() = default;
  /// A pure function of the point. Moves all heat that it is given, in the best way at hand; whether it can do so at
  /// the set point is what `capability` says.
  virtual RejectionEffort effort(const RejectionPoint& point, ValidityNotes& notes) const = 0;
  virtual std::vector<std::string> modes() const = 0;
  virtual std::vector<std::pair<std::string, double>> ratings() const = 0;
  virtual RejectionUnits units() const { return {}; }
};

class HeatRejection {
 public:
  virtual ~HeatRejection() = default;
  void visit(FieldVisitor& v);
  virtual Medium medium() const { return Medium::water; }
  /// A plant that carries `capacity` at `design_weather`, also while no heat is reused.
  std::unique_ptr<HeatRejectionPlant> size(Watts capacity, const WaterLoop& loop,
                                           const weather::WeatherPoint& design_weather) const;

 private:
  virtual void visit_machines(FieldVisitor& v) = 0;
  virtual std::unique_ptr<HeatRejectionPlant> size_machines(Watts capacity, const WaterLoop& loop,
                                                            const weather::WeatherPoint& design_weather) const = 0;

  std::optional<HeatReuseSpec> heat_reuse_;
};

/// By its settings, which have visit(), and a plant that is made of them, capacity, loop and design weather.
template <class Spec, class Plant>
class HeatRejectionOf : public HeatRejection {
 private:
  void visit_machines(FieldVisitor& v) override { spec_.visit(v); }
  std::unique_ptr<HeatRejectionPlant> size_machines(Watts capacity, const WaterLoop& loop,
                                                    const weather::WeatherPoint& design_weather) const override {
    return std::make_unique<Plant>(spec_, capacity, loop, design_weather);
  }

  Spec spec_;
};

std::unique_ptr<HeatRejection> make_adiabatic();
std::unique_ptr<HeatRejection> make_air_cooled_chiller();
std::unique_ptr<HeatRejection> make_cooling_tower();
std::unique_ptr<HeatRejection> make_dry_cooler();
std::unique_ptr<HeatRejection> make_outside_air();
std::unique_ptr<HeatRejection> make_water_cooled_chiller();

// Lines for the lists of the cooling options.
inline constexpr Option<HeatRejection> kAdiabatic{
    "adiabatic", "Dry coolers whose air is cooled by wetted pads on hot days", make_adiabatic};
inline constexpr Option<HeatRejection> kAirCooledChiller{
    "air_cooled_chiller", "Chillers in the yard, condensers cooled by outside air", make_air_cooled_chiller};
inline constexpr Option<HeatRejection> kCoolingTower{
    "cooling_tower", "Cooling towers, direct or through an exchanger; a trim chiller helps on hot days",
    make_cooling_tower};
inline constexpr Option<HeatRejection> kDryCooler{
    "dry_cooler", "Finned coils with fans; a trim chiller helps on hot days", make_dry_cooler};
inline constexpr Option<HeatRejection> kOutsideAir{
    "outside_air", "Outside air through the hall, with an evaporative stage and back-up chillers", make_outside_air};
inline constexpr Option<HeatRejection> kWaterCooledChiller{
    "water_cooled_chiller", "Chillers on cooling towers with a water-side economiser", make_water_cooled_chiller};

}  // namespace tokenworks::cooling
