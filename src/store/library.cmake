grapevine_library(store LINK base)
