// How services share the same GPUs. Specs.
#pragma once

#include "models/core/fields.hpp"
#include "models/core/units.hpp"

namespace tokenworks::scenario {

/// One member of the family.
class SharingOption {
 public:
  virtual ~SharingOption() = default;
  virtual void visit(FieldVisitor& v) = 0;
};
Options<SharingOption> sharing_options();

/// "kind": "resident".
class ResidentSharing final : public SharingOption {
 public:
  void visit(FieldVisitor& v) override;
};

/// "kind": "swapped".
class SwappedSharing final : public SharingOption {
 public:
  Seconds least_turn{1.0};
  Seconds overhead{0.1};
  void visit(FieldVisitor& v) override;
};

struct SharingSpec : Choice<SharingOption> {
  SharingSpec() : Choice(sharing_options(), "resident") {}
};

}  // namespace tokenworks::scenario
