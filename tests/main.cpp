// The engine and main() of every test program.
#include <caf/test/unit_test_impl.hpp>
