// What electricity costs and how much carbon it carries: a family, listed in electricity_options.cpp.
#pragma once

#include "models/core/fields.hpp"

namespace tokenworks::grid {

class ElectricityOption {
 public:
  virtual ~ElectricityOption() = default;
  virtual void visit(FieldVisitor& v) = 0;
  virtual double usd(Joules energy) const = 0;
  virtual double co2_kg(Joules energy) const = 0;
};

/// `flat` {usd_per_kwh, co2_kg_per_kwh}.
Options<ElectricityOption> electricity_options();

}  // namespace tokenworks::grid
