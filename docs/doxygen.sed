# Our comments as doxygen reads them, line by line, so that what it says of a line is said of ours.

# The head of a header is about its file.
1s|^#pragma once$|/// \\file|
/^\/\/\/ \\file$/,/^$/s|^//( .*)?$|///\1|
0,/\*\//{
    1s|^/\*|/**|
    s|\*/|\\file */|
}
# C: a comment in front of something, and one behind.
s|^( *)/\* |\1/** |
s|([^ ]) +/\* |\1 /**< |
# What has the form of an element of HTML and is none.
/^ *(\/\/|\/\*| \*)/s|<([A-Za-z_]+[^<> ]*)>|\&lt;\1\&gt;|g
