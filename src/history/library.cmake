grapevine_library(history LINK base SOURCES linearizability.cc record.cc shortcuts.cc)
