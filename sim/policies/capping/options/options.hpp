// The makers of the options, for the list in capping_options.cpp alone.
#pragma once

#include <memory>

#include "sim/policies/capping/capping_option.hpp"

namespace tokenworks::capping {

std::unique_ptr<CappingOption> make_polca();
std::unique_ptr<CappingOption> make_proportional();
std::unique_ptr<CappingOption> make_static_cap();

}  // namespace tokenworks::capping
