//! The plugin contract as it is in `<postern/abi/*.h>`, record by record. Names, order and types are the headers'; `tests/layout.rs`
//! holds every offset against the contract's golden tables.
#![allow(non_camel_case_types, missing_docs)]

use std::os::raw::{c_char, c_void};

pub type postern_status = i32;
pub const PASS: postern_status = 0;
pub const TAKEN: postern_status = 1;
pub const E_PLUGIN: postern_status = -1;
pub const E_STALE: postern_status = -2;
pub const E_INVALID: postern_status = -3;
pub const E_DENIED: postern_status = -4;
pub const E_AGAIN: postern_status = -5;

/// Opaque; one an instance.
pub enum postern_host {}

pub type postern_get_fn = unsafe extern "C" fn(*mut postern_host, *const c_char) -> *const c_void;

/// A record of data: every field of it may be zero, which means that it was not given.
/// # Safety
/// Integers and raw pointers only.
pub unsafe trait Record: Copy {
    /// All zero.
    #[must_use]
    fn zero() -> Self {
        // SAFETY: as the trait promises.
        unsafe { std::mem::MaybeUninit::zeroed().assume_init() }
    }
}

/// Name, size in octets, and every field with its offset.
pub type Layout = (&'static str, usize, Vec<(&'static str, usize)>);

macro_rules! layouts {
    ($($kind:ident $name:ident { $($field:ident: $type:ty,)* })*) => {
        $(
            #[repr(C)]
            #[derive(Clone, Copy)]
            pub struct $name { $(pub $field: $type,)* }
            layouts!(@$kind $name);
        )*

        /// Of everything here, for whoever compares it with the headers.
        #[must_use]
        pub fn all_layouts() -> Vec<Layout> {
            vec![$({
                let place = std::mem::MaybeUninit::<$name>::uninit();
                let start = place.as_ptr();
                // SAFETY: only addresses are taken, nothing is read.
                let fields = vec![$((stringify!($field),
                    unsafe { std::ptr::addr_of!((*start).$field) } as usize - start as usize),)*];
                (stringify!($name), std::mem::size_of::<$name>(), fields)
            },)*]
        }
    };
    (@record $name:ident) => {
        // SAFETY: it has no other fields than those.
        unsafe impl Record for $name {}
    };
    (@table $name:ident) => {};
}

