//! The events of a conversation with a next hop, and of the queue about it: a function each. The fields are the facts; what the
//! answers change of them is as a server would have it.

use super::rules::Question;
use super::said::Said;
use super::session::{ask, header, peer, Created};
use crate::abi::{self, postern_str};
use crate::text::{lent, lent_list};

const HOUR_S: u64 = 3_600;
const FIVE_DAYS_S: u64 = 5 * 24 * HOUR_S;

/// One recipient of a notification, as [`Delivery::dsn_make`] and [`Created::report_in`] show it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReportLine {
    pub recipient: String,
    pub original: String,
    /// "5.1.1"
    pub status: String,
    pub remote_mta: String,
    pub diagnostic: String,
    /// `abi::REPORT_...`
    pub action: u32,
    pub smtp_code: u32,
}

/// Made by [`Created::delivery`]. Set the facts before an event.
pub struct Delivery<'a> {
    of: &'a Created<'a>,
    /// The queue id.
    pub message: String,
    pub sender: String,
    /// Of this transaction.
    pub recipients: Vec<String>,
    pub next_hop: String,
    pub host: String,
    pub address: String,
    pub port: u32,
    /// `abi::HOST_...`
    pub host_flags: u32,
    /// Our end's address.
    pub source: String,
    /// Of source addresses; delivery_source() makes it what holds.
    pub pool: String,
    /// Keyword and parameters.
    pub offers: Vec<(String, String)>,
    pub has_tls: bool,
    /// Of the header section; delivery_content() and delivery_sign() edit them.
    pub fields: Vec<(String, String)>,
    /// delivery_content() may replace it.
    pub body: Vec<u8>,
    /// Seconds since 1970.
    pub received_s: u64,
    pub attempt: u32,
    pub priority: i32,
    pub concurrency: u32,
    /// Transactions in so many milliseconds.
    pub rate: (u32, u64),
    pub active: u32,
    pub waiting: u32,
    pub envid: String,
    /// By dsn_make(); empty: nobody.
    pub told: String,
}

impl<'a> Created<'a> {
    /// A delivery of one message to one recipient, with the session of this one.
    #[must_use]
    pub fn delivery(&'a self) -> Delivery<'a> {
        Delivery {
            of: self,
            message: "4F1A".into(),
            sender: "sender@client.example".into(),
            recipients: vec!["user@example.com".into()],
            next_hop: "mx.example.com:25".into(),
            host: "mx.example.com".into(),
            address: "192.0.2.25".into(),
            port: 25,
            host_flags: 0,
            source: String::new(),
            pool: String::new(),
            offers: Vec::new(),
            has_tls: false,
            fields: vec![("Subject".into(), "hi".into())],
            body: b"text\r\n".to_vec(),
            received_s: 1_700_000_000,
            attempt: 0,
            priority: 0,
            concurrency: 20,
            rate: (0, 0),
            active: 0,
            waiting: 0,
            envid: String::new(),
            told: String::new(),
        }
    }
    /// A notification of somebody else's has come in, sent to `recipients` from the null sender.
    pub fn report_in(&self, recipients: &[&str], envid: &str, about: &[ReportLine]) -> Said {
        let (peer, lines) = ([peer()], records_of(about));
        let to_whom: Vec<_> = recipients.iter().map(|one| lent(one)).collect();
        ask(self, Question::of(abi::HOOK_REPORT_IN), |to: &mut abi::postern_ev_report_in| {
            to.peer = lent_list(&peer);
            to.message = lent("4F1B");
            to.recipients = lent_list(&to_whom);
            to.reporting_mta = lent("mx.example.com");
            to.envid = lent(envid);
            to.message_id = lent("<1@client.example>");
            to.reported = lent_list(&lines);
        })
    }
}

fn records_of(lines: &[ReportLine]) -> Vec<abi::postern_reported> {
    lines
        .iter()
        .map(|one| abi::postern_reported {
            recipient: lent(&one.recipient),
            original: lent(&one.original),
            status: lent(&one.status),
            remote_mta: lent(&one.remote_mta),
            diagnostic_type: lent(if one.diagnostic.is_empty() { "" } else { "smtp" }),
            diagnostic: lent(&one.diagnostic),
            last_attempt: lent(""),
            retry_until: lent(""),
            action: one.action,
            smtp_code: one.smtp_code,
        })
        .collect()
}

impl Delivery<'_> {
    fn to_whom(&self) -> Vec<postern_str> {
        self.recipients.iter().map(|one| lent(one)).collect()
    }

