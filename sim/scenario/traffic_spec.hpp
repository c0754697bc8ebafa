// "traffic": bytes that move without a request. Specs; sim/jobs/traffic moves them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "models/core/fields.hpp"
#include "models/core/units.hpp"

namespace tokenworks::scenario {

/// One member of the family.
class TrafficOption {
 public:
  virtual ~TrafficOption() = default;
  virtual void visit(FieldVisitor& v) = 0;
  std::string name;
  std::vector<std::string> racks;  ///< groups whose nodes take part; empty: all

 protected:
  void visit_common(FieldVisitor& v);
};
Options<TrafficOption> traffic_options();

/// "kind": "checkpoint".
class CheckpointSpec final : public TrafficOption {
 public:
  Bytes bytes_per_node{0};
  Seconds interval{0};
  std::optional<Seconds> first;  ///< an interval after the start when absent
  std::string target = "storage";
  bool through_host = true;
  void visit(FieldVisitor& v) override;
};

/// "kind": "dataset_read".
class DatasetReadSpec final : public TrafficOption {
 public:
  BytesPerSecond rate_per_node{0};
  Bytes block{1e9};
  std::string source = "storage";
  void visit(FieldVisitor& v) override;
};

/// "kind": "kv_offload".
class KvOffloadSpec final : public TrafficOption {
 public:
  std::string service;
  double share = 1.0;
  std::string target = "host";
  void visit(FieldVisitor& v) override;
};

/// "kind": "point_to_point".
class PointToPointSpec final : public TrafficOption {
 public:
  std::int64_t concurrency = 1;
  std::int64_t transfers = 0;
  Bytes bytes{0};
  double spread = 0.0;
  void visit(FieldVisitor& v) override;
};

struct TrafficSpec : Choice<TrafficOption> {
  TrafficSpec() : Choice(traffic_options()) {}
};

}  // namespace tokenworks::scenario
