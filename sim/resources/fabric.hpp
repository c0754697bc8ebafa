// All that moves over shared links: weights, checkpoints, data sets, KV caches, messages, and the traffic that steps of
// replicas over several scale-up domains send between them. Transfers share links by max-min fairness. What a failure
// cuts off stands still, takes another way once the network knows one, and fails when there is none for too long.
//
// Step traffic is a ring over a replica's nodes. In closed form it lowers the capacity that transfers find by its mean
// rate, and is itself stretched by a factor: what a link would carry for it alone over its fair share beside the
// transfers that are there, max(free capacity, capacity by streams). As flows it competes step by step.
//
// The closed form knows the mean rate of a ring, not when it sends. Beside a transfer that lasts for whole steps it is
// right to a step. It errs where transfers are shorter than a step (their moments count by chance) and where rings
// share a link: they meet at mean rates, while as flows they meet always or never, as they happen to send.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/metrics/run_result.hpp"
#include "sim/resources/fabric_books.hpp"
#include "sim/resources/fabric_map.hpp"
#include "sim/resources/facility.hpp"

namespace tokenworks::resources {

/// Whoever moves bytes.
class MoveClient {
 public:
  /// The bytes are there; or they are not and will not be, for no path was found in time.
  virtual void on_moved(std::uint32_t tag, bool arrived) = 0;

 protected:
  ~MoveClient() = default;
};

/// A replica whose steps send between scale-up domains.
class RingClient {
 public:
  /// Step traffic takes `factor` times as long from now on; infinite: nothing gets through.
  virtual void on_ring_factor(double factor) = 0;
  /// Nothing has got through for too long.
  virtual void on_ring_lost() = 0;
  /// The traffic that ring_step() started is through.
  virtual void on_ring_step_done() = 0;

 protected:
  ~RingClient() = default;
};

class Fabric final : private engine::TimerClient, private engine::TransferClient {
 public:
  struct Setup {
    FabricMap::Setup map;
    SharedPower network_power, storage_power;
    Picoseconds series_interval = 0;
  };
  Fabric(engine::Simulation& simulation, Facility& facility, Setup setup);
  ~Fabric();

  FabricMap& map() { return map_; }
  const FabricMap& map() const { return map_; }
  const FabricBehaviour& behaviour() const { return map_.setup().behaviour; }

  /// Moves bytes from one place to another; `client` hears of the end, never before this returns. Between nodes they
  /// take at most `rate_share` of what the network cards could send.
  void move(MoveClient& client, std::uint32_t tag, Purpose purpose, const Place& from, const Place& to, Bytes bytes,
            double rate_share = 1.0);

  using RingId = std::uint32_t;
  RingId open_ring(RingClient& client, std::vector<std::int64_t> nodes);
  /// Mean rate that each node of the ring sends and receives from now on, in closed form.
  void set_ring_rate(RingId ring, double bytes_per_s);
  double ring_factor(RingId ring) const { return rings_[ring].factor; }
  /// Each node of the ring sends `bytes` to the next, in `seconds` when nobody else is there.
  void ring_step(RingId ring, double bytes, double seconds);
  /// Takes back what ring_step() has under way.
  void cancel_ring_step(RingId ring);

  /// Changes to the network: capacities follow at once; what crosses the changed links stands still until it is
  /// re-routed.
  void change(const std::function<void(FabricMap&)>& change);

  /// Transfers that had to stand still so far.
  std::int64_t transfers_stopped() const { return transfers_stopped_; }

  void finish(Picoseconds end);
  void report(metrics::RunResult& result, Picoseconds end) const;
  const FabricBooks& books() const { return books_; }
  /// Empty, or how many transfers wait for what.
  std::string describe_work_left() const;

