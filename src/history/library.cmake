grapevine_library(history LINK base SOURCES
                  key_search.cc linearizability.cc record.cc register.cc shortcuts.cc)
