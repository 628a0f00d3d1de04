#pragma once
// Catch2's runner, compiled once: that takes longer than all that is in any test.

// Runs the cases of this executable as the arguments say; the exit code.
int run_tests(int argc, char** argv);
