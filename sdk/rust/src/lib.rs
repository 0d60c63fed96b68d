//! Plugins for the Postern mail transfer agent. Without dependencies: plain `rustc` builds it, or `cargo build --offline`.
//!
//! A plugin is a type with an [`On`] for each kind of event that it takes, and [`plugin!`] makes the contract's table of it:
//!
//! ```
//! use postern::{proceed, reject, Host, Mail, On, Plugin, Refusal, Verdict};
//!
//! struct NoBananas {
//!     word: String,
//! }
//!
//! impl Plugin for NoBananas {
//!     fn create(host: &Host) -> Result<Self, Refusal> {
//!         Ok(NoBananas { word: host.text("word")?.unwrap_or_else(|| "banana".into()) })
//!     }
//! }
//!
//! impl On<Mail<'_>> for NoBananas {
//!     fn on(&self, mail: &Mail<'_>) -> Verdict {
//!         if mail.sender().contains(&self.word) {
//!             return reject(550, "5.7.1", format!("no {} today", self.word));
//!         }
//!         proceed()
//!     }
//! }
//!
//! postern::plugin!(NoBananas, id: "org.example.no-bananas", version: "1.0", events: [Mail]);
//! ```
//!
//! An event is a view: its octets are there until `on` returns, which the borrow checker knows. `on` is called for many sessions at
//! the same time, for one session never twice at once; so a plugin is `Sync`, and what changes is behind a lock or an atomic. A
//! panic is logged, and means what `on_error` of the configuration says; it needs `panic = "unwind"`, the default.
//!
//! Answers with more than a verdict to say, such as [`WaitReply`], are made of one: `proceed().into()`, or what their own functions
//! make, such as [`retry_in`].
//!
//! An answer may come later and from any thread: [`Verdict::later`] keeps the ticket open, [`Host::answer`] closes it. What outlives
//! a call is a number; one that is too late gets [`Stale`].

pub mod abi;
mod answer;
mod event;
mod extension;
mod host;
mod outgoing;
mod report;
#[doc(hidden)]
pub mod runtime;
mod shaping;
mod submit;
pub mod testing;
mod text;
mod verdict;

pub use answer::Answer;
pub use event::{
    Aborted, Body, CommitBefore, Committed, Connection, ConnectionClose, Data, Deliver, DeliveryDone, Event, Expn, Headers, Helo,
    Help, Mail, MessageEnd, Noop, Param, Peer, Quit, Rcpt, Route, Rset, SessionEnd, Tls, UnknownCommand, Vrfy, Wake,
};
pub use extension::{
    ask_line, ask_octets, ask_text, offer_declared, offers, restart, say, Ehlo, Keyword, Offers, ParamKind, ParamReply, Parameter,
    Relay, Reply, Verb, VerbData, VerbKind,
};
pub use host::{Host, LogLevel, Refusal, Stale, Unread};
pub use outgoing::{
    use_pool, use_socket, ConnectReply, DeliveryConnect, DeliveryContent, DeliverySign, DeliverySource, Offer, SourceReply, StoredParam,
};
pub use report::{suppress_dsn, DsnKind, DsnMake, DsnReply, ReportAction, ReportIn, Reported};
pub use runtime::{On, Plugin};
pub use shaping::{
    retry_in, rules, suspend, wait_for, DeliveryReply, PolicyReply, QueueAdmit, QueuePolicy, QueueRetry, Stage, Tried, WaitReply,
};
pub use submit::{OwnMail, SubmitStatus, Submitted, Unsubmitted};
pub use text::Octets;
pub use verdict::{
    accept, deferred, defer, delivered, discard, disconnect, failed, hold, proceed, reject, score, vouch, DeliveryReport,
    DeliveryResult, Edit, Verdict,
};
