/* What most of the test plugins share: a create, handle and destroy that do nothing. */
#ifndef POSTERN_TEST_MINIMAL_H
#define POSTERN_TEST_MINIMAL_H

#include <postern/abi/core.h>

static postern_status create(postern_host* host, postern_get_fn get, const postern_create_args* args, void** self)
{
    (void)host;
    (void)get;
    (void)args;
    *self = 0;
    return POSTERN_PASS;
}

static postern_status handle(void* self, const postern_event* event)
{
    (void)self;
    (void)event;
    return POSTERN_PASS;
}

static void destroy(void* self)
{
    (void)self;
}

#endif
