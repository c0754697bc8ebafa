// libFuzzer target of the readers of client statistics: the first byte of an input chooses the file, the rest is it.
// A reader may refuse a file with an InputError; what it does hand out must keep its contract.
#include <sys/mman.h>
#include <unistd.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "sim/jobs/workload/client_statistics/client_lengths.hpp"
#include "sim/jobs/workload/client_statistics/client_rates.hpp"
#include "sim/jobs/workload/input_error.hpp"

namespace {

using namespace tokenworks;

/// A file in memory, under a path that can be opened like any other.
class MemoryFile {
 public:
  MemoryFile(const std::uint8_t* bytes, std::size_t size) : descriptor_(memfd_create("statistics", 0)) {
    if (descriptor_ < 0 || write(descriptor_, bytes, size) != static_cast<ssize_t>(size)) std::abort();
  }
  ~MemoryFile() { close(descriptor_); }
  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

void require(bool holds) {
  if (!holds) std::abort();
}

void read_rates(const std::string& path) {
  const jobs::RateStatistics statistics = jobs::read_client_rates(path);
  RandomEngine random = random_stream(7, "gaps");
  require(!statistics.clients.empty());
  std::int64_t last_client = -1;
  for (const jobs::ClientRates& client : statistics.clients) {
    require(client.client > last_client && !client.windows.empty() && client.requests > 0.0);
    last_client = client.client;
    std::int32_t last = -1;
    for (const jobs::RateWindow& window : client.windows) {
      require(window.number > last && window.number < statistics.windows && window.rate_per_s > 0.0);
      last = window.number;
      workload::GapDistribution gaps(window.family, window.shape);
      require(std::isfinite(gaps.first_gap(random)) && std::isfinite(gaps.gap(random)));
    }
  }
}

void read_lengths(const std::string& path) {
  const jobs::LengthStatistics statistics = jobs::read_client_lengths(path);
  RandomEngine input = random_stream(7, "input"), output = random_stream(7, "output");
  for (const jobs::ClientLengths& client : statistics.clients) {
    for (const jobs::LengthWindow& window : client.windows) {
      require(window.number >= 0 && window.number < statistics.windows);
      const auto [input_tokens, output_tokens] = window.draw(input, output);
      require(input_tokens >= 1 && output_tokens >= 1);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size == 0) return 0;
  const MemoryFile file(bytes + 1, size - 1);
  try {
    bytes[0] % 2 == 0 ? read_rates(file.path()) : read_lengths(file.path());
  } catch (const jobs::InputError& fault) {
    require(fault.what()[0] != '\0');
  }
  return 0;
}
