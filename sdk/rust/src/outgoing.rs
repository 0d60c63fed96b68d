//! A delivery on its way out: from where and by which way it goes (delivery.source, delivery.connect), and what it is sent
//! (delivery.content, delivery.sign). `<postern/abi/outgoing.h>` and `<postern/abi/content.h>` say when each comes. At all of them
//! [`crate::reject`] fails the recipients of the transaction, [`crate::defer`] puts them off until the next attempt, [`crate::hold`] keeps
//! the message for an operator.

use crate::abi::{self, postern_event};
use crate::event::{events, fields, texts, time_of, with_list, with_number, Event};
use crate::extension::Relay;
use crate::shaping::pool_name;
use crate::text::{record_at, records_of, view, Octets};
use crate::verdict::{proceed, Verdict};
use std::cell::RefCell;
use std::marker::PhantomData;
use std::os::unix::io::OwnedFd;
use std::time::SystemTime;

/// A parameter as it is stored with the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredParam<'a> {
    /// Upper case.
    pub keyword: Octets<'a>,
    /// Absent: the keyword stood alone.
    pub value: Option<Octets<'a>>,
    /// Its place in `recipients()`. Absent: of MAIL.
    pub recipient: Option<u32>,
    pub relay: Relay,
}

/// A keyword line of the next hop's EHLO.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer<'a> {
    /// Upper case.
    pub keyword: Octets<'a>,
    pub parameters: Octets<'a>,
}

events! {
    /// delivery.source: from which of our addresses a transaction goes.
    DeliverySource(postern_ev_delivery_source, HOOK_DELIVERY_SOURCE) -> SourceReply {
        /// The queue id.
        message, sender,
        /// "host:port", or a domain by its mail exchangers.
        next_hop,
        /// That holds, after what other plugins said; empty: none in particular.
        pool,
    }
    /// delivery.connect: a new connection is about to be opened, to one address of one host.
    DeliveryConnect(postern_ev_delivery_connect, HOOK_DELIVERY_CONNECT) -> ConnectReply {
        /// The queue id of the message for which it is opened.
        message, next_hop,
        /// A name, or the text of an address.
        host,
        /// Empty: a Unix socket.
        address,
        /// Our end's; empty: as the system chooses.
        source,
        /// Of source addresses; empty: none in particular.
        pool,
    }
    /// delivery.content: what this transaction is sent. Edits: those of headers, and replace_body of the whole body. Nothing that is
    /// stored changes: the next attempt begins anew.
    DeliveryContent(postern_ev_content, HOOK_DELIVERY_CONTENT) -> Verdict {
        /// The queue id.
        message, sender, next_hop,
    }
    /// delivery.sign: the octets that leave are known. Edits: `insert_header(0, name, value)`.
    DeliverySign(postern_ev_content, HOOK_DELIVERY_SIGN) -> Verdict {
        /// The queue id.
        message, sender, next_hop,
    }
}

unsafe fn stored_params<'a>(list: abi::postern_list) -> Vec<StoredParam<'a>> {
    records_of::<abi::postern_stored_param>(list)
        .into_iter()
        .map(|one| StoredParam {
            keyword: view(one.keyword),
            value: (one.has_value != 0).then(|| view(one.value)),
            recipient: (one.of != abi::OF_MAIL).then(|| one.of),
            relay: match one.relay {
                abi::RELAY_OPTIONAL => Relay::Optional,
                abi::RELAY_REQUIRED => Relay::Required,
                _ => Relay::Never,
            },
        })
        .collect()
}
unsafe fn offers<'a>(list: abi::postern_list) -> Vec<Offer<'a>> {
    records_of::<abi::postern_keyword>(list)
        .into_iter()
        .map(|one| Offer { keyword: view(one.keyword), parameters: view(one.parameters) })
        .collect()
}
with_list! {
    DeliverySource.recipients: recipients() by texts -> Octets<'a>;
    DeliverySource.params: params() by stored_params -> StoredParam<'a>;
}
with_number! {
    /// 0: the first.
    DeliverySource.attempt: u32 = |me| me.record.attempt;
    DeliveryConnect.port: u32 = |me| me.record.port;
    /// An MX record of the domain `next_hop()` names the host, or the domain has none and is its own.
    DeliveryConnect.is_by_mx: bool = |me| me.record.flags & abi::HOST_BY_MX != 0;
    /// DNSSEC vouches for that. Of hosts that are not by MX nobody looked.
    DeliveryConnect.is_mx_secure: bool = |me| me.record.flags & abi::HOST_MX_SECURE != 0;
    /// And for the host's addresses.
    DeliveryConnect.is_address_secure: bool = |me| me.record.flags & abi::HOST_ADDRESS_SECURE != 0;
}

