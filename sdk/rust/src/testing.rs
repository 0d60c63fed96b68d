//! Unit tests of a plugin without a server: a host that records what the plugin does, and notes where that breaks the contract.
//! Of an answer it judges verdict, code, texts and edits as a server does, but for the finer syntax of addresses; it does not hold
//! options against plugin.toml, and asks about verbs and parameters that were not declared or offered too.
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

mod contract;
mod delivery;
mod delivery_rules;
mod rules;
mod said;
mod session;
mod submit;

pub use delivery::{Delivery, ReportLine};
pub use said::{GivenSocket, Said, SaidOfDsn};
pub use session::Created;

use crate::abi::{self, postern_host};
use crate::submit::OwnMail;
use crate::text::lent;
use rules::Question;
use std::ffi::CStr;
use std::mem::size_of;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

struct GivenOption {
    key: String,
    name: String,
    text: String,
    number: i64,
    kind: u32,
    index: u32,
}

#[derive(Default)]
struct State {
    options: Vec<GivenOption>,
    absent: Vec<String>,
    subscribed: Vec<u32>,
    declared: Vec<String>,
    most_octets: Vec<(String, u64)>,
    log: Vec<(u32, String)>,
    refusals: Vec<(String, String)>,
    complaints: Vec<String>,
    wakes: Vec<(u64, u64, u64)>,
    cookies: Vec<(u64, u64)>,
    blob: Vec<u8>,
    last_ticket: u64,
    open: Vec<(u64, Question)>,
    answers: Vec<(u64, Said)>,
    mails: Vec<OwnMail>,
    submissions: Vec<submit::Pending>,
    submit_says: i32,
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
        let mut state = self.state();
        let index = state.options.iter().filter(|one| one.key == key).count() as u32;
        state.options.push(GivenOption { key: key.into(), name: name.into(), text, number, kind, index });
    }
    fn provides(&self, id: &str) -> bool {
        let mut at = self.table.provides;
        // SAFETY: a list of strings that ends with a null pointer, as the contract has it.
        unsafe {
            while !at.is_null() && !(*at).is_null() {
                if CStr::from_ptr(*at).to_bytes() == id.as_bytes() {
                    return true;
                }
                at = at.add(1);
            }
        }
        false
    }
    fn question_of_verb(&self, hook: u32, name: &str) -> Question {
        let most = self.state().most_octets.iter().find(|one| one.0 == name).map(|one| one.1);
        Question { most_octets: most.unwrap_or(u64::MAX), ..Question::of(hook) }
    }

    /// A host without that table, such as "postern.config/1".
    pub fn without(&self, table: &str) {
        self.state().absent.push(table.into());
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
    pub fn duration(&self, key: &str, value: Duration) {
        let nanoseconds = i64::try_from(value.as_nanos()).unwrap_or(i64::MAX);
        self.add(key, "", format!("{nanoseconds}ns"), nanoseconds, abi::OPTION_DURATION);
    }
    /// Rounded to thousandths, as the contract hands it over.
    pub fn number(&self, key: &str, value: f64) {
        self.add(key, "", value.to_string(), (value * 1000.0).round() as i64, abi::OPTION_FLOAT);
    }
    /// Of type table: name and value.
    pub fn pairs(&self, key: &str, values: &[(&str, &str)]) {
        for (name, value) in values {
            self.add(key, name, (*value).into(), 0, abi::OPTION_STRING);
        }
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
        let status = unsafe { (self.table.create)(self.handle(), contract::get, &args, &mut me) };
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
