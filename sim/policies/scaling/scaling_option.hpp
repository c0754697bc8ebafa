// How many replicas of a service should serve: a family, one file an option, listed in scaling_options.cpp. A decision
// is a pure function of what is seen at one date.
#pragma once

#include <cstdint>
#include <optional>

#include "models/core/fields.hpp"
#include "models/core/units.hpp"

namespace tokenworks::scaling {

/// What happens between the weights' arrival and the first request.
struct StartUp {
  Seconds compile{19.4};
  Seconds warm_up{20};
  Seconds total() const { return compile + warm_up; }
  void visit(FieldVisitor& v);
};

/// Of the replicas that are scaled together.
struct Snapshot {
  std::int64_t serving = 0;    ///< take requests
  std::int64_t starting = 0;   ///< will
  std::int64_t idle = 0;       ///< could be started
  std::int64_t waiting = 0;    ///< requests for their first step, or for a replica
  std::int64_t in_system = 0;  ///< requests waiting or running
  double kv_share = 0.0;       ///< of the KV blocks of those that serve, in use
  /// Requests that ended since the last look and for which something was promised; of these, kept.
  std::int64_t judged = 0, kept = 0;
  bool may_start = true;  ///< the cool-down after the last decision is over
  bool may_drain = true;
};

enum class Wish : std::int8_t { fewer = -1, none = 0, more = 1 };

class ScalingOption {
 public:
  virtual ~ScalingOption() = default;
  virtual void visit(FieldVisitor& v) = 0;
  /// What its figure says by itself.
  virtual Wish wish(const Snapshot& now) const = 0;
  /// Whether it looks at promises.
  virtual bool needs_promises() const { return false; }
  /// Pairs of its thresholds, the lower first, that must rise.
  struct Thresholds {
    std::string_view low_key, high_key;
    double low = 0.0, high = 0.0;
  };
  virtual Thresholds thresholds() const = 0;

  std::int64_t min_replicas = 1;
  std::int64_t max_replicas = 1;
  Seconds interval{15};
  Seconds cool_down_up{60};
  Seconds cool_down_down{300};
  std::int64_t step = 1;
  StartUp start_up;

 protected:
  void visit_common(FieldVisitor& v);
};

/// Replicas to start (> 0) or to drain (< 0). Below the minimum, or with requests that wait while none serves or will,
/// no cool-down counts; nothing is drained while one is starting.
std::int64_t decide(const ScalingOption& option, const Snapshot& now);

/// `queue`, `kv_cache`, `slo`.
Options<ScalingOption> scaling_options();

}  // namespace tokenworks::scaling
