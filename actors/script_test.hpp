#pragma once

namespace flowactors {

/// `flowactors test`: runs scripts over captures, in this thread and with all packets, and compares
/// what they say with what is written beside them. `argv[0]` is the word "test". Gives the exit
/// code: 0 all as expected, 1 a difference or a script without a test, 2 a wrong command line or a
/// missing file.
int test_scripts(int argc, const char* const* argv);

} // namespace flowactors
