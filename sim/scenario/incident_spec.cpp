#include "sim/scenario/incident_spec.hpp"

#include "sim/scenario/cooling_incident_spec.hpp"
#include "sim/scenario/model_swap_spec.hpp"
#include "sim/scenario/power_incident_spec.hpp"

namespace tokenworks::scenario {
namespace {

using Part = NetworkIncidentSpec::Part;

constexpr double kLongestRun = 9e6;  // s; picoseconds in 64 bits last 106 days

void visit_link(FieldVisitor& v, std::string& target) {
  field(v, "target", target, "Link by its two ends in the fabric's graph (row_a/0--leaf_3, leaf_3--spine_1)",
        rule().required());
}

class LinkFailure final : public NetworkIncidentSpec {
 public:
  Part part() const override { return Part::link; }
  void visit(FieldVisitor& v) override {
    visit_common(v);
    visit_link(v, target);
    visit_repair(v, repair_after);
  }
};

class LinkFlap final : public NetworkIncidentSpec {
 public:
  LinkFlap() {
    repair_after = Seconds(1);
    times = 10;
    period = Seconds(10);
  }
  Part part() const override { return Part::link; }
  void visit(FieldVisitor& v) override {
    visit_common(v);
    visit_link(v, target);
    field(v, "down_s", *repair_after, "How long it is down each time", rule().above(0).at_most(kLongestRun));
    field(v, "period_s", period, "From one time to the next", rule().above(0).at_most(kLongestRun));
    field(v, "times", times, "How often it goes down", rule().at_least(1).at_most(1e6));
  }
};

class DegradedLink final : public NetworkIncidentSpec {
 public:
  DegradedLink() { works = 0.5; }
  Part part() const override { return Part::link; }
  void visit(FieldVisitor& v) override {
    visit_common(v);
    visit_link(v, target);
    field(v, "bandwidth_share", works, "Of its bandwidth that is left", rule().share());
    visit_repair(v, repair_after);
  }
};

class NicFailure final : public NetworkIncidentSpec {
 public:
  Part part() const override { return Part::network_card; }
  void visit(FieldVisitor& v) override {
    visit_common(v);
    field(v, "target", target, "Node: rack group and number, counted from 0 through its racks (row_a/3)",
          rule().required());
    field(v, "nic", card, "Which of its network cards, counted from 0", rule().at_least(0));
    visit_repair(v, repair_after);
  }
};

class SwitchFailure final : public NetworkIncidentSpec {
 public:
  Part part() const override { return Part::switch_; }
  void visit(FieldVisitor& v) override {
    visit_common(v);
    field(v, "target", target, "Switch of the fabric's graph (leaf_3, spine_1)", rule().required());
    visit_repair(v, repair_after);
  }
};

class StorageSlowdown final : public NetworkIncidentSpec {
 public:
  StorageSlowdown() {
    works = 0.5;
    target = "storage";
  }
  Part part() const override { return Part::storage; }
  void visit(FieldVisitor& v) override {
    visit_common(v);
    field(v, "bandwidth_share", works, "Of its read and write bandwidth that is left", rule().share());
    visit_repair(v, repair_after);
  }
};

template <class Derived>
std::unique_ptr<IncidentOption> make() {
  return std::make_unique<Derived>();
}
constexpr Option<IncidentOption> kIncidents[] = {
    {"node_failure", "A node goes dark; its replicas lose their requests and come back after repair and reload",
     make<NodeFailureSpec>},
    {"weight_load", "Replicas of a service load their weights once more while they serve, as before a swap of models",
     make<WeightLoadSpec>},
    {"model_swap",
     "A service gets another model while it serves: its replicas drain, load it and serve again, a canary first where "
     "there is one",
     make<ModelSwapSpec>},
    {"gpu_power_cap",
     "The power of each GPU of a service is capped: its steps run at lower clocks, prompts most of all",
     make<GpuPowerCapSpec>},
    {"link_failure", "A link of the fabric is down", make<LinkFailure>},
    {"link_flap", "A link of the fabric goes down and comes back, again and again", make<LinkFlap>},
    {"link_degraded", "A link of the fabric loses a part of its bandwidth", make<DegradedLink>},
    {"nic_failure", "A network card of a node is down", make<NicFailure>},
    {"switch_failure", "A switch of the fabric is down", make<SwitchFailure>},
    {"cooling_pump_failure", "The coolant of a rack group flows slower, or stands", make_cooling_pump_failure},
    {"air_handler_failure", "Air handlers of the cooling plant fail", make_air_handler_failure},
    {"coolant_unit_failure", "Coolant distribution units of the cooling plant fail", make_coolant_unit_failure},
    {"facility_pump_failure", "Pumps of the facility water fail", make_facility_pump_failure},
    {"chiller_failure", "Chillers of the cooling plant fail", make_chiller_failure},
    {"heat_rejection_failure", "Towers or coolers of the cooling plant fail", make_heat_rejection_failure},
    {"utility_loss", "A feed of the grid is gone, or all of them", make_utility_loss},
    {"demand_response", "The grid asks for less power for a while; GPUs are capped, batch before interactive",
     make_demand_response},
    {"power_path_down", "The breakers of a part of the power tree open: a failure, or maintenance",
     make_power_path_down},
    {"storage_slowdown", "The storage system loses a part of its bandwidth", make<StorageSlowdown>},
};

}  // namespace

Options<IncidentOption> incident_options() { return kIncidents; }

void IncidentOption::visit_common(FieldVisitor& v) {
  field(v, "at_s", at, "When it happens, from the start of the run",
        rule().required().at_least(0).at_most(kLongestRun));
}

void IncidentOption::visit_repair(FieldVisitor& v, std::optional<Seconds>& repair_after) {
  field(v, "repair_after_s", repair_after, "Time to repair; never repaired when absent",
        rule().at_least(0).at_most(kLongestRun));
}

void NodeFailureSpec::visit(FieldVisitor& v) {
  visit_common(v);
  field(v, "target", target, "Node that fails: rack group and number, counted from 0 through its racks (row_a/3)",
        rule().required());
  visit_repair(v, repair_after);
}

void WeightLoadSpec::visit(FieldVisitor& v) {
  visit_common(v);
  field(v, "service", service, "Service whose weights come", rule().required());
  field(v, "replicas", replicas, "How many of its replicas load, the first ones", rule().at_least(1).at_most(1e6));
}

void GpuPowerCapSpec::visit(FieldVisitor& v) {
  visit_common(v);
  field(v, "service", service, "Service whose GPUs are capped", rule().required());
  field(v, "gpu_power_cap_w", watts_per_gpu,
        "That each of them may draw, mean over a step; of several caps the lowest acts", rule().required().above(0));
  field(v, "repair_after_s", repair_after, "Until the cap is lifted; never when absent",
        rule().at_least(0).at_most(kLongestRun));
}

}  // namespace tokenworks::scenario
