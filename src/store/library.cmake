grapevine_library(store LINK base SOURCES memory_store.cc)
