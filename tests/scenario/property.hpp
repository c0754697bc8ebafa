// A RapidCheck property with a fixed seed: the same inputs on every machine and every run.
#pragma once

#include <iostream>
#include <utility>

#include <rapidcheck.h>

namespace tokenworks::scenario {

/// How many of `inputs` random inputs this build tries: all of them, and under the sanitizers a quarter, for there a
/// scenario takes about fifteen times as long to read.
constexpr int inputs_of_build(int inputs) {
#ifdef __SANITIZE_ADDRESS__
  return inputs / 4;
#else
  return inputs;
#endif
}

template <class Property>
bool holds(const char* what, Property property, int inputs = inputs_of_build(200)) {
  rc::detail::TestParams params;
  params.seed = 20'261'124;
  params.maxSuccess = inputs;
  rc::detail::TestMetadata metadata;
  metadata.description = what;
  const auto result = rc::detail::checkTestable(std::move(property), metadata, params);
  if (!result.template is<rc::detail::SuccessResult>()) rc::detail::printResultMessage(result, std::cerr);
  return result.template is<rc::detail::SuccessResult>();
}

}  // namespace tokenworks::scenario
