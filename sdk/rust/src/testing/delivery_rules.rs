//! What a server refuses in the answers of deliveries on their way out, of the queue's own questions, and of notifications.

use super::rules::{fault, holds, is_address, is_refusal, Fault};
use super::said::Said;
use crate::abi;
use crate::report::{is_dsn_field, is_explanation, is_from_name};
use crate::shaping::is_pool_name;
use std::os::unix::io::RawFd;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Those that a hook of these knows; none: it is another hook.
pub(super) fn verdicts(hook: u32) -> &'static [u32] {
    match hook {
        abi::HOOK_QUEUE_POLICY | abi::HOOK_QUEUE_ADMIT => &[abi::CONTINUE, abi::ACCEPT, abi::TEMPFAIL],
        abi::HOOK_QUEUE_RETRY => &[abi::CONTINUE, abi::ACCEPT, abi::REJECT, abi::HOLD],
        abi::HOOK_DELIVERY_REPLY => &[abi::CONTINUE, abi::ACCEPT, abi::REJECT, abi::TEMPFAIL],
        abi::HOOK_DELIVERY_SOURCE..=abi::HOOK_DELIVERY_SIGN => &[abi::CONTINUE, abi::ACCEPT, abi::REJECT, abi::TEMPFAIL, abi::HOLD],
        abi::HOOK_DSN_MAKE => &[abi::CONTINUE, abi::ACCEPT, abi::DISCARD],
        _ => &[],
    }
}

pub(super) fn delivery(hook: u32, said: &Said, socket: Option<RawFd>) -> Fault {
    match hook {
        abi::HOOK_QUEUE_POLICY | abi::HOOK_QUEUE_ADMIT | abi::HOOK_QUEUE_RETRY | abi::HOOK_DELIVERY_REPLY => shaping(said),
        abi::HOOK_DELIVERY_SOURCE => pool(said),
        abi::HOOK_DELIVERY_CONNECT => connection(said, socket),
        abi::HOOK_DSN_MAKE => dsn(said),
        _ => Ok(()),
    }
}

fn pool(said: &Said) -> Fault {
    holds(is_pool_name(&said.pool), || format!("\"{}\" is no name of a source pool", said.pool))
}

fn shaping(said: &Said) -> Fault {
    holds(said.concurrency <= 10_000, || "more transactions at the same time than any next hop may have".into())?;
    let has_both = (said.rate_count == 0) == said.rate_time.is_zero();
    holds(has_both, || "a rate without its time, or a time without its rate".into())?;
    let is_long = said.rate_time > 30 * DAY || said.wait > 30 * DAY || said.valid_for > DAY;
    holds(!is_long, || "a time that is too long".into())?;
    pool(said)
}

fn connection(said: &Said, socket: Option<RawFd>) -> Fault {
    if let Some(number) = socket {
        holds(number >= 0, || "a socket that is none".into())?;
        holds(!is_refusal(said.verdict), || "a socket with a verdict that refuses".into())?;
    }
    let is_fit = !said.next_host || said.verdict == abi::TEMPFAIL;
    holds(is_fit, || "another host with a verdict other than TEMPFAIL".into())
}

fn dsn(said: &Said) -> Fault {
    let of = &said.dsn;
    let is_fit = of.recipient.is_empty() || is_address(of.recipient.as_bytes());
    holds(is_fit, || format!("\"{}\" is no address", of.recipient))?;
    holds(is_explanation(&of.text), || "a text of a report that is too long, or with control characters".into())?;
    holds(is_from_name(&of.from_name), || "a name that is too long, or with control characters".into())?;
    holds(of.fields.len() <= 20, || "more than 20 fields".into())?;
    match of.fields.iter().find(|(name, value)| !is_dsn_field(name, value)) {
        Some((name, _)) => fault(format!("\"{name}\" is no field that can be added to a report")),
        None => Ok(()),
    }
}
