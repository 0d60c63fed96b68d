# One place for sanitizers: the presets asan, tsan and fuzz set POSTERN_SANITIZE, and every target inherits it.
if(POSTERN_SANITIZE)
    add_compile_options(-fsanitize=${POSTERN_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
    add_link_options(-fsanitize=${POSTERN_SANITIZE})
endif()
