# FILE exports postern_plugin_v1 and nothing else. NM.
execute_process(COMMAND ${NM} -D --defined-only ${FILE} OUTPUT_VARIABLE symbols RESULT_VARIABLE result)
string(STRIP "${symbols}" symbols)
if(NOT result EQUAL 0 OR NOT symbols MATCHES "^[0-9a-f]+ [A-Z] postern_plugin_v1$")
    message(FATAL_ERROR "${FILE} should export postern_plugin_v1 alone, but has:\n${symbols}")
endif()
