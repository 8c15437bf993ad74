#pragma once
// Prelude of a suite without actors: `#define CAF_SUITE folder_file` first, then this.
#include <caf/test/unit_test.hpp>
