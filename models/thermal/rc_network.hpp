// Question   how do coupled temperatures move between two events
// Equation   C_i dT_i/dt = heat_i + sum_j G_ij (T_j - T_i). In y = sqrt(C) T the matrix is symmetric: its eigenvectors
//            are modes, each an exponential; nodes that nothing ties to a fixed temperature have one mode that is a
//            ramp
// Source     linear systems with constant coefficients; facility reference, section 1
// Valid for  constant heats, conductances and fixed temperatures until the next event; no time step. Conductances are
//            symmetric: a stream that carries heat one way needs another model
// Checked by tests/models/thermal/rc_network_test.cpp
#pragma once

#include <boost/container/small_vector.hpp>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "models/core/units.hpp"
#include "models/thermal/exponential_sum.hpp"

namespace tokenworks::thermal {

/// Between two places: nodes are numbered first, fixed temperatures after them. Several links between two places add.
struct ThermalLink {
  std::size_t a, b;
  WattsPerKelvin conductance{0};  ///< 0 where nothing flows
};

class Trajectory;

/// Nodes with a heat capacity, places of fixed temperature, and links. The modes are found once, n^3: 2 us for 4 nodes.
class RcNetwork {
 public:
  RcNetwork(const std::vector<JoulesPerKelvin>& capacities, std::size_t fixed, const std::vector<ThermalLink>& links);

  std::size_t nodes() const { return capacities_.size(); }
  std::size_t fixed() const { return fixed_; }
  JoulesPerKelvin capacity(std::size_t node) const { return JoulesPerKelvin(capacities_[node]); }

  /// From now on: temperatures and heats (negative where heat is taken away) of the nodes, and the fixed temperatures.
  /// The network must outlive the trajectory.
  Trajectory from(std::span<const Celsius> initial, std::span<const Watts> heats, std::span<const Celsius> fixed) const;
  /// Where the nodes come to rest; none where heat flows into nodes that nothing ties to a fixed temperature. Of such
  /// nodes without heat the rest depends on where they begin: at `initial`.
  std::optional<std::vector<Celsius>> steady(std::span<const Celsius> initial, std::span<const Watts> heats,
                                             std::span<const Celsius> fixed) const;

 private:
  friend class Trajectory;
  void find_modes(const std::vector<std::size_t>& piece, bool tied, std::size_t first_mode);
  double shape(std::size_t node, std::size_t mode) const { return shapes_[node * nodes() + mode]; }

  std::vector<double> capacities_;
  std::size_t fixed_;
  std::vector<ThermalLink> links_;
  std::vector<double> decays_;      // by mode, per second
  std::vector<double> shapes_;      // by node and mode: temperature a unit of the mode, K
  std::vector<std::size_t> piece_;  // by node: pieces that hang together are numbered
};

/// The course of all temperatures until the next event; t >= 0 counts from its start.
class Trajectory {
 public:
  Celsius at(std::size_t node, Seconds t) const;
  /// All nodes: `out` has one place for each.
  void at(Seconds t, std::span<Celsius> out) const;
  /// Over [0, t], exact.
  Celsius mean(std::size_t node, Seconds t) const;
  void mean(Seconds t, std::span<Celsius> out) const;
  /// Where the nodes come to rest, if they do.
  std::optional<std::vector<Celsius>> steady() const;
  /// See ExponentialSum::first_crossing: the first date at which the node is at or beyond the threshold.
  std::optional<Seconds> first_crossing(std::size_t node, Celsius threshold, Direction direction,
                                        Seconds until = Seconds(kForever)) const;
  /// A node's temperature by itself, degrees Celsius over seconds; independent of the network.
  ExponentialSum course(std::size_t node) const;

 private:
  friend class RcNetwork;
  explicit Trajectory(const RcNetwork& network) : network_(&network) {}

  const RcNetwork* network_;
  boost::container::small_vector<double, 8> start_;  // by node, degrees Celsius
  boost::container::small_vector<double, 8> rates_;  // by mode, at t = 0
};

}  // namespace tokenworks::thermal
