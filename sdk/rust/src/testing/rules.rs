//! What a server refuses in an answer. Beside the fake host of C++ it lacks: the syntax of addresses but for its main lines, that of
//! the facts of set_client, and what was declared and offered.

use super::delivery_rules;
use super::said::Said;
use crate::abi;
use crate::verdict::Edit;
use std::os::unix::io::RawFd;

/// What was asked, as far as the rules for the answer depend on it.
#[derive(Clone, Default)]
pub(super) struct Question {
    pub hook: u32,
    pub may_vouch: bool,
    pub recipients: usize,
    /// That a verb may ask for.
    pub most_octets: u64,
    /// Of the header section: whether each has a name, or is a line that is no field.
    pub fields: Vec<bool>,
}
impl Question {
    pub fn of(hook: u32) -> Question {
        Question { hook, most_octets: u64::MAX, ..Question::default() }
    }
    pub fn wants_answer(&self) -> bool {
        ![abi::HOOK_WAKE, abi::HOOK_SESSION_END, abi::HOOK_REPORT_IN, abi::HOOK_SUBMITTED].contains(&self.hook)
    }
}

pub(super) type Fault = Result<(), String>;
pub(super) fn fault(text: impl Into<String>) -> Fault {
    Err(text.into())
}
pub(super) fn holds(is_so: bool, else_text: impl FnOnce() -> String) -> Fault {
    if is_so {
        Ok(())
    } else {
        Err(else_text())
    }
}

/// The rules of `<postern/abi/core.h>` for a reply, and those of its hook.
pub(super) fn why_wrong(asked: &Question, said: &Said, socket: Option<RawFd>) -> Option<String> {
    if said.verdict == abi::BROKEN {
        return None;
    }
    if asked.hook == abi::HOOK_DELIVER {
        let (count, wanted) = (said.lines.len(), asked.recipients);
        return (count != 0 && count != wanted).then(|| format!("{count} results for {wanted} recipients"));
    }
    verdict(asked.hook, said)
        .and_then(|_| reply(asked.hook, said))
        .and_then(|_| extension(asked, said))
        .and_then(|_| delivery_rules::delivery(asked.hook, said, socket))
        .and_then(|_| vouch(asked, said))
        .and_then(|_| edits(asked, said))
        .err()
}

fn is_command(hook: u32) -> bool {
    [abi::HOOK_VERB, abi::HOOK_VERB_DATA].contains(&hook) || (abi::HOOK_RSET..=abi::HOOK_QUIT).contains(&hook)
}
pub(super) fn is_refusal(verdict: u32) -> bool {
    [abi::REJECT, abi::TEMPFAIL, abi::DISCONNECT].contains(&verdict)
}

fn verdict(hook: u32, said: &Said) -> Fault {
    let is_known = match hook {
        _ if !delivery_rules::verdicts(hook).is_empty() => delivery_rules::verdicts(hook).contains(&said.verdict),
        abi::HOOK_CAPS => said.verdict == abi::CONTINUE,
        _ if hook == abi::HOOK_PARAM || is_command(hook) => {
            [abi::CONTINUE, abi::SCORE].contains(&said.verdict) || is_refusal(said.verdict)
        }
        abi::HOOK_COMMIT_BEFORE => [abi::CONTINUE, abi::ACCEPT, abi::TEMPFAIL].contains(&said.verdict),
        abi::HOOK_ROUTE => [abi::CONTINUE, abi::ACCEPT, abi::TEMPFAIL, abi::REJECT, abi::HOLD].contains(&said.verdict),
        _ => said.verdict <= abi::SCORE,
    };
    holds(is_known, || format!("verdict {} is not known on this hook", said.verdict))
}

fn is_text(text: &str) -> bool {
    text.chars().all(|c| c == '\t' || (' '..='~').contains(&c))
}
fn is_code(code: u32, class: u32) -> bool {
    code / 100 == class && code / 10 % 10 <= 5
}
/// RFC 3463 2
fn is_enhanced(text: &str, class: u32) -> bool {
    let is_number = |part: &str| {
        !part.is_empty() && part.len() <= 3 && (part.len() == 1 || !part.starts_with('0')) && part.bytes().all(|c| c.is_ascii_digit())
    };
    let parts: Vec<&str> = text.split('.').collect();
    parts.len() == 3 && parts[0] == class.to_string() && parts[1..].iter().all(|part| is_number(part))
}

