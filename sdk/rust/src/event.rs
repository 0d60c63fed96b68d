//! The events, one type a hook: what [`crate::On`] may take. When each comes, and which edits it allows, is in `<postern/abi/hooks.h>`.

use crate::abi::{self, postern_event, Record};
use crate::answer::Answer;
use crate::text::{record_at, records_of, view, Octets};
use crate::verdict::{DeliveryReport, Verdict};
use crate::Reply;
use std::marker::PhantomData;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// An event of the contract.
pub trait Event: Sized {
    const HOOK: u32;
    /// Whether the host sends it only when asked.
    const IS_SUBSCRIBED: bool = true;
    type Answer: Answer;
    /// # Safety
    /// `event` is a record of [`Event::HOOK`] whose octets live as long as the result.
    #[doc(hidden)]
    unsafe fn from_raw(event: *const postern_event) -> Self;
}

/// Makes the type of a hook's record: what all of them have, and the fields that need no more than a view.
macro_rules! events {
    ($($(#[$about:meta])* $name:ident($record:ident, $hook:ident) -> $answer:ty
       { $($(#[$about_text:meta])* $text:ident,)* })*) => {
        $(
            $(#[$about])*
            pub struct $name<'a> {
                pub(crate) record: abi::$record,
                pub(crate) life: PhantomData<&'a ()>,
            }

            impl Event for $name<'_> {
                const HOOK: u32 = abi::$hook;
                const IS_SUBSCRIBED: bool =
                    Self::HOOK < abi::HOOK_WAKE && Self::HOOK != abi::HOOK_VERB && Self::HOOK != abi::HOOK_VERB_DATA;
                type Answer = $answer;
                unsafe fn from_raw(event: *const postern_event) -> Self {
                    $name { record: record_at(event.cast(), (*event).size as usize), life: PhantomData }
                }
            }

            impl<'a> $name<'a> {
                /// What an answer refers to; 0: a notification.
                #[must_use]
                pub fn ticket(&self) -> u64 {
                    self.record.ev.ticket
                }
                /// A connection, or a delivery job.
                #[must_use]
                pub fn session(&self) -> u64 {
                    self.record.ev.session
                }
                /// As set with [`crate::Host::set_cookie`] for this session; 0 at first.
                #[must_use]
                pub fn cookie(&self) -> u64 {
                    self.record.ev.cookie
                }
                $(
                    $(#[$about_text])*
                    #[must_use]
                    pub fn $text(&self) -> Octets<'a> {
                        // SAFETY: the host lends it for the call, and so for 'a.
                        unsafe { view(self.record.$text) }
                    }
                )*
            }
        )*
    };
}
pub(crate) use events;

/// Events of an SMTP session carry who is connected.
macro_rules! with_peer {
    ($($name:ident)*) => {
        $(impl<'a> $name<'a> {
            #[must_use]
            pub fn peer(&self) -> $crate::event::Peer<'a> {
                // SAFETY: as above.
                unsafe { $crate::event::Peer::from_list(self.record.peer) }
            }
        })*
    };
}
pub(crate) use with_peer;

type Command = Reply;

events! {
    /// conn.open: before the greeting.
    Connection(postern_ev_conn_open, HOOK_CONN_OPEN) -> Verdict {}
    /// tls.established: after a handshake, before the next command.
    Tls(postern_ev_tls, HOOK_TLS_ESTABLISHED) -> Verdict {
        /// "TLSv1.3"
        version, cipher, group,
        /// SNI; empty: none.
        server_name,
        /// Of a verified client certificate; empty: none.
        peer_subject,
    }
    /// cmd.helo: EHLO or HELO; `peer().helo()` is the name.
    Helo(postern_ev_helo, HOOK_HELO) -> Verdict {}
    /// cmd.mail. Edits: set_sender.
    Mail(postern_ev_mail, HOOK_MAIL) -> Verdict {
        /// The reverse path; empty: the null reverse path.
        sender,
    }
    /// cmd.rcpt: one recipient. It is refused unless somebody vouches for it.
    Rcpt(postern_ev_rcpt, HOOK_RCPT) -> Verdict { sender, recipient, }
    /// cmd.data: DATA, or the first BDAT.
    Data(postern_ev_data, HOOK_DATA) -> Verdict { sender, }
    /// msg.headers: the header section is complete. Edits: those of headers.
    Headers(postern_ev_headers, HOOK_HEADERS) -> Verdict { sender, }
    /// msg.body: octets behind the empty line, canonical, in order.
    Body(postern_ev_body, HOOK_BODY) -> Verdict { chunk, }
    /// msg.end: all has arrived, nothing is stored. Read it with [`crate::Host::read`].
    MessageEnd(postern_ev_end, HOOK_END) -> Verdict { sender, }
    /// txn.commit_before: the last moment at which the message can be put off.
    CommitBefore(postern_ev_txn, HOOK_COMMIT_BEFORE) -> Verdict {
        /// The queue id.
        message,
    }
    /// txn.committed: the message is durable.
    Committed(postern_ev_txn, HOOK_COMMITTED) -> () { message, }
    /// txn.aborted: the transaction ended without a message.
    Aborted(postern_ev_txn, HOOK_ABORTED) -> () { message, reason, }
    /// conn.close.
    ConnectionClose(postern_ev_conn_close, HOOK_CONN_CLOSE) -> () { reason, }
    /// cmd.rset, and the others of its kind: what is said in place of the server's own reply.
    Rset(postern_ev_command, HOOK_RSET) -> Command { name, argument, }
    /// cmd.noop
    Noop(postern_ev_command, HOOK_NOOP) -> Command { name, argument, }
    /// cmd.help
    Help(postern_ev_command, HOOK_HELP) -> Command { name, argument, }
    /// cmd.vrfy
    Vrfy(postern_ev_command, HOOK_VRFY) -> Command { name, argument, }
    /// cmd.expn
    Expn(postern_ev_command, HOOK_EXPN) -> Command { name, argument, }
    /// cmd.unknown: a verb that nobody knows.
    UnknownCommand(postern_ev_command, HOOK_UNKNOWN) -> Command { name, argument, }
    /// cmd.quit
    Quit(postern_ev_command, HOOK_QUIT) -> Command { name, argument, }
    /// queue.route: before each attempt of a recipient. Edits: route_to.
    Route(postern_ev_route, HOOK_ROUTE) -> Verdict { message, sender, recipient, }
    /// delivery.done: what became of an attempt for one recipient.
    DeliveryDone(postern_ev_delivery_done, HOOK_DELIVERY_DONE) -> () { message, sender, recipient, enhanced, text, next_hop, }
    /// A message for a transport: list it, and the plugin provides postern.delivery/1.
    Deliver(postern_ev_deliver, HOOK_DELIVER) -> DeliveryReport { message, sender, }
    /// After [`crate::Host::wake`].
    Wake(postern_ev_wake, HOOK_WAKE) -> () {}
}
with_peer! { Connection Tls Helo Mail Rcpt Data Headers Body MessageEnd CommitBefore Committed Aborted ConnectionClose
             Rset Noop Help Vrfy Expn UnknownCommand Quit }

/// Nothing comes for that session any more.
pub struct SessionEnd {
    record: postern_event,
}
impl Event for SessionEnd {
    const HOOK: u32 = abi::HOOK_SESSION_END;
    const IS_SUBSCRIBED: bool = false;
    type Answer = ();
    unsafe fn from_raw(event: *const postern_event) -> Self {
        SessionEnd { record: *event }
    }
}
impl SessionEnd {
    #[must_use]
    pub fn session(&self) -> u64 {
        self.record.session
    }
    #[must_use]
    pub fn cookie(&self) -> u64 {
        self.record.cookie
    }
}

/// Who is connected.
pub struct Peer<'a> {
    record: abi::postern_peer,
    life: PhantomData<&'a ()>,
}
impl<'a> Peer<'a> {
    /// # Safety
    /// A list of at most one `postern_peer`, whose octets live for `'a`.
    pub(crate) unsafe fn from_list(list: abi::postern_list) -> Peer<'a> {
        let record = if list.count == 0 {
            abi::postern_peer::zero()
        } else {
            record_at(list.at.cast(), list.stride as usize)
        };
        Peer { record, life: PhantomData }
    }
    /// "192.0.2.1" or "2001:db8::1"; empty when the connection has none.
    #[must_use]
    pub fn address(&self) -> Octets<'a> {
        // SAFETY: here and below: lent for 'a.
        unsafe { view(self.record.peer_address) }
    }
    #[must_use]
    pub fn port(&self) -> u32 {
        self.record.peer_port
    }
    #[must_use]
    pub fn local_address(&self) -> Octets<'a> {
        unsafe { view(self.record.local_address) }
    }
    #[must_use]
    pub fn local_port(&self) -> u32 {
        self.record.local_port
    }
    /// Its name in the configuration.
    #[must_use]
    pub fn listener(&self) -> Octets<'a> {
        unsafe { view(self.record.listener) }
    }
    /// Argument of EHLO or HELO; empty before.
    #[must_use]
    pub fn helo(&self) -> Octets<'a> {
        unsafe { view(self.record.helo) }
    }
    /// Who logged in; empty: nobody.
    #[must_use]
    pub fn identity(&self) -> Octets<'a> {
        unsafe { view(self.record.identity) }
    }
    #[must_use]
    pub fn is_extended(&self) -> bool {
        self.record.flags & abi::PEER_EXTENDED != 0
    }
    #[must_use]
    pub fn has_tls(&self) -> bool {
        self.record.flags & abi::PEER_TLS != 0
    }
}

