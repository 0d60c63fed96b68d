//! Mail of a plugin's own: [`Host::submit`], and a [`Submitted`] that says what became of it. `<postern/abi/submit.h>` has the limits.
//! What a peer said must be encoded before it goes into a header section; the host refuses what breaks lines.

use crate::abi::{self, postern_event};
use crate::event::{events, with_number, Event};
use crate::host::{flag, Host};
use crate::text::{lent, lent_list, lent_octets, record_at, view, Octets};
use std::marker::PhantomData;
use std::mem::size_of;

/// A message of the plugin's own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnMail {
    /// Empty: the null reverse path, for what must not be answered.
    pub sender: String,
    /// 1 to 1,000.
    pub recipients: Vec<String>,
    /// Header section, empty line, body; lines end with CRLF.
    pub content: Vec<u8>,
    /// Of MAIL, that the plugin declared: name (upper case), value or none.
    pub params: Vec<(String, Option<String>)>,
    /// Nobody is told of a failure or delay.
    pub no_reports: bool,
    /// Addresses and header section may have UTF-8.
    pub is_utf8: bool,
}

/// Why [`Host::submit`] took nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsubmitted {
    /// The host offers no postern.submit/1.
    Absent,
    /// The configuration does not say `may = ["submit"]`, or `create` is not over.
    Denied,
    /// It breaks a rule; the log says which.
    Invalid,
    /// The session is over.
    Over,
    /// Not now: too much is not stored yet, the server is starting or ending, or there is no queue.
    Busy,
}

/// What became of a submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubmitStatus {
    /// It is on stable storage, and will be delivered.
    Stored,
    /// The queue has no room.
    Full,
    /// Anything else; the log has the cause.
    Failed,
}

events! {
    /// After [`Host::submit`]; needs no subscription.
    Submitted(postern_ev_submitted, HOOK_SUBMITTED) -> () {
        /// Its queue id; empty: it was not stored.
        message,
    }
}
with_number! {
    Submitted.token: u64 = |me| me.record.token;
    Submitted.status: SubmitStatus = |me| match me.record.result {
        abi::SUBMIT_OK => SubmitStatus::Stored,
        abi::SUBMIT_FULL => SubmitStatus::Full,
        _ => SubmitStatus::Failed,
    };
    /// The session, or the instance, ended before it was known; the message may be stored all the same.
    Submitted.is_cancelled: bool = |me| me.record.ev.flags & abi::SUBMIT_CANCELLED != 0;
}

impl Host {
    /// Puts a message into the queue, from any thread; the configuration has to say `may = ["submit"]`. If it is taken, exactly one
    /// [`Submitted`] with `token` comes, never from inside this call: on the session's thread, or with session 0, which stands for
    /// none, on one of the host's.
    pub fn submit(&self, session: u64, token: u64, mail: &OwnMail) -> Result<(), Unsubmitted> {
        let table = self.table::<abi::postern_submit_1>("postern.submit/1").ok_or(Unsubmitted::Absent)?;
        let recipients: Vec<abi::postern_str> = mail.recipients.iter().map(|one| lent(one)).collect();
        let params: Vec<abi::postern_submit_param> = mail
            .params
            .iter()
            .map(|(name, value)| abi::postern_submit_param { name: lent(name), value: lent(value.as_deref().unwrap_or("")) })
            .collect();
        let record = abi::postern_submission {
            size: size_of::<abi::postern_submission>() as u32,
            flags: flag(mail.no_reports, abi::SUBMIT_NO_REPORTS) | flag(mail.is_utf8, abi::SUBMIT_UTF8),
            session,
            token,
            sender: lent(&mail.sender),
            recipients: lent_list(&recipients),
            params: lent_list(&params),
            content: lent_octets(&mail.content),
        };
        // SAFETY: the record, and all that it points to, is lent for the call.
        match unsafe { (table.submit)(self.handle(), &record) } {
            status if status >= 0 => Ok(()),
            abi::E_DENIED => Err(Unsubmitted::Denied),
            abi::E_INVALID => Err(Unsubmitted::Invalid),
            abi::E_STALE => Err(Unsubmitted::Over),
            _ => Err(Unsubmitted::Busy),
        }
    }
}
