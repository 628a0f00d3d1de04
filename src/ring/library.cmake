grapevine_library(ring LINK base SOURCES
                  agreement.cc
                  lease.cc)
