// load_plugin FILE.so [--filter]: loads a plugin as a host does and looks at its table; with --filter makes an instance and asks
// it about a sender with "banana" in it and one without, as the filters of examples/ expect.

#include <postern/testing/fake_host.hpp>

#include <cstdio>
#include <string_view>

#include <dlfcn.h>

namespace {

int fails(const char* what)
{
    std::fprintf(stderr, "%s\n", what);
    return 1;
}

bool is_terminated(const char* const* list)
{
    for (int i = 0; list != nullptr && i < 100; ++i) {
        if (list[i] == nullptr)
            return true;
    }
    return list == nullptr;
}

int check_filter(const postern_plugin& plugin)
{
    postern::testing::fake_host host{plugin};
    if (host.create() != POSTERN_PASS)
        return fails("create failed");
    postern::testing::fake_session session{host};
    if (!session.mail("banana@example.org").rejects())
        return fails("banana was not refused");
    if (!session.mail("apple@example.org").proceeds())
        return fails("apple was refused");
    if (session.headers({{"Subject", "hi"}}).edits.size() != 1)
        return fails("no header was added");
    return host.complaints().empty() ? 0 : fails(host.complaints().front().c_str());
}

} // namespace

int main(int argc, char** argv)
{
    if (argc < 2)
        return fails("load_plugin FILE.so [--filter]");
    void* library = ::dlopen(argv[1], RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (library == nullptr)
        return fails(::dlerror());
    const auto* plugin = static_cast<const postern_plugin*>(::dlsym(library, "postern_plugin_v1"));
    if (plugin == nullptr)
        return fails("no symbol postern_plugin_v1");
    if (plugin->size < sizeof(postern_plugin) || plugin->id == nullptr || *plugin->id == '\0' || plugin->version == nullptr)
        return fails("the table says too little about the plugin");
    if (plugin->create == nullptr || plugin->handle == nullptr || plugin->destroy == nullptr)
        return fails("a function is missing in the table");
    if (!is_terminated(plugin->provides) || !is_terminated(plugin->requires_))
        return fails("a list of ids has no end");
    return argc > 2 && std::string_view{argv[2]} == "--filter" ? check_filter(*plugin) : 0;
}
