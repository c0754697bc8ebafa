// Who vouches for the numbers of a catalog entry.
#pragma once

#include <string>
#include <vector>

#include "models/core/fields.hpp"

namespace tokenworks {

/// One source and the fields of the entry that it vouches for. Evidence: V read in the source, S second hand,
/// C calculated from sourced inputs, R remembered or unverified, E estimated. R and E are assumptions.
struct SourceNote {
  std::vector<std::string> fields;
  std::string evidence;
  std::string source;

  void visit(FieldVisitor& v) {
    static constexpr std::string_view kEvidence[] = {"V", "S", "C", "R", "E"};
    field(v, "fields", fields, "Keys of the entry that this source vouches for", rule().required());
    field(v, "evidence", evidence, "V read, S second hand, C calculated, R remembered, E estimated",
          rule().required().one_of(kEvidence));
    field(v, "source", source, "Author, title, year, place in the document", rule().required());
  }
};

/// A value that no source vouches for and that acted in a run.
struct Assumption {
  std::string subject;   ///< catalog id and field, or the JSON pointer of a default
  std::string value;     ///< as it acted, with the unit in the subject's key
  std::string evidence;  ///< "E" or "R"
  std::string source;    ///< what is known about its origin
};

}  // namespace tokenworks
