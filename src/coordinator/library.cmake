grapevine_library(coordinator LINK base ring node SOURCES force.cc health.cc launch.cc report.cc)
