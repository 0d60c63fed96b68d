//! A plugin in Rust that does with mail on its way out what the test's configuration says, and logs what it was asked.

use postern::{defer, hold, proceed, reject, retry_in, rules, suppress_dsn, suspend, use_pool, use_socket, wait_for};
use postern::{
    Committed, ConnectReply, DeliveryConnect, DeliveryContent, DeliveryReply, DeliverySign, DeliverySource, DsnMake, DsnReply,
    Host, LogLevel, On, OwnMail, Plugin, PolicyReply, QueueAdmit, QueuePolicy, QueueRetry, Refusal, ReportIn, SourceReply,
    Submitted, Verdict, WaitReply,
};
use std::collections::HashMap;
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

struct Probe {
    host: Host,
    does: HashMap<String, String>,
    has_waited: AtomicBool,
}

impl Plugin for Probe {
    fn create(host: &Host) -> Result<Self, Refusal> {
        Ok(Probe { host: host.clone(), does: host.pairs("does").into_iter().collect(), has_waited: AtomicBool::new(false) })
    }
}

impl Probe {
    /// What it is to do there.
    fn asked(&self, hook: &str, facts: String) -> &str {
        self.host.log(LogLevel::Info, &format!("asked at {hook} {facts}"));
        let what = self.does.get(hook).map_or("", String::as_str);
        assert!(what != "panic", "as the test wants it");
        what
    }
    /// From a thread of its own.
    fn later<A: postern::Answer + Send + 'static>(&self, ticket: u64, answer: A) {
        let host = self.host.clone();
        std::thread::spawn(move || host.answer(ticket, &answer));
    }
}

fn usual(what: &str) -> Verdict {
    match what {
        "reject" => reject(550, "5.7.1", "so says the probe"),
        "defer" => defer(451, "4.7.1", "so says the probe"),
        "hold" => hold("so says the probe"),
        _ => proceed(),
    }
}

impl On<QueuePolicy<'_>> for Probe {
    fn on(&self, event: &QueuePolicy<'_>) -> PolicyReply {
        match self.asked("queue.policy", format!("next_hop={} concurrency={}", event.next_hop(), event.concurrency())) {
            "rules" => rules().concurrency(1).rate(1000, Duration::from_secs(1)).pool("bulk").valid_for(Duration::from_secs(60)),
            "suspend" => suspend("the probe wants silence", Duration::from_secs(60)),
            _ => proceed().into(),
        }
    }
}

impl On<QueueAdmit<'_>> for Probe {
    fn on(&self, event: &QueueAdmit<'_>) -> WaitReply {
        let what = self.asked("queue.admit", format!("recipients={:?} attempt={}", event.recipients(), event.attempt()));
        if what == "wait once" && !self.has_waited.swap(true, Ordering::Relaxed) {
            return wait_for(Duration::from_millis(20));
        }
        proceed().into()
    }
}

impl On<QueueRetry<'_>> for Probe {
    fn on(&self, event: &QueueRetry<'_>) -> WaitReply {
        let left: Vec<_> = event.recipients().iter().map(|one| format!("{}:{}", one.recipient, one.smtp_code)).collect();
        match self.asked("queue.retry", format!("left={} attempts={}", left.join(","), event.attempts())) {
            "soon" => retry_in(Duration::from_millis(20)),
            what => usual(what).into(),
        }
    }
}

impl On<DeliverySource<'_>> for Probe {
    fn on(&self, event: &DeliverySource<'_>) -> SourceReply {
        match self.asked("delivery.source", format!("pool={} recipients={:?}", event.pool(), event.recipients())) {
            "pool" => use_pool("bulk"),
            what => usual(what).into(),
        }
    }
}

