// Which replica gets a request: a family, one file an option, listed in router_options.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "models/core/fields.hpp"
#include "models/workload/content.hpp"

namespace tokenworks::routing {

/// A replica that may be chosen.
struct Candidate {
  std::int32_t pool = 0;  ///< replicas of a pool are alike
  double speed = 1.0;     ///< prompt tokens that it computes in a second; loads are compared by the time they take
};

/// What a router sees of a request.
struct Arrival {
  std::int64_t prompt_tokens = 0;
  workload::Content content{};     ///< of the prompt; empty where it is not known
  std::int64_t session = 0;        ///< requests of one session have one number; 0: of none
  std::int32_t service_class = 0;  ///< place in the service's list of classes
};

/// Chooses among the replicas of one service, numbered 0 .. n-1. Told of every change that bears on the choice; a
/// choice costs no scan over the replicas where that can be avoided.
class Router {
 public:
  virtual ~Router() = default;
  /// The replica for a request; nothing when none is in service.
  virtual std::optional<std::int32_t> choose(const Arrival& arrival) = 0;
  /// Requests waiting or running at `replica`, and prompt tokens that it has not computed yet, have changed by so many.
  virtual void load_changed(std::int32_t replica, std::int32_t requests, std::int64_t prompt_tokens) = 0;
  /// `replica` leaves service or comes back. All start in service with load 0.
  virtual void set_in_service(std::int32_t replica, bool in_service) = 0;
  /// Whether load_changed() must be told of prompt tokens as well.
  virtual bool counts_tokens() const { return false; }
};

/// What a router's choice may rest on, beside its settings.
struct RouterSetup {
  std::span<const Candidate> candidates;
  std::span<const std::string> pools{};            ///< names
  std::span<const std::string> service_classes{};  ///< names
  std::uint64_t seed = 0;
  std::string stream{};  ///< name of its stream of random numbers
};

class RouterOption {
 public:
  virtual ~RouterOption() = default;
  virtual void visit(FieldVisitor& v) = 0;
  /// Throws std::invalid_argument where its settings name what is not there.
  virtual std::unique_ptr<Router> make(const RouterSetup& setup) const = 0;
};

/// `round_robin`, `least_loaded`, ...
Options<RouterOption> router_options();

}  // namespace tokenworks::routing
