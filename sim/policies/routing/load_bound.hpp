// When a replica has too much to do for one more request that would rather go there than to the least loaded one.
#pragma once

#include <span>
#include <vector>

#include "models/core/fields.hpp"
#include "sim/policies/routing/router_option.hpp"

namespace tokenworks::routing {

struct LoadBoundSettings {
  double load_factor = 1.5;
  std::int64_t load_slack = 32;
  void visit(FieldVisitor& v);
};

/// A replica is overloaded when it has more requests than load_factor * fair share + load_slack. Its fair share of the
/// requests at replicas in service is by its share of their speed; where all are alike, that is the mean.
class LoadBound {
 public:
  LoadBound(std::span<const Candidate> candidates, const LoadBoundSettings& settings);

  void load_changed(std::int32_t replica, std::int32_t requests);
  void set_in_service(std::int32_t replica, bool in_service);

  bool in_service(std::int32_t replica) const { return replicas_[static_cast<std::size_t>(replica)].in_service; }
  /// Precondition: in service.
  bool overloaded(std::int32_t replica) const;
  /// Requests, by speed.
  double load(std::int32_t replica) const;

 private:
  struct Replica {
    double speed = 1.0;
    std::int64_t requests = 0;
    bool in_service = true;
  };
  LoadBoundSettings settings_;
  std::vector<Replica> replicas_;
  std::int64_t requests_ = 0;  // at replicas in service
  double speed_ = 0.0;         // of replicas in service
};

}  // namespace tokenworks::routing
