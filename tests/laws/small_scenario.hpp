// Scenarios of a few services on one server, for laws of what happens between services.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

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

class Draw {
 public:
  explicit Draw(std::uint64_t seed) : random_(seed) {}
  std::int64_t whole(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(high - low + 1));
  }
  double real(double low, double high) { return low + (high - low) * static_cast<double>(random_() >> 11) * 0x1.0p-53; }
  bool chance(double probability) { return real(0, 1) < probability; }
  template <class T>
  T one_of(const std::vector<T>& list) {
    return list[static_cast<std::size_t>(whole(0, static_cast<std::int64_t>(list.size()) - 1))];
  }

 private:
  std::mt19937_64 random_;
};

}  // namespace tokenworks::testing
