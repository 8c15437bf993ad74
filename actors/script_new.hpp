#pragma once

namespace flowactors {

/// `flowactors new CONTEXT NAME`: writes a commented skeleton of a script into the folder of the
/// context. `argv[0]` is the word "new". Gives the exit code: 0 written, 1 could not be written, 2
/// a wrong command line or a script of that name.
int make_script(int argc, const char* const* argv);

} // namespace flowactors