    pub fn queue_policy(&self) -> Said {
        ask(self.of, Question::of(abi::HOOK_QUEUE_POLICY), |to: &mut abi::postern_ev_queue_policy| {
            to.next_hop = lent(&self.next_hop);
            to.pool = lent(&self.pool);
            to.concurrency = self.concurrency;
            (to.rate_count, to.rate_ms) = self.rate;
        })
    }
    pub fn queue_admit(&self) -> Said {
        let to_whom = self.to_whom();
        ask(self.of, Question::of(abi::HOOK_QUEUE_ADMIT), |to: &mut abi::postern_ev_queue_admit| {
            to.message = lent(&self.message);
            to.sender = lent(&self.sender);
            to.next_hop = lent(&self.next_hop);
            to.recipients = lent_list(&to_whom);
            to.size_octets = self.octets().len() as u64;
            to.received_s = self.received_s;
            to.attempt = self.attempt;
            to.priority = self.priority;
            to.active = self.active;
            to.active_all = self.active;
            to.waiting = self.waiting;
        })
    }
    pub fn delivery_source(&mut self) -> Said {
        let to_whom = self.to_whom();
        let said = ask(self.of, Question::of(abi::HOOK_DELIVERY_SOURCE), |to: &mut abi::postern_ev_delivery_source| {
            to.message = lent(&self.message);
            to.sender = lent(&self.sender);
            to.next_hop = lent(&self.next_hop);
            to.recipients = lent_list(&to_whom);
            to.pool = lent(&self.pool);
            to.attempt = self.attempt;
        });
        if said.proceeds() && !said.pool.is_empty() {
            self.pool = said.pool.clone();
        }
        said
    }
    /// The socket, if the answer has one, is in [`Said::socket`].
    pub fn delivery_connect(&self) -> Said {
        ask(self.of, Question::of(abi::HOOK_DELIVERY_CONNECT), |to: &mut abi::postern_ev_delivery_connect| {
            to.message = lent(&self.message);
            to.next_hop = lent(&self.next_hop);
            to.host = lent(&self.host);
            to.address = lent(&self.address);
            to.source = lent(&self.source);
            to.pool = lent(&self.pool);
            to.port = self.port;
            to.flags = self.host_flags;
        })
    }
    pub fn delivery_content(&mut self) -> Said {
        self.content(abi::HOOK_DELIVERY_CONTENT)
    }
    pub fn delivery_sign(&mut self) -> Said {
        self.content(abi::HOOK_DELIVERY_SIGN)
    }
    /// Said of all recipients. `stage`: `abi::STAGE_...`; code 5yz: they are given up.
    pub fn delivery_reply(&self, smtp_code: u32, enhanced: &str, text: &str, stage: u32) -> Said {
        let to_whom = self.to_whom();
        ask(self.of, Question::of(abi::HOOK_DELIVERY_REPLY), |to: &mut abi::postern_ev_delivery_reply| {
            to.message = lent(&self.message);
            to.sender = lent(&self.sender);
            to.next_hop = lent(&self.next_hop);
            to.address = lent(&self.address);
            to.recipients = lent_list(&to_whom);
            to.enhanced = lent(enhanced);
            to.text = lent(text);
            to.received_s = self.received_s;
            to.smtp_code = smtp_code;
            to.stage = stage;
            to.result = if smtp_code / 100 == 5 { abi::FAILED } else { abi::DEFERRED };
            to.attempt = self.attempt;
        })
    }
    /// `smtp_code` and `text`: what was last heard of each recipient. The proposal is in an hour, the end in five days.
    pub fn queue_retry(&self, smtp_code: u32, text: &str, attempts: u32) -> Said {
        let left: Vec<_> = self
            .recipients
            .iter()
            .map(|one| abi::postern_tried {
                recipient: lent(one),
                next_hop: lent(&self.next_hop),
                enhanced: lent(""),
                text: lent(text),
                smtp_code,
                reserved: 0,
            })
            .collect();
        ask(self.of, Question::of(abi::HOOK_QUEUE_RETRY), |to: &mut abi::postern_ev_queue_retry| {
            to.message = lent(&self.message);
            to.sender = lent(&self.sender);
            to.tried = lent_list(&left);
            to.received_s = self.received_s;
            to.expires_s = self.received_s + FIVE_DAYS_S;
            to.next_s = self.received_s + HOUR_S;
            to.attempts = attempts;
            to.priority = self.priority;
        })
    }
    /// A notification is due; `told` is then who gets it. `kind`: `abi::DSN_...`
    pub fn dsn_make(&mut self, kind: u32, about: &[ReportLine]) -> Said {
        let lines = records_of(about);
        let said = ask(self.of, Question::of(abi::HOOK_DSN_MAKE), |to: &mut abi::postern_ev_dsn_make| {
            to.message = lent(&self.message);
            to.sender = lent(&self.sender);
            to.envid = lent(&self.envid);
            to.recipient = lent(&self.sender);
            to.reported = lent_list(&lines);
            to.received_s = self.received_s;
            to.kind = kind;
        });
        self.told = match said.verdict {
            abi::DISCARD => String::new(),
            _ if said.proceeds() && !said.dsn.recipient.is_empty() => said.dsn.recipient.clone(),
            _ => self.sender.clone(),
        };
        said
    }

