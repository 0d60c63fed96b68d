//! What a plugin asks of its host: options, log lines, cookies, timers, message octets, late answers, declarations.

use crate::abi::{self, postern_host};
use crate::answer::Answer;
use crate::extension::{Keyword, ParamKind, VerbKind};
use crate::text::{lent, records_of, view};
use std::ffi::CString;
use std::mem::size_of;
use std::sync::Arc;
use std::time::Duration;

/// Why a plugin cannot start: one line with FILE:LINE of `key`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The option; empty: none of them is at fault.
    pub key: String,
    pub text: String,
}
impl Refusal {
    pub fn of(key: impl Into<String>, text: impl Into<String>) -> Refusal {
        Refusal { key: key.into(), text: text.into() }
    }
}

/// What a number named is over: a ticket past its deadline or answered before, a session that ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stale;

/// Why [`Host::read_all`] gives nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unread {
    /// The event is answered, or its deadline over.
    Stale,
    /// There is more than was asked for.
    TooLong,
}
impl From<Stale> for Unread {
    fn from(_: Stale) -> Unread {
        Unread::Stale
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    Debug = 0,
    Info = 1,
    Warning = 2,
    Error = 3,
}

#[derive(Clone)]
struct OptionValue {
    key: String,
    name: String,
    text: String,
    number: i64,
    kind: u32,
}

struct Services {
    host: *mut postern_host,
    get: abi::postern_get_fn,
    core: *const abi::postern_core_1,
    options: Vec<OptionValue>,
    name: String,
    generation: u32,
}
// SAFETY: every function of the tables is marked [any], or says otherwise here.
unsafe impl Send for Services {}
unsafe impl Sync for Services {}

/// A cheap handle: keep a clone. Valid until the plugin is dropped.
#[derive(Clone)]
pub struct Host {
    services: Arc<Services>,
}

impl Host {
    /// # Safety
    /// What the contract's `create` gets.
    pub(crate) unsafe fn new(host: *mut postern_host, get: abi::postern_get_fn, args: *const abi::postern_create_args) -> Option<Host> {
        let core = get(host, b"postern.core/1\0".as_ptr().cast()).cast::<abi::postern_core_1>();
        if core.is_null() {
            return None;
        }
        let config = get(host, b"postern.config/1\0".as_ptr().cast()).cast::<abi::postern_config_1>();
        let options = if config.is_null() { Vec::new() } else { records_of::<abi::postern_option>(((*config).options)(host)) };
        let options = options
            .into_iter()
            .map(|one| OptionValue {
                key: view(one.key).to_text(),
                name: view(one.name).to_text(),
                text: view(one.text).to_text(),
                number: one.number,
                kind: one.kind,
            })
            .collect();
        Some(Host {
            services: Arc::new(Services {
                host,
                get,
                core,
                options,
                name: view((*args).name).to_text(),
                generation: (*args).generation,
            }),
        })
    }

    fn core(&self) -> &abi::postern_core_1 {
        // SAFETY: tables live as long as the process.
        unsafe { &*self.services.core }
    }

