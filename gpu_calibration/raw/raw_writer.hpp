// Writes raw kernel measurements. It needs no JSON library, so that a machine with nothing but CUDA can build the
// benches.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tokenworks::gpu_calibration {

/// The GPU that was measured.
struct MeasuredDevice {
  std::string name;    ///< as the driver calls it
  std::string gpu;     ///< catalog id
  std::string driver;  ///< version
  std::string cuda;    ///< version of the runtime
  std::int64_t multiprocessors = 0;
  std::int64_t l2_bytes = 0;
  std::int64_t memory_bytes = 0;
  double power_limit_w = 0.0;  ///< 0 when the driver does not tell
  std::int64_t gpus = 0;       ///< visible ones of this machine
};

/// Values of some of kMeasuredColumns, by name.
using MeasuredValues = std::vector<std::pair<std::string_view, double>>;

/// One run's measurements, in tables by operator. All rows of a table have the same measured columns.
class RawResult {
 public:
  std::string source;
  std::string measured_on;  ///< YYYY-MM-DD
  MeasuredDevice device;
  std::string software_name;
  std::string software_version;

  /// Appends a row. Throws std::invalid_argument when it does not fit the operator's columns, when a size is negative,
  /// when a measured value is not finite or not above zero (but a temperature), or when the row is there already.
  void add(std::string_view operator_name, const std::vector<std::string>& text, const std::vector<std::int64_t>& sizes,
           const MeasuredValues& values);

  /// Whether a row of this operator, these names and these sizes is there.
  bool has(std::string_view operator_name, const std::vector<std::string>& text,
           const std::vector<std::int64_t>& sizes) const;

  std::size_t rows() const;
  /// The whole document, origin "measured_here"; tables in the order of their first rows, rows by names and sizes.
  std::string json() const;

 private:
  using RowKey = std::pair<std::vector<std::string>, std::vector<std::int64_t>>;
  struct Table {
    std::string operator_name;
    std::vector<std::string> columns;
    std::map<RowKey, std::string> rows;  // each the text of one JSON list
  };
  std::vector<Table> tables_;
};

/// Writes beside `path` and renames, so that a reader never sees half a file. Throws std::runtime_error with the path.
void write_raw_result(const RawResult& result, const std::filesystem::path& path);

/// The catalog id that belongs to a driver's name of a GPU ("NVIDIA H100 80GB HBM3" is "h100_sxm5"); a name that is not
/// known becomes its own lower snake case.
std::string catalog_id(std::string_view driver_name);

}  // namespace tokenworks::gpu_calibration
