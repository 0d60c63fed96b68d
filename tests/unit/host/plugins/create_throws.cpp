// Breaks the rule that nothing unwinds through the contract, at the first occasion.
#include <postern/abi/core.h>

#include <stdexcept>

namespace {

postern_status create(postern_host*, postern_get_fn, const postern_create_args*, void**)
{
    throw std::runtime_error{"no table left"};
}
postern_status handle(void*, const postern_event*)
{
    return POSTERN_PASS;
}
void destroy(void*) {}

} // namespace

extern "C" const postern_plugin postern_plugin_v1 = {
    sizeof(postern_plugin), 0, "org.example.throws", "1", "test", nullptr, nullptr, create, handle, destroy};
