//! The events of a session, and of a delivery: a function each.

use super::rules::Question;
use super::said::Said;
use super::FakeHost;
use crate::abi::{self, postern_event, postern_str, Record};
use crate::text::{lent, lent_list, lent_octets};
use std::mem::size_of;
use std::os::raw::c_void;

/// A plugin that runs, asked in one session.
pub struct Created<'a> {
    pub(super) host: &'a FakeHost,
    pub(super) me: *mut c_void,
    pub(super) session: u64,
}

impl Drop for Created<'_> {
    fn drop(&mut self) {
        // SAFETY: what create made, once.
        unsafe { (self.host.table.destroy)(self.me) }
    }
}

/// Of a message, where a test names none.
const RECIPIENT: &str = "recipient@example.com";

fn event(size: usize, hook: u32) -> postern_event {
    postern_event { size: size as u32, hook, ..postern_event::zero() }
}

/// Every record begins with its event.
pub(super) fn ask<R: Record>(of: &Created<'_>, question: Question, fill: impl FnOnce(&mut R)) -> Said {
    let (hook, is_question) = (question.hook, question.wants_answer());
    let mut record = R::zero();
    let head = (&mut record as *mut R).cast::<postern_event>();
    let ticket = {
        let mut state = of.host.state();
        state.last_ticket += 1;
        let ticket = if is_question { state.last_ticket } else { 0 };
        if is_question {
            state.open.push((ticket, question));
        }
        let cookie = state.cookies.iter().rfind(|one| one.0 == of.session).map_or(0, |one| one.1);
        // SAFETY: the record is an event's, all of which begin so.
        unsafe { *head = postern_event { ticket, session: of.session, cookie, ..event(size_of::<R>(), hook) } };
        ticket
    };
    fill(&mut record);
    // SAFETY: a whole record, lent for the call.
    let status = unsafe { (of.host.table.handle)(of.me, (&record as *const R).cast()) };
    let mut state = of.host.state();
    let answered = state.answers.iter().find(|one| one.0 == ticket).map(|one| one.1.clone());
    let is_pending = is_question && status == abi::TAKEN && answered.is_none();
    if !is_pending {
        state.open.retain(|one| one.0 != ticket);
    }
    if is_question && status == abi::PASS && answered.is_some() {
        state.complaints.push(format!("hook {hook}: answered, and says that it has no opinion"));
    }
    Said { status, ticket, is_pending, ..answered.unwrap_or_default() }
}

pub(super) fn peer() -> abi::postern_peer {
    abi::postern_peer {
        size: size_of::<abi::postern_peer>() as u32,
        peer_port: 40000,
        local_port: 25,
        flags: abi::PEER_EXTENDED,
        peer_address: lent("192.0.2.1"),
        local_address: lent("192.0.2.25"),
        listener: lent("in"),
        helo: lent("client.example"),
        identity: postern_str { ptr: std::ptr::null(), len: 0 },
    }
}

pub(super) fn header(name: &str, value: &str) -> abi::postern_header {
    abi::postern_header { name: lent(name), value: lent(value) }
}

fn question_of(hook: u32, fields: &[abi::postern_header], recipients: &[postern_str]) -> Question {
    let fields = fields.iter().map(|field| field.name.len != 0).collect();
    Question { fields, recipients: recipients.len(), ..Question::of(hook) }
}

/// The header section as a server shows it: a line that is no field has no name.
fn fields_of(message: &[u8]) -> Vec<abi::postern_header> {
    let mut fields: Vec<&[u8]> = Vec::new();
    let (mut start, mut at) = (0, 0);
    while let Some(end) = message[at..].windows(2).position(|two| two == b"\r\n").map(|found| at + found) {
        let goes_on = matches!(message.get(end + 2), Some(b' ' | b'\t'));
        if end == at && at == start {
            return fields.into_iter().map(field_of).collect();
        }
        at = end + 2;
        if !goes_on {
            fields.push(&message[start..end]);
            start = at;
        }
    }
    if start < message.len() {
        fields.push(&message[start..]);
    }
    fields.into_iter().map(field_of).collect()
}
fn field_of(line: &[u8]) -> abi::postern_header {
    let colon = line.iter().position(|c| *c == b':').filter(|at| line[..*at].iter().all(|c| (33..=126).contains(c)));
    let (name, value) = colon.map_or((&line[..0], line), |at| (&line[..at], &line[at + 1..]));
    let value = if colon.is_some() { value.strip_prefix(b" ").unwrap_or(value) } else { value };
    abi::postern_header { name: lent_octets(name), value: lent_octets(value) }
}

