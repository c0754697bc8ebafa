// A struct as JSON through its visit function: every member with its default filled in, keys in the order of the visit.
#pragma once

#include "sim/scenario/field_reader.hpp"
#include "sim/scenario/json_text.hpp"

namespace tokenworks::scenario {

/// What is written reads back as equal members, and they write the same text again. Members that are absent are left
/// out. `visit` is not told to change anything.
Json write_fields(const Visit& visit);

/// Takes a struct that is not const, because one visit function serves readers and writers. It is not changed.
template <class T>
Json write_struct(T& source) {
  return write_fields([&](FieldVisitor& v) { source.visit(v); });
}

}  // namespace tokenworks::scenario
