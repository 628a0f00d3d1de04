# The targets with mutations of good messages; with libFuzzer: fuzz/CMakeLists.txt.
set(fuzz_targets datagram stream envelope client_message server_message hello refusal saved slot
                 words trace fault program reply redis)
list(TRANSFORM fuzz_targets REPLACE "(.+)" "fuzz/\\1.cc" OUTPUT_VARIABLE fuzz_sources)
grapevine_test(fuzz_test LABEL unit LINK wire runtime sim command resp
               SOURCES fuzz/fuzz_test.cc fuzz/mutator.cc fuzz/targets.cc wire/samples.cc command/memory_keys.cc
                       ${fuzz_sources})
if(GRAPEVINE_SANITIZE)
  target_compile_definitions(fuzz_test PRIVATE GRAPEVINE_SANITIZED)
endif()
