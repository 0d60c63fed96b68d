//! When and how fast mail leaves: the rules for a next hop (queue.policy), whether a message may go (queue.admit), what a reply means
//! (delivery.reply) and when those who are left are tried again (queue.retry). `<postern/abi/shaping.h>` says when each comes. What
//! fails at them, panics among it, has said nothing.

use crate::abi::{self, postern_event};
use crate::event::{events, texts, time_of, with_list, with_number, Event};
use crate::text::{record_at, records_of, view, Octets};
use crate::verdict::{printable, proceed, Verdict};
use std::marker::PhantomData;
use std::time::{Duration, SystemTime};

const MOST_CONCURRENCY: u32 = 10_000;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const LONGEST_WAIT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How far a delivery had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// No way, or nobody to connect to.
    Route,
    /// Greeting, EHLO, TLS, login, a plugin's lines.
    Peer,
    Mail,
    Rcpt,
    Data,
    /// The content was all sent.
    End,
    /// One that a newer host knows.
    Other(u32),
}

/// A recipient who is left, and what was last heard of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tried<'a> {
    pub recipient: Octets<'a>,
    /// Empty: decided here.
    pub next_hop: Octets<'a>,
    pub enhanced: Octets<'a>,
    pub text: Octets<'a>,
    /// 0: there was no reply.
    pub smtp_code: u32,
}

events! {
    /// queue.policy: nobody has said how a next hop is delivered to, or no longer. About no message.
    QueuePolicy(postern_ev_queue_policy, HOOK_QUEUE_POLICY) -> PolicyReply {
        /// "host:port", a domain by its mail exchangers, or the name of a transport.
        next_hop,
        /// Of source addresses; here and below what holds, after what other plugins said. Empty: none in particular.
        pool,
    }
    /// queue.admit: a message is about to stand in line for a next hop.
    QueueAdmit(postern_ev_queue_admit, HOOK_QUEUE_ADMIT) -> WaitReply {
        /// The queue id.
        message, sender, next_hop,
    }
    /// delivery.reply: what a next hop, or the lack of one, said of recipients who did not get the message. [`crate::defer`] makes a
    /// failure a deferral, [`crate::reject`] a deferral a failure; [`WaitReply::rest_for`] lets the next hop alone.
    DeliveryReply(postern_ev_delivery_reply, HOOK_DELIVERY_REPLY) -> WaitReply {
        /// The queue id.
        message, sender, next_hop,
        /// Of the peer; empty: there was none.
        address,
        /// "5.1.1"; empty: none.
        enhanced,
        /// Of the reply, or what happened instead.
        text,
    }
    /// queue.retry: recipients are left after an attempt. [`retry_in`] says when they are tried again, [`crate::reject`] that they fail
    /// for good, [`crate::hold`] that the message stays for an operator.
    QueueRetry(postern_ev_queue_retry, HOOK_QUEUE_RETRY) -> WaitReply {
        /// The queue id.
        message, sender,
    }
}

unsafe fn tried<'a>(list: abi::postern_list) -> Vec<Tried<'a>> {
    records_of::<abi::postern_tried>(list)
        .into_iter()
        .map(|one| Tried {
            recipient: view(one.recipient),
            next_hop: view(one.next_hop),
            enhanced: view(one.enhanced),
            text: view(one.text),
            smtp_code: one.smtp_code,
        })
        .collect()
}
with_list! {
    /// Those whom the next hop leads to.
    QueueAdmit.recipients: recipients() by texts -> Octets<'a>;
    /// Of whom this was said.
    DeliveryReply.recipients: recipients() by texts -> Octets<'a>;
    QueueRetry.tried: recipients() by tried -> Tried<'a>;
}

