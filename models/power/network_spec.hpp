// The power tree as data: what stands between the meter and the racks, and what feeds what. `factory.power` of kind
// "custom", and what standard_chain() makes of a redundancy and loads.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "models/core/fields.hpp"
#include "models/core/units.hpp"
#include "models/power/generator.hpp"
#include "models/power/loss_law.hpp"
#include "models/power/stored_energy.hpp"
#include "models/power/trip_curve.hpp"

namespace tokenworks::power {

enum class NodeKind : std::uint8_t {
  utility,
  generator,
  transformer,
  switchgear,
  ups,
  battery,
  pdu,
  busway,
  rack,
  mechanical,
  house,
};
inline constexpr std::size_t kNodeKinds = 11;
std::span<const std::string_view> node_kind_names();
std::string_view node_kind_name(NodeKind kind);

constexpr bool is_source(NodeKind kind) { return kind <= NodeKind::generator; }
constexpr bool is_sink(NodeKind kind) { return kind >= NodeKind::rack; }
constexpr bool has_storage(NodeKind kind) { return kind == NodeKind::ups || kind == NodeKind::battery; }

/// Of all units of a node: beyond the largest sites by far, and small enough that sums over a run stay whole numbers.
inline constexpr Watts kMostRating{1e12};
inline constexpr std::int64_t kMostUnits = 1'000'000;

/// Loss coefficients of one's own.
struct LossSpec {
  double idle_share = 0.0, linear_share = 0.0, square_share = 0.0;
  void visit(FieldVisitor& v);
};

/// How often a node's units fail, and for how long.
struct ReliabilitySpec {
  double failures_per_year = 0.0;  ///< of one unit
  double repair_h = 0.0;           ///< mean time to repair
  double fail_on_demand = 0.0;     ///< a standby unit is not there when it is called
  void visit(FieldVisitor& v);
};

struct NodeSpec {
  std::string name;
  std::string kind = "busway";
  Watts rating{0};                           ///< output of one unit that it bears for ever; 0: without limit
  std::int64_t units = 1;                    ///< of that rating, side by side
  std::optional<std::int64_t> units_needed;  ///< without this many the node is out; absent: all
  double continuous_share = 1.0;             ///< of the rating, the most that is planned for
  std::string ups = "double_conversion";     ///< how a UPS converts
  Watts idle{0};                             ///< of a sink: the least that it draws
  std::optional<LossSpec> loss;              ///< absent: that of the kind
  std::optional<StorageSpec> storage;        ///< of a UPS or battery; absent: the defaults of the kind
  std::optional<GeneratorSpec> generator;
  std::optional<TripSpec> trip;                ///< absent: the default curve
  std::optional<ReliabilitySpec> reliability;  ///< absent: that of the kind
  void visit(FieldVisitor& v);
};

/// `to` draws from `from`. Of its feeds that are alive those of the lowest priority carry the load, by their shares;
/// the others wait as behind a transfer switch.
struct FeedSpec {
  std::string from, to;
  double share = 1.0;
  std::int64_t priority = 0;
  void visit(FieldVisitor& v);
};

/// Nodes said to be ways to the same loads that share nothing above them.
struct RedundantSpec {
  std::vector<std::string> nodes;
  void visit(FieldVisitor& v);
};

struct NetworkSpec {
  std::vector<NodeSpec> nodes;
  std::vector<FeedSpec> feeds;
  std::vector<RedundantSpec> redundant;
  void visit(FieldVisitor& v);
};

/// Kind by its name; throws std::invalid_argument for another.
NodeKind node_kind(std::string_view name);
/// Loss law of a node: its own, or that of its kind.
LossLaw loss_law_of(const NodeSpec& node);
/// Storage of a UPS or battery with the defaults of its kind where it gives none.
StorageSpec storage_of(const NodeSpec& node);

}  // namespace tokenworks::power
