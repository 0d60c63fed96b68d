//! What a plugin answered, copied out of the contract's records.

use crate::abi::{self, postern_str};
use crate::text::{record_at, records_of, view};
use crate::verdict::Edit;
use std::os::unix::io::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::sync::Arc;
use std::time::Duration;

/// What a plugin answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    pub verdict: u32,
    pub smtp_code: u32,
    pub vouches: bool,
    pub enhanced: String,
    pub text: String,
    /// Of a reply of several lines, or the keyword lines of EHLO.
    pub lines: Vec<String>,
    /// An edit is equal to a tuple of operation, index, name and value.
    pub edits: Vec<Edit>,
    /// Thousandths.
    pub score: i32,
    /// Of a parameter: what is kept in place of the client's value.
    pub value: String,
    /// `abi::THEN_...`, and how many octets.
    pub then: u32,
    pub octets: u64,
    /// Of delivery.source and queue.policy: a pool of source addresses.
    pub pool: String,
    /// Of queue.policy; zero: not said.
    pub concurrency: u32,
    pub rate_count: u32,
    pub rate_time: Duration,
    pub valid_for: Duration,
    /// Of queue.admit, delivery.reply and queue.retry; zero: not said.
    pub wait: Duration,
    /// Of delivery.connect: another address is tried.
    pub next_host: bool,
    /// Likewise: the stream that the host took.
    pub socket: Option<GivenSocket>,
    pub dsn: SaidOfDsn,
    /// Of handle: `abi::PASS`, `abi::TAKEN` or an error.
    pub status: i32,
    /// Of the question; what is open yet is looked up with [`super::FakeHost::answer_to`].
    pub ticket: u64,
    pub is_pending: bool,
}

/// What an answer to dsn.make says beyond its verdict; empty: as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SaidOfDsn {
    pub recipient: String,
    pub text: String,
    pub from_name: String,
    pub fields: Vec<(String, String)>,
}

/// The host's, which closes it when the last copy of its [`Said`] goes.
#[derive(Clone, Debug)]
pub struct GivenSocket(Arc<OwnedFd>);
impl GivenSocket {
    /// Another descriptor of the same stream: `UnixStream::from(socket.to_owned_fd()?)`.
    pub fn to_owned_fd(&self) -> std::io::Result<OwnedFd> {
        self.0.try_clone()
    }
}
impl PartialEq for GivenSocket {
    fn eq(&self, other: &GivenSocket) -> bool {
        self.0.as_raw_fd() == other.0.as_raw_fd()
    }
}
impl Eq for GivenSocket {}

impl Said {
    /// No objection was raised. A score is none: it decides nothing by itself.
    #[must_use]
    pub fn proceeds(&self) -> bool {
        self.status >= 0 && !self.is_pending && [abi::CONTINUE, abi::ACCEPT, abi::SCORE].contains(&self.verdict)
    }
    #[must_use]
    pub fn rejects(&self) -> bool {
        self.verdict == abi::REJECT
    }
    #[must_use]
    pub fn defers(&self) -> bool {
        self.verdict == abi::TEMPFAIL
    }
    /// At dsn.make: the notification does not go out.
    #[must_use]
    pub fn discards(&self) -> bool {
        self.verdict == abi::DISCARD
    }
    #[must_use]
    pub fn holds(&self) -> bool {
        self.verdict == abi::HOLD
    }
    /// The plugin panicked, or gave an answer that no server takes: on_error of the configuration applies.
    #[must_use]
    pub fn fails(&self) -> bool {
        self.status < 0
    }
}

impl<N: AsRef<str>, V: AsRef<[u8]>> PartialEq<(u32, u32, N, V)> for Edit {
    fn eq(&self, other: &(u32, u32, N, V)) -> bool {
        let (op, index, name, value) = other;
        self.op == *op && self.index == *index && self.name == name.as_ref() && self.value == value.as_ref()
    }
}

/// The socket that goes with an answer, if there is one: the plugin's until [`take_socket`].
/// # Safety
/// What the contract's `reply` gets at `hook`.
pub(super) unsafe fn socket_of(hook: u32, reply: *const abi::postern_reply) -> Option<RawFd> {
    if hook != abi::HOOK_DELIVERY_CONNECT {
        return None;
    }
    let record: abi::postern_delivery_connect_reply = record_at(reply.cast(), (*reply).size as usize);
    (record.has_socket != 0).then(|| record.socket)
}
/// # Safety
/// It is open, and nobody else's from now on.
pub(super) unsafe fn take_socket(number: RawFd) -> GivenSocket {
    GivenSocket(Arc::new(OwnedFd::from_raw_fd(number)))
}

