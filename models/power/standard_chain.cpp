#include "models/power/standard_chain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace tokenworks::power {
namespace {

constexpr std::string_view kRedundancies[] = {"n", "n_plus_1", "2n", "block_redundant"};

/// Units of one node.
struct Units {
  Watts each{0};
  std::int64_t count = 1, needed = 1;
  Watts all() const { return each * static_cast<double>(count); }
};

Units units_for(bool spare, Watts design, Watts unit) {
  const UnitCount whole = whole_units(design, unit);
  if (whole.needed == 0) return {};
  if (spare) return {whole.each, whole.needed + 1, whole.needed};
  return {design / static_cast<double>(whole.needed), whole.needed, whole.needed};
}

constexpr std::string_view kReserve = "_reserve";

/// Of a store that `systems` alike share.
StorageSpec part_of(StorageSpec store, double systems) {
  if (store.power) store.power = *store.power / systems;
  if (store.shaping && store.shaping->limit) store.shaping->limit = *store.shaping->limit / systems;
  if (store.shaping && store.shaping->ramp_w_per_min) *store.shaping->ramp_w_per_min /= systems;
  return store;
}

class Builder {
 public:
  explicit Builder(const ChainDesign& design) : design_(design), spare_(design.redundancy == "n_plus_1") {}

  NetworkSpec build() {
    if (design_.racks.empty()) throw std::invalid_argument("a power chain needs racks");
    for (const ChainDesign::Racks& racks : design_.racks) {
      if (!(racks.nameplate.value > 0.0)) {
        throw std::invalid_argument(
            fmt::format("racks \"{}\" have a nameplate of {} W", racks.name, racks.nameplate.value));
      }
    }
    if (design_.redundancy == "block_redundant") {
      build_blocks();
    } else if (design_.redundancy == "2n") {
      build_sides();
    } else if (design_.redundancy == "n" || design_.redundancy == "n_plus_1") {
      const Ends ends = add_system("", all_racks(), beside(), 1.0, all_groups());
      add_loads({ends}, {});
    } else {
      throw std::invalid_argument(fmt::format("redundancy \"{}\" is unknown", design_.redundancy));
    }
    return std::move(spec_);
  }

 private:
  /// Where the loads of one system hang.
  struct Ends {
    std::string switchgear;
    std::vector<std::string> busways;  // by group
  };

  Watts all_racks() const {
    Watts sum{0};
    for (const ChainDesign::Racks& racks : design_.racks) sum += racks.nameplate;
    return sum;
  }
  Watts beside() const { return design_.mechanical + design_.house; }
  std::vector<std::size_t> all_groups() const {
    std::vector<std::size_t> groups(design_.racks.size());
    for (std::size_t i = 0; i < groups.size(); ++i) groups[i] = i;
    return groups;
  }

  NodeSpec& add(const std::string& name, NodeKind kind, Watts rating) {
    NodeSpec& node = spec_.nodes.emplace_back();
    node.name = name;
    node.kind = node_kind_name(kind);
    node.rating = rating;
    return node;
  }
  void feed(const std::string& from, const std::string& to, std::int64_t priority = 0) {
    spec_.feeds.push_back({from, to, 1.0, priority});
  }
  void set_units(NodeSpec& node, const Units& units) {
    node.rating = units.each;
    node.units = units.count;
    if (units.needed < units.count) node.units_needed = units.needed;
  }

  /// Busways of a share of the loads, each able to bear them all. The copper of all systems together is that of one
  /// (each loses 1 / `sides` of the power at the square of the current).
  void add_busway(const std::string& name, Watts rating, double sides) {
    NodeSpec& node = add(name, NodeKind::busway, rating);
    node.loss = LossSpec{0.0, 0.0, std::min(1.0, design_.busway_loss_share * sides)};
  }

  /// One whole system for `racks` and `besides` at full load, beside which `sides` - 1 alike share the load.
  Ends add_system(const std::string& suffix, Watts racks, Watts besides, double sides,
                  const std::vector<std::size_t>& groups) {
    Ends ends;
    ends.switchgear = "switchgear" + suffix;
    ends.busways.resize(design_.racks.size());
    // Losses at the design point while all sides share.
    const Watts busway_loss = racks * design_.busway_loss_share;
    const Watts ups_design = racks + busway_loss;
    const bool has_ups = design_.ups != "none";
    const Units ups = units_for(spare_, ups_design, design_.ups_module_power);
    const Watts ups_loss = has_ups ? ups_loss_law(design_.ups).loss(ups_design, ups.all() * sides) : Watts(0);
    const Watts design = ups_design + ups_loss + besides;
    const Units transformer = units_for(spare_, design, design_.transformer_power);

    add("utility" + suffix, NodeKind::utility, Watts(0));
    set_units(add("transformer" + suffix, NodeKind::transformer, Watts(0)), transformer);
    add(ends.switchgear, NodeKind::switchgear, transformer.all());
    feed("utility" + suffix, "transformer" + suffix);
    if (design_.grid_storage && suffix != kReserve) {
      NodeSpec& node = add("grid_storage" + suffix, NodeKind::battery, transformer.all());
      node.storage = part_of(*design_.grid_storage, systems_);
      feed("transformer" + suffix, "grid_storage" + suffix);
      feed("grid_storage" + suffix, ends.switchgear);
    } else {
      feed("transformer" + suffix, ends.switchgear);
    }
    if (design_.generators) {
      NodeSpec& generator = add("generator" + suffix, NodeKind::generator, Watts(0));
      set_units(generator, transformer);
      generator.generator = design_.generator;
      feed("generator" + suffix, ends.switchgear, 1);
    }
    std::string above = ends.switchgear;
    if (has_ups) {
      NodeSpec& node = add("ups" + suffix, NodeKind::ups, Watts(0));
      set_units(node, ups);
      node.ups = design_.ups;
      node.storage = design_.battery;
      feed(above, "ups" + suffix);
      above = "ups" + suffix;
    }
    if (!design_.busway_per_group) {
      const std::string name = "busway" + suffix;
      add_busway(name, racks, sides);
      feed(above, name);
      std::fill(ends.busways.begin(), ends.busways.end(), name);
      return ends;
    }
    for (const std::size_t group : groups) {
      const std::string name = fmt::format("busway_{}{}", design_.racks[group].name, suffix);
      add_busway(name, design_.racks[group].nameplate, sides);
      feed(above, name);
      ends.busways[group] = name;
    }
    return ends;
  }