    /// Of this instance, as configured.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.services.name
    }
    /// Of the configuration, from 1.
    #[must_use]
    pub fn generation(&self) -> u32 {
        self.services.generation
    }
    /// A table of the host by id, for what has no function here.
    #[must_use]
    pub fn table<Table>(&self, id: &str) -> Option<&'static Table> {
        let id = CString::new(id).ok()?;
        // SAFETY: what an id names is the caller's to know; it lives as long as the process.
        unsafe { (self.services.get)(self.services.host, id.as_ptr()).cast::<Table>().as_ref() }
    }
    /// What to pass to such a table.
    #[must_use]
    pub fn handle(&self) -> *mut postern_host {
        self.services.host
    }

    fn option(&self, key: &str, kind: u32, what: &str) -> Result<Option<&OptionValue>, Refusal> {
        match self.services.options.iter().rfind(|one| one.key == key) {
            Some(one) if one.kind != kind => Err(Refusal::of(key, format!("has to be {what}"))),
            found => Ok(found),
        }
    }
    /// Text and paths; paths are absolute. `None`: not given, and without a default in plugin.toml.
    pub fn text(&self, key: &str) -> Result<Option<String>, Refusal> {
        Ok(self.option(key, abi::OPTION_STRING, "a string")?.map(|one| one.text.clone()))
    }
    /// Integers, and sizes in octets.
    pub fn integer(&self, key: &str) -> Result<Option<i64>, Refusal> {
        Ok(self.option(key, abi::OPTION_INTEGER, "an integer")?.map(|one| one.number))
    }
    pub fn boolean(&self, key: &str) -> Result<Option<bool>, Refusal> {
        Ok(self.option(key, abi::OPTION_BOOLEAN, "true or false")?.map(|one| one.number != 0))
    }
    /// As the contract hands it over: in thousandths.
    pub fn number(&self, key: &str) -> Result<Option<f64>, Refusal> {
        Ok(self.option(key, abi::OPTION_FLOAT, "a number")?.map(|one| one.number as f64 / 1000.0))
    }
    pub fn duration(&self, key: &str) -> Result<Option<Duration>, Refusal> {
        let found = self.option(key, abi::OPTION_DURATION, "a duration")?;
        Ok(found.map(|one| Duration::from_nanos(u64::try_from(one.number).unwrap_or(0))))
    }
    /// Empty when it was not given.
    #[must_use]
    pub fn list(&self, key: &str) -> Vec<String> {
        self.services.options.iter().filter(|one| one.key == key).map(|one| one.text.clone()).collect()
    }
    /// Name and value in the order of the file.
    #[must_use]
    pub fn pairs(&self, key: &str) -> Vec<(String, String)> {
        self.services.options.iter().filter(|one| one.key == key).map(|one| (one.name.clone(), one.text.clone())).collect()
    }

    /// One line to the host's log; the host adds the instance and escapes.
    pub fn log(&self, level: LogLevel, text: &str) {
        // SAFETY: the text is lent for the call.
        unsafe { (self.core().log)(self.services.host, level as u32, lent(text)) }
    }
    /// A number that comes with every later event of the session. Only on its thread.
    pub fn set_cookie(&self, session: u64, cookie: u64) -> Result<(), Stale> {
        // SAFETY: numbers only.
        done(unsafe { (self.core().set_cookie)(self.services.host, session, cookie) })
    }
    /// Exactly one [`crate::Wake`] with `token` on the session's thread, after `delay` or when the session ends.
    pub fn wake(&self, session: u64, token: u64, delay: Duration) -> Result<(), Stale> {
        let delay = u64::try_from(delay.as_nanos()).unwrap_or(u64::MAX);
        // SAFETY: numbers only.
        done(unsafe { (self.core().wake)(self.services.host, session, token, delay) })
    }
    /// Answers a ticket that an `on` left open, from any thread.
    pub fn answer(&self, ticket: u64, what: &impl Answer) -> Result<(), Stale> {
        done(what.send(self, ticket))
    }
    pub(crate) fn reply(&self, ticket: u64, reply: *const abi::postern_reply) -> i32 {
        // SAFETY: the caller lends a record whose size says what it is.
        unsafe { (self.core().reply)(self.services.host, ticket, reply) }
    }

    /// Up to `to.len()` octets of a message from `offset`; how many, 0 at its end. May block: large messages are for a plugin that is
    /// [`abi::PLUGIN_BLOCKING`].
    pub fn read(&self, blob: u64, offset: u64, to: &mut [u8]) -> Result<usize, Stale> {
        let table = self.table::<abi::postern_blob_1>("postern.blob/1").ok_or(Stale)?;
        // SAFETY: the host writes at most that many octets.
        let count = unsafe { (table.read)(self.services.host, blob, offset, to.as_mut_ptr().cast(), to.len()) };
        usize::try_from(count).map_err(|_| Stale)
    }
    /// All of it: never a part, so one of more than `limit` octets is an error.
    pub fn read_all(&self, blob: u64, limit: usize) -> Result<Vec<u8>, Unread> {
        let mut all = Vec::new();
        let mut piece = [0u8; 16 * 1024];
        while all.len() <= limit {
            let wanted = piece.len().min((limit - all.len()).saturating_add(1));
            match self.read(blob, all.len() as u64, &mut piece[..wanted])? {
                0 => return Ok(all),
                count => all.extend_from_slice(&piece[..count]),
            }
        }
        Err(Unread::TooLong)
    }

    // Extensions of SMTP. Only in `create`.

    fn ehlo(&self) -> Result<&'static abi::postern_ehlo_1, Refusal> {
        self.table("postern.ehlo/1").ok_or_else(|| Refusal::of("", "this host offers no postern.ehlo/1"))
    }
    pub fn keyword(&self, of: &Keyword) -> Result<(), Refusal> {
        let record = abi::postern_keyword {
            size: size_of::<abi::postern_keyword>() as u32,
            flags: flag(of.in_tls, abi::KEYWORD_IN_TLS) | flag(of.logged_in, abi::KEYWORD_LOGGED_IN),
            keyword: lent(&of.name),
            parameters: lent(&of.parameters),
        };
        // SAFETY: here and below the record is lent for the call.
        declared(unsafe { (self.ehlo()?.keyword)(self.services.host, &record) }, &of.name)
    }
    pub fn verb(&self, of: &VerbKind) -> Result<(), Refusal> {
        let record = abi::postern_verb {
            size: size_of::<abi::postern_verb>() as u32,
            flags: flag(of.before_ehlo, abi::VERB_BEFORE_EHLO) | flag(of.in_mail, abi::VERB_IN_MAIL),
            name: lent(&of.name),
            keyword: lent(&of.keyword),
            counted_by: of.counted_by,
            reserved: 0,
            most_octets: of.most_octets,
        };
        declared(unsafe { (self.ehlo()?.verb)(self.services.host, &record) }, &of.name)
    }
    pub fn parameter(&self, of: &ParamKind) -> Result<(), Refusal> {
        let value = match of.value {
            Some(true) => abi::PARAM_VALUE,
            Some(false) => abi::PARAM_NO_VALUE,
            None => 0,
        };
        let record = abi::postern_param_kind {
            size: size_of::<abi::postern_param_kind>() as u32,
            flags: value | flag(of.of_mail, abi::PARAM_MAIL) | flag(of.of_rcpt, abi::PARAM_RCPT),
            name: lent(&of.name),
            keyword: lent(&of.keyword),
            relay: of.relay as u32,
            reserved: 0,
            lacking: lent(&of.lacking),
        };
        declared(unsafe { (self.ehlo()?.param)(self.services.host, &record) }, &of.name)
    }
}

pub(crate) fn flag(is_set: bool, which: u32) -> u32 {
    if is_set {
        which
    } else {
        0
    }
}
fn done(status: i32) -> Result<(), Stale> {
    if status < 0 {
        Err(Stale)
    } else {
        Ok(())
    }
}
fn declared(status: i32, name: &str) -> Result<(), Refusal> {
    if status < 0 {
        return Err(Refusal::of("", format!("\"{name}\" cannot be declared")));
    }
    Ok(())
}
