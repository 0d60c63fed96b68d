//! What `on` answers: a verdict and the edits that go with it. Values; nothing here talks to a host.

use crate::abi;
use std::time::{SystemTime, UNIX_EPOCH};

/// One change. Indices refer to the state before the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// `abi::EDIT_...`
    pub op: u32,
    pub index: u32,
    pub name: String,
    pub value: Vec<u8>,
}

/// An answer to a decision hook, from [`proceed`], [`reject`] and their like. Code 0 and empty texts are the host's defaults.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Verdict {
    pub(crate) kind: u32,
    pub(crate) smtp_code: u32,
    pub(crate) flags: u32,
    pub(crate) score: i32,
    pub(crate) enhanced: String,
    pub(crate) text: String,
    pub(crate) edits: Vec<Edit>,
    pub(crate) is_later: bool,
}

impl Verdict {
    pub(crate) fn new(kind: u32, smtp_code: u32, enhanced: String, text: String) -> Verdict {
        Verdict { kind, smtp_code, flags: 0, score: 0, enhanced, text: printable(&text), edits: Vec::new(), is_later: false }
    }

    /// No answer yet: [`crate::Host::answer`] gives it, from any thread, before the deadline.
    pub fn later() -> Verdict {
        Verdict { is_later: true, ..proceed() }
    }

    fn with(mut self, op: u32, index: u32, name: String, value: Vec<u8>) -> Verdict {
        self.edits.push(Edit { op, index, name, value });
        self
    }
    /// A field at the end of the header section.
    pub fn add_header(self, name: impl Into<String>, value: impl Into<Vec<u8>>) -> Verdict {
        self.with(abi::EDIT_HEADER_ADD, 0, name.into(), value.into())
    }
    /// A field in front of field `index`.
    pub fn insert_header(self, index: u32, name: impl Into<String>, value: impl Into<Vec<u8>>) -> Verdict {
        self.with(abi::EDIT_HEADER_INSERT, index, name.into(), value.into())
    }
    pub fn replace_header(self, index: u32, value: impl Into<Vec<u8>>) -> Verdict {
        self.with(abi::EDIT_HEADER_REPLACE, index, String::new(), value.into())
    }
    pub fn remove_header(self, index: u32) -> Verdict {
        self.with(abi::EDIT_HEADER_REMOVE, index, String::new(), Vec::new())
    }
    /// A new reverse path; empty: the null reverse path.
    pub fn set_sender(self, address: impl Into<Vec<u8>>) -> Verdict {
        self.with(abi::EDIT_SENDER_SET, 0, String::new(), address.into())
    }
    pub fn add_rcpt(self, address: impl Into<Vec<u8>>) -> Verdict {
        self.with(abi::EDIT_RCPT_ADD, 0, String::new(), address.into())
    }
    pub fn replace_rcpt(self, index: u32, address: impl Into<Vec<u8>>) -> Verdict {
        self.with(abi::EDIT_RCPT_REPLACE, index, String::new(), address.into())
    }
    pub fn remove_rcpt(self, index: u32) -> Verdict {
        self.with(abi::EDIT_RCPT_REMOVE, index, String::new(), Vec::new())
    }
    /// At msg.body this chunk, at msg.end and delivery.content the whole body. Canonical: CRLF, not dot-stuffed.
    pub fn replace_body(self, octets: impl Into<Vec<u8>>) -> Verdict {
        self.with(abi::EDIT_BODY_REPLACE, 0, String::new(), octets.into())
    }
    /// At queue.route: the next hop, "host:port", by `transport`; empty: SMTP.
    pub fn route_to(self, next_hop: impl Into<Vec<u8>>, transport: impl Into<String>) -> Verdict {
        self.with(abi::EDIT_ROUTE_SET, 0, transport.into(), next_hop.into())
    }
    /// At a verb: a fact about the client, such as "address" or "helo". Needs `may = ["client"]`.
    pub fn set_client(self, fact: impl Into<String>, value: impl Into<Vec<u8>>) -> Verdict {
        self.with(abi::EDIT_PEER_SET, 0, fact.into(), value.into())
    }
    /// From -9 to 9 (RFC 6710): who goes first in the queue. Needs `may = ["queue"]`, as do the times below.
    pub fn set_priority(self, priority: i8) -> Verdict {
        self.with(abi::EDIT_PRIORITY_SET, 0, String::new(), priority.to_string().into_bytes())
    }
    /// Not attempted before.
    pub fn release_at(self, when: SystemTime) -> Verdict {
        self.with(abi::EDIT_RELEASE_AT, 0, String::new(), seconds(when))
    }
    /// Given up then, and returned to its sender.
    pub fn expire_at(self, when: SystemTime) -> Verdict {
        self.with(abi::EDIT_EXPIRE_AT, 0, String::new(), seconds(when))
    }
    /// Its sender is told if it waits still.
    pub fn warn_at(self, when: SystemTime) -> Verdict {
        self.with(abi::EDIT_WARN_AT, 0, String::new(), seconds(when))
    }
    /// At cmd.rcpt: we take mail for this recipient. The plugin's `provides` has "postern.recipients/1".
    pub fn vouch(mut self) -> Verdict {
        self.flags |= abi::REPLY_VOUCH;
        self
    }