impl Created<'_> {
    /// Another session of the same plugin, until the result goes.
    pub fn in_session(&mut self, session: u64) {
        self.session = session;
    }

    fn params(of: &[(&str, &str)]) -> Vec<abi::postern_param> {
        of.iter()
            .map(|(keyword, value)| abi::postern_param { keyword: lent(keyword), value: lent(value), has_value: 1, reserved: 0 })
            .collect()
    }
    pub fn connection(&self) -> Said {
        let peer = [peer()];
        ask(self, Question::of(abi::HOOK_CONN_OPEN), |to: &mut abi::postern_ev_conn_open| to.peer = lent_list(&peer))
    }
    pub fn mail(&self, sender: &str, params: &[(&str, &str)]) -> Said {
        let (peer, params) = ([peer()], Self::params(params));
        ask(self, Question::of(abi::HOOK_MAIL), |to: &mut abi::postern_ev_mail| {
            to.peer = lent_list(&peer);
            to.sender = lent(sender);
            to.params = lent_list(&params);
        })
    }
    pub fn rcpt(&self, recipient: &str, params: &[(&str, &str)]) -> Said {
        let (peer, params) = ([peer()], Self::params(params));
        let question = Question { may_vouch: self.host.provides("postern.recipients/1"), recipients: 1, ..Question::of(abi::HOOK_RCPT) };
        ask(self, question, |to: &mut abi::postern_ev_rcpt| {
            to.peer = lent_list(&peer);
            to.sender = lent("sender@client.example");
            to.recipient = lent(recipient);
            to.params = lent_list(&params);
        })
    }
    pub fn headers(&self, fields: &[(&str, &str)]) -> Said {
        let fields: Vec<_> = fields.iter().map(|(name, value)| header(name, value)).collect();
        let (peer, to_whom) = ([peer()], [lent(RECIPIENT)]);
        ask(self, question_of(abi::HOOK_HEADERS, &fields, &to_whom), |to: &mut abi::postern_ev_headers| {
            to.peer = lent_list(&peer);
            to.sender = lent("sender@client.example");
            to.recipients = lent_list(&to_whom);
            to.headers = lent_list(&fields);
        })
    }
    pub fn body(&self, chunk: &[u8], is_last: bool) -> Said {
        let peer = [peer()];
        ask(self, Question::of(abi::HOOK_BODY), |to: &mut abi::postern_ev_body| {
            to.peer = lent_list(&peer);
            to.chunk = lent_octets(chunk);
            to.is_last = u32::from(is_last);
        })
    }
    /// A whole message to one recipient: header section, empty line, body.
    pub fn message_end(&self, octets: &[u8]) -> Said {
        self.message_end_for(&[RECIPIENT], octets)
    }
    pub fn message_end_for(&self, recipients: &[&str], octets: &[u8]) -> Said {
        self.host.state().blob = octets.to_vec();
        let (peer, fields) = ([peer()], fields_of(octets));
        let to_whom: Vec<_> = recipients.iter().map(|one| lent(one)).collect();
        ask(self, question_of(abi::HOOK_END, &fields, &to_whom), |to: &mut abi::postern_ev_end| {
            to.peer = lent_list(&peer);
            to.sender = lent("sender@client.example");
            to.recipients = lent_list(&to_whom);
            to.headers = lent_list(&fields);
            to.blob = to.ev.ticket;
            to.size_octets = octets.len() as u64;
        })
    }
    /// Which lines are offered; as declared where the plugin has no opinion.
    pub fn ehlo(&self) -> Said {
        let peer = [peer()];
        ask(self, Question::of(abi::HOOK_CAPS), |to: &mut abi::postern_ev_caps| to.peer = lent_list(&peer))
    }
    pub fn verb(&self, name: &str, argument: &str) -> Said {
        let peer = [peer()];
        ask(self, self.host.question_of_verb(abi::HOOK_VERB, name), |to: &mut abi::postern_ev_verb| {
            to.peer = lent_list(&peer);
            to.name = lent(name);
            to.argument = lent(argument);
        })
    }
    pub fn verb_data(&self, name: &str, chunk: &[u8], is_last: bool) -> Said {
        let peer = [peer()];
        ask(self, self.host.question_of_verb(abi::HOOK_VERB_DATA, name), |to: &mut abi::postern_ev_verb_data| {
            to.peer = lent_list(&peer);
            to.name = lent(name);
            to.chunk = lent_octets(chunk);
            to.is_last = u32::from(is_last);
        })
    }
    pub fn parameter(&self, name: &str, value: Option<&str>) -> Said {
        let peer = [peer()];
        ask(self, Question::of(abi::HOOK_PARAM), |to: &mut abi::postern_ev_param| {
            to.peer = lent_list(&peer);
            to.name = lent(name);
            to.value = lent(value.unwrap_or(""));
            to.has_value = u32::from(value.is_some());
        })
    }
    /// A message for a transport, to one recipient.
    pub fn deliver(&self, recipient: &str, octets: &[u8]) -> Said {
        self.host.state().blob = octets.to_vec();
        let to_whom = [lent(recipient)];
        ask(self, question_of(abi::HOOK_DELIVER, &[], &to_whom), |to: &mut abi::postern_ev_deliver| {
            to.message = lent("0000000000001");
            to.sender = lent("sender@client.example");
            to.recipients = lent_list(&to_whom);
            to.blob = to.ev.ticket;
            to.size_octets = octets.len() as u64;
        })
    }
    /// Delivers the wakes that were asked for, as if their time had come.
    pub fn wake_all(&self, is_cancelled: bool) {
        let due = std::mem::take(&mut self.host.state().wakes);
        for (_, token, _) in due {
            ask(self, Question::of(abi::HOOK_WAKE), |to: &mut abi::postern_ev_wake| {
                to.token = token;
                to.ev.flags = if is_cancelled { abi::WAKE_CANCELLED } else { 0 };
            });
        }
    }
    /// Wakes and what became of submissions come as cancelled, and nothing more.
    pub fn end_session(&self) {
        self.wake_all(true);
        self.submissions_are_cancelled();
        ask(self, Question::of(abi::HOOK_SESSION_END), |_: &mut postern_event| {});
    }
}
