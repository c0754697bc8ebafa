// Include in a test program that uses RapidCheck: the same random cases on every run, unless RC_PARAMS says otherwise.
#pragma once

#include <cstdlib>

namespace tokenworks::tests {

inline const bool kSeedIsFixed = setenv("RC_PARAMS", "seed=20260715", /*overwrite=*/0) == 0;

}  // namespace tokenworks::tests
