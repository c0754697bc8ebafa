// The parameters of a struct as a document for people, through its visit function: where each stands, its unit, its
// default, what is allowed, what it means and where the default comes from.
#pragma once

#include <string>

#include "sim/scenario/field_reader.hpp"

namespace tokenworks::scenario {

/// Markdown: one table an object, each kind of a family an object of its own. `visit` visits a struct with its
/// defaults, made for this: lists and absent members are filled to look inside. `title` heads the first table.
std::string reference_of_fields(const Visit& visit, const std::string& title);

}  // namespace tokenworks::scenario
