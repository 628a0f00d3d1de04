#pragma once
// The subcommand `sim membership`: failure detection and ring agreement alone, at scale.

// Arguments without the program's own name: argv[0] is "membership". Returns the exit code.
int membership_command(int argc, char** argv);
