//! Mail on its way out, in Rust: next hops that want it get it slowly, one that has too much to do is let alone, and header fields that
//! are nobody else's business are not sent.

use postern::{
    proceed, rules, DeliveryContent, DeliveryReply, Host, On, Plugin, PolicyReply, QueuePolicy, Refusal, Stage, Verdict, WaitReply,
};
use std::collections::HashMap;
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

struct GentleDelivery {
    a_minute: HashMap<String, u32>,
    busy_rest: Duration,
    private: Vec<String>,
}

impl Plugin for GentleDelivery {
    fn create(host: &Host) -> Result<Self, Refusal> {
        let mut a_minute = HashMap::new();
        for (next_hop, count) in host.pairs("gentle") {
            let count = count.parse().ok().filter(|count| *count != 0);
            let count =
                count.ok_or_else(|| Refusal::of("gentle", format!("\"{next_hop}\" wants a number of transactions, 1 or more")))?;
            a_minute.insert(next_hop, count);
        }
        let busy_rest = host.duration("busy_rest")?.unwrap_or(10 * MINUTE);
        Ok(GentleDelivery { a_minute, busy_rest, private: host.list("private") })
    }
}

impl On<QueuePolicy<'_>> for GentleDelivery {
    fn on(&self, event: &QueuePolicy<'_>) -> PolicyReply {
        match self.a_minute.get(&event.next_hop().to_text()) {
            Some(count) => rules().concurrency(1).rate(*count, MINUTE),
            None => proceed().into(),
        }
    }
}

impl On<DeliveryReply<'_>> for GentleDelivery {
    fn on(&self, event: &DeliveryReply<'_>) -> WaitReply {
        // Behind RCPT such a code may be about one mailbox; before, it is about the host.
        let is_busy = event.smtp_code() == 421 || ((450..=452).contains(&event.smtp_code()) && event.stage() < Stage::Rcpt);
        if is_busy {
            return WaitReply::from(proceed()).rest_for(self.busy_rest, "it has too much to do");
        }
        proceed().into()
    }
}

impl On<DeliveryContent<'_>> for GentleDelivery {
    fn on(&self, event: &DeliveryContent<'_>) -> Verdict {
        let is_private = |name: &postern::Octets<'_>| self.private.iter().any(|one| name.eq_ignore_case(one));
        (0..).zip(event.fields()).filter(|(_, (name, _))| is_private(name)).fold(proceed(), |said, (at, _)| said.remove_header(at))
    }
}

postern::plugin!(GentleDelivery, id: "org.example.gentle-delivery", version: "1.0", events: [QueuePolicy, DeliveryReply, DeliveryContent]);

#[cfg(test)]
mod tests {
    use super::MINUTE;
    use postern::abi;
    use postern::testing::FakeHost;

    extern "C" {
        static postern_plugin_v1: abi::postern_plugin;
    }
    fn host() -> FakeHost {
        // SAFETY: it is never written.
        FakeHost::of(unsafe { &postern_plugin_v1 })
    }

    #[test]
    fn is_gentle_to_who_is_in_the_table() {
        let host = host();
        host.pairs("gentle", &[("mx.example.com:25", "30")]);
        let plugin = host.create().unwrap();
        let mut delivery = plugin.delivery();
        let said = delivery.queue_policy();
        assert_eq!((said.concurrency, said.rate_count, said.rate_time), (1, 30, MINUTE));
        delivery.next_hop = "other.example:25".into();
        assert_eq!(delivery.queue_policy().status, abi::PASS);
        assert!(host.complaints().is_empty());
    }

    #[test]
    fn lets_alone_who_has_too_much_to_do() {
        let host = host();
        host.duration("busy_rest", 2 * MINUTE);
        let plugin = host.create().unwrap();
        let delivery = plugin.delivery();
        assert_eq!(delivery.delivery_reply(421, "4.3.2", "later", abi::STAGE_PEER).wait, 2 * MINUTE);
        assert_eq!(delivery.delivery_reply(450, "", "slow down", abi::STAGE_MAIL).wait, 2 * MINUTE);
        assert_eq!(delivery.delivery_reply(450, "4.2.1", "mailbox busy", abi::STAGE_RCPT).status, abi::PASS);
        assert_eq!(delivery.delivery_reply(550, "5.1.1", "nobody", abi::STAGE_MAIL).status, abi::PASS);
        assert!(host.complaints().is_empty());
    }

    #[test]
    fn sends_no_private_fields_out() {
        let host = host();
        host.list("private", &["X-Internal-Host", "X-Seen-By"]);
        let plugin = host.create().unwrap();
        let mut delivery = plugin.delivery();
        delivery.fields = [("x-internal-host", "a"), ("Subject", "hi"), ("X-Seen-By", "b"), ("X-Seen-By", "c")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec();
        assert!(delivery.delivery_content().proceeds());
        assert_eq!(delivery.fields, [("Subject".to_owned(), "hi".to_owned())]);
        assert!(host.complaints().is_empty());
    }

    #[test]
    fn does_not_start_with_a_pace_that_is_none() {
        for count in ["0", "-1", "many"] {
            let host = host();
            host.pairs("gentle", &[("mx.example.com:25", count)]);
            assert_eq!(host.create().err(), Some(abi::E_INVALID));
            assert_eq!(host.refusals()[0].0, "gentle");
        }
    }
}
