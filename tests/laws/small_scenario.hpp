// Scenarios of a few services on one server, for laws of what happens between services.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/laws/draw.hpp"
#include "tests/laws/program.hpp"

namespace tokenworks::testing {

inline double number(const nlohmann::json& value) { return value.get<double>(); }

/// A service with a workload of its own, or null.
struct Part {
  nlohmann::json service, workload;
};

/// One replica of a model in bf16 on one GPU, by vLLM.
Part part(const std::string& name, const std::string& model, double memory_share, const nlohmann::json& arrivals,
          const nlohmann::json& input, const nlohmann::json& output);

/// On a rack group "row" of one DGX H100.
nlohmann::json scenario_of(const std::vector<Part>& parts, double duration);

/// A run that must complete.
ProgramRun completed(const nlohmann::json& scenario, const std::vector<std::string>& arguments = {});

const nlohmann::json& service_of(const ProgramRun& run, const std::string& name);

}  // namespace tokenworks::testing
