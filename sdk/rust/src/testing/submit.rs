//! postern.submit/1 of a FakeHost: takes what a server takes, keeps it, and says what became of it when the test wants it.

use super::contract::state_of;
use super::rules::{fault, has_whole_lines, holds, is_address, Fault, Question};
use super::session::{ask, Created};
use super::FakeHost;
use crate::abi::{self, postern_host, postern_str};
use crate::submit::OwnMail;
use crate::text::{lent, record_at, records_of, view};

pub(super) static TABLE: abi::postern_submit_1 = abi::postern_submit_1 { submit };

/// A submission whose outcome was not told yet.
pub(super) struct Pending {
    session: u64,
    token: u64,
    id: String,
}

/// # Safety
/// A submission as the contract has it.
unsafe fn mail_of(what: &abi::postern_submission) -> OwnMail {
    let params = records_of::<abi::postern_submit_param>(what.params);
    OwnMail {
        sender: view(what.sender).to_text(),
        recipients: records_of::<postern_str>(what.recipients).into_iter().map(|one| view(one).to_text()).collect(),
        content: view(what.content).0.to_vec(),
        params: params
            .into_iter()
            .map(|one| (view(one.name).to_text(), Some(view(one.value).to_text()).filter(|value| !value.is_empty())))
            .collect(),
        no_reports: what.flags & abi::SUBMIT_NO_REPORTS != 0,
        is_utf8: what.flags & abi::SUBMIT_UTF8 != 0,
    }
}

/// Lines that end with CRLF, of at most 998 octets, with a header section and an empty line.
fn content(octets: &[u8]) -> Fault {
    let end = octets.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(0);
    holds(end != 0, || "submits content without a header section and an empty line behind it".into())?;
    let has_lines = octets.ends_with(b"\r\n") && has_whole_lines(octets, |_| true);
    holds(has_lines, || "submits content that does not end with CRLF, or with a bare CR, bare LF or NUL in it".into())?;
    let is_long = octets.split(|c| *c == b'\n').any(|line| line.len() > 999);
    holds(!is_long, || "submits a line of more than 998 octets".into())?;
    for (at, line) in octets[..end].split(|c| *c == b'\n').enumerate() {
        let is_fold = at != 0 && matches!(line.first(), Some(b' ' | b'\t'));
        let is_field = line.iter().position(|c| *c == b':').unwrap_or(0) != 0;
        holds(is_fold || is_field, || format!("submits a header section that is none: {:?}", String::from_utf8_lossy(line)))?;
    }
    Ok(())
}
fn submission(mail: &OwnMail, declared: &[String]) -> Fault {
    content(&mail.content)?;
    let head = mail.content.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(0);
    let is_ascii = mail.is_utf8 || mail.content[..head].is_ascii();
    holds(is_ascii, || "submits a header section beyond ASCII without SUBMIT_UTF8".into())?;
    let is_sender = mail.sender.is_empty() || is_address(mail.sender.as_bytes());
    holds(is_sender, || format!("submits for \"{}\", which is no address", mail.sender))?;
    holds((1..=1_000).contains(&mail.recipients.len()), || "submits to nobody, or to more than 1,000".into())?;
    if let Some(one) = mail.recipients.iter().find(|one| !is_address(one.as_bytes())) {
        return fault(format!("submits to \"{one}\", which is no address"));
    }
    match mail.params.iter().find(|(name, _)| !declared.contains(&format!("parameter {name}"))) {
        Some((name, _)) => fault(format!("submits with \"{name}\", which it did not declare")),
        None => Ok(()),
    }
}

unsafe extern "C" fn submit(host: *mut postern_host, what: *const abi::postern_submission) -> i32 {
    let of: abi::postern_submission = record_at(what.cast(), (*what).size as usize);
    let mail = mail_of(&of);
    let mut state = state_of(host);
    if state.is_creating {
        return abi::E_DENIED;
    }
    if let Err(why) = submission(&mail, &state.declared) {
        state.complaints.push(why);
        return abi::E_INVALID;
    }
    if state.submit_says != abi::PASS {
        return state.submit_says;
    }
    state.mails.push(mail);
    let id = format!("MAIL{}", state.mails.len());
    state.submissions.push(Pending { session: of.session, token: of.token, id });
    abi::PASS
}

impl FakeHost {
    /// What was taken, in order.
    #[must_use]
    pub fn submitted(&self) -> Vec<OwnMail> {
        self.state().mails.clone()
    }
    /// From now on a submission is answered so: `abi::E_DENIED` as without the grant, `abi::E_AGAIN` as when too much is on its way.
    pub fn submit_says(&self, status: i32) {
        self.state().submit_says = status;
    }
}

impl Created<'_> {
    /// What became of all that was submitted and not told of yet: `abi::SUBMIT_...`
    pub fn submissions_end(&self, result: u32) {
        let pending = std::mem::take(&mut self.host.state().submissions);
        for one in pending {
            self.tell(&one, result, 0);
        }
    }
    /// Those of a session that ends.
    pub(super) fn submissions_are_cancelled(&self) {
        let all = std::mem::take(&mut self.host.state().submissions);
        let (over, others) = all.into_iter().partition::<Vec<_>, _>(|one| one.session == self.session);
        self.host.state().submissions = others;
        for one in over {
            self.tell(&one, abi::SUBMIT_FAILED, abi::SUBMIT_CANCELLED);
        }
    }
    fn tell(&self, one: &Pending, result: u32, flags: u32) {
        let id = if result == abi::SUBMIT_OK { one.id.as_str() } else { "" };
        ask(self, Question::of(abi::HOOK_SUBMITTED), |to: &mut abi::postern_ev_submitted| {
            to.ev.session = one.session;
            to.ev.flags = flags;
            to.token = one.token;
            to.result = result;
            to.message = lent(id);
        });
    }
}