fn stage_of(number: u32) -> Stage {
    match number {
        abi::STAGE_ROUTE => Stage::Route,
        abi::STAGE_PEER => Stage::Peer,
        abi::STAGE_MAIL => Stage::Mail,
        abi::STAGE_RCPT => Stage::Rcpt,
        abi::STAGE_DATA => Stage::Data,
        abi::STAGE_END => Stage::End,
        other => Stage::Other(other),
    }
}
with_number! {
    /// Transactions at the same time.
    QueuePolicy.concurrency: u32 = |me| me.record.concurrency;
    /// Transactions in a time, evenly spaced; `None`: as fast as it goes.
    QueuePolicy.rate: Option<(u32, Duration)> =
        |me| (me.record.rate_count != 0).then(|| (me.record.rate_count, Duration::from_millis(me.record.rate_ms)));
    QueueAdmit.size_octets: u64 = |me| me.record.size_octets;
    QueueAdmit.received: SystemTime = |me| time_of(me.record.received_s);
    /// 0: the first.
    QueueAdmit.attempt: u32 = |me| me.record.attempt;
    /// -9 to 9 (RFC 6710).
    QueueAdmit.priority: i32 = |me| me.record.priority;
    /// Transactions with the next hop now.
    QueueAdmit.active: u32 = |me| me.record.active;
    /// Messages in line for it.
    QueueAdmit.waiting: u32 = |me| me.record.waiting;
    /// Transactions with all next hops.
    QueueAdmit.active_all: u32 = |me| me.record.active_all;
    /// 0: there was no reply.
    DeliveryReply.smtp_code: u32 = |me| me.record.smtp_code;
    DeliveryReply.stage: Stage = |me| stage_of(me.record.stage);
    /// They are given up, unless somebody defers that.
    DeliveryReply.is_failure: bool = |me| me.record.result == abi::FAILED;
    DeliveryReply.received: SystemTime = |me| time_of(me.record.received_s);
    /// 0: the first.
    DeliveryReply.attempt: u32 = |me| me.record.attempt;
    QueueRetry.received: SystemTime = |me| time_of(me.record.received_s);
    /// When the message is given up.
    QueueRetry.expires: SystemTime = |me| time_of(me.record.expires_s);
    /// When it would be tried next.
    QueueRetry.next: SystemTime = |me| time_of(me.record.next_s);
    /// That were made, this one among them.
    QueueRetry.attempts: u32 = |me| me.record.attempts;
    /// -9 to 9 (RFC 6710).
    QueueRetry.priority: i32 = |me| me.record.priority;
}

/// Printable, without spaces.
pub(crate) fn is_pool_name(name: &str) -> bool {
    name.len() <= 255 && name.bytes().all(|c| (b'!'..=b'~').contains(&c))
}
/// # Panics
/// For what no pool may be called.
pub(crate) fn pool_name(name: String) -> String {
    assert!(!name.is_empty() && is_pool_name(&name), "{name:?} is no name of a source pool");
    name
}
fn milliseconds(time: Duration, what: &str) -> u64 {
    let is_some = time >= Duration::from_millis(1) && time <= LONGEST_WAIT;
    assert!(is_some, "{what} takes a millisecond to 30 days, not {time:?}");
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// The answer to [`QueuePolicy`]: [`rules`], [`suspend`], or `proceed().into()`. What is not said stays as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct PolicyReply {
    pub(crate) base: Verdict,
    pub(crate) concurrency: u32,
    pub(crate) rate_count: u32,
    pub(crate) rate_ms: u64,
    pub(crate) pool: String,
    pub(crate) valid_s: u32,
}
impl From<Verdict> for PolicyReply {
    fn from(base: Verdict) -> PolicyReply {
        PolicyReply { base, concurrency: 0, rate_count: 0, rate_ms: 0, pool: String::new(), valid_s: 0 }
    }
}

/// Rules to be said: `rules().concurrency(2).rate(60, Duration::from_secs(60))`.
pub fn rules() -> PolicyReply {
    PolicyReply::from(proceed())
}
/// Nothing goes to that next hop for that time. `reason` is for the log and for operators.
///
/// # Panics
/// As [`PolicyReply::valid_for`].
pub fn suspend(reason: impl Into<String>, time: Duration) -> PolicyReply {
    PolicyReply::from(Verdict::new(abi::TEMPFAIL, 0, String::new(), reason.into())).valid_for(time)
}