impl On<DeliveryConnect<'_>> for Probe {
    fn on(&self, event: &DeliveryConnect<'_>) -> ConnectReply {
        let what =
            self.asked("delivery.connect", format!("address={} port={} pool={}", event.address(), event.port(), event.pool()));
        let stream_to = |port: &str| TcpStream::connect(("127.0.0.1", port.parse().unwrap())).unwrap();
        match what.split_once(':') {
            Some(("socket", port)) => use_socket(stream_to(port)),
            Some(("later", port)) => {
                self.later(event.ticket(), use_socket(stream_to(port)));
                Verdict::later().into()
            }
            _ if what == "next host" => ConnectReply::from(usual("defer")).try_next_host(),
            _ => usual(what).into(),
        }
    }
}

impl On<DeliveryContent<'_>> for Probe {
    fn on(&self, event: &DeliveryContent<'_>) -> Verdict {
        let octets = self.host.read_all(event.blob(), 100_000).expect("what is sent can be read");
        let facts =
            format!("fields={} size={} has={} tls={}", event.fields().len(), event.size_octets(), octets.len(), event.has_tls());
        match self.asked("delivery.content", facts) {
            "edit" => proceed().add_header("X-For", event.recipients()[0].to_text()).replace_body("another body\r\n"),
            what => usual(what),
        }
    }
}

impl On<DeliverySign<'_>> for Probe {
    fn on(&self, event: &DeliverySign<'_>) -> Verdict {
        match self.asked("delivery.sign", format!("fields={} size={}", event.fields().len(), event.size_octets())) {
            "sign" => proceed().insert_header(0, "X-Octets", event.size_octets().to_string()),
            what => usual(what),
        }
    }
}

impl On<DeliveryReply<'_>> for Probe {
    fn on(&self, event: &DeliveryReply<'_>) -> WaitReply {
        let facts = format!("code={} stage={:?} is_failure={}", event.smtp_code(), event.stage(), event.is_failure());
        match self.asked("delivery.reply", facts) {
            "rest" => WaitReply::from(usual("defer")).rest_for(Duration::from_secs(600), ""),
            what => usual(what).into(),
        }
    }
}

impl On<DsnMake<'_>> for Probe {
    fn on(&self, event: &DsnMake<'_>) -> DsnReply {
        match self.asked("dsn.make", format!("kind={:?} about={}", event.kind(), event.about()[0].recipient)) {
            "suppress" => suppress_dsn("as the test wants it"),
            "word" => DsnReply::from(proceed())
                .send_to("bounces+7@example.com")
                .say("Zurück:\nan den Absender")
                .from_name("Poststelle")
                .add_field("X-Bounce", "7"),
            _ => proceed().into(),
        }
    }
}

impl On<ReportIn<'_>> for Probe {
    fn on(&self, event: &ReportIn<'_>) {
        let one = event.about()[0];
        let facts = format!("of={} status={} action={:?} by={}", one.recipient, one.status, one.action, event.reporting_mta());
        self.asked("report.in", facts);
    }
}

impl On<Committed<'_>> for Probe {
    fn on(&self, event: &Committed<'_>) {
        if self.asked("txn.committed", format!("message={}", event.message())) != "submit" {
            return;
        }
        let mail = OwnMail {
            sender: "probe@example.com".into(),
            recipients: vec!["postmaster@example.com".into()],
            content: format!("Subject: a message came\r\nAuto-Submitted: auto-generated\r\n\r\n{}\r\n", event.message())
                .into_bytes(),
            ..OwnMail::default()
        };
        self.host.log(LogLevel::Info, &format!("submits: {:?}", self.host.submit(0, 7, &mail)));
    }
}

impl On<Submitted<'_>> for Probe {
    fn on(&self, event: &Submitted<'_>) {
        self.host.log(LogLevel::Info, &format!("token {} is {:?}", event.token(), event.status()));
    }
}

postern::plugin!(Probe, id: "org.example.rust-probe", version: "1.0",
                 events: [QueuePolicy, QueueAdmit, QueueRetry, DeliverySource, DeliveryConnect, DeliveryContent, DeliverySign,
                          DeliveryReply, DsnMake, ReportIn, Committed, Submitted],
                 requires: ["postern.blob/1"], flags: abi::PLUGIN_BLOCKING);
