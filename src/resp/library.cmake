grapevine_library(resp LINK base ring command SOURCES
                  client_command.cc
                  cluster_command.cc
                  cluster_text.cc
                  command_command.cc
                  config_command.cc
                  connection.cc
                  front.cc
                  keyspace.cc
                  local.cc
                  merges.cc
                  program_writer.cc
                  request_parser.cc
                  scan_cursor.cc
                  server_command.cc
                  session.cc
                  transaction.cc)
