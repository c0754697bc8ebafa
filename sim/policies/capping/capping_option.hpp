// How a limited node of the power tree keeps its limit: which GPUs under it get which cap. A family, one file an
// option, listed in capping_options.cpp. A decision is a pure function of what is seen at one date.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <vector>

#include "models/core/fields.hpp"
#include "models/core/units.hpp"

namespace tokenworks::capping {

/// GPUs of one class of priority under the node. All powers are those of one GPU.
struct GpuLoad {
  std::int64_t gpus = 0;
  double draw_w = 0.0;                 ///< mean over the telemetry's window
  double cap_w = 0.0;                  ///< at present; most_w: none
  double least_w = 0.0, most_w = 0.0;  ///< that it can be capped to; most_w: its board's own limit
  double window_cap_w = std::numeric_limits<double>::infinity();  ///< that acted when the window began
};

struct Snapshot {
  double measured_w = 0.0;       ///< of the node, mean over the telemetry's window
  double limit_w = 0.0;          ///< of the node
  std::vector<GpuLoad> classes;  ///< those that are capped first come first: batch, then interactive
  std::int32_t stage = 0;        ///< of the last decision; 0 at the start
  bool is_settled = true;        ///< the caps of the last decision acted all through the telemetry's window
};

struct Decision {
  std::vector<double> caps_w;  ///< by class, of one GPU, least_w .. most_w
  std::int32_t stage = 0;      ///< to be handed back at the next look
  /// A class has a cap below its board's own limit.
  bool caps_any(const Snapshot& now) const;
};

class CappingOption {
 public:
  virtual ~CappingOption() = default;
  virtual void visit(FieldVisitor& v) = 0;
  virtual Decision decide(const Snapshot& now) const = 0;
  /// Pairs of its thresholds, the lower first, that must rise.
  struct Thresholds {
    std::string_view low_key, high_key;
    double low = 0.0, high = 0.0;
  };
  virtual std::optional<Thresholds> thresholds() const { return std::nullopt; }

  Seconds interval{2};       ///< from one look to the next
  Seconds window{2};         ///< over which what it sees is averaged
  Seconds delay{2};          ///< until caps act
  double brake_share = 1.0;  ///< of the limit, from which on the hardware brake acts at once

 protected:
  void visit_common(FieldVisitor& v);
};

/// What the hardware brake does at once: everything at its least. The controller is told, and goes on from the stage
/// that it would have chosen itself.
Decision brake(const CappingOption& option, const Snapshot& now);
/// Whether it acts.
bool brakes(const CappingOption& option, double power_w, double limit_w);

/// `polca`, `proportional`, `static_cap`.
Options<CappingOption> capping_options();

}  // namespace tokenworks::capping
