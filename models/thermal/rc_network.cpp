#include "models/thermal/rc_network.hpp"

#include <fmt/format.h>

#include <Eigen/Eigenvalues>
#include <Eigen/Jacobi>
#include <cmath>
#include <stdexcept>

namespace tokenworks::thermal {
namespace {

/// Numbers the pieces of a graph that hang together.
std::vector<std::size_t> pieces(std::size_t nodes, const std::vector<ThermalLink>& links) {
  std::vector<std::size_t> root(nodes);
  for (std::size_t i = 0; i < nodes; ++i) root[i] = i;
  const auto find = [&](std::size_t i) {
    while (root[i] != i) i = root[i] = root[root[i]];
    return i;
  };
  for (const ThermalLink& link : links) {
    if (link.a < nodes && link.b < nodes) root[find(link.a)] = find(link.b);
  }
  std::vector<std::size_t> number(nodes, nodes), piece(nodes);
  std::size_t count = 0;
  for (std::size_t i = 0; i < nodes; ++i) {
    std::size_t& of_root = number[find(i)];
    if (of_root == nodes) of_root = count++;
    piece[i] = of_root;
  }
  return piece;
}

}  // namespace

RcNetwork::RcNetwork(const std::vector<JoulesPerKelvin>& capacities, std::size_t fixed,
                     const std::vector<ThermalLink>& links)
    : fixed_(fixed) {
  for (const JoulesPerKelvin capacity : capacities) {
    if (!(capacity.value > 0.0) || !std::isfinite(capacity.value)) {
      throw std::invalid_argument(fmt::format("heat capacity {} J/K of a node, must be above 0", capacity.value));
    }
    capacities_.push_back(capacity.value);
  }
  const std::size_t n = nodes();
  for (const ThermalLink& link : links) {
    if (!(link.conductance.value >= 0.0) || !std::isfinite(link.conductance.value)) {
      throw std::invalid_argument(fmt::format("thermal conductance {} W/K, must be 0 or more", link.conductance.value));
    }
    if (link.a >= n + fixed || link.b >= n + fixed || link.a == link.b) {
      throw std::invalid_argument(
          fmt::format("thermal link between {} and {}, must join two of {} places", link.a, link.b, n + fixed));
    }
    if (link.conductance.value > 0.0) links_.push_back(link);
  }
  piece_ = pieces(n, links_);
  decays_.assign(n, 0.0);
  shapes_.assign(n * n, 0.0);
  std::size_t first_mode = 0;
  for (std::size_t number = 0; first_mode < n; ++number) {
    std::vector<std::size_t> members;
    for (std::size_t i = 0; i < n; ++i) {
      if (piece_[i] == number) members.push_back(i);
    }
    bool tied = false;
    for (const ThermalLink& link : links_) {
      if ((link.a < n && piece_[link.a] == number && link.b >= n) ||
          (link.b < n && piece_[link.b] == number && link.a >= n)) {
        tied = true;
      }
    }
    find_modes(members, tied, first_mode);
    first_mode += members.size();
  }
}

/// Modes of one piece. Eigenvectors are known to 1e-16 of the fastest mode, which is not enough for one that decays 1e7
/// times as slowly. So the matrix is formed again in their basis, from differences of temperature along links (no
/// digits are lost there, however slow a mode is), and what is left beside its diagonal is turned away.
void RcNetwork::find_modes(const std::vector<std::size_t>& piece, bool tied, std::size_t first_mode) {
  const auto size = static_cast<Eigen::Index>(piece.size());
  const std::size_t n = nodes();
  std::vector<Eigen::Index> place(n + fixed_, -1);
  Eigen::VectorXd root_of_capacity(size);
  for (Eigen::Index i = 0; i < size; ++i) {
    place[piece[static_cast<std::size_t>(i)]] = i;
    root_of_capacity[i] = std::sqrt(capacities_[piece[static_cast<std::size_t>(i)]]);
  }
  Eigen::MatrixXd matrix = Eigen::MatrixXd::Zero(size, size);
  for (const ThermalLink& link : links_) {
    const double g = link.conductance.value;
    const Eigen::Index a = place[link.a], b = place[link.b];
    if (a >= 0) matrix(a, a) += g / (root_of_capacity[a] * root_of_capacity[a]);
    if (b >= 0) matrix(b, b) += g / (root_of_capacity[b] * root_of_capacity[b]);
    if (a >= 0 && b >= 0) {
      matrix(a, b) -= g / (root_of_capacity[a] * root_of_capacity[b]);
      matrix(b, a) = matrix(a, b);
    }
  }
  Eigen::MatrixXd vectors = Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(matrix).eigenvectors();
  if (!tied) vectors.col(0) = root_of_capacity;  // all temperatures alike: nothing flows
  for (Eigen::Index k = 0; k < size; ++k) {
    for (Eigen::Index l = 0; l < k; ++l) vectors.col(k) -= vectors.col(l).dot(vectors.col(k)) * vectors.col(l);
    vectors.col(k).normalize();
  }
  const Eigen::Index first = tied ? 0 : 1;
  Eigen::MatrixXd shapes = root_of_capacity.cwiseInverse().asDiagonal() * vectors;
  if (!tied) shapes.col(0).setConstant(1.0 / root_of_capacity.norm());
  matrix.setZero();
  for (const ThermalLink& link : links_) {
    const Eigen::Index a = place[link.a], b = place[link.b];
    if (a < 0 && b < 0) continue;
    const Eigen::RowVectorXd drop = a < 0   ? Eigen::RowVectorXd(shapes.row(b))
                                    : b < 0 ? Eigen::RowVectorXd(shapes.row(a))
                                            : Eigen::RowVectorXd(shapes.row(a) - shapes.row(b));
    matrix.noalias() += link.conductance.value * drop.transpose() * drop;
  }
  for (int sweep = 0; sweep < 8; ++sweep) {
    bool turned = false;
    for (Eigen::Index k = first; k < size; ++k) {
      for (Eigen::Index l = k + 1; l < size; ++l) {
        if (std::abs(matrix(k, l)) <= 1e-17 * std::sqrt(matrix(k, k) * matrix(l, l))) continue;
        turned = true;
        Eigen::JacobiRotation<double> rotation;
        rotation.makeJacobi(matrix, k, l);
        matrix.applyOnTheLeft(k, l, rotation.adjoint());
        matrix.applyOnTheRight(k, l, rotation);
        matrix(k, l) = matrix(l, k) = 0.0;
        shapes.applyOnTheRight(k, l, rotation);
      }
    }
    if (!turned) break;
  }
  for (Eigen::Index k = 0; k < size; ++k) {
    const std::size_t mode = first_mode + static_cast<std::size_t>(k);
    decays_[mode] = k < first ? 0.0 : std::max(matrix(k, k), 0.0);
    for (Eigen::Index i = 0; i < size; ++i) shapes_[piece[static_cast<std::size_t>(i)] * n + mode] = shapes(i, k);
  }
}

Trajectory RcNetwork::from(std::span<const Celsius> initial, std::span<const Watts> heats,
                           std::span<const Celsius> fixed) const {
  const std::size_t n = nodes();
  if (initial.size() != n || heats.size() != n || fixed.size() != fixed_) {
    throw std::invalid_argument(
        fmt::format("{} temperatures, {} heats and {} fixed temperatures, must be {}, {} and {}", initial.size(),
                    heats.size(), fixed.size(), n, n, fixed_));
  }
  Trajectory course(*this);
  course.start_.resize(n);
  course.rates_.assign(n, 0.0);
  boost::container::small_vector<double, 8> net(n);
  for (std::size_t i = 0; i < n; ++i) {
    course.start_[i] = initial[i].value;
    net[i] = heats[i].value;
  }
  for (const ThermalLink& link : links_) {
    const double a = link.a < n ? initial[link.a].value : fixed[link.a - n].value;
    const double b = link.b < n ? initial[link.b].value : fixed[link.b - n].value;
    const double flow = link.conductance.value * (a - b);
    if (link.a < n) net[link.a] -= flow;
    if (link.b < n) net[link.b] += flow;
  }
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k < n; ++k) {
      // What flows inside a piece cancels in its ramp, and should do so to the last digit.
      course.rates_[k] += shape(i, k) * (decays_[k] > 0.0 ? net[i] : heats[i].value);
    }
  }
  return course;
}

