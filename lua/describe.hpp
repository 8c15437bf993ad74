#pragma once

#include <string>
#include <string_view>

namespace flowactors {

/// The fields of `flow` as a table in Markdown.
std::string describe_fields();

/// The annotations by which LuaLS completes and checks the fields of `flow`.
std::string annotate_fields();

/// `text` with what stands between the lines that hold "BEGIN fields" and "END fields" replaced;
/// `text` itself if it has no such lines.
std::string with_fields(std::string_view text, std::string_view fields);

} // namespace flowactors
