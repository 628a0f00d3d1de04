grapevine_library(ring LINK base)
