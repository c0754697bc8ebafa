#include "gpu_calibration/harness/options.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <optional>

namespace tokenworks::gpu_calibration {
namespace {

std::string joined(std::span<const std::string_view> names) {
  std::string result;
  for (const std::string_view name : names) {
    if (!result.empty()) result += ", ";
    result += name;
  }
  return result;
}

class Parser {
 public:
  Parser(std::span<const std::string_view> arguments, std::span<const std::string_view> benches)
      : arguments_(arguments), benches_(benches) {}

  ParsedOptions parse() {
    while (next_ < arguments_.size()) read(arguments_[next_++]);
    return std::move(parsed_);
  }

 private:
  void read(std::string_view argument) {
    RunOptions& options = parsed_.options;
    if (argument == "--quick") {
      options.quick = true;
    } else if (argument == "--list") {
      options.list = true;
    } else if (argument == "--help" || argument == "-h") {
      options.help = true;
    } else if (argument == "--out") {
      if (const auto text = value(argument)) options.out = std::string(*text);
    } else if (argument == "--only") {
      read_only(argument);
    } else if (argument == "--device") {
      if (const auto text = value(argument)) read_device(*text);
    } else if (argument == "--budget-s") {
      if (const auto text = value(argument)) read_budget(*text);
    } else {
      fault("there is no option " + std::string(argument) +
            "; there are: --out, --only, --device, --budget-s, --quick, --list, --help");
    }
  }

  /// One or more names, up to the next option; a comma also divides.
  void read_only(std::string_view argument) {
    auto text = value(argument);
    while (text) {
      read_names(*text);
      const bool another = next_ < arguments_.size() && !arguments_[next_].starts_with("--");
      text = another ? std::optional(arguments_[next_++]) : std::nullopt;
    }
  }

  void read_names(std::string_view text) {
    while (!text.empty()) {
      const std::string_view name = text.substr(0, text.find(','));
      text.remove_prefix(std::min(text.size(), name.size() + 1));
      if (std::find(benches_.begin(), benches_.end(), name) == benches_.end()) {
        fault("--only: there is no bench " + std::string(name) + "; there are: " + joined(benches_));
      } else {
        parsed_.options.only.emplace_back(name);
      }
    }
  }

  void read_device(std::string_view text) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), parsed_.options.device);
    if (error != std::errc() || end != text.data() + text.size() || parsed_.options.device < 0) {
      fault("--device: " + std::string(text) + " is not a whole number from 0 on");
    }
  }

  void read_budget(std::string_view text) {
    const std::string copy(text);
    char* end = nullptr;
    const double seconds = std::strtod(copy.c_str(), &end);
    if (copy.empty() || *end != '\0' || !std::isfinite(seconds) || seconds < 1 || seconds > 86400) {
      fault("--budget-s: " + copy + " is not a number of seconds from 1 to 86400");
    } else {
      parsed_.options.budget_s = seconds;
    }
  }

  std::optional<std::string_view> value(std::string_view option) {
    if (next_ < arguments_.size() && !arguments_[next_].starts_with("--")) return arguments_[next_++];
    fault(std::string(option) + " needs a value");
    return std::nullopt;
  }

  void fault(std::string message) { parsed_.faults.push_back(std::move(message)); }

  std::span<const std::string_view> arguments_;
  std::span<const std::string_view> benches_;
  std::size_t next_ = 0;
  ParsedOptions parsed_;
};

}  // namespace

ParsedOptions parse_options(std::span<const std::string_view> arguments, std::span<const std::string_view> benches) {
  return Parser(arguments, benches).parse();
}

std::string usage() {
  return "usage: tokenworks_gpu_calibration [options]\n"
         "Measures kernels, memory, launches and power of one GPU and writes one JSON file.\n\n"
         "  --out FILE        where the result goes (default: gpu_calibration_<gpu>_<date>.json)\n"
         "  --only BENCH ...  only these benches\n"
         "  --device N        which GPU, as CUDA counts them (default: 0)\n"
         "  --budget-s S      seconds for all benches together (default: 460)\n"
         "  --quick           the first pass of each bench alone, in a fifth of the time\n"
         "  --list            the benches and their questions\n"
         "  --help            this text\n\n"
         "Ctrl-C ends the run and keeps what was measured. Clocks, power limit and modes are never changed.\n"
         "Exit codes: 0 done, 1 a bench failed (the file holds the others), 2 the command line is at fault,\n"
         "3 interrupted (the file holds what was finished), 4 there is no GPU.\n";
}

}  // namespace tokenworks::gpu_calibration
