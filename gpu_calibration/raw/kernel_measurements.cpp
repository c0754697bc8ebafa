#include "gpu_calibration/raw/kernel_measurements.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>

#include "gpu_calibration/raw/operators.hpp"

namespace tokenworks::gpu_calibration {

void Column::add_text(std::string_view value) {
  // Neighbouring rows mostly hold the same text.
  if (!choices.empty() && names[choices.back()] == value) {
    choices.push_back(choices.back());
    return;
  }
  auto found = std::find(names.begin(), names.end(), value);
  if (found == names.end()) {
    if (names.size() > std::numeric_limits<std::uint16_t>::max()) {
      throw std::length_error("column " + name + " has more than 65536 different texts");
    }
    found = names.insert(names.end(), std::string(value));
  }
  choices.push_back(static_cast<std::uint16_t>(found - names.begin()));
}

const Column* Table::find(std::string_view column) const {
  for (const Column& candidate : columns) {
    if (candidate.name == column) return &candidate;
  }
  return nullptr;
}

const Column& Table::at(std::string_view column) const {
  const Column* found = find(column);
  if (found == nullptr) throw std::out_of_range("the table of " + operation + " has no column " + std::string(column));
  return *found;
}

Table make_table(std::string_view operation, const std::vector<std::string>& measured) {
  const Operator* known = find_operator(operation);
  if (known == nullptr) throw std::out_of_range("there is no operator " + std::string(operation));
  Table table;
  table.operation = operation;
  const auto add = [&](std::string_view name, bool is_text) {
    Column column;
    column.name = name;
    column.is_text = is_text;
    table.columns.push_back(std::move(column));
  };
  for (const std::string_view name : known->text) add(name, true);
  for (const std::string_view name : known->sizes) add(name, false);
  for (const std::string& name : measured) add(name, false);
  return table;
}

const Table* KernelMeasurements::find(std::string_view operation) const {
  for (const Table& table : tables) {
    if (table.operation == operation) return &table;
  }
  return nullptr;
}

}  // namespace tokenworks::gpu_calibration
