// The one translation unit that holds Catch2's runner; it takes longest to compile.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
