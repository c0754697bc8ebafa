// Which replica gets a request: a family, one file an option, listed in router_options.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "models/core/fields.hpp"

namespace tokenworks::routing {

/// Chooses among the replicas of one service, numbered 0 .. n-1. Told of every change that bears on the choice; a choice
/// costs no scan over the replicas.
class Router {
 public:
  virtual ~Router() = default;
  /// The replica for the next request; nothing when none is in service.
  virtual std::optional<std::int32_t> choose() = 0;
  /// Requests waiting or running at `replica` have changed by `delta` (+1 or -1).
  virtual void load_changed(std::int32_t replica, std::int32_t delta) = 0;
  /// `replica` leaves service or comes back. All start in service with load 0.
  virtual void set_in_service(std::int32_t replica, bool in_service) = 0;
};

class RouterOption {
 public:
  virtual ~RouterOption() = default;
  virtual void visit(FieldVisitor& v) = 0;
  virtual std::unique_ptr<Router> make(std::int32_t replicas) const = 0;
};

/// `round_robin`, `least_loaded`.
Options<RouterOption> router_options();

}  // namespace tokenworks::routing
