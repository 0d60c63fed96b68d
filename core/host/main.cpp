// The program. It uses nothing that an embedder could not.

#include "core/host/cli.hpp"

int main(int argc, char** argv)
{
    return postern::daemon::run_command_line(argc, argv);
}
