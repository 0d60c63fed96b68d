//! Unit tests of a plugin without a server: a host that records what the plugin does, and notes where that breaks the contract.
//!
//! ```
//! # use postern::{proceed, reject, Host, Mail, On, Plugin, Refusal, Verdict};
//! # struct NoBananas;
//! # impl Plugin for NoBananas { fn create(_: &Host) -> Result<Self, Refusal> { Ok(NoBananas) } }
//! # impl On<Mail<'_>> for NoBananas {
//! #     fn on(&self, mail: &Mail<'_>) -> Verdict {
//! #         if mail.sender().contains("banana") { reject(550, "5.7.1", "no") } else { proceed() }
//! #     }
//! # }
//! # postern::plugin!(NoBananas, id: "org.example.no-bananas", version: "1.0", events: [Mail]);
//! # extern "C" { static postern_plugin_v1: postern::abi::postern_plugin; }
//! # fn main() {
//! use postern::testing::FakeHost;
//! let host = FakeHost::of(unsafe { &postern_plugin_v1 });
//! let plugin = host.create().unwrap();
//! assert!(plugin.mail("banana@example.org", &[]).rejects());
//! assert!(plugin.mail("apple@example.org", &[]).proceeds());
//! assert_eq!(host.complaints(), Vec::<String>::new());
//! # }
//! ```

use crate::abi::{self, postern_event, postern_host, postern_str, Record};
use crate::text::{lent, lent_list, lent_octets, record_at, records_of, view};
use std::ffi::CStr;
use std::mem::size_of;
use std::os::raw::{c_char, c_void};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What a plugin answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    pub verdict: u32,
    pub smtp_code: u32,
    pub vouches: bool,
    pub enhanced: String,
    pub text: String,
    /// Of a reply of several lines, or the keyword lines of EHLO.
    pub lines: Vec<String>,
    /// Operation, index, name, value.
    pub edits: Vec<(u32, u32, String, String)>,
    pub score: i32,
    /// Of a parameter: what is kept in place of the client's value.
    pub value: String,
    /// `abi::THEN_...`, and how many octets.
    pub then: u32,
    pub octets: u64,
    /// Of handle: `abi::PASS`, `abi::TAKEN` or an error.
    pub status: i32,
    /// Of the question; what is open yet is looked up with [`FakeHost::answer_to`].
    pub ticket: u64,
    pub is_pending: bool,
}
impl Said {
    #[must_use]
    pub fn proceeds(&self) -> bool {
        self.status >= 0 && !self.is_pending && self.verdict == abi::CONTINUE
    }
    #[must_use]
    pub fn rejects(&self) -> bool {
        self.verdict == abi::REJECT
    }
    #[must_use]
    pub fn defers(&self) -> bool {
        self.verdict == abi::TEMPFAIL
    }
    /// The plugin panicked, or gave an answer that no server takes: on_error of the configuration applies.
    #[must_use]
    pub fn fails(&self) -> bool {
        self.status < 0
    }
}

#[derive(Default)]
struct State {
    options: Vec<(String, String, String, i64, u32)>,
    subscribed: Vec<u32>,
    declared: Vec<String>,
    log: Vec<(u32, String)>,
    refusals: Vec<(String, String)>,
    complaints: Vec<String>,
    wakes: Vec<(u64, u64, u64)>,
    cookies: Vec<(u64, u64)>,
    blob: Vec<u8>,
    last_ticket: u64,
    open: Vec<(u64, u32)>,
    answers: Vec<(u64, Said)>,
    is_creating: bool,
}

/// The host of one instance.
pub struct FakeHost {
    table: &'static abi::postern_plugin,
    state: Box<Mutex<State>>,
}

impl FakeHost {
    #[must_use]
    pub fn of(table: &'static abi::postern_plugin) -> FakeHost {
        FakeHost { table, state: Box::default() }
    }
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
    fn handle(&self) -> *mut postern_host {
        (&*self.state as *const Mutex<State> as *mut Mutex<State>).cast()
    }
    fn add(&self, key: &str, name: &str, text: String, number: i64, kind: u32) {
        self.state().options.push((key.into(), name.into(), text, number, kind));
    }