    pub(crate) fn is_pass(&self) -> bool {
        self.kind == abi::CONTINUE && self.flags == 0 && self.smtp_code == 0 && self.edits.is_empty()
    }
}

/// No objection.
pub fn proceed() -> Verdict {
    Verdict::new(abi::CONTINUE, 0, String::new(), String::new())
}
/// No objection, and nobody further is asked on this hook. Needs the grant "accept".
pub fn accept() -> Verdict {
    Verdict::new(abi::ACCEPT, 0, String::new(), String::new())
}
/// No objection, and at cmd.rcpt: we take mail for this recipient.
pub fn vouch() -> Verdict {
    proceed().vouch()
}
/// For good: a 5yz reply.
pub fn reject(code: u32, enhanced: impl Into<String>, text: impl Into<String>) -> Verdict {
    Verdict::new(abi::REJECT, code, enhanced.into(), text.into())
}
/// For now: a 4yz reply but 421; the client tries again.
pub fn defer(code: u32, enhanced: impl Into<String>, text: impl Into<String>) -> Verdict {
    Verdict::new(abi::TEMPFAIL, code, enhanced.into(), text.into())
}
/// A 4yz or 5yz reply, then the connection is closed. Code 0: 421.
pub fn disconnect(code: u32, enhanced: impl Into<String>, text: impl Into<String>) -> Verdict {
    Verdict::new(abi::DISCONNECT, code, enhanced.into(), text.into())
}
/// The client hears that all is well; nothing is kept.
pub fn discard() -> Verdict {
    Verdict::new(abi::DISCARD, 0, String::new(), String::new())
}
/// Kept, but not delivered until an operator releases it.
pub fn hold(reason: impl Into<String>) -> Verdict {
    Verdict::new(abi::HOLD, 0, String::new(), reason.into())
}
/// Adds to the message's sum; decides nothing by itself. Kept in thousandths of a point.
pub fn score(symbol: impl Into<String>, points: f64) -> Verdict {
    Verdict { score: (points * 1000.0).round() as i32, ..Verdict::new(abi::SCORE, 0, String::new(), symbol.into()) }
}

/// What became of one recipient of a [`crate::Deliver`] event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryResult {
    pub(crate) verdict: u32,
    pub(crate) smtp_code: u32,
    pub(crate) enhanced: String,
    pub(crate) text: String,
}

fn result(verdict: u32, smtp_code: u32, enhanced: impl Into<String>, text: impl Into<String>) -> DeliveryResult {
    DeliveryResult { verdict, smtp_code, enhanced: enhanced.into(), text: printable(&text.into()) }
}
#[must_use]
pub fn delivered(text: impl Into<String>) -> DeliveryResult {
    result(abi::CONTINUE, 250, "2.0.0", text)
}
#[must_use]
pub fn deferred(code: u32, enhanced: impl Into<String>, text: impl Into<String>) -> DeliveryResult {
    result(abi::TEMPFAIL, code, enhanced, text)
}
#[must_use]
pub fn failed(code: u32, enhanced: impl Into<String>, text: impl Into<String>) -> DeliveryResult {
    result(abi::REJECT, code, enhanced, text)
}

/// An answer to a [`crate::Deliver`] event: one result for all recipients, or one each in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct DeliveryReport {
    pub(crate) all: DeliveryResult,
    pub(crate) each: Vec<DeliveryResult>,
    pub(crate) is_later: bool,
}

impl DeliveryReport {
    /// No answer yet: [`crate::Host::answer`] gives it.
    pub fn later() -> DeliveryReport {
        DeliveryReport { is_later: true, ..DeliveryReport::from(Vec::new()) }
    }
}
impl From<DeliveryResult> for DeliveryReport {
    fn from(all: DeliveryResult) -> DeliveryReport {
        DeliveryReport { all, each: Vec::new(), is_later: false }
    }
}
impl From<Vec<DeliveryResult>> for DeliveryReport {
    /// An empty list says nothing, so it defers: no slip may count as delivered.
    fn from(each: Vec<DeliveryResult>) -> DeliveryReport {
        DeliveryReport { all: deferred(451, "4.3.0", "the transport gave no result"), each, is_later: false }
    }
}

/// What a reply can carry; the rest becomes "?".
pub(crate) fn printable(text: &str) -> String {
    text.chars().take(4096).map(|c| if c == '\t' || (' '..='~').contains(&c) { c } else { '?' }).collect()
}

fn seconds(when: SystemTime) -> Vec<u8> {
    when.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()).to_string().into_bytes()
}