macro_rules! with_content {
    ($($name:ident)*) => {
        $(
            with_list! {
                /// Of this transaction.
                $name.recipients: recipients() by texts -> Octets<'a>;
                $name.params: params() by stored_params -> StoredParam<'a>;
                /// What the peer offers.
                $name.offers: offers() by offers -> Offer<'a>;
                /// In order: their positions are the indices of edits.
                $name.headers: fields() by fields -> (Octets<'a>, Octets<'a>);
            }
            with_number! {
                /// Header section, empty line and body for [`crate::Host::read`], until the event is answered.
                $name.blob: u64 = |me| me.record.blob;
                /// Of them.
                $name.size_octets: u64 = |me| me.record.size_octets;
                $name.received: SystemTime = |me| time_of(me.record.received_s);
                /// 0: the first.
                $name.attempt: u32 = |me| me.record.attempt;
                $name.has_tls: bool = |me| me.record.flags & abi::NEXT_HOP_TLS != 0;
            }
            impl<'a> $name<'a> {
                /// The parameters of a keyword (upper case); `None`: it is not offered.
                #[must_use]
                pub fn offer_of(&self, keyword: &str) -> Option<Octets<'a>> {
                    self.offers().into_iter().find(|one| one.keyword == keyword).map(|one| one.parameters)
                }
            }
        )*
    };
}
with_content! { DeliveryContent DeliverySign }

/// The answer to [`DeliverySource`]: [`use_pool`], or a verdict's `into()`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct SourceReply {
    pub(crate) base: Verdict,
    pub(crate) pool: String,
}
impl From<Verdict> for SourceReply {
    fn from(base: Verdict) -> SourceReply {
        SourceReply { base, pool: String::new() }
    }
}

/// One of the configuration, `[[delivery.source_pool]]`: its addresses, and its name for EHLO.
///
/// # Panics
/// For what no pool may be called.
pub fn use_pool(name: impl Into<String>) -> SourceReply {
    SourceReply { base: proceed(), pool: pool_name(name.into()) }
}

/// Whose a socket is.
#[derive(Debug)]
pub(crate) enum Socket {
    None,
    Ours(OwnedFd),
    /// The host's, since it took an answer with it.
    Given,
}

/// The answer to [`DeliveryConnect`]: [`use_socket`], or a verdict's `into()`.
#[derive(Debug)]
#[must_use]
pub struct ConnectReply {
    pub(crate) base: Verdict,
    pub(crate) next_host: bool,
    pub(crate) socket: RefCell<Socket>,
}
impl From<Verdict> for ConnectReply {
    fn from(base: Verdict) -> ConnectReply {
        ConnectReply { base, next_host: false, socket: RefCell::new(Socket::None) }
    }
}
impl ConnectReply {
    /// With [`crate::defer`]: not to this address; another one of the next hop is asked about, if it has one.
    ///
    /// # Panics
    /// With another verdict.
    pub fn try_next_host(mut self) -> ConnectReply {
        assert!(self.base.kind == abi::TEMPFAIL, "only what defers can ask for the next host");
        self.next_host = true;
        self
    }
}

/// A connected stream that leads there, by a proxy or otherwise, of which nothing was read: a `TcpStream`, a `UnixStream`. Needs
/// `may = ["route"]`. It is this answer's, which closes it unless the host took it; answering a second time with the same value is
/// refused.
pub fn use_socket(stream: impl Into<OwnedFd>) -> ConnectReply {
    ConnectReply { base: proceed(), next_host: false, socket: RefCell::new(Socket::Ours(stream.into())) }
}
