//! SMTP extensions: keyword lines of EHLO, verbs and parameters that a plugin declares in `create`; `<postern/abi/ehlo.h>` has the rules.

use crate::abi::{self, postern_event};
use crate::event::{events, with_peer, Event};
use crate::text::{record_at, view, Octets};
use crate::verdict::{printable, proceed, Verdict};
use std::marker::PhantomData;

/// A keyword line of the reply to EHLO.
#[derive(Clone, Debug, Default)]
pub struct Keyword {
    pub name: String,
    /// Words, single spaces between.
    pub parameters: String,
    pub in_tls: bool,
    pub logged_in: bool,
}

/// A verb.
#[derive(Clone, Debug, Default)]
pub struct VerbKind {
    pub name: String,
    /// Of this plugin: the verb is there where it was offered. Empty: always.
    pub keyword: String,
    pub before_ehlo: bool,
    pub in_mail: bool,
    /// The word of the argument, from 1, that counts octets which follow at once; 0: none do.
    pub counted_by: u32,
    /// 0: limits.message_size
    pub most_octets: u64,
}

/// What a next hop is told that a parameter came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Relay {
    #[default]
    Never = 0,
    /// If it offers the keyword; else dropped.
    Optional = 1,
    /// If it offers the keyword; else the delivery fails.
    Required = 2,
}

/// A parameter of MAIL, of RCPT, or of both.
#[derive(Clone, Debug, Default)]
pub struct ParamKind {
    pub name: String,
    pub keyword: String,
    pub of_mail: bool,
    pub of_rcpt: bool,
    /// `Some(true)`: with a value only; `Some(false)`: without only.
    pub value: Option<bool>,
    pub relay: Relay,
    /// "5.7.0": of a delivery that fails for want of the keyword.
    pub lacking: String,
}

/// An answer to a command: a reply of one line or of several, and what the client is to send next.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Reply {
    pub(crate) base: Verdict,
    pub(crate) lines: Vec<String>,
    pub(crate) octets: u64,
    pub(crate) then: u32,
}

impl From<Verdict> for Reply {
    fn from(base: Verdict) -> Reply {
        Reply { base, lines: Vec::new(), octets: 0, then: abi::THEN_NOTHING }
    }
}

impl Reply {
    /// A further line.
    pub fn line(mut self, text: impl AsRef<str>) -> Reply {
        if self.lines.is_empty() {
            self.lines.push(self.base.text.clone());
        }
        self.lines.push(printable(text.as_ref()));
        self
    }
    /// A fact about the client, such as "address" or "helo". Needs `may = ["client"]`.
    pub fn set_client(mut self, fact: impl Into<String>, value: impl Into<Vec<u8>>) -> Reply {
        self.base = self.base.set_client(fact, value);
        self
    }
    fn asking(code: u32, text: impl Into<String>, then: u32, octets: u64) -> Reply {
        Reply { then, octets, ..Reply::from(Verdict::new(abi::CONTINUE, code, String::new(), text.into())) }
    }
}

/// A positive reply: 2yz.
pub fn say(code: u32, enhanced: impl Into<String>, text: impl Into<String>) -> Reply {
    Reply::from(Verdict::new(abi::CONTINUE, code, enhanced.into(), text.into()))
}
/// A 3yz reply, after which the client sends `octets` octets: they come as [`VerbData`].
pub fn ask_octets(code: u32, text: impl Into<String>, octets: u64) -> Reply {
    Reply::asking(code, text, abi::THEN_OCTETS, octets)
}
/// Likewise a line.
pub fn ask_line(code: u32, text: impl Into<String>) -> Reply {
    Reply::asking(code, text, abi::THEN_LINE, 0)
}
/// Likewise lines up to a dot.
pub fn ask_text(code: u32, text: impl Into<String>) -> Reply {
    Reply::asking(code, text, abi::THEN_TEXT, 0)
}
/// The session is as new: the greeting is the reply.
pub fn restart() -> Reply {
    Reply { then: abi::THEN_RESTART, ..Reply::from(proceed()) }
}

/// An answer to [`Parameter`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct ParamReply {
    pub(crate) base: Verdict,
    pub(crate) value: Vec<u8>,
    pub(crate) relay: Option<Relay>,
}

impl From<Verdict> for ParamReply {
    fn from(base: Verdict) -> ParamReply {
        ParamReply { base, value: Vec::new(), relay: None }
    }
}
impl ParamReply {
    /// What is stored and sent on in place of what the client said.
    pub fn value(mut self, octets: impl Into<Vec<u8>>) -> ParamReply {
        self.value = octets.into();
        self
    }
    /// Another rule than was declared.
    pub fn relay(mut self, rule: Relay) -> ParamReply {
        self.relay = Some(rule);
        self
    }
}

/// Which of its keywords a plugin offers this client. A failure offers none.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Offers {
    pub(crate) lines: Option<Vec<(String, String)>>,
}
/// As declared.
pub fn offer_declared() -> Offers {
    Offers { lines: None }
}
/// None but those that are added.
pub fn offers() -> Offers {
    Offers { lines: Some(Vec::new()) }
}
impl Offers {
    pub fn add(mut self, keyword: impl Into<String>, parameters: impl Into<String>) -> Offers {
        self.lines.get_or_insert_with(Vec::new).push((keyword.into(), parameters.into()));
        self
    }
}

events! {
    /// ehlo.caps: at each EHLO. Without an `On` for it the lines are offered as declared.
    Ehlo(postern_ev_caps, HOOK_CAPS) -> Offers {}
    /// A declared verb was said.
    Verb(postern_ev_verb, HOOK_VERB) -> Reply {
        /// As declared.
        name,
        /// White space around it removed.
        argument,
        /// In a transaction; else empty.
        sender,
    }
    /// What a verb's answer asked for, in pieces as it arrives. Before the last piece the answer is `proceed().into()`.
    VerbData(postern_ev_verb_data, HOOK_VERB_DATA) -> Reply { name, chunk, }
    /// A declared parameter was given: before cmd.mail or cmd.rcpt.
    Parameter(postern_ev_param, HOOK_PARAM) -> ParamReply { name, value, sender, recipient, }
}
with_peer! { Ehlo Verb VerbData Parameter }

impl Verb<'_> {
    /// Between MAIL and the end of the message.
    #[must_use]
    pub fn is_in_mail(&self) -> bool {
        self.record.in_mail != 0
    }
}
impl VerbData<'_> {
    /// Of the piece in what was asked for.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.record.offset
    }
    #[must_use]
    pub fn is_last(&self) -> bool {
        self.record.is_last != 0
    }
}
impl Parameter<'_> {
    #[must_use]
    pub fn has_value(&self) -> bool {
        self.record.has_value != 0
    }
    /// Of RCPT rather than MAIL.
    #[must_use]
    pub fn is_rcpt(&self) -> bool {
        self.record.is_rcpt != 0
    }
}
