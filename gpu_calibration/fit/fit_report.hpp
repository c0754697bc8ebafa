// What a fit says about itself besides the numbers that go into the catalog.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "models/compute/kernel_spec.hpp"

namespace tokenworks::gpu_calibration {

/// Rows that took no part, by which rule.
struct Exclusion {
  std::string operation, group, rule;
  std::size_t rows = 0;
};

struct FitReport {
  std::vector<compute::FitQuality> quality;
  std::vector<std::string> ranges;  ///< of each quality line: what the rows covered
  std::vector<Exclusion> exclusions;
  std::function<void(std::string_view)> progress;  ///< may be empty

  void add(compute::FitQuality line, std::string range) {
    quality.push_back(std::move(line));
    ranges.push_back(std::move(range));
  }
  void exclude(std::string operation, std::string group, std::string rule, std::size_t rows) {
    if (rows > 0) exclusions.push_back({std::move(operation), std::move(group), std::move(rule), rows});
  }
  void tell(std::string_view text) const {
    if (progress) progress(text);
  }
};

/// Errors of the fit that had not seen some shapes, and of the one that had not seen the largest sizes.
struct JudgedFit {
  std::vector<double> unseen, tail;

  compute::FitQuality line(std::string operation, std::string group, std::size_t rows, std::size_t excluded,
                           std::size_t constants) const;
};

}  // namespace tokenworks::gpu_calibration
