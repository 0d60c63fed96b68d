//! What a plugin answered, copied out of the contract's records.

use crate::abi::{self, postern_str};
use crate::text::{record_at, records_of, view};
use crate::verdict::Edit;

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
    /// Of handle: `abi::PASS`, `abi::TAKEN` or an error.
    pub status: i32,
    /// Of the question; what is open yet is looked up with [`FakeHost::answer_to`].
    pub ticket: u64,
    pub is_pending: bool,
}
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
        _ => {}
    }
    said
}
