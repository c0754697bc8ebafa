#include "sim/scenario/traffic_spec.hpp"

namespace tokenworks::scenario {
namespace {

constexpr std::string_view kStores[] = {"storage", "local_drives"};
constexpr std::string_view kCaches[] = {"host", "local_drives", "storage"};
constexpr double kLongestRun = 9e6;  // s; picoseconds in 64 bits last 106 days

template <class Derived>
std::unique_ptr<TrafficOption> make() {
  return std::make_unique<Derived>();
}

constexpr Option<TrafficOption> kOptions[] = {
    {"checkpoint", "Every node writes its part of a checkpoint at the same dates", make<CheckpointSpec>},
    {"dataset_read", "Every node reads training data at a steady rate", make<DatasetReadSpec>},
    {"kv_offload", "The KV cache of every finished prompt of a service is copied away", make<KvOffloadSpec>},
    {"point_to_point", "Transfers between random pairs of nodes, so many at a time", make<PointToPointSpec>},
};

}  // namespace

Options<TrafficOption> traffic_options() { return kOptions; }

void TrafficOption::visit_common(FieldVisitor& v) {
  field(v, "name", name, "Name of the traffic, from which its random stream derives", rule().required().is_name());
  field(v, "racks", racks, "Names of the rack groups whose nodes take part; all when empty");
}

void CheckpointSpec::visit(FieldVisitor& v) {
  visit_common(v);
  scaled_field(v, "node_gb", bytes_per_node, 1e9, "What each node writes", rule().required().above(0));
  field(v, "interval_s", interval, "From the start of one to the start of the next",
        rule().required().above(0).at_most(kLongestRun));
  field(v, "first_s", first, "When the first starts; an interval after the start of the run when absent",
        rule().at_least(0).at_most(kLongestRun));
  field(v, "target", target, "Where it is written", rule().one_of(kStores));
  field(v, "through_host", through_host,
        "Copied to host memory first, which is all that the work waits for, and written from there");
}

void DatasetReadSpec::visit(FieldVisitor& v) {
  visit_common(v);
  scaled_field(v, "node_gb_per_s", rate_per_node, 1e9, "What each node reads", rule().required().above(0));
  scaled_field(v, "block_gb", block, 1e9, "Read at once", rule().above(0));
  field(v, "source", source, "Where it comes from", rule().one_of(kStores));
}

void KvOffloadSpec::visit(FieldVisitor& v) {
  visit_common(v);
  field(v, "service", service, "Service whose caches are copied", rule().required());
  field(v, "share", share, "Of the tokens of each prompt", rule().share());
  field(v, "target", target, "Where it is copied to", rule().one_of(kCaches));
}

void PointToPointSpec::visit(FieldVisitor& v) {
  visit_common(v);
  field(v, "concurrency", concurrency, "Transfers at a time", rule().required().at_least(1).at_most(1e6));
  field(v, "transfers", transfers, "In all; 0: until the clock's duration", rule().at_least(0).at_most(1e9));
  scaled_field(v, "mean_gb", bytes, 1e9, "Mean size of a transfer", rule().required().above(0));
  field(v, "spread", spread, "Sizes lie evenly within the mean times 1 - spread to 1 + spread", rule().share());
}

}  // namespace tokenworks::scenario
