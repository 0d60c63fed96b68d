#pragma once
// The part of the configuration that says how mail leaves. Private to config.cpp.

#include "core/host/config.hpp"
#include "core/host/toml_reader.hpp"

namespace postern::daemon {

/// [delivery] and what is in it; plugins have been read.
void read_delivery(table_reader& root, config& to);

} // namespace postern::daemon
