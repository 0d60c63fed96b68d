//! Delivery status notifications: those that the server is about to make (dsn.make), and those that arrive (report.in).
//! `<postern/abi/report.h>` says when each comes. Of a report that arrives every word is its sender's, and anybody can write one.

use crate::abi::{self, postern_event};
use crate::event::{events, texts, time_of, with_list, with_number, with_peer, Event};
use crate::text::{record_at, records_of, view, Octets};
use crate::verdict::Verdict;
use std::marker::PhantomData;
use std::time::SystemTime;

const LONGEST_TEXT: usize = 16_384;
const LONGEST_NAME: usize = 100;
const LONGEST_FIELD: usize = 900;
const MOST_FIELDS: usize = 20;

/// What became of a recipient (RFC 3464 2.3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReportAction {
    /// Or one that is not known here.
    Unknown,
    Failed,
    Delayed,
    Delivered,
    /// To a mail system that will not tell.
    Relayed,
    Expanded,
}

/// One recipient of a notification. Empty: not said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reported<'a> {
    pub recipient: Octets<'a>,
    /// As the sender wrote it.
    pub original: Octets<'a>,
    /// "5.1.1"
    pub status: Octets<'a>,
    /// Who said so: name or address.
    pub remote_mta: Octets<'a>,
    pub diagnostic_type: Octets<'a>,
    pub diagnostic: Octets<'a>,
    /// A date as RFC 5322 writes them.
    pub last_attempt: Octets<'a>,
    /// Likewise.
    pub retry_until: Octets<'a>,
    pub action: ReportAction,
    /// That a diagnostic of type smtp begins with; 0: none.
    pub smtp_code: u32,
}

/// What a notification is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DsnKind {
    /// Recipients will not get the message.
    Failure,
    /// They have not got it yet.
    Delay,
    /// They have it, and the sender wanted to know.
    Success,
    /// One that a newer host knows.
    Other(u32),
}

events! {
    /// dsn.make: a notification is due. It goes out unless [`suppress_dsn`] says otherwise: no failure, and no panic, keeps it back.
    DsnMake(postern_ev_dsn_make, HOOK_DSN_MAKE) -> DsnReply {
        /// The queue id of the message that it is about.
        message,
        /// Of that message; never empty.
        sender,
        /// What its sender called it; empty: nothing.
        envid,
        /// Who is told: the sender, or whom a plugin before this one named.
        recipient,
        /// What plugins before this one said; empty: nothing.
        text,
        /// Likewise.
        from_name,
    }
    /// report.in: a notification has come in and is durable. Nothing of what it says is proof: act on one only if something else says
    /// that it answers mail of yours, such as a signed address among `recipients()` or an `envid()` that nobody can guess.
    ReportIn(postern_ev_report_in, HOOK_REPORT_IN) -> () {
        /// The queue id.
        message,
        /// Of the envelope: empty, if it was made by the rules.
        sender,
        /// Who says that he made it.
        reporting_mta,
        /// Original-Envelope-Id.
        envid,
        /// When the message that it is about came there: a date as RFC 5322 writes them.
        arrival,
        /// Message-ID of that message, with its angle brackets.
        message_id,
    }
}
with_peer! { ReportIn }

fn action_of(number: u32) -> ReportAction {
    match number {
        abi::REPORT_FAILED => ReportAction::Failed,
        abi::REPORT_DELAYED => ReportAction::Delayed,
        abi::REPORT_DELIVERED => ReportAction::Delivered,
        abi::REPORT_RELAYED => ReportAction::Relayed,
        abi::REPORT_EXPANDED => ReportAction::Expanded,
        _ => ReportAction::Unknown,
    }
}
unsafe fn reported<'a>(list: abi::postern_list) -> Vec<Reported<'a>> {
    records_of::<abi::postern_reported>(list)
        .into_iter()
        .map(|one| Reported {
            recipient: view(one.recipient),
            original: view(one.original),
            status: view(one.status),
            remote_mta: view(one.remote_mta),
            diagnostic_type: view(one.diagnostic_type),
            diagnostic: view(one.diagnostic),
            last_attempt: view(one.last_attempt),
            retry_until: view(one.retry_until),
            action: action_of(one.action),
            smtp_code: one.smtp_code,
        })
        .collect()
}
with_list! {
    DsnMake.reported: about() by reported -> Reported<'a>;
    /// Of the envelope: whom the report was sent to.
    ReportIn.recipients: recipients() by texts -> Octets<'a>;
    /// At least one.
    ReportIn.reported: about() by reported -> Reported<'a>;
}
with_number! {
    DsnMake.kind: DsnKind = |me| match me.record.kind {
        abi::DSN_FAILURE => DsnKind::Failure,
        abi::DSN_DELAY => DsnKind::Delay,
        abi::DSN_SUCCESS => DsnKind::Success,
        other => DsnKind::Other(other),
    };
    /// When that message was accepted.
    DsnMake.received: SystemTime = |me| time_of(me.record.received_s);
    /// The whole message is given back, not its header section alone.
    DsnMake.returns_all: bool = |me| me.record.flags & abi::DSN_RETURNS_ALL != 0;
    /// It says more than was read.
    ReportIn.is_cut: bool = |me| me.record.flags & abi::REPORT_CUT != 0;
}

