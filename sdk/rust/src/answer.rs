//! How answers are put into the contract's records.

use crate::abi::{self, postern_edit, postern_reply, Record};
use crate::extension::{Offers, ParamReply, Reply};
use crate::host::Host;
use crate::outgoing::{ConnectReply, Socket, SourceReply};
use crate::report::DsnReply;
use crate::shaping::{PolicyReply, WaitReply};
use crate::text::{lent, lent_list, lent_octets};
use crate::verdict::{DeliveryReport, DeliveryResult, Verdict};
use std::mem::size_of;
use std::os::unix::io::{AsRawFd, IntoRawFd};

/// What an `on` may return. Only the types of this crate are.
pub trait Answer {
    /// Whether it needs no reply at all.
    #[doc(hidden)]
    fn is_pass(&self) -> bool {
        false
    }
    /// Whether the ticket stays open.
    #[doc(hidden)]
    fn is_later(&self) -> bool {
        false
    }
    /// Answers `ticket`; a status of the contract.
    #[doc(hidden)]
    fn send(&self, host: &Host, ticket: u64) -> i32;
}

fn with_base(what: &Verdict, size: usize, use_it: impl FnOnce(postern_reply) -> i32) -> i32 {
    let edits: Vec<postern_edit> = what
        .edits
        .iter()
        .map(|edit| postern_edit { op: edit.op, index: edit.index, name: lent(&edit.name), value: lent_octets(&edit.value) })
        .collect();
    use_it(postern_reply {
        size: size as u32,
        verdict: what.kind,
        smtp_code: what.smtp_code,
        flags: what.flags,
        enhanced: lent(&what.enhanced),
        text: lent(&what.text),
        edits: lent_list(&edits),
        score: what.score,
        reserved: 0,
    })
}

impl Answer for () {
    fn is_pass(&self) -> bool {
        true
    }
    fn send(&self, _host: &Host, _ticket: u64) -> i32 {
        abi::PASS
    }
}

impl Answer for Verdict {
    fn is_pass(&self) -> bool {
        Verdict::is_pass(self)
    }
    fn is_later(&self) -> bool {
        self.is_later
    }
    fn send(&self, host: &Host, ticket: u64) -> i32 {
        with_base(self, size_of::<postern_reply>(), |reply| host.reply(ticket, std::ptr::addr_of!(reply)))
    }
}

impl Answer for Reply {
    fn is_later(&self) -> bool {
        self.base.is_later
    }
    fn send(&self, host: &Host, ticket: u64) -> i32 {
        let lines: Vec<abi::postern_str> = self.lines.iter().map(|line| lent(line)).collect();
        with_base(&self.base, size_of::<abi::postern_command_reply>(), |base| {
            let record = abi::postern_command_reply {
                base,
                lines: lent_list(&lines),
                octets: self.octets,
                then: self.then,
                reserved: 0,
            };
            host.reply(ticket, std::ptr::addr_of!(record).cast())
        })
    }
}

impl Answer for ParamReply {
    fn is_later(&self) -> bool {
        self.base.is_later
    }
    fn send(&self, host: &Host, ticket: u64) -> i32 {
        with_base(&self.base, size_of::<abi::postern_param_reply>(), |base| {
            let record = abi::postern_param_reply {
                base,
                value: lent_octets(&self.value),
                relay: self.relay.map_or(0, |rule| rule as u32),
                set_relay: u32::from(self.relay.is_some()),
            };
            host.reply(ticket, std::ptr::addr_of!(record).cast())
        })
    }
}

impl Answer for Offers {
    fn is_pass(&self) -> bool {
        self.lines.is_none()
    }
    fn send(&self, host: &Host, ticket: u64) -> i32 {
        let lines: Vec<abi::postern_keyword> = self
            .lines
            .iter()
            .flatten()
            .map(|(keyword, parameters)| abi::postern_keyword {
                size: size_of::<abi::postern_keyword>() as u32,
                flags: 0,
                keyword: lent(keyword),
                parameters: lent(parameters),
            })
            .collect();
        let mut record = abi::postern_caps_reply::zero();
        record.base.size = size_of::<abi::postern_caps_reply>() as u32;
        record.lines = lent_list(&lines);
        host.reply(ticket, std::ptr::addr_of!(record).cast())
    }
}

fn record_of(one: &DeliveryResult) -> abi::postern_delivery_result {
    abi::postern_delivery_result {
        verdict: one.verdict,
        smtp_code: one.smtp_code,
        enhanced: lent(&one.enhanced),
        text: lent(&one.text),
    }
}

