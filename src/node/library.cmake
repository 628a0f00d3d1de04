grapevine_library(node LINK base swim ring store replication client SOURCES
                  governor.cc
                  heartbeats.cc
                  links.cc
                  node.cc
                  obstacle.cc
                  peers.cc
                  rings.cc)
