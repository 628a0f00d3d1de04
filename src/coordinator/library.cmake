grapevine_library(coordinator LINK base ring node SOURCES health.cc launch.cc report.cc)
