grapevine_library(swim LINK base)
