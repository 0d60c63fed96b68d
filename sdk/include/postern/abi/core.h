/* The plugin contract, version 1: what every plugin exports and the first table it gets.
 *
 * Four rules:
 * 1. Borrow. Every pointer that crosses is valid until that call returns, in both directions. No allocator crosses.
 * 2. Handles. What outlives a call is a 64-bit number with a generation. A stale one gets E_STALE, never a crash.
 * 3. Growth. Tables of functions have a string id ("postern.core/1") and freeze on release; one more function is a new
 *    id. Records of data start with `uint32_t size` and grow at the end; zero means "not given". Arrays carry a stride.
 * 4. No unwind crosses, either way. A plugin that fails says so with a status; the configuration decides what failure
 *    means (`on_error`, default tempfail).
 *
 * Threads: every function carries one of three words. [control]: never concurrent with itself. [session]: serialized per
 * session, concurrent across sessions. [any]: any thread, any time between create and destroy.
 */
#ifndef POSTERN_ABI_CORE_H
#define POSTERN_ABI_CORE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Octets. No terminating NUL; may hold any octet; ptr may be NULL when len is 0. */
typedef struct postern_str {
    const char *ptr;
    size_t len;
} postern_str;

/* `count` records, `stride` octets apart: step by stride, not by sizeof, since records grow. */
typedef struct postern_list {
    const void *at;
    uint32_t count;
    uint32_t stride;
} postern_list;

/* What the functions of the contract give back. */
typedef int32_t postern_status;
#define POSTERN_PASS 0       /* no opinion; done */
#define POSTERN_TAKEN 1      /* the ticket was answered, or will be */
#define POSTERN_E_PLUGIN -1  /* the plugin failed: on_error applies */
#define POSTERN_E_STALE -2   /* the handle names nothing any more */
#define POSTERN_E_INVALID -3 /* an argument breaks the contract */
#define POSTERN_E_DENIED -4  /* the configuration does not allow it */
#define POSTERN_E_AGAIN -5   /* not now */

#define POSTERN_LOG_DEBUG 0u
#define POSTERN_LOG_INFO 1u
#define POSTERN_LOG_WARNING 2u
#define POSTERN_LOG_ERROR 3u

/* First member of every event, so that it cannot grow: what is new goes into the record of a hook. Sent only if subscribed. */
typedef struct postern_event {
    uint32_t size; /* of the whole record */
    uint32_t hook; /* POSTERN_HOOK_... */
    uint32_t flags;
    uint32_t reserved;
    uint64_t ticket;      /* answer with reply(); 0: a notification */
    uint64_t session;     /* a connection, or a delivery job; 0: none */
    uint64_t transaction; /* 0: none */
    uint64_t cookie;      /* as set with set_cookie for this session; 0 at first */
    int64_t deadline_ns;  /* CLOCK_MONOTONIC; afterwards the ticket is stale; 0: none */
} postern_event;

/* Verdicts. */
#define POSTERN_CONTINUE 0u
#define POSTERN_ACCEPT 1u
#define POSTERN_REJECT 2u
#define POSTERN_TEMPFAIL 3u
#define POSTERN_DISCONNECT 4u
#define POSTERN_DISCARD 5u
#define POSTERN_HOLD 6u
#define POSTERN_SCORE 7u
#define POSTERN_BROKEN 255u /* no verdict: the plugin failed after it took the ticket; on_error applies, as after E_PLUGIN.
                             * `text`: why, for the log; may be empty */

/* Flags of a reply. */
#define POSTERN_REPLY_VOUCH 1u /* cmd.rcpt: we accept mail for this recipient; needs provides "postern.recipients/1" */

/* What an edit does; see hooks.h for where each is allowed. Indices refer to the state before the batch. */
#define POSTERN_EDIT_HEADER_ADD 1u     /* at the end of the header section: name, value */
#define POSTERN_EDIT_HEADER_INSERT 2u  /* before field `index`: name, value */
#define POSTERN_EDIT_HEADER_REPLACE 3u /* value of field `index` */
#define POSTERN_EDIT_HEADER_REMOVE 4u  /* field `index` */
#define POSTERN_EDIT_SENDER_SET 5u     /* value: new reverse path; empty: the null reverse path */
#define POSTERN_EDIT_RCPT_ADD 6u       /* value: a further recipient */
#define POSTERN_EDIT_RCPT_REPLACE 7u   /* recipient `index`: value */
#define POSTERN_EDIT_RCPT_REMOVE 8u    /* recipient `index` */
#define POSTERN_EDIT_BODY_REPLACE 9u   /* msg.body: this chunk; msg.end: the whole body: value */
#define POSTERN_EDIT_ROUTE_SET 10u     /* queue.route: name: transport or "", value: next hop, as delivery.relay */
#define POSTERN_EDIT_PEER_SET 11u      /* name: "address", "port", "local_address", "local_port", "helo" or "identity": value */
#define POSTERN_EDIT_PRIORITY_SET 12u  /* value: "-9" to "9": of the message in the queue */
#define POSTERN_EDIT_RELEASE_AT 13u    /* value: seconds since 1970: it is not attempted before */
#define POSTERN_EDIT_EXPIRE_AT 14u     /* likewise: it is given up then */
#define POSTERN_EDIT_WARN_AT 15u       /* likewise: its sender is told if it waits still */
#define POSTERN_EDIT_ACCEPTED_SET 20u  /* name: "2.3.6", value: text; said in the reply that accepts the message */
/* Its sender is told when it goes on to a next hop, unless NOTIFY=NEVER. name: only to one that does not offer that keyword */
#define POSTERN_EDIT_REPORT_RELAY 21u

