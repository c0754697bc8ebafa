// The makers of the options, for the visible list.
#pragma once

#include <memory>

#include "models/llm/speculation/speculation_option.hpp"

namespace tokenworks::llm {

std::unique_ptr<SpeculationOption> make_drafter();
std::unique_ptr<SpeculationOption> make_n_gram();

}  // namespace tokenworks::llm
