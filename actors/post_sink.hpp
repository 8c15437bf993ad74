#pragma once

#include "actors/post_office.hpp"
#include "outputs/record_sink.hpp"

#include <memory>
#include <string>

namespace flowactors {

/// The output of this name at the node that listens at `place` ("host:port"). What it took is under
/// way; the post office has the books of it.
std::unique_ptr<record_sink> make_post_sink(std::shared_ptr<post_office> post,
                                            const std::string& place, const std::string& output);

} // namespace flowactors