/* A batch of edits applies whole or not at all; at most 10,000. */
typedef struct postern_edit {
    uint32_t op;
    uint32_t index;
    postern_str name;
    postern_str value;
} postern_edit;

/* An answer. Those of backends begin with it, so that it cannot grow: a longer answer is a record of its own. */
typedef struct postern_reply {
    uint32_t size; /* of the whole record */
    uint32_t verdict;
    uint32_t smtp_code; /* 0: the verdict's default. Reject: 5yz; tempfail: 4yz but 421; disconnect: both; y is 0 to 5 */
    uint32_t flags;     /* POSTERN_REPLY_... */
    postern_str enhanced; /* "5.7.1"; empty: the default of the code */
    postern_str text;     /* of the SMTP reply; hold: the reason; score: the symbol. Printable ASCII, at most 4,096 octets */
    postern_list edits;   /* of postern_edit */
    int32_t score;        /* POSTERN_SCORE: thousandths */
    uint32_t reserved;
} postern_reply;

typedef struct postern_host postern_host; /* opaque; one per instance, so the host knows who asks */

#define POSTERN_CORE_1 "postern.core/1"
/* What every plugin calls. */
typedef struct postern_core_1 {
    /* Asks for the events of a hook. flags: POSTERN_SUBSCRIBE_... E_INVALID: asked before with other flags. Only inside create.
     * [control] */
    postern_status (*subscribe)(postern_host *host, uint32_t hook, uint32_t flags);
    /* Answers a ticket: inside handle or later. E_STALE: answered before, or past its deadline. [any] */
    postern_status (*reply)(postern_host *host, uint64_t ticket, const postern_reply *reply);
    /* A number that comes with every later event of that session. [session] */
    postern_status (*set_cookie)(postern_host *host, uint64_t session, uint64_t cookie);
    /* Timer and cross-thread post in one: each accepted call yields exactly one POSTERN_HOOK_WAKE on the session's thread,
     * early and with POSTERN_WAKE_CANCELLED when the session ends first. E_STALE: the session is over. [any] */
    postern_status (*wake)(postern_host *host, uint64_t session, uint64_t token, uint64_t delay_ns);
    /* One line to the host's log; the host adds the instance and escapes. [any] */
    void (*log)(postern_host *host, uint32_t level, postern_str text);
} postern_core_1;

/* A table of this host by id; NULL: not offered. The table lives as long as the process. */
typedef const void *(*postern_get_fn)(postern_host *host, const char *id);

/* What create gets. Borrowed. */
typedef struct postern_create_args {
    uint32_t size;
    uint32_t generation;  /* of the configuration, from 1 */
    postern_str contract; /* "1.0": diagnostics only */
    postern_str name;     /* of the instance, as configured */
} postern_create_args;

/* Flags of a plugin. */
#define POSTERN_PLUGIN_SERIAL 1u   /* one call of handle at a time */
#define POSTERN_PLUGIN_BLOCKING 2u /* handle may block: it runs on the pool */

/* Who a plugin is, and how it is called: the one thing that its file exports. */
typedef struct postern_plugin {
    uint32_t size;
    uint32_t flags;
    const char *id;         /* "org.example.no-bananas" */
    const char *version;    /* diagnostics only */
    const char *built_with; /* diagnostics only */
    const char *const *provides;  /* NULL-terminated list of ids, or NULL */
    /* Likewise: tables that must be there; checked before create. Only the loader runs code before that: constructors of the
     * file's statics. */
    const char *const *requires_;
    /* Makes an instance. On failure: a negative status, after saying why with log or config's refuse. [control] */
    postern_status (*create)(postern_host *host, postern_get_fn get, const postern_create_args *args, void **self);
    /* Every event comes here. [session] */
    postern_status (*handle)(void *self, const postern_event *event);
    /* After the last ticket closed and the last session ended. [control] */
    void (*destroy)(void *self);
} postern_plugin;

/* The one symbol that a plugin exports; the 1 is the only version number there is. */
#if defined(__GNUC__)
extern __attribute__((visibility("default"))) const postern_plugin postern_plugin_v1;
#else
extern const postern_plugin postern_plugin_v1;
#endif

#ifdef __cplusplus
}
#endif
#endif