layouts! {
    record postern_str { ptr: *const c_char, len: usize, }
    record postern_list { at: *const c_void, count: u32, stride: u32, }
    record postern_event { size: u32, hook: u32, flags: u32, reserved: u32, ticket: u64, session: u64, transaction: u64, cookie: u64,
                    deadline_ns: i64, }
    record postern_edit { op: u32, index: u32, name: postern_str, value: postern_str, }
    record postern_reply { size: u32, verdict: u32, smtp_code: u32, flags: u32, enhanced: postern_str, text: postern_str,
                    edits: postern_list, score: i32, reserved: u32, }
    table postern_core_1 {
        subscribe: unsafe extern "C" fn(*mut postern_host, u32, u32) -> postern_status,
        reply: unsafe extern "C" fn(*mut postern_host, u64, *const postern_reply) -> postern_status,
        set_cookie: unsafe extern "C" fn(*mut postern_host, u64, u64) -> postern_status,
        wake: unsafe extern "C" fn(*mut postern_host, u64, u64, u64) -> postern_status,
        log: unsafe extern "C" fn(*mut postern_host, u32, postern_str),
    }
    record postern_create_args { size: u32, generation: u32, contract: postern_str, name: postern_str, }
    table postern_plugin {
        size: u32, flags: u32, id: *const c_char, version: *const c_char, built_with: *const c_char,
        provides: *const *const c_char, requires_: *const *const c_char,
        create: unsafe extern "C" fn(*mut postern_host, postern_get_fn, *const postern_create_args, *mut *mut c_void) -> postern_status,
        handle: unsafe extern "C" fn(*mut c_void, *const postern_event) -> postern_status,
        destroy: unsafe extern "C" fn(*mut c_void),
    }
    record postern_option { key: postern_str, name: postern_str, text: postern_str, number: i64, kind: u32, index: u32, }
    table postern_config_1 {
        options: unsafe extern "C" fn(*mut postern_host) -> postern_list,
        refuse: unsafe extern "C" fn(*mut postern_host, postern_str, postern_str),
    }
    table postern_blob_1 {
        size: unsafe extern "C" fn(*mut postern_host, u64) -> i64,
        read: unsafe extern "C" fn(*mut postern_host, u64, u64, *mut c_char, usize) -> i64,
    }
    record postern_peer { size: u32, peer_port: u32, local_port: u32, flags: u32, peer_address: postern_str, local_address: postern_str,
                   listener: postern_str, helo: postern_str, identity: postern_str, }
    record postern_param { keyword: postern_str, value: postern_str, has_value: u32, reserved: u32, }
    record postern_header { name: postern_str, value: postern_str, }
    record postern_ev_conn_open { ev: postern_event, peer: postern_list, }
    record postern_ev_tls { ev: postern_event, peer: postern_list, version: postern_str, cipher: postern_str, group: postern_str,
                     server_name: postern_str, peer_subject: postern_str, }
    record postern_ev_helo { ev: postern_event, peer: postern_list, }
    record postern_ev_mail { ev: postern_event, peer: postern_list, sender: postern_str, params: postern_list, size_octets: u64, }
    record postern_ev_rcpt { ev: postern_event, peer: postern_list, sender: postern_str, recipient: postern_str, params: postern_list,
                      index: u32, reserved: u32, }
    record postern_ev_data { ev: postern_event, peer: postern_list, sender: postern_str, recipients: postern_list, is_bdat: u32,
                      reserved: u32, }
    record postern_ev_headers { ev: postern_event, peer: postern_list, sender: postern_str, recipients: postern_list,
                         headers: postern_list, }
    record postern_ev_body { ev: postern_event, peer: postern_list, chunk: postern_str, offset: u64, is_last: u32, reserved: u32, }
    record postern_ev_end { ev: postern_event, peer: postern_list, sender: postern_str, recipients: postern_list, headers: postern_list,
                     blob: u64, size_octets: u64, score: i32, reserved: u32, }
    record postern_ev_txn { ev: postern_event, peer: postern_list, message: postern_str, reason: postern_str, }
    record postern_ev_command { ev: postern_event, peer: postern_list, name: postern_str, argument: postern_str, }
    record postern_command_reply { base: postern_reply, lines: postern_list, octets: u64, then: u32, reserved: u32, }
    record postern_ev_conn_close { ev: postern_event, peer: postern_list, reason: postern_str, messages: u64, }
    record postern_ev_route { ev: postern_event, message: postern_str, sender: postern_str, recipient: postern_str, params: postern_list,
                       attempt: u32, reserved: u32, }
    record postern_ev_delivery_done { ev: postern_event, message: postern_str, sender: postern_str, recipient: postern_str, result: u32,
                               smtp_code: u32, enhanced: postern_str, text: postern_str, next_hop: postern_str, attempts: u32,
                               reserved: u32, }
    record postern_ev_wake { ev: postern_event, token: u64, }
    record postern_keyword { size: u32, flags: u32, keyword: postern_str, parameters: postern_str, }
    record postern_verb { size: u32, flags: u32, name: postern_str, keyword: postern_str, counted_by: u32, reserved: u32,
                   most_octets: u64, }
    record postern_param_kind { size: u32, flags: u32, name: postern_str, keyword: postern_str, relay: u32, reserved: u32,
                         lacking: postern_str, }
    table postern_ehlo_1 {
        keyword: unsafe extern "C" fn(*mut postern_host, *const postern_keyword) -> postern_status,
        verb: unsafe extern "C" fn(*mut postern_host, *const postern_verb) -> postern_status,
        param: unsafe extern "C" fn(*mut postern_host, *const postern_param_kind) -> postern_status,
    }
    record postern_ev_caps { ev: postern_event, peer: postern_list, }
    record postern_caps_reply { base: postern_reply, lines: postern_list, }
    record postern_ev_verb { ev: postern_event, peer: postern_list, name: postern_str, argument: postern_str, sender: postern_str,
                      in_mail: u32, reserved: u32, }
    record postern_ev_verb_data { ev: postern_event, peer: postern_list, name: postern_str, chunk: postern_str, offset: u64, is_last: u32,
                           reserved: u32, }
    record postern_ev_param { ev: postern_event, peer: postern_list, name: postern_str, value: postern_str, sender: postern_str,
                       recipient: postern_str, has_value: u32, is_rcpt: u32, }
    record postern_param_reply { base: postern_reply, value: postern_str, relay: u32, set_relay: u32, }
    record postern_ev_deliver { ev: postern_event, message: postern_str, sender: postern_str, recipients: postern_list, blob: u64,
                         size_octets: u64, }
    record postern_delivery_result { verdict: u32, smtp_code: u32, enhanced: postern_str, text: postern_str, }
    record postern_deliver_reply { base: postern_reply, results: postern_list, }
    record postern_ev_queue_policy { ev: postern_event, next_hop: postern_str, pool: postern_str, concurrency: u32, rate_count: u32,
                              rate_ms: u64, }
    record postern_queue_policy_reply { base: postern_reply, pool: postern_str, concurrency: u32, rate_count: u32, rate_ms: u64,
                                 valid_s: u32, reserved: u32, }
    record postern_ev_queue_admit { ev: postern_event, message: postern_str, sender: postern_str, next_hop: postern_str,
                             recipients: postern_list, size_octets: u64, received_s: u64, attempt: u32, priority: i32, active: u32,
                             waiting: u32, active_all: u32, reserved: u32, }
    record postern_ev_delivery_reply { ev: postern_event, message: postern_str, sender: postern_str, next_hop: postern_str,
                                address: postern_str, recipients: postern_list, enhanced: postern_str, text: postern_str,
                                received_s: u64, smtp_code: u32, stage: u32, result: u32, attempt: u32, }
    record postern_tried { recipient: postern_str, next_hop: postern_str, enhanced: postern_str, text: postern_str, smtp_code: u32,
                    reserved: u32, }
    record postern_ev_queue_retry { ev: postern_event, message: postern_str, sender: postern_str, tried: postern_list,
                             received_s: u64, expires_s: u64, next_s: u64, attempts: u32, priority: i32, }
    record postern_wait_reply { base: postern_reply, wait_ms: u64, }
    record postern_stored_param { keyword: postern_str, value: postern_str, has_value: u32, of: u32, relay: u32, reserved: u32, }
    record postern_ev_delivery_source { ev: postern_event, message: postern_str, sender: postern_str, next_hop: postern_str,
                                 recipients: postern_list, params: postern_list, pool: postern_str, attempt: u32, reserved: u32, }
    record postern_delivery_source_reply { base: postern_reply, pool: postern_str, }
    record postern_ev_delivery_connect { ev: postern_event, message: postern_str, next_hop: postern_str, host: postern_str,
                                  address: postern_str, source: postern_str, pool: postern_str, port: u32, flags: u32, }
    record postern_delivery_connect_reply { base: postern_reply, next_host: u32, has_socket: u32, socket: i32, reserved: u32, }
    record postern_ev_content { ev: postern_event, message: postern_str, sender: postern_str, next_hop: postern_str,
                         recipients: postern_list, params: postern_list, offers: postern_list, headers: postern_list, blob: u64,
                         size_octets: u64, received_s: u64, attempt: u32, flags: u32, }
    record postern_reported { recipient: postern_str, original: postern_str, status: postern_str, remote_mta: postern_str,
                       diagnostic_type: postern_str, diagnostic: postern_str, last_attempt: postern_str, retry_until: postern_str,
                       action: u32, smtp_code: u32, }
    record postern_ev_dsn_make { ev: postern_event, message: postern_str, sender: postern_str, envid: postern_str,
                          recipient: postern_str, text: postern_str, from_name: postern_str, reported: postern_list, received_s: u64,
                          kind: u32, flags: u32, }
    record postern_dsn_make_reply { base: postern_reply, recipient: postern_str, text: postern_str, from_name: postern_str,
                             fields: postern_list, }
    record postern_ev_report_in { ev: postern_event, peer: postern_list, message: postern_str, sender: postern_str,
                           recipients: postern_list, reporting_mta: postern_str, envid: postern_str, arrival: postern_str,
                           message_id: postern_str, reported: postern_list, flags: u32, reserved: u32, }
    record postern_submit_param { name: postern_str, value: postern_str, }
    record postern_submission { size: u32, flags: u32, session: u64, token: u64, sender: postern_str, recipients: postern_list,
                         params: postern_list, content: postern_str, }
    table postern_submit_1 {
        submit: unsafe extern "C" fn(*mut postern_host, *const postern_submission) -> postern_status,
    }
    record postern_ev_submitted { ev: postern_event, token: u64, result: u32, reserved: u32, message: postern_str, }
}

