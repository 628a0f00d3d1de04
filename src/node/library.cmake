grapevine_library(node LINK base swim ring store command replication client SOURCES
                  bad_links.cc
                  clients.cc
                  consent.cc
                  founding.cc
                  governor.cc
                  heartbeats.cc
                  link_checks.cc
                  links.cc
                  losses.cc
                  node.cc
                  obstacle.cc
                  peers.cc
                  programs.cc
                  ring_history.cc
                  rings.cc)
