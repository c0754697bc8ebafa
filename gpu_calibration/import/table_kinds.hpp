// The kinds of published tables that can be imported: the visible list.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "gpu_calibration/import/import_rows.hpp"

namespace tokenworks::gpu_calibration {

struct TableKind {
  std::string_view name;  ///< the file's name ends in it, before "_perf" and ".csv"
  std::string_view help;
  /// Rows name the library of a collective themselves; the software of the other tables does not matter to them.
  bool names_library;
  /// Tables of the raw format; nothing usable where faults were added.
  std::vector<Table> (*import)(const ImportSource& source);
};

std::span<const TableKind> table_kinds();

/// The kind whose name ends the file name of `path`; the longest where several do. Null when none does.
const TableKind* kind_of_file(std::string_view path);

}  // namespace tokenworks::gpu_calibration
