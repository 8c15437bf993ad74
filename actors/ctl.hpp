#pragma once

namespace flowactors {

/// `flowactors ctl`: asks and tells a running program through its control socket. `argv` begins
/// with "ctl". Gives the exit code of the process (see exit_codes).
int control_client(int argc, const char* const* argv);

} // namespace flowactors