// SAFETY: the table is read only, and what it points to lives for ever.
unsafe impl Sync for postern_plugin {}

macro_rules! values {
    ($($name:ident = $value:literal,)*) => {
        $(pub const $name: u32 = $value;)*

        /// Of every constant here, without "POSTERN_".
        #[must_use]
        pub fn all_values() -> Vec<(&'static str, u32)> {
            vec![$((stringify!($name), $name),)*]
        }
    };
}

values! {
    HOOK_CONN_OPEN = 1,
    HOOK_TLS_ESTABLISHED = 2,
    HOOK_HELO = 3,
    HOOK_MAIL = 4,
    HOOK_RCPT = 5,
    HOOK_DATA = 6,
    HOOK_HEADERS = 7,
    HOOK_BODY = 8,
    HOOK_END = 9,
    HOOK_COMMIT_BEFORE = 10,
    HOOK_COMMITTED = 11,
    HOOK_ABORTED = 12,
    HOOK_CONN_CLOSE = 13,
    HOOK_ROUTE = 14,
    HOOK_DELIVERY_DONE = 15,
    HOOK_CAPS = 16,
    HOOK_VERB = 17,
    HOOK_VERB_DATA = 18,
    HOOK_PARAM = 19,
    HOOK_RSET = 20,
    HOOK_NOOP = 21,
    HOOK_HELP = 22,
    HOOK_VRFY = 23,
    HOOK_EXPN = 24,
    HOOK_UNKNOWN = 25,
    HOOK_QUIT = 26,
    HOOK_QUEUE_POLICY = 38,
    HOOK_QUEUE_ADMIT = 39,
    HOOK_QUEUE_RETRY = 40,
    HOOK_DELIVERY_SOURCE = 41,
    HOOK_DELIVERY_CONNECT = 42,
    HOOK_DELIVERY_CONTENT = 43,
    HOOK_DELIVERY_SIGN = 44,
    HOOK_DELIVERY_REPLY = 45,
    HOOK_DSN_MAKE = 46,
    HOOK_REPORT_IN = 47,
    HOOK_WAKE = 64,
    HOOK_SESSION_END = 65,
    HOOK_SUBMITTED = 75,
    HOOK_DELIVER = 512,

    CONTINUE = 0,
    ACCEPT = 1,
    REJECT = 2,
    TEMPFAIL = 3,
    DISCONNECT = 4,
    DISCARD = 5,
    HOLD = 6,
    SCORE = 7,
    BROKEN = 255,
    REPLY_VOUCH = 1,

    EDIT_HEADER_ADD = 1,
    EDIT_HEADER_INSERT = 2,
    EDIT_HEADER_REPLACE = 3,
    EDIT_HEADER_REMOVE = 4,
    EDIT_SENDER_SET = 5,
    EDIT_RCPT_ADD = 6,
    EDIT_RCPT_REPLACE = 7,
    EDIT_RCPT_REMOVE = 8,
    EDIT_BODY_REPLACE = 9,
    EDIT_ROUTE_SET = 10,
    EDIT_PEER_SET = 11,
    EDIT_PRIORITY_SET = 12,
    EDIT_RELEASE_AT = 13,
    EDIT_EXPIRE_AT = 14,
    EDIT_WARN_AT = 15,
    EDIT_ACCEPTED_SET = 20,
    EDIT_REPORT_RELAY = 21,

    OPTION_STRING = 1,
    OPTION_INTEGER = 2,
    OPTION_BOOLEAN = 3,
    OPTION_DURATION = 4,
    OPTION_FLOAT = 5,

    PEER_EXTENDED = 1,
    PEER_TLS = 2,
    WAKE_CANCELLED = 1,
    SUBSCRIBE_OBSERVE = 1,
    PLUGIN_SERIAL = 1,
    PLUGIN_BLOCKING = 2,

    KEYWORD_IN_TLS = 1,
    KEYWORD_LOGGED_IN = 2,
    VERB_BEFORE_EHLO = 1,
    VERB_IN_MAIL = 2,
    RELAY_NEVER = 0,
    RELAY_OPTIONAL = 1,
    RELAY_REQUIRED = 2,
    PARAM_MAIL = 1,
    PARAM_RCPT = 2,
    PARAM_VALUE = 4,
    PARAM_NO_VALUE = 8,
    THEN_NOTHING = 0,
    THEN_OCTETS = 1,
    THEN_LINE = 2,
    THEN_TEXT = 3,
    THEN_RESTART = 4,

    STAGE_ROUTE = 0,
    STAGE_PEER = 1,
    STAGE_MAIL = 2,
    STAGE_RCPT = 3,
    STAGE_DATA = 4,
    STAGE_END = 5,
    DEFERRED = 1,
    FAILED = 2,
    OF_MAIL = 0xffff_ffff,
    HOST_BY_MX = 1,
    HOST_MX_SECURE = 2,
    HOST_ADDRESS_SECURE = 4,
    NEXT_HOP_EXTENDED = 1,
    NEXT_HOP_TLS = 2,
    NEXT_HOP_VERIFIED = 4,
    NEXT_HOP_HAS_OTHERS = 8,
    REPORT_UNKNOWN = 0,
    REPORT_FAILED = 1,
    REPORT_DELAYED = 2,
    REPORT_DELIVERED = 3,
    REPORT_RELAYED = 4,
    REPORT_EXPANDED = 5,
    REPORT_CUT = 1,
    DSN_FAILURE = 0,
    DSN_DELAY = 1,
    DSN_SUCCESS = 2,
    DSN_RETURNS_ALL = 1,
    SUBMIT_NO_REPORTS = 1,
    SUBMIT_UTF8 = 2,
    SUBMIT_OK = 0,
    SUBMIT_FULL = 1,
    SUBMIT_FAILED = 2,
    SUBMIT_CANCELLED = 1,
}
