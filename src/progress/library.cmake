grapevine_library(progress LINK base fmt::fmt SOURCES progress.cc)