/// Code, enhanced code and texts.
fn reply(hook: u32, said: &Said) -> Fault {
    let code = said.smtp_code;
    let mut texts = std::iter::once(&said.text).chain(&said.lines);
    if texts.any(|text| !is_text(text) || text.len() > 4096) {
        return fault("a text that no reply can carry");
    }
    if is_command(hook) && said.verdict == abi::CONTINUE {
        return command(hook, said);
    }
    let (class, default) = match said.verdict {
        abi::REJECT => (5, 550),
        abi::TEMPFAIL => (4, 451),
        abi::DISCONNECT => (if code / 100 == 5 { 5 } else { 4 }, 421),
        _ => return holds(code == 0 && said.enhanced.is_empty(), || "a reply code with a verdict that has none".into()),
    };
    let code = if code == 0 { default } else { code };
    if said.verdict == abi::TEMPFAIL && code == 421 {
        return fault("421 closes the connection: that is DISCONNECT");
    }
    holds(is_code(code, class), || format!("code {code} does not fit its verdict"))?;
    holds(said.enhanced.is_empty() || is_enhanced(&said.enhanced, class), || format!("{} does not fit code {code}", said.enhanced))
}

/// CONTINUE with the reply of a command.
fn command(hook: u32, said: &Said) -> Fault {
    let code = said.smtp_code;
    if said.then == abi::THEN_RESTART {
        return holds(code == 0, || "a reply before a restart, whose greeting is the reply".into());
    }
    if code == 0 {
        let is_silent = said.then == abi::THEN_NOTHING && said.lines.is_empty() && said.enhanced.is_empty();
        return holds(is_silent, || "a reply without a code".into());
    }
    let class = if said.then == abi::THEN_NOTHING { 2 } else { 3 };
    let behind = if class == 2 { "nothing" } else { "something" };
    holds(is_code(code, class), || format!("a reply with code {code}, and {behind} to read behind it"))?;
    // RFC 5321 4.2.2
    holds((code == 221) == (hook == abi::HOOK_QUIT), || "code 221 is the reply to QUIT, and to nothing else".into())?;
    let fits = said.enhanced.is_empty() || (class == 2 && is_enhanced(&said.enhanced, 2));
    holds(fits, || format!("{} does not fit code {code}", said.enhanced))
}

fn extension(asked: &Question, said: &Said) -> Fault {
    let is_value = said.value.len() <= 1000 && said.value.bytes().all(|c| (33..=126).contains(&c) && c != b'=');
    holds(is_value, || format!("\"{}\" is no value of a parameter", said.value))?;
    let is_verb = [abi::HOOK_VERB, abi::HOOK_VERB_DATA].contains(&asked.hook);
    holds(is_verb || said.then == abi::THEN_NOTHING, || "more to read at a command that is no verb of the plugin".into())?;
    let asks = said.verdict == abi::CONTINUE && said.then == abi::THEN_OCTETS;
    let (octets, most) = (said.octets, asked.most_octets);
    holds(!asks || octets <= most, || format!("asks for {octets} octets, more than the {most} of the verb"))
}

fn vouch(asked: &Question, said: &Said) -> Fault {
    if !said.vouches {
        return Ok(());
    }
    holds(asked.hook == abi::HOOK_RCPT, || "it vouches, but for no recipient".into())?;
    holds(asked.may_vouch, || "it vouches without providing postern.recipients/1".into())
}