    // Options of [plugin.config].
    pub fn text(&self, key: &str, value: &str) {
        self.add(key, "", value.into(), 0, abi::OPTION_STRING);
    }
    pub fn integer(&self, key: &str, value: i64) {
        self.add(key, "", value.to_string(), value, abi::OPTION_INTEGER);
    }
    pub fn boolean(&self, key: &str, value: bool) {
        self.add(key, "", value.to_string(), i64::from(value), abi::OPTION_BOOLEAN);
    }
    pub fn list(&self, key: &str, values: &[&str]) {
        for value in values {
            self.text(key, value);
        }
    }

    /// Starts the plugin; else the status of the contract. It ends when the result goes.
    pub fn create(&self) -> Result<Created<'_>, i32> {
        let args = abi::postern_create_args {
            size: size_of::<abi::postern_create_args>() as u32,
            generation: 1,
            contract: lent("1.0"),
            name: lent("test"),
        };
        let mut me = std::ptr::null_mut();
        self.state().is_creating = true;
        // SAFETY: the plugin gets what the contract promises.
        let status = unsafe { (self.table.create)(self.handle(), get, &args, &mut me) };
        self.state().is_creating = false;
        if status == abi::PASS {
            Ok(Created { host: self, me, session: 1 })
        } else {
            Err(status)
        }
    }

    /// Where the plugin broke the contract.
    #[must_use]
    pub fn complaints(&self) -> Vec<String> {
        self.state().complaints.clone()
    }
    /// Level and text.
    #[must_use]
    pub fn log(&self) -> Vec<(u32, String)> {
        self.state().log.clone()
    }
    /// Option and text.
    #[must_use]
    pub fn refusals(&self) -> Vec<(String, String)> {
        self.state().refusals.clone()
    }
    /// "keyword XTRACE 1", "verb XTRACE", "parameter XTRACEID"
    #[must_use]
    pub fn declared(&self) -> Vec<String> {
        self.state().declared.clone()
    }
    #[must_use]
    pub fn subscribed(&self) -> Vec<u32> {
        self.state().subscribed.clone()
    }
    /// Session, token, nanoseconds.
    #[must_use]
    pub fn wakes(&self) -> Vec<(u64, u64, u64)> {
        self.state().wakes.clone()
    }
    /// What a ticket that was left open was answered with.
    #[must_use]
    pub fn answer_to(&self, ticket: u64) -> Option<Said> {
        self.state().answers.iter().find(|one| one.0 == ticket).map(|one| one.1.clone())
    }
    /// Takes a ticket back, as a deadline does.
    pub fn withdraw(&self, ticket: u64) {
        self.state().open.retain(|one| one.0 != ticket);
    }
}

/// A plugin that runs, asked in one session.
pub struct Created<'a> {
    host: &'a FakeHost,
    me: *mut c_void,
    session: u64,
}

impl Drop for Created<'_> {
    fn drop(&mut self) {
        // SAFETY: what create made, once.
        unsafe { (self.host.table.destroy)(self.me) }
    }
}

fn event(size: usize, hook: u32) -> postern_event {
    postern_event { size: size as u32, hook, ..postern_event::zero() }
}

