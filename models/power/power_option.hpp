// The way of the power from the grid to the racks: a family, one file an option, listed in power_options.cpp.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "models/core/fields.hpp"
#include "models/power/network.hpp"
#include "models/power/network_spec.hpp"

namespace tokenworks::power {

/// What hangs on it at the most, and at rest.
struct PowerLoads {
  struct Racks {
    std::string name;
    Watts nameplate{0}, idle{0};
  };
  std::vector<Racks> racks;
  Watts mechanical{0};  ///< largest draw of the cooling
  Watts house{0};
};

/// Name of the sink of the cooling and of the house in networks that an option makes.
inline constexpr std::string_view kMechanicalSink = "mechanical";
inline constexpr std::string_view kHouseSink = "house";

class PowerOption {
 public:
  virtual ~PowerOption() = default;
  virtual void visit(FieldVisitor& v) = 0;
  /// Sound wherever faults() finds nothing. Its rack sinks bear the names of the rack groups.
  virtual NetworkSpec network(const PowerLoads& loads) const = 0;
  /// What does not add up, and where below the option's fields; the names of the rack groups are `racks`.
  virtual std::vector<NetworkFault> faults(const std::vector<std::string>& racks) const = 0;

  /// A store that shapes what all of the site draws; none: there is none, or it waits for outages.
  virtual std::optional<StorageSpec> grid_storage() const { return std::nullopt; }
  /// Whether stores elsewhere in the tree shape.
  virtual bool shapes_inside() const = 0;

  double house_share = 0.01;         ///< lighting, controls, offices: of the IT nameplate
  double electrical_room_cop = 3.5;  ///< of the cooling of UPS and busway losses; transformers stand outdoors

 protected:
  void visit_common(FieldVisitor& v);
};

/// `standard_chain`, `custom`.
Options<PowerOption> power_options();

}  // namespace tokenworks::power
