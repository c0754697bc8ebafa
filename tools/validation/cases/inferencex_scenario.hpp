// The harness of InferenceX: a closed loop of `concurrency` users, 10 requests a user, all sent at once at the start,
// the next one as soon as an answer has ended. The runs from the end of 2025 on first send warm-up requests and wait
// for their answers; they load kernels and leave no trace in what is simulated.
#pragma once

#include <string>

#include "tools/validation/cases/inferencex_row.hpp"
#include "tools/validation/measured_case.hpp"
#include "tools/validation/names.hpp"

namespace tokenworks::validation {

/// A row with its scenario and names, still without figures.
MeasuredCase inferencex_case(const InferencexRow& row, const Host& host, const std::string& model);

/// Mean tokens of an answer.
double mean_output_tokens(const InferencexRow& row);

}  // namespace tokenworks::validation
