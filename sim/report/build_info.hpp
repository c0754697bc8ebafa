// Which program this is: its version and the git revision that it was built from.
#pragma once

#include <string_view>

namespace tokenworks::report {

struct BuildInfo {
  std::string_view version;       ///< "0.1.0"
  std::string_view git_revision;  ///< 40 digits, with "-dirty" for changed files; "unknown" outside a checkout
};

BuildInfo build_info();

}  // namespace tokenworks::report
