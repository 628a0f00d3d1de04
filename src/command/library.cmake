grapevine_library(command LINK base fmt::fmt SOURCES
                  call.cc
                  execute.cc
                  keys.cc
                  keyspace.cc
                  numbers.cc
                  program.cc
                  reply.cc
                  rows_generic.cc
                  rows_string.cc
                  set.cc
                  strings.cc
                  table.cc)