/// # Safety
/// What the contract's `reply` gets at `hook`.
pub(super) unsafe fn read_reply(hook: u32, reply: *const abi::postern_reply) -> Said {
    let size = (*reply).size as usize;
    let base: abi::postern_reply = record_at(reply.cast(), size);
    let mut said = Said {
        verdict: base.verdict,
        smtp_code: base.smtp_code,
        vouches: base.flags & abi::REPLY_VOUCH != 0,
        enhanced: view(base.enhanced).to_text(),
        text: view(base.text).to_text(),
        score: base.score,
        ..Said::default()
    };
    for edit in records_of::<abi::postern_edit>(base.edits) {
        said.edits.push(Edit {
            op: edit.op,
            index: edit.index,
            name: view(edit.name).to_text(),
            value: view(edit.value).0.to_vec(),
        });
    }
    match hook {
        abi::HOOK_CAPS => {
            let record: abi::postern_caps_reply = record_at(reply.cast(), size);
            for line in records_of::<abi::postern_keyword>(record.lines) {
                said.lines.push(format!("{} {}", view(line.keyword), view(line.parameters)).trim_end().to_owned());
            }
        }
        abi::HOOK_PARAM => {
            let record: abi::postern_param_reply = record_at(reply.cast(), size);
            said.value = view(record.value).to_text();
        }
        abi::HOOK_VERB | abi::HOOK_VERB_DATA | abi::HOOK_RSET..=abi::HOOK_QUIT => {
            let record: abi::postern_command_reply = record_at(reply.cast(), size);
            said.lines = records_of::<postern_str>(record.lines).into_iter().map(|one| view(one).to_text()).collect();
            said.then = record.then;
            said.octets = record.octets;
        }
        abi::HOOK_DELIVER => {
            let record: abi::postern_deliver_reply = record_at(reply.cast(), size);
            for one in records_of::<abi::postern_delivery_result>(record.results) {
                said.lines.push(format!("{} {} {} {}", one.verdict, one.smtp_code, view(one.enhanced), view(one.text)));
            }
        }
        _ => read_delivery(hook, reply, &mut said),
    }
    said
}

/// # Safety
/// As [`read_reply`].
unsafe fn read_delivery(hook: u32, reply: *const abi::postern_reply, said: &mut Said) {
    let size = (*reply).size as usize;
    match hook {
        abi::HOOK_QUEUE_POLICY => {
            let record: abi::postern_queue_policy_reply = record_at(reply.cast(), size);
            said.pool = view(record.pool).to_text();
            said.concurrency = record.concurrency;
            said.rate_count = record.rate_count;
            said.rate_time = Duration::from_millis(record.rate_ms);
            said.valid_for = Duration::from_secs(record.valid_s.into());
        }
        abi::HOOK_QUEUE_ADMIT | abi::HOOK_QUEUE_RETRY | abi::HOOK_DELIVERY_REPLY => {
            let record: abi::postern_wait_reply = record_at(reply.cast(), size);
            said.wait = Duration::from_millis(record.wait_ms);
        }
        abi::HOOK_DELIVERY_SOURCE => {
            let record: abi::postern_delivery_source_reply = record_at(reply.cast(), size);
            said.pool = view(record.pool).to_text();
        }
        abi::HOOK_DELIVERY_CONNECT => {
            let record: abi::postern_delivery_connect_reply = record_at(reply.cast(), size);
            said.next_host = record.next_host != 0;
        }
        abi::HOOK_DSN_MAKE => {
            let record: abi::postern_dsn_make_reply = record_at(reply.cast(), size);
            said.dsn = SaidOfDsn {
                recipient: view(record.recipient).to_text(),
                text: view(record.text).to_text(),
                from_name: view(record.from_name).to_text(),
                fields: records_of::<abi::postern_header>(record.fields)
                    .into_iter()
                    .map(|one| (view(one.name).to_text(), view(one.value).to_text()))
                    .collect(),
            };
        }
        _ => {}
    }
}
