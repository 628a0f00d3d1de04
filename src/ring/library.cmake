grapevine_library(ring LINK base SOURCES
                  accusations.cc
                  agreement.cc
                  arranging.cc
                  change.cc
                  found_anew.cc
                  handout.cc
                  lease.cc
                  placement.cc
                  placement_cache.cc
                  planner.cc
                  ring.cc
                  ring_defect.cc
                  steps.cc
                  trims.cc
                  voters.cc
                  weight_order.cc)