  /// Loads on all of `systems` at once, and behind them on `reserve`.
  void add_loads(const std::vector<Ends>& systems, const std::vector<Ends>& reserve) {
    for (std::size_t i = 0; i < design_.racks.size(); ++i) add_racks(i, systems, reserve);
    add_beside(systems, reserve);
  }
  void add_racks(std::size_t group, const std::vector<Ends>& systems, const std::vector<Ends>& reserve) {
    const ChainDesign::Racks& racks = design_.racks[group];
    add(racks.name, NodeKind::rack, racks.nameplate).idle = racks.idle;
    for (const Ends& ends : systems) feed(ends.busways[group], racks.name);
    for (const Ends& ends : reserve) feed(ends.busways[group], racks.name, 1);
  }
  void add_beside(const std::vector<Ends>& systems, const std::vector<Ends>& reserve) {
    for (const auto& [kind, power] :
         {std::pair{NodeKind::mechanical, design_.mechanical}, std::pair{NodeKind::house, design_.house}}) {
      if (!(power.value > 0.0)) continue;
      const std::string name(node_kind_name(kind));
      add(name, kind, power);
      for (const Ends& ends : systems) feed(ends.switchgear, name);
      for (const Ends& ends : reserve) feed(ends.switchgear, name, 1);
    }
  }

  void build_sides() {
    systems_ = 2.0;
    const Ends a = add_system("_a", all_racks(), beside(), 2.0, all_groups());
    const Ends b = add_system("_b", all_racks(), beside(), 2.0, all_groups());
    add_loads({a, b}, {});
    for (std::size_t i = 0; i < (design_.busway_per_group ? design_.racks.size() : 1); ++i) {
      spec_.redundant.push_back({{a.busways[i], b.busways[i]}});
    }
  }

  /// The largest groups first, each into the block that has least: blocks are as large as the fullest.
  void build_blocks() {
    if (design_.blocks < 1) throw std::invalid_argument(fmt::format("{} blocks are below 1", design_.blocks));
    const auto count = static_cast<std::size_t>(design_.blocks);
    std::vector<std::size_t> order = all_groups(), block_of(design_.racks.size());
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return design_.racks[a].nameplate > design_.racks[b].nameplate;
    });
    std::vector<Watts> load(count);
    std::vector<std::vector<std::size_t>> groups(count);
    for (const std::size_t group : order) {
      const auto block = static_cast<std::size_t>(std::min_element(load.begin(), load.end()) - load.begin());
      load[block] += design_.racks[group].nameplate;
      groups[block].push_back(group);
      block_of[group] = block;
    }
    const Watts size = *std::max_element(load.begin(), load.end());
    // Cooling and house hang on all blocks; with one block out the others carry them.
    const Watts share = beside() / static_cast<double>(std::max<std::size_t>(count - 1, 1));
    std::vector<Ends> blocks;
    systems_ = static_cast<double>(
        std::count_if(groups.begin(), groups.end(), [](const auto& block) { return !block.empty(); }));
    for (std::size_t i = 0; i < count; ++i) {
      if (groups[i].empty()) continue;
      blocks.push_back(add_system(fmt::format("_{}", i + 1), size, share, 1.0, groups[i]));
    }
    const Ends reserve = add_system(std::string(kReserve), size, share, 1.0, all_groups());
    std::vector<std::size_t> place(count, 0);
    for (std::size_t i = 0, next = 0; i < count; ++i) {
      if (!groups[i].empty()) place[i] = next++;
    }
    for (std::size_t group = 0; group < design_.racks.size(); ++group) {
      add_racks(group, {blocks[place[block_of[group]]]}, {reserve});
    }
    add_beside(blocks, {reserve});
    for (const Ends& block : blocks) spec_.redundant.push_back({{block.switchgear, reserve.switchgear}});
  }

  const ChainDesign& design_;
  bool spare_;
  double systems_ = 1.0;  // that share the load
  NetworkSpec spec_;
};

}  // namespace

std::span<const std::string_view> chain_redundancies() { return kRedundancies; }

NetworkSpec standard_chain(const ChainDesign& design) { return Builder(design).build(); }

}  // namespace tokenworks::power