/// Whether a hook knows an edit.
fn allows(hook: u32, op: u32) -> bool {
    let at: &[u32] = match op {
        abi::EDIT_HEADER_INSERT => &[abi::HOOK_HEADERS, abi::HOOK_END, abi::HOOK_DELIVERY_CONTENT, abi::HOOK_DELIVERY_SIGN],
        abi::EDIT_HEADER_ADD..=abi::EDIT_HEADER_REMOVE => &[abi::HOOK_HEADERS, abi::HOOK_END, abi::HOOK_DELIVERY_CONTENT],
        abi::EDIT_SENDER_SET => &[abi::HOOK_MAIL, abi::HOOK_END],
        abi::EDIT_RCPT_ADD | abi::EDIT_RCPT_REPLACE => &[abi::HOOK_RCPT, abi::HOOK_END],
        abi::EDIT_RCPT_REMOVE => &[abi::HOOK_END],
        abi::EDIT_BODY_REPLACE => &[abi::HOOK_BODY, abi::HOOK_END, abi::HOOK_DELIVERY_CONTENT],
        abi::EDIT_ROUTE_SET => &[abi::HOOK_ROUTE],
        abi::EDIT_PEER_SET => &[abi::HOOK_VERB, abi::HOOK_VERB_DATA],
        abi::EDIT_PRIORITY_SET..=abi::EDIT_WARN_AT | abi::EDIT_ACCEPTED_SET | abi::EDIT_REPORT_RELAY => {
            &[abi::HOOK_PARAM, abi::HOOK_MAIL, abi::HOOK_HEADERS, abi::HOOK_END]
        }
        _ => &[],
    };
    at.contains(&hook)
}

/// RFC 5322 2.2: printable, no colon; 2.1.1: it fits into a line.
fn is_header_name(name: &str) -> bool {
    !name.is_empty() && name.len() < 998 && name.bytes().all(|c| (33..=126).contains(&c) && c != b':')
}
/// CR, LF and NUL only as CRLF, and `may_follow` says what may stand behind one.
pub(super) fn has_whole_lines(octets: &[u8], may_follow: impl Fn(Option<&u8>) -> bool) -> bool {
    let mut at = 0;
    while let Some(found) = octets[at..].iter().position(|c| b"\r\n\0".contains(c)) {
        at += found;
        if !octets[at..].starts_with(b"\r\n") || !may_follow(octets.get(at + 2)) {
            return false;
        }
        at += 2;
    }
    true
}
/// A value may fold.
fn is_header_value(value: &[u8]) -> bool {
    has_whole_lines(value, |next| matches!(next, Some(b' ' | b'\t')))
}
/// "local@domain", without white space but in quotes.
pub(super) fn is_address(value: &[u8]) -> bool {
    let at = value.iter().rposition(|c| *c == b'@').unwrap_or(0);
    let (local, domain) = value.split_at(at);
    let is_quoted = local.len() > 2 && local[0] == b'"' && local.ends_with(b"\"");
    let is_visible = |c: &u8| *c > b' ' && *c != 127 && !b"<>()[]\\,;:\"@".contains(c);
    let is_local = if is_quoted { local.iter().all(|c| *c >= b' ' && *c != 127) } else { local.iter().all(is_visible) };
    let is_domain = |c: &u8| *c > 127 || c.is_ascii_alphanumeric() || b"-.".contains(c);
    let is_literal = domain.len() > 3 && domain[1] == b'[' && domain.ends_with(b"]") && domain.iter().all(|c| *c > b' ' && *c < 127);
    !local.is_empty() && local.len() <= 64 && domain.len() > 1 && is_local && (is_literal || domain[1..].iter().all(is_domain))
}
fn is_number(value: &[u8], from: i64, to: i64) -> bool {
    let number = std::str::from_utf8(value).ok().and_then(|text| text.parse::<i64>().ok());
    !value.starts_with(b"+") && number.map_or(false, |number| (from..=to).contains(&number))
}