std::optional<std::vector<Celsius>> RcNetwork::steady(std::span<const Celsius> initial, std::span<const Watts> heats,
                                                      std::span<const Celsius> fixed) const {
  return from(initial, heats, fixed).steady();
}

Celsius Trajectory::at(std::size_t node, Seconds t) const {
  double rise = 0.0;
  for (std::size_t k = 0; k < rates_.size(); ++k) {
    rise += network_->shape(node, k) * rates_[k] * grown(network_->decays_[k], t.value);
  }
  return Celsius(start_[node] + rise);
}

void Trajectory::at(Seconds t, std::span<Celsius> out) const {
  const std::size_t n = rates_.size();
  boost::container::small_vector<double, 16> modes(n);
  for (std::size_t k = 0; k < n; ++k) modes[k] = rates_[k] * grown(network_->decays_[k], t.value);
  for (std::size_t i = 0; i < n; ++i) {
    double rise = 0.0;
    for (std::size_t k = 0; k < n; ++k) rise += network_->shape(i, k) * modes[k];
    out[i] = Celsius(start_[i] + rise);
  }
}

Celsius Trajectory::mean(std::size_t node, Seconds t) const {
  double rise = 0.0;
  for (std::size_t k = 0; k < rates_.size(); ++k) {
    rise += network_->shape(node, k) * rates_[k] * mean_grown(network_->decays_[k], t.value);
  }
  return Celsius(start_[node] + rise);
}

void Trajectory::mean(Seconds t, std::span<Celsius> out) const {
  for (std::size_t i = 0; i < rates_.size(); ++i) out[i] = mean(i, t);
}

std::optional<std::vector<Celsius>> Trajectory::steady() const {
  std::vector<Celsius> rest;
  for (std::size_t i = 0; i < rates_.size(); ++i) {
    double rise = 0.0;
    for (std::size_t k = 0; k < rates_.size(); ++k) {
      const double part = network_->shape(i, k) * rates_[k];
      if (part == 0.0) continue;
      if (network_->decays_[k] == 0.0) return std::nullopt;
      rise += part / network_->decays_[k];
    }
    rest.emplace_back(start_[i] + rise);
  }
  return rest;
}

std::optional<Seconds> Trajectory::first_crossing(std::size_t node, Celsius threshold, Direction direction,
                                                  Seconds until) const {
  const std::optional<double> date = course(node).first_crossing(threshold.value, direction, until.value);
  return date ? std::optional(Seconds(*date)) : std::nullopt;
}

ExponentialSum Trajectory::course(std::size_t node) const {
  ExponentialSum sum(start_[node]);
  for (std::size_t k = 0; k < rates_.size(); ++k) {
    sum.add(ExponentialSum::Term{network_->shape(node, k) * rates_[k], network_->decays_[k]});
  }
  return sum;
}

}  // namespace tokenworks::thermal
