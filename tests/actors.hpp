#pragma once
// Prelude of a suite with actors: `#define CAF_SUITE folder_file` first, then this.
#include <caf/all.hpp>
#include <caf/test/unit_test.hpp>
// CAF 0.17.6's dsl.hpp uses FAIL without defining it.
#define FAIL CAF_FAIL
#include <caf/test/dsl.hpp>
