grapevine_library(coordinator LINK base ring node SOURCES launch.cc report.cc)