/// Every record begins with its event.
fn ask<R: Record>(of: &Created<'_>, hook: u32, is_question: bool, fill: impl FnOnce(&mut R)) -> Said {
    let mut record = R::zero();
    let head = (&mut record as *mut R).cast::<postern_event>();
    let ticket = {
        let mut state = of.host.state();
        state.last_ticket += 1;
        let ticket = if is_question { state.last_ticket } else { 0 };
        if is_question {
            state.open.push((ticket, hook));
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

fn peer() -> abi::postern_peer {
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
        ask(self, abi::HOOK_CONN_OPEN, true, |to: &mut abi::postern_ev_conn_open| to.peer = lent_list(&peer))
    }
    pub fn mail(&self, sender: &str, params: &[(&str, &str)]) -> Said {
        let (peer, params) = ([peer()], Self::params(params));
        ask(self, abi::HOOK_MAIL, true, |to: &mut abi::postern_ev_mail| {
            to.peer = lent_list(&peer);
            to.sender = lent(sender);
            to.params = lent_list(&params);
        })
    }
    pub fn rcpt(&self, recipient: &str, params: &[(&str, &str)]) -> Said {
        let (peer, params) = ([peer()], Self::params(params));
        ask(self, abi::HOOK_RCPT, true, |to: &mut abi::postern_ev_rcpt| {
            to.peer = lent_list(&peer);
            to.sender = lent("sender@client.example");
            to.recipient = lent(recipient);
            to.params = lent_list(&params);
        })
    }
    pub fn headers(&self, fields: &[(&str, &str)]) -> Said {
        let fields: Vec<_> =
            fields.iter().map(|(name, value)| abi::postern_header { name: lent(name), value: lent(value) }).collect();
        let (peer, to_whom) = ([peer()], [lent("recipient@example.com")]);
        ask(self, abi::HOOK_HEADERS, true, |to: &mut abi::postern_ev_headers| {
            to.peer = lent_list(&peer);
            to.sender = lent("sender@client.example");
            to.recipients = lent_list(&to_whom);
            to.headers = lent_list(&fields);
        })
    }
    pub fn body(&self, chunk: &[u8], is_last: bool) -> Said {
        let peer = [peer()];
        ask(self, abi::HOOK_BODY, true, |to: &mut abi::postern_ev_body| {
            to.peer = lent_list(&peer);
            to.chunk = lent_octets(chunk);
            to.is_last = u32::from(is_last);
        })
    }
    /// A whole message: header section, empty line, body.
    pub fn message_end(&self, octets: &[u8]) -> Said {
        self.host.state().blob = octets.to_vec();
        let peer = [peer()];
        let said = ask(self, abi::HOOK_END, true, |to: &mut abi::postern_ev_end| {
            to.peer = lent_list(&peer);
            to.sender = lent("sender@client.example");
            to.blob = to.ev.ticket;
            to.size_octets = octets.len() as u64;
        });
        said
    }
    /// Which lines are offered; as declared where the plugin has no opinion.
    pub fn ehlo(&self) -> Said {
        let peer = [peer()];
        ask(self, abi::HOOK_CAPS, true, |to: &mut abi::postern_ev_caps| to.peer = lent_list(&peer))
    }
    pub fn verb(&self, name: &str, argument: &str) -> Said {
        let peer = [peer()];
        ask(self, abi::HOOK_VERB, true, |to: &mut abi::postern_ev_verb| {
            to.peer = lent_list(&peer);
            to.name = lent(name);
            to.argument = lent(argument);
        })
    }
    pub fn verb_data(&self, name: &str, chunk: &[u8], is_last: bool) -> Said {
        let peer = [peer()];
        ask(self, abi::HOOK_VERB_DATA, true, |to: &mut abi::postern_ev_verb_data| {
            to.peer = lent_list(&peer);
            to.name = lent(name);
            to.chunk = lent_octets(chunk);
            to.is_last = u32::from(is_last);
        })
    }
    pub fn parameter(&self, name: &str, value: Option<&str>) -> Said {
        let peer = [peer()];
        ask(self, abi::HOOK_PARAM, true, |to: &mut abi::postern_ev_param| {
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
        ask(self, abi::HOOK_DELIVER, true, |to: &mut abi::postern_ev_deliver| {
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
            ask(self, abi::HOOK_WAKE, false, |to: &mut abi::postern_ev_wake| {
                to.token = token;
                to.ev.flags = if is_cancelled { abi::WAKE_CANCELLED } else { 0 };
            });
        }
    }
    /// Wakes come as cancelled, and nothing more.
    pub fn end_session(&self) {
        self.wake_all(true);
        ask(self, abi::HOOK_SESSION_END, false, |_: &mut postern_event| {});
    }
}

// The host's side of the contract. `host` is the state of a FakeHost.

unsafe fn state_of<'a>(host: *mut postern_host) -> MutexGuard<'a, State> {
    (*host.cast::<Mutex<State>>()).lock().unwrap_or_else(PoisonError::into_inner)
}
unsafe extern "C" fn get(_host: *mut postern_host, id: *const c_char) -> *const c_void {
    static CORE: abi::postern_core_1 = abi::postern_core_1 { subscribe, reply, set_cookie, wake, log };
    static CONFIG: abi::postern_config_1 = abi::postern_config_1 { options, refuse };
    static BLOB: abi::postern_blob_1 = abi::postern_blob_1 { size, read };
    static EHLO: abi::postern_ehlo_1 = abi::postern_ehlo_1 { keyword, verb, param };
    match CStr::from_ptr(id).to_bytes() {
        b"postern.core/1" => (&CORE as *const abi::postern_core_1).cast(),
        b"postern.config/1" => (&CONFIG as *const abi::postern_config_1).cast(),
        b"postern.blob/1" => (&BLOB as *const abi::postern_blob_1).cast(),
        b"postern.ehlo/1" => (&EHLO as *const abi::postern_ehlo_1).cast(),
        _ => std::ptr::null(),
    }
}
unsafe extern "C" fn subscribe(host: *mut postern_host, hook: u32, _flags: u32) -> i32 {
    let mut state = state_of(host);
    if !state.is_creating {
        state.complaints.push(format!("hook {hook}: a subscription outside of create"));
        return abi::E_DENIED;
    }
    state.subscribed.push(hook);
    abi::PASS
}
unsafe extern "C" fn reply(host: *mut postern_host, ticket: u64, reply: *const abi::postern_reply) -> i32 {
    let mut state = state_of(host);
    let hook = match state.open.iter().position(|one| one.0 == ticket) {
        Some(at) => state.open.remove(at).1,
        None => return abi::E_STALE,
    };
    let said = read_reply(hook, reply);
    match why_wrong(hook, &said) {
        None => {
            state.answers.push((ticket, said));
            abi::PASS
        }
        Some(why) => {
            state.complaints.push(format!("hook {hook}: {why}"));
            abi::E_INVALID
        }
    }
}
unsafe fn read_reply(hook: u32, reply: *const abi::postern_reply) -> Said {
    let size = (*reply).size as usize;
    let base: abi::postern_reply = record_at(reply.cast(), size);
    let mut said = Said {
        verdict: base.verdict,
        smtp_code: base.smtp_code,
        vouches: base.flags & abi::REPLY_VOUCH != 0,
        enhanced: view(base.enhanced).to_text(),
        text: view(base.text).to_text(),
        score: base.score,
        ..Said::default()
    };
    for edit in records_of::<abi::postern_edit>(base.edits) {
        said.edits.push((edit.op, edit.index, view(edit.name).to_text(), view(edit.value).to_text()));
    }
    match hook {
        abi::HOOK_CAPS => {
            let record: abi::postern_caps_reply = record_at(reply.cast(), size);
            for line in records_of::<abi::postern_keyword>(record.lines) {
                said.lines.push(format!("{} {}", view(line.keyword), view(line.parameters)).trim_end().to_owned());
            }
        }
        abi::HOOK_PARAM => {
            let record: abi::postern_param_reply = record_at(reply.cast(), size);
            said.value = view(record.value).to_text();
        }
        abi::HOOK_VERB | abi::HOOK_VERB_DATA | abi::HOOK_RSET..=abi::HOOK_QUIT => {
            let record: abi::postern_command_reply = record_at(reply.cast(), size);
            said.lines = records_of::<postern_str>(record.lines).into_iter().map(|one| view(one).to_text()).collect();
            said.then = record.then;
            said.octets = record.octets;
        }
        abi::HOOK_DELIVER => {
            let record: abi::postern_deliver_reply = record_at(reply.cast(), size);
            for one in records_of::<abi::postern_delivery_result>(record.results) {
                said.lines.push(format!("{} {} {} {}", one.verdict, one.smtp_code, view(one.enhanced), view(one.text)));
            }
        }
        _ => {}
    }
    said
}
/// The rules of `<postern/abi/core.h>` for a reply.
fn why_wrong(hook: u32, said: &Said) -> Option<String> {
    let class = match said.verdict {
        abi::REJECT => 5,
        abi::TEMPFAIL => 4,
        _ => 0,
    };
    if class != 0 && said.smtp_code != 0 && said.smtp_code / 100 != class {
        return Some(format!("code {} does not fit its verdict", said.smtp_code));
    }
    if said.verdict == abi::TEMPFAIL && said.smtp_code == 421 && hook != abi::HOOK_DELIVER {
        return Some("421 closes the connection: that is DISCONNECT".into());
    }
    if class != 0 && !said.enhanced.is_empty() && !said.enhanced.starts_with(if class == 5 { "5." } else { "4." }) {
        return Some(format!("{} does not fit code {}", said.enhanced, said.smtp_code));
    }
    let texts = std::iter::once(&said.text).chain(&said.lines);
    if texts.flat_map(|text| text.chars()).any(|c| c != '\t' && !(' '..='~').contains(&c)) {
        return Some("a text that no reply can carry".into());
    }
    if said.vouches && hook != abi::HOOK_RCPT {
        return Some("it vouches, but for no recipient".into());
    }
    None
}
unsafe extern "C" fn set_cookie(host: *mut postern_host, session: u64, cookie: u64) -> i32 {
    state_of(host).cookies.push((session, cookie));
    abi::PASS
}
unsafe extern "C" fn wake(host: *mut postern_host, session: u64, token: u64, delay_ns: u64) -> i32 {
    state_of(host).wakes.push((session, token, delay_ns));
    abi::PASS
}
unsafe extern "C" fn log(host: *mut postern_host, level: u32, text: postern_str) {
    let text = view(text).to_text();
    state_of(host).log.push((level, text));
}
/// Records that point into the state, which nobody changes while the plugin is being created.
unsafe extern "C" fn options(host: *mut postern_host) -> abi::postern_list {
    thread_local! { static RECORDS: std::cell::RefCell<Vec<abi::postern_option>> = const_vec(); }
    let state = state_of(host);
    RECORDS.with(|records| {
        let mut records = records.borrow_mut();
        *records = state
            .options
            .iter()
            .enumerate()
            .map(|(i, (key, name, text, number, kind))| abi::postern_option {
                key: lent(key),
                name: lent(name),
                text: lent(text),
                number: *number,
                kind: *kind,
                index: i as u32,
            })
            .collect();
        lent_list(&records)
    })
}
fn const_vec<T>() -> std::cell::RefCell<Vec<T>> {
    std::cell::RefCell::new(Vec::new())
}
unsafe extern "C" fn refuse(host: *mut postern_host, key: postern_str, text: postern_str) {
    let why = (view(key).to_text(), view(text).to_text());
    state_of(host).refusals.push(why);
}
unsafe extern "C" fn size(host: *mut postern_host, blob: u64) -> i64 {
    let state = state_of(host);
    if state.open.iter().any(|one| one.0 == blob) {
        state.blob.len() as i64
    } else {
        i64::from(abi::E_STALE)
    }
}
unsafe extern "C" fn read(host: *mut postern_host, blob: u64, offset: u64, to: *mut c_char, len: usize) -> i64 {
    let state = state_of(host);
    if !state.open.iter().any(|one| one.0 == blob) {
        return i64::from(abi::E_STALE);
    }
    let rest = state.blob.get(usize::try_from(offset).unwrap_or(usize::MAX)..).unwrap_or(&[]);
    let count = rest.len().min(len);
    std::ptr::copy_nonoverlapping(rest.as_ptr(), to.cast::<u8>(), count);
    count as i64
}
unsafe fn declare(host: *mut postern_host, what: String) -> i32 {
    let mut state = state_of(host);
    if !state.is_creating {
        state.complaints.push(format!("{what}: a declaration outside of create"));
        return abi::E_DENIED;
    }
    state.declared.push(what);
    abi::PASS
}
unsafe extern "C" fn keyword(host: *mut postern_host, what: *const abi::postern_keyword) -> i32 {
    let of: abi::postern_keyword = record_at(what.cast(), (*what).size as usize);
    declare(host, format!("keyword {} {}", view(of.keyword), view(of.parameters)).trim_end().to_owned())
}
unsafe extern "C" fn verb(host: *mut postern_host, what: *const abi::postern_verb) -> i32 {
    let of: abi::postern_verb = record_at(what.cast(), (*what).size as usize);
    declare(host, format!("verb {}", view(of.name)))
}
unsafe extern "C" fn param(host: *mut postern_host, what: *const abi::postern_param_kind) -> i32 {
    let of: abi::postern_param_kind = record_at(what.cast(), (*what).size as usize);
    declare(host, format!("parameter {}", view(of.name)))
}