impl PolicyReply {
    /// So many transactions at the same time.
    ///
    /// # Panics
    /// For none, and for more than 10,000.
    pub fn concurrency(mut self, most: u32) -> PolicyReply {
        assert!((1..=MOST_CONCURRENCY).contains(&most), "a next hop has 1 to 10,000 transactions at the same time, not {most}");
        self.concurrency = most;
        self
    }
    /// So many transactions in that time, evenly spaced.
    ///
    /// # Panics
    /// For none, and for a time that is no millisecond or over 30 days.
    pub fn rate(mut self, count: u32, time: Duration) -> PolicyReply {
        assert!(count != 0, "a rate is one transaction at least");
        self.rate_ms = milliseconds(time, "a rate");
        self.rate_count = count;
        self
    }
    /// From the addresses of a pool of the configuration, `[[delivery.source_pool]]`.
    ///
    /// # Panics
    /// For what no pool may be called.
    pub fn pool(mut self, name: impl Into<String>) -> PolicyReply {
        self.pool = pool_name(name.into());
        self
    }
    /// Asked again after that; 300 s, if nobody says.
    ///
    /// # Panics
    /// For less than a second, and for more than a day.
    pub fn valid_for(mut self, time: Duration) -> PolicyReply {
        let is_some = time >= Duration::from_secs(1) && time <= DAY;
        assert!(is_some, "what is said of a next hop is valid for a second to a day, not {time:?}");
        self.valid_s = u32::try_from(time.as_secs()).unwrap_or(u32::MAX);
        self
    }
}

/// The answer to [`QueueAdmit`], [`DeliveryReply`] and [`QueueRetry`]: a verdict and a time. `proceed().into()` says nothing.
///
/// ```
/// # use postern::{defer, proceed, DeliveryReply, On, WaitReply};
/// # use std::time::Duration;
/// # struct Patience;
/// impl On<DeliveryReply<'_>> for Patience {
///     fn on(&self, event: &DeliveryReply<'_>) -> WaitReply {
///         if event.smtp_code() == 421 {
///             return WaitReply::from(defer(451, "4.7.1", "they mean later")).rest_for(Duration::from_secs(900), "");
///         }
///         proceed().into()
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct WaitReply {
    pub(crate) base: Verdict,
    pub(crate) wait_ms: u64,
}
impl From<Verdict> for WaitReply {
    fn from(base: Verdict) -> WaitReply {
        WaitReply { base, wait_ms: 0 }
    }
}
impl WaitReply {
    /// At delivery.reply, with whatever verdict: nothing is tried at that next hop for so long, by no message. `why` is for the log
    /// and for operators, if the verdict has no text of its own; without either it is what the next hop said.
    ///
    /// # Panics
    /// For a time that is no millisecond, or over 30 days.
    pub fn rest_for(mut self, time: Duration, why: impl AsRef<str>) -> WaitReply {
        self.wait_ms = milliseconds(time, "a wait");
        if self.base.text.is_empty() {
            self.base.text = printable(why.as_ref());
        }
        self
    }
}

/// At queue.admit: not now; asked again in that time, and that was no attempt.
///
/// # Panics
/// As [`WaitReply::rest_for`].
pub fn wait_for(time: Duration) -> WaitReply {
    WaitReply::from(Verdict::new(abi::TEMPFAIL, 0, String::new(), String::new())).rest_for(time, "")
}
/// At queue.retry: the next attempt, from now; never after the message's end.
///
/// # Panics
/// As [`WaitReply::rest_for`].
pub fn retry_in(time: Duration) -> WaitReply {
    WaitReply::from(proceed()).rest_for(time, "")
}