 private:
  static constexpr std::uint32_t kRing = 0x80000000u;
  enum class State : std::uint8_t { free, moving, standing };
  /// A path of a move with the bytes that take it.
  struct Part {
    std::uint32_t owner = 0;  // move, or ring with kRing
    engine::TransferId transfer = 0;
    std::vector<engine::LinkId> links;
    std::vector<topology::DirectedLink> route;
    int streams = 1;
    double left = 0.0;                        // as of the last accounting
    std::pair<std::size_t, std::size_t> hop;  // of a ring: who sends, and which of its paths
    std::uint32_t active_at = 0;
  };
  struct Move {
    State state = State::free;
    Purpose purpose = Purpose::weights;
    MoveClient* client = nullptr;
    std::uint32_t tag = 0;
    Place from, to;
    std::uint64_t number = 0;
    double bytes = 0.0, rate_share = 1.0;
    Picoseconds start = 0, alone = 0, give_up = 0;
    std::vector<std::uint32_t> parts;
    double standing_bytes = 0.0;  // while it stands
    bool reads_storage = false, writes_storage = false;
    engine::TimerId timer = 0;
  };
  struct Ring {
    RingClient* client = nullptr;
    std::vector<std::int64_t> nodes;
    FabricMap::Ring way;
    double node_bytes_per_s = 0.0;  // of its network cards
    double rate = 0.0, factor = 1.0;
    Picoseconds since = 0, give_up = kNever;
    bool waits = false;  // until `found` for the network to find another way
    Picoseconds found = 0;
    // Step flows: what is on its way, and what stands still for want of one: a whole step, or its rests by hop.
    double step_bytes_per_s = 0.0;  // of a node, alone
    double standing_step = 0.0;
    std::map<std::pair<std::size_t, std::size_t>, double> standing;
    std::vector<std::uint32_t> parts;
    engine::TimerId timer = 0;
  };
  struct LinkUse {
    int streams = 0;  // of transfers on it
    int ring_streams = 0;
    double reserved = 0.0;  // bytes/s of step traffic in closed form
  };

  bool has_left(const Move& move) const;
  void on_timer(std::uint32_t tag) override;
  void on_transfer_done(std::uint32_t tag) override;
  void go(std::uint32_t index);
  void stand_still(std::uint32_t index, Picoseconds retry);
  void end_move(std::uint32_t index, bool arrived);
  std::uint32_t start_part(std::uint32_t owner, const Path& path, double bytes, double limit, std::uint64_t number);
  void free_part(std::uint32_t part);
  double take_back(std::uint32_t part);
  void route_ring(std::uint32_t index);
  void halt_ring(std::uint32_t index);
  void send_ring(std::uint32_t index);
  void set_ring_alarm(Ring& ring);
  void ring_alarm(std::uint32_t index);
  void settle_ring(Ring& ring);
  void reserve(const Ring& ring, double bytes_per_s, int sign);
  double ring_stretch(const Ring& ring);
  void update_ring(std::uint32_t index, double least_change);
  LinkUse& use(engine::LinkId link);
  void apply_capacity(engine::LinkId link);
  void change_moves(const FabricMap::Changes& changes);
  void change_rings(const FabricMap::Changes& changes);
  void flows_changed();
  void book(const Part& part, double bytes);
  void account();
  void meter();
  void set_meter();
  void keep_meter_running();
  metrics::LinkResult link_result(engine::LinkId link, Picoseconds end) const;

  engine::Simulation& simulation_;
  Facility& facility_;
  SharedPower network_power_, storage_power_;
  FabricMap map_;
  FabricBooks books_;
  double total_bytes_per_s_ = 0.0;
  std::vector<Move> moves_;
  std::vector<std::uint32_t> free_moves_;
  std::vector<Part> parts_;
  std::vector<std::uint32_t> free_parts_, active_;  // active: parts in motion
  std::vector<Ring> rings_;
  std::vector<LinkUse> use_;  // by link of the engine
  std::uint64_t moves_started_ = 0;
  std::int64_t transfers_stopped_ = 0;
  std::uint64_t ring_parts_started_ = 0;
  int shared_links_ = 0;  // that both rings and transfers cross
  bool rings_dirty_ = false;
  engine::TimerId meter_timer_, ring_rates_timer_;
  bool meter_runs_ = false;
  std::uint32_t row_ = 0;                                          // of the series: what is booked belongs to it
  double hop_bytes_ = 0.0, read_bytes_ = 0.0, write_bytes_ = 0.0;  // since the meter last ticked
  bool anything_moved_ = false;                                    // likewise, within nodes as well
  Picoseconds metered_ = 0;
};

}  // namespace tokenworks::resources
