grapevine_test(wire_test LABEL unit LINK wire schemas
               SOURCES wire/direct_test.cc wire/frame_test.cc wire/hello_test.cc wire/meaning_test.cc
                       wire/request_form_test.cc wire/round_trip_test.cc wire/samples.cc)
