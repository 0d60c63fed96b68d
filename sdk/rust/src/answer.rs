//! How answers are put into the contract's records.

use crate::abi::{self, postern_edit, postern_reply, Record};
use crate::extension::{Offers, ParamReply, Reply};
use crate::host::Host;
use crate::text::{lent, lent_list, lent_octets};
use crate::verdict::{DeliveryReport, DeliveryResult, Verdict};
use std::mem::size_of;

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
