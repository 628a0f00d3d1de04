grapevine_library(swim LINK base
                  SOURCES dissemination.cc judgement.cc probe_cycle.cc probing.cc rumor_queue.cc
                          suspicion.cc swim.cc)