/// Indices are those from before the answer; what is removed is not there for the edits behind.
fn edits(asked: &Question, said: &Said) -> Fault {
    holds(said.edits.len() <= 10_000, || "more than 10000 edits".into())?;
    if is_refusal(said.verdict) {
        return Ok(()); // not applied
    }
    let mut fields = vec![true; asked.fields.len()];
    let mut recipients = vec![true; asked.recipients];
    let (mut added, mut bodies) = (0, 0);
    for one in &said.edits {
        holds(allows(asked.hook, one.op), || format!("edit {} is not allowed on this hook", one.op))?;
        match one.op {
            abi::EDIT_HEADER_ADD..=abi::EDIT_HEADER_REMOVE => header(one, asked, &mut fields)?,
            abi::EDIT_RCPT_ADD..=abi::EDIT_RCPT_REMOVE => {
                recipient(one, asked, &mut recipients)?;
                added += usize::from(one.op == abi::EDIT_RCPT_ADD);
            }
            abi::EDIT_BODY_REPLACE => {
                bodies += 1;
                holds(bodies == 1, || "a second body".into())?;
                holds(has_whole_lines(&one.value, |_| true), || "a bare CR, bare LF or NUL in a body".into())?;
            }
            _ => other(one)?,
        }
    }
    let is_empty = !recipients.is_empty() && added == 0 && recipients.iter().all(|is_there| !is_there);
    holds(!is_empty, || "a message without recipients: DISCARD says so".into())
}

fn header(one: &Edit, asked: &Question, fields: &mut [bool]) -> Fault {
    let index = one.index as usize;
    let adds = [abi::EDIT_HEADER_ADD, abi::EDIT_HEADER_INSERT].contains(&one.op);
    holds(!adds || is_header_name(&one.name), || format!("\"{}\" is no name of a header field", one.name))?;
    let is_there = match one.op {
        abi::EDIT_HEADER_ADD => true,
        abi::EDIT_HEADER_INSERT if asked.hook == abi::HOOK_DELIVERY_SIGN => {
            return holds(index == 0, || "puts a field elsewhere than in front of all at delivery.sign".into())
                .and_then(|_| holds(is_header_value(&one.value), || "CR, LF or NUL in an edit".into()));
        }
        abi::EDIT_HEADER_INSERT => index <= fields.len(),
        abi::EDIT_HEADER_REPLACE => fields.get(index) == Some(&true) && asked.fields[index],
        _ => fields.get(index) == Some(&true),
    };
    holds(is_there, || format!("an edit of header field {index}, which is not there"))?;
    if one.op == abi::EDIT_HEADER_REMOVE {
        fields[index] = false;
        return Ok(());
    }
    holds(is_header_value(&one.value), || "CR, LF or NUL in an edit".into())
}

fn recipient(one: &Edit, asked: &Question, recipients: &mut [bool]) -> Fault {
    let index = one.index as usize;
    let is_named = one.op == abi::EDIT_RCPT_REMOVE || is_address(&one.value);
    holds(is_named, || format!("\"{}\" is no address", String::from_utf8_lossy(&one.value)))?;
    if one.op == abi::EDIT_RCPT_ADD {
        return Ok(());
    }
    // At cmd.rcpt the one that is asked about is the last.
    let is_there = recipients.get(index) == Some(&true) && (asked.hook != abi::HOOK_RCPT || index + 1 == recipients.len());
    holds(is_there, || format!("an edit of recipient {index}, who is not there or not asked about"))?;
    if one.op == abi::EDIT_RCPT_REMOVE {
        recipients[index] = false;
    }
    Ok(())
}

fn other(one: &Edit) -> Fault {
    let value = one.value.as_slice();
    let is_visible = |octets: &[u8]| octets.iter().all(|c| *c > b' ' && *c <= b'~');
    let is_sound = match one.op {
        abi::EDIT_SENDER_SET => value.is_empty() || is_address(value),
        abi::EDIT_PRIORITY_SET => is_number(value, -9, 9),
        abi::EDIT_RELEASE_AT | abi::EDIT_EXPIRE_AT | abi::EDIT_WARN_AT => is_number(value, 0, 253_402_300_799), // the year 9999
        abi::EDIT_REPORT_RELAY => value.is_empty() && is_visible(one.name.as_bytes()),
        abi::EDIT_ACCEPTED_SET => {
            is_enhanced(&one.name, 2) && (1..=400).contains(&value.len()) && value.iter().all(|c| (b' '..=b'~').contains(c))
        }
        _ => is_visible(one.name.as_bytes()) && is_visible(value),
    };
    holds(is_sound, || format!("edit {} with \"{}\" and \"{}\"", one.op, one.name, String::from_utf8_lossy(value)))
}