/// The answer to [`DsnMake`]: `proceed().into()` and what is added to it, or [`suppress_dsn`]. All but a plain `proceed()` needs
/// `may = ["dsn"]`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct DsnReply {
    pub(crate) base: Verdict,
    pub(crate) recipient: String,
    pub(crate) text: String,
    pub(crate) from_name: String,
    pub(crate) fields: Vec<(String, String)>,
}
impl From<Verdict> for DsnReply {
    fn from(base: Verdict) -> DsnReply {
        DsnReply { base, recipient: String::new(), text: String::new(), from_name: String::new(), fields: Vec::new() }
    }
}

/// It is not sent, and nobody is told. `reason` is for the log.
pub fn suppress_dsn(reason: impl Into<String>) -> DsnReply {
    DsnReply::from(Verdict::new(abi::DISCARD, 0, String::new(), reason.into()))
}

/// Without control characters, but LF and tab if it may have lines.
pub(crate) fn is_dsn_text(text: &str, longest: usize, has_lines: bool) -> bool {
    let is_fine = |c: char| !c.is_control() && c != '\u{2028}' && c != '\u{2029}';
    text.len() <= longest && text.chars().all(|c| is_fine(c) || (has_lines && (c == '\n' || c == '\t')))
}
pub(crate) fn is_explanation(text: &str) -> bool {
    is_dsn_text(text, LONGEST_TEXT, true)
}
pub(crate) fn is_from_name(name: &str) -> bool {
    is_dsn_text(name, LONGEST_NAME, false)
}
/// One line of printable ASCII, and none of a report's own.
pub(crate) fn is_dsn_field(name: &str, value: &str) -> bool {
    const OWN: [&str; 16] = [
        "from", "sender", "reply-to", "to", "cc", "bcc", "date", "subject", "message-id", "in-reply-to", "references", "received",
        "return-path", "delivered-to", "auto-submitted", "mime-version",
    ];
    let lower = name.to_ascii_lowercase();
    let is_own = lower.starts_with("content-") || lower.starts_with("resent-") || OWN.contains(&lower.as_str());
    !name.is_empty()
        && name.len() + value.len() <= LONGEST_FIELD
        && !is_own
        && name.bytes().all(|c| (b'!'..=b'~').contains(&c) && c != b':')
        && value.bytes().all(|c| (b' '..=b'~').contains(&c))
}

impl DsnReply {
    /// It goes to that address instead.
    ///
    /// # Panics
    /// For what certainly is none.
    pub fn send_to(mut self, address: impl Into<String>) -> DsnReply {
        self.recipient = address.into();
        let is_address = self.recipient.contains('@') && !self.recipient.contains(|c: char| c == ' ' || c.is_control());
        assert!(is_address, "{:?} is no address", self.recipient);
        self
    }
    /// The explanation for people: lines, up to 16 KiB. What became of each recipient stands below it.
    ///
    /// # Panics
    /// For what is longer, and for control characters.
    pub fn say(mut self, text: impl AsRef<str>) -> DsnReply {
        self.text = text.as_ref().replace("\r\n", "\n");
        assert!(is_explanation(&self.text), "a text of a report that is too long, or with control characters");
        self
    }
    /// Who it is from, by name, up to 100 octets: in place of "Mail Delivery System".
    ///
    /// # Panics
    /// For what is longer, and for control characters.
    pub fn from_name(mut self, name: impl Into<String>) -> DsnReply {
        self.from_name = name.into();
        assert!(is_from_name(&self.from_name), "a name that is too long, or with control characters: {:?}", self.from_name);
        self
    }
    /// One more field of the header section, at most 20.
    ///
    /// # Panics
    /// For what is no line of printable ASCII, and for fields that a report has itself.
    pub fn add_field(mut self, name: impl Into<String>, value: impl Into<String>) -> DsnReply {
        let (name, value) = (name.into(), value.into());
        let is_fine = self.fields.len() < MOST_FIELDS && is_dsn_field(&name, &value);
        assert!(is_fine, "{name:?} is no field that can be added to a report, or one too many");
        self.fields.push((name, value));
        self
    }
}