impl Answer for DeliveryReport {
    fn is_later(&self) -> bool {
        self.is_later
    }
    fn send(&self, host: &Host, ticket: u64) -> i32 {
        let results: Vec<abi::postern_delivery_result> = self.each.iter().map(record_of).collect();
        let mut record = abi::postern_deliver_reply::zero();
        record.base.size = size_of::<abi::postern_deliver_reply>() as u32;
        record.base.verdict = self.all.verdict;
        record.base.smtp_code = self.all.smtp_code;
        record.base.enhanced = lent(&self.all.enhanced);
        record.base.text = lent(&self.all.text);
        record.results = lent_list(&results);
        host.reply(ticket, std::ptr::addr_of!(record).cast())
    }
}

impl Answer for PolicyReply {
    fn is_pass(&self) -> bool {
        let says = self.concurrency != 0 || self.rate_count != 0 || !self.pool.is_empty() || self.valid_s != 0;
        !says && self.base.is_pass()
    }
    fn is_later(&self) -> bool {
        self.base.is_later
    }
    fn send(&self, host: &Host, ticket: u64) -> i32 {
        with_base(&self.base, size_of::<abi::postern_queue_policy_reply>(), |base| {
            let record = abi::postern_queue_policy_reply {
                base,
                pool: lent(&self.pool),
                concurrency: self.concurrency,
                rate_count: self.rate_count,
                rate_ms: self.rate_ms,
                valid_s: self.valid_s,
                reserved: 0,
            };
            host.reply(ticket, std::ptr::addr_of!(record).cast())
        })
    }
}

impl Answer for WaitReply {
    fn is_pass(&self) -> bool {
        self.wait_ms == 0 && self.base.is_pass()
    }
    fn is_later(&self) -> bool {
        self.base.is_later
    }
    fn send(&self, host: &Host, ticket: u64) -> i32 {
        with_base(&self.base, size_of::<abi::postern_wait_reply>(), |base| {
            let record = abi::postern_wait_reply { base, wait_ms: self.wait_ms };
            host.reply(ticket, std::ptr::addr_of!(record).cast())
        })
    }
}

impl Answer for SourceReply {
    fn is_pass(&self) -> bool {
        self.pool.is_empty() && self.base.is_pass()
    }
    fn is_later(&self) -> bool {
        self.base.is_later
    }
    fn send(&self, host: &Host, ticket: u64) -> i32 {
        with_base(&self.base, size_of::<abi::postern_delivery_source_reply>(), |base| {
            let record = abi::postern_delivery_source_reply { base, pool: lent(&self.pool) };
            host.reply(ticket, std::ptr::addr_of!(record).cast())
        })
    }
}

impl Answer for ConnectReply {
    fn is_pass(&self) -> bool {
        matches!(*self.socket.borrow(), Socket::None) && self.base.is_pass()
    }
    fn is_later(&self) -> bool {
        self.base.is_later
    }
    fn send(&self, host: &Host, ticket: u64) -> i32 {
        let mut socket = self.socket.borrow_mut();
        let number = match &*socket {
            Socket::None => None,
            Socket::Ours(stream) => Some(stream.as_raw_fd()),
            // Without it the host would connect by itself, past the proxy that it led by.
            Socket::Given => return abi::E_INVALID,
        };
        let status = with_base(&self.base, size_of::<abi::postern_delivery_connect_reply>(), |base| {
            let record = abi::postern_delivery_connect_reply {
                base,
                next_host: u32::from(self.next_host),
                has_socket: u32::from(number.is_some()),
                socket: number.unwrap_or(-1),
                reserved: 0,
            };
            host.reply(ticket, std::ptr::addr_of!(record).cast())
        });
        if status >= 0 && number.is_some() {
            if let Socket::Ours(stream) = std::mem::replace(&mut *socket, Socket::Given) {
                let _ = stream.into_raw_fd();
            }
        }
        status
    }
}

impl Answer for DsnReply {
    fn is_pass(&self) -> bool {
        let says = [&self.recipient, &self.text, &self.from_name].iter().any(|text| !text.is_empty()) || !self.fields.is_empty();
        !says && self.base.is_pass()
    }
    fn is_later(&self) -> bool {
        self.base.is_later
    }
    fn send(&self, host: &Host, ticket: u64) -> i32 {
        let fields: Vec<abi::postern_header> =
            self.fields.iter().map(|(name, value)| abi::postern_header { name: lent(name), value: lent(value) }).collect();
        with_base(&self.base, size_of::<abi::postern_dsn_make_reply>(), |base| {
            let record = abi::postern_dsn_make_reply {
                base,
                recipient: lent(&self.recipient),
                text: lent(&self.text),
                from_name: lent(&self.from_name),
                fields: lent_list(&fields),
            };
            host.reply(ticket, std::ptr::addr_of!(record).cast())
        })
    }
}
