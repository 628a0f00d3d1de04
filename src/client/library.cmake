grapevine_library(client LINK base ring store)
