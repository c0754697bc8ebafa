#include "tests/packets/comparison.hpp"

#include <fmt/format.h>
#include <stdio.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <stdexcept>

namespace tokenworks::testing {
namespace {

double percentile(const std::vector<double>& sorted, double share) {
  return sorted[static_cast<std::size_t>(std::lround(share * static_cast<double>(sorted.size() - 1)))];
}

}  // namespace

Comparison compare(const Case& the_case, const std::vector<double>& packet_ends_s,
                   const std::vector<double>& fluid_ends_s) {
  const std::size_t count = the_case.messages.size();
  if (count == 0 || packet_ends_s.size() != count || fluid_ends_s.size() != count) {
    throw std::invalid_argument(the_case.name + ": an end for each message is needed");
  }
  double packets_sum_s = 0, fluid_sum_s = 0, latency_sum_s = 0;
  std::vector<double> errors;
  for (std::size_t i = 0; i < count; ++i) {
    const Message& message = the_case.messages[i];
    const double packets_s = packet_ends_s[i] - message.start_s, fluid_s = fluid_ends_s[i] - message.start_s;
    packets_sum_s += packets_s;
    fluid_sum_s += fluid_s;
    latency_sum_s += path_latency_s(the_case.tree, message);
    errors.push_back(fluid_s / packets_s - 1);
  }
  std::sort(errors.begin(), errors.end());
  Comparison result;
  result.name = the_case.name;
  result.messages = count;
  result.packets_mean_s = packets_sum_s / static_cast<double>(count);
  result.packets_last_s = *std::max_element(packet_ends_s.begin(), packet_ends_s.end());
  result.mean_error = fluid_sum_s / packets_sum_s - 1;
  result.last_error = *std::max_element(fluid_ends_s.begin(), fluid_ends_s.end()) / result.packets_last_s - 1;
  result.tenth_error = percentile(errors, 0.1);
  result.median_error = percentile(errors, 0.5);
  result.ninetieth_error = percentile(errors, 0.9);
  result.mean_error_with_latency = (fluid_sum_s + latency_sum_s) / packets_sum_s - 1;
  return result;
}

std::vector<double> packet_ends_s(const std::string& program, const Case& the_case) {
  const std::string command = fmt::format("'{}' '{}'", program, the_case.name);
  const std::unique_ptr<FILE, int (*)(FILE*)> output(popen(command.c_str(), "r"), pclose);
  if (!output) throw std::runtime_error("cannot run " + command);
  std::vector<double> ends_s;
  char line[256];
  bool is_header = true;
  while (fgets(line, sizeof line, output.get()) != nullptr) {
    if (!is_header)
      ends_s.push_back(std::strtod(std::string(line).substr(std::string(line).rfind(',') + 1).c_str(), nullptr));
    is_header = false;
  }
  if (ends_s.size() != the_case.messages.size()) throw std::runtime_error(command + " failed");
  return ends_s;
}

void write_csv(std::ostream& out, const std::vector<Comparison>& rows) {
  out << "case,messages,packets_mean_s,packets_last_s,mean_error,last_error,tenth_error,median_error,ninetieth_error,"
         "mean_error_with_latency\n";
  for (const Comparison& row : rows) {
    out << fmt::format("\"{}\",{},{:.9f},{:.9f},{:.4f},{:.4f},{:.4f},{:.4f},{:.4f},{:.4f}\n", row.name, row.messages,
                       row.packets_mean_s, row.packets_last_s, row.mean_error, row.last_error, row.tenth_error,
                       row.median_error, row.ninetieth_error, row.mean_error_with_latency);
  }
}

void write_table(std::ostream& out, const std::vector<Comparison>& rows) {
  out << "| Case | Messages | Packets: mean, last ms | Mean % | Last % | One message, 10th to 90th % | Mean with "
         "latency % |\n"
         "| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n";
  for (const Comparison& row : rows) {
    out << fmt::format("| {} | {} | {:.3f}, {:.3f} | {:+.1f} | {:+.1f} | {:+.0f} to {:+.0f} | {:+.1f} |\n", row.name,
                       row.messages, row.packets_mean_s * 1e3, row.packets_last_s * 1e3, row.mean_error * 100,
                       row.last_error * 100, row.tenth_error * 100, row.ninetieth_error * 100,
                       row.mean_error_with_latency * 100);
  }
}

}  // namespace tokenworks::testing