/// A MAIL or RCPT parameter as the client wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Param<'a> {
    /// Upper case.
    pub keyword: Octets<'a>,
    /// Absent: the keyword stood alone.
    pub value: Option<Octets<'a>>,
}

unsafe fn params<'a>(list: abi::postern_list) -> Vec<Param<'a>> {
    records_of::<abi::postern_param>(list)
        .into_iter()
        .map(|one| Param { keyword: view(one.keyword), value: (one.has_value != 0).then(|| view(one.value)) })
        .collect()
}
pub(crate) unsafe fn texts<'a>(list: abi::postern_list) -> Vec<Octets<'a>> {
    records_of::<abi::postern_str>(list).into_iter().map(|one| view(one)).collect()
}
/// Name and value (behind the colon and one space; folds kept).
pub(crate) unsafe fn fields<'a>(list: abi::postern_list) -> Vec<(Octets<'a>, Octets<'a>)> {
    records_of::<abi::postern_header>(list).into_iter().map(|one| (view(one.name), view(one.value))).collect()
}

macro_rules! with_list {
    ($($(#[$about:meta])* $name:ident.$field:ident: $method:ident() by $read:ident -> $item:ty;)*) => {
        $(impl<'a> $name<'a> {
            $(#[$about])*
            #[must_use]
            pub fn $method(&self) -> Vec<$item> {
                // SAFETY: the host lends it for the call, and so for 'a.
                unsafe { $read(self.record.$field) }
            }
        })*
    };
}
pub(crate) use with_list;
with_list! {
    Mail.params: params() by params -> Param<'a>;
    Rcpt.params: params() by params -> Param<'a>;
    /// Those of its RCPT.
    Route.params: params() by params -> Param<'a>;
    Data.recipients: recipients() by texts -> Octets<'a>;
    Headers.recipients: recipients() by texts -> Octets<'a>;
    MessageEnd.recipients: recipients() by texts -> Octets<'a>;
    Deliver.recipients: recipients() by texts -> Octets<'a>;
    /// In order: their positions are the indices of edits.
    Headers.headers: fields() by fields -> (Octets<'a>, Octets<'a>);
    /// In order: their positions are the indices of edits.
    MessageEnd.headers: fields() by fields -> (Octets<'a>, Octets<'a>);
}

macro_rules! with_number {
    ($($(#[$about:meta])* $name:ident.$method:ident: $type:ty = $value:expr;)*) => {
        $(impl $name<'_> {
            $(#[$about])*
            #[must_use]
            pub fn $method(&self) -> $type {
                let of: fn(&Self) -> $type = $value;
                of(self)
            }
        })*
    };
}
pub(crate) use with_number;

/// Of seconds since 1970.
pub(crate) fn time_of(seconds: u64) -> SystemTime {
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds)).unwrap_or(UNIX_EPOCH)
}

with_number! {
    /// SIZE=, octets; 0: not given.
    Mail.size_octets: u64 = |me| me.record.size_octets;
    /// Of this recipient among those accepted so far.
    Rcpt.index: u32 = |me| me.record.index;
    Data.is_bdat: bool = |me| me.record.is_bdat != 0;
    /// Of the chunk in the body as the client sent it.
    Body.offset: u64 = |me| me.record.offset;
    Body.is_last: bool = |me| me.record.is_last != 0;
    /// For [`crate::Host::read`], until the event is answered.
    MessageEnd.blob: u64 = |me| me.record.blob;
    MessageEnd.size_octets: u64 = |me| me.record.size_octets;
    /// Thousandths: what was said with `score()` so far, added up.
    MessageEnd.score: i32 = |me| me.record.score;
    /// For [`crate::Host::read`], until the event is answered.
    Deliver.blob: u64 = |me| me.record.blob;
    Deliver.size_octets: u64 = |me| me.record.size_octets;
    /// Accepted on this connection.
    ConnectionClose.messages: u64 = |me| me.record.messages;
    /// 0: the first.
    Route.attempt: u32 = |me| me.record.attempt;
    /// 0 delivered, 1 deferred, 2 failed.
    DeliveryDone.result: u32 = |me| me.record.result;
    DeliveryDone.smtp_code: u32 = |me| me.record.smtp_code;
    DeliveryDone.attempts: u32 = |me| me.record.attempts;
    Wake.token: u64 = |me| me.record.token;
    /// The session ended first.
    Wake.is_cancelled: bool = |me| me.record.ev.flags & abi::WAKE_CANCELLED != 0;
}
