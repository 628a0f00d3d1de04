grapevine_library(base LINK fmt::fmt xxhash SOURCES address.cc assert.cc hash.cc)