    fn octets(&self) -> Vec<u8> {
        let head: String = self.fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        [head.as_bytes(), b"\r\n", &self.body].concat()
    }
    fn content(&mut self, hook: u32) -> Said {
        let (to_whom, octets) = (self.to_whom(), self.octets());
        let fields: Vec<_> = self.fields.iter().map(|(name, value)| header(name, value)).collect();
        let offers: Vec<_> = self
            .offers
            .iter()
            .map(|(keyword, words)| abi::postern_keyword {
                size: std::mem::size_of::<abi::postern_keyword>() as u32,
                flags: 0,
                keyword: lent(keyword),
                parameters: lent(words),
            })
            .collect();
        self.of.host.state().blob = octets.clone();
        let question = Question { fields: vec![true; fields.len()], ..Question::of(hook) };
        let said = ask(self.of, question, |to: &mut abi::postern_ev_content| {
            to.message = lent(&self.message);
            to.sender = lent(&self.sender);
            to.next_hop = lent(&self.next_hop);
            to.recipients = lent_list(&to_whom);
            to.offers = lent_list(&offers);
            to.headers = lent_list(&fields);
            to.blob = to.ev.ticket;
            to.size_octets = octets.len() as u64;
            to.received_s = self.received_s;
            to.attempt = self.attempt;
            to.flags = abi::NEXT_HOP_EXTENDED | if self.has_tls { abi::NEXT_HOP_TLS } else { 0 };
        });
        if said.proceeds() {
            self.edit(&said);
        }
        said
    }
    /// Indices are those before the answer.
    fn edit(&mut self, said: &Said) {
        let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
        let named = |one: &crate::Edit| (one.name.clone(), text(&one.value));
        let mut made = Vec::new();
        for at in 0..=self.fields.len() {
            let of = |op: u32| said.edits.iter().filter(move |one| one.op == op && one.index as usize == at);
            made.extend(of(abi::EDIT_HEADER_INSERT).map(named));
            if let Some((name, value)) = self.fields.get(at).filter(|_| of(abi::EDIT_HEADER_REMOVE).next().is_none()) {
                let value = of(abi::EDIT_HEADER_REPLACE).last().map_or_else(|| value.clone(), |one| text(&one.value));
                made.push((name.clone(), value));
            }
        }
        made.extend(said.edits.iter().filter(|one| one.op == abi::EDIT_HEADER_ADD).map(named));
        if let Some(body) = said.edits.iter().find(|one| one.op == abi::EDIT_BODY_REPLACE) {
            self.body = body.value.clone();
        }
        self.fields = made;
    }
}
