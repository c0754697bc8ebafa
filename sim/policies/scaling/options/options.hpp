// The makers of the options of this family, for its list.
#pragma once

#include <memory>

#include "sim/policies/scaling/scaling_option.hpp"

namespace tokenworks::scaling {

std::unique_ptr<ScalingOption> make_queue();
std::unique_ptr<ScalingOption> make_kv_cache();
std::unique_ptr<ScalingOption> make_slo();

}  // namespace tokenworks::scaling
