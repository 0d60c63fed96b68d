//! FakeHost refuses what a server refuses, and takes what a server takes.

use postern::testing::{Created, FakeHost, Said};
use postern::{abi, accept, defer, disconnect, hold, proceed, reject, score, vouch};
use postern::{Body, Headers, Host, Mail, MessageEnd, On, Plugin, Rcpt, Refusal, Verdict};
use std::cell::RefCell;
use std::time::Duration;

thread_local! { static NEXT: RefCell<Option<Verdict>> = RefCell::new(None); }

/// Answers what its test put into NEXT.
struct Puppet;
impl Plugin for Puppet {
    fn create(host: &Host) -> Result<Self, Refusal> {
        let wait = host.duration("wait")?.unwrap_or_default();
        let weight = host.number("weight")?.unwrap_or_default();
        host.log(postern::LogLevel::Info, &format!("{wait:?} {weight} {:?}", host.pairs("names")));
        Ok(Puppet)
    }
}
macro_rules! puppet {
    ($($event:ident)*) => {
        $(impl On<$event<'_>> for Puppet {
            fn on(&self, _: &$event<'_>) -> Verdict {
                NEXT.with(|next| next.take()).unwrap_or_else(proceed)
            }
        })*
    };
}
puppet! { Mail Rcpt Headers Body }
impl On<MessageEnd<'_>> for Puppet {
    fn on(&self, end: &MessageEnd<'_>) -> Verdict {
        let shown = format!("{:?} {:?}", end.recipients(), end.fields());
        NEXT.with(|next| next.take()).unwrap_or_else(|| reject(550, "5.0.0", shown))
    }
}
postern::plugin!(Puppet, id: "org.example.puppet", version: "1.0", events: [Mail, Rcpt, Headers, Body, MessageEnd],
                 provides: ["postern.recipients/1"]);

extern "C" {
    static postern_plugin_v1: abi::postern_plugin;
}
fn host() -> FakeHost {
    // SAFETY: it is never written.
    FakeHost::of(unsafe { &postern_plugin_v1 })
}
fn mail(plugin: &Created<'_>) -> Said {
    plugin.mail("a@client.example", &[])
}
fn rcpt(plugin: &Created<'_>) -> Said {
    plugin.rcpt("b@example.com", &[])
}
fn headers(plugin: &Created<'_>) -> Said {
    plugin.headers(&[("Subject", "hi"), ("", "no field")])
}
fn body(plugin: &Created<'_>) -> Said {
    plugin.body(b"a\r\n", true)
}
fn end(plugin: &Created<'_>) -> Said {
    plugin.message_end_for(&["b@example.com", "c@example.com"], b"Subject: hi\r\n\r\na\r\n")
}

/// What the host complains of when the plugin answers so; empty: it takes the answer.
fn complaint(ask: fn(&Created<'_>) -> Said, answer: Verdict) -> String {
    let host = host();
    let plugin = host.create().unwrap();
    NEXT.with(|next| next.replace(Some(answer)));
    let said = ask(&plugin);
    assert_eq!(said.fails(), !host.complaints().is_empty());
    host.complaints().join("\n")
}

#[test]
fn edits_are_taken_where_their_hook_knows_them() {
    for (ask, answer) in [
        (headers as fn(&Created<'_>) -> Said, proceed().add_header("X-A", "a\r\n folded").insert_header(2, "X-B", "").remove_header(1)),
        (headers, proceed().replace_header(0, "bye").set_priority(9)),
        (mail, proceed().set_sender("").set_priority(-9)),
        (mail, proceed().set_sender("\"a b\"@[192.0.2.1]")),
        (rcpt, vouch().replace_rcpt(0, "c@example.com").add_rcpt("d@example.com")),
        (body, proceed().replace_body("b\r\n")),
        (end, proceed().remove_rcpt(0).add_header("X", "y").replace_body("b\r\n")),
        (mail, reject(550, "5.7.1", "no").remove_header(9)), // not applied
        (mail, accept()),
        (mail, hold("look at it")),
        (mail, disconnect(0, "", "")),
        (mail, disconnect(554, "5.7.1", "bye")),
    ] {
        assert_eq!(complaint(ask, answer), "");
    }
}

#[test]
fn what_a_server_refuses_is_a_complaint() {
    for (ask, answer, why) in [
        (headers as fn(&Created<'_>) -> Said, proceed().add_header("X A", "a"), "no name of a header field"),
        (headers, proceed().add_header("", "a"), "no name of a header field"),
        (headers, proceed().add_header("X-A", "a\r\nB: c"), "CR, LF or NUL in an edit"),
        (headers, proceed().add_header("X-A", "a\n"), "CR, LF or NUL in an edit"),
        (headers, proceed().remove_header(99), "field 99, which is not there"),
        (headers, proceed().remove_header(0).replace_header(0, "a"), "field 0, which is not there"),
        (headers, proceed().replace_header(1, "a"), "field 1, which is not there"), // a line that is no field
        (headers, proceed().insert_header(3, "X", "a"), "field 3, which is not there"),
        (headers, proceed().set_priority(10), "edit 12"),
        (headers, proceed().replace_body("a"), "edit 9 is not allowed on this hook"),
        (mail, proceed().add_header("X-A", "a"), "edit 1 is not allowed on this hook"),
        (mail, proceed().set_sender("a b@example.com"), "edit 5 with"),
        (mail, proceed().set_sender("nobody"), "edit 5 with"),
        (rcpt, proceed().replace_rcpt(1, "c@example.com"), "recipient 1, who is not there"),
        (rcpt, proceed().add_rcpt("c@exam ple.com"), "is no address"),
        (body, proceed().replace_body("a\nb"), "bare LF"),
        (end, proceed().remove_rcpt(0).remove_rcpt(1), "a message without recipients"),
        (end, proceed().replace_body("a\r\n").replace_body("b\r\n"), "a second body"),
        (mail, vouch(), "vouches, but for no recipient"),
        (mail, defer(421, "", ""), "421 closes the connection"),
        (mail, reject(571, "", ""), "code 571 does not fit"),
        (mail, reject(550, "5.7", ""), "5.7 does not fit code 550"),
        (mail, reject(550, "4.7.1", ""), "4.7.1 does not fit code 550"),
    ] {
        let said = complaint(ask, answer);
        assert!(said.contains(why), "{why}: {said}");
    }
}

#[test]
fn a_score_is_no_objection() {
    let host = host();
    let plugin = host.create().unwrap();
    NEXT.with(|next| next.replace(Some(score("LISTED", 2.5))));
    let said = mail(&plugin);
    assert!(said.proceeds());
    assert_eq!(said.score, 2500);
}

#[test]
fn options_of_every_type_are_handed_over() {
    let host = host();
    host.duration("wait", Duration::from_millis(1500));
    host.number("weight", 0.0005);
    host.pairs("names", &[("a", "1"), ("b", "2")]);
    let _plugin = host.create().unwrap();
    assert_eq!(host.log(), [(1, r#"1.5s 0.001 [("a", "1"), ("b", "2")]"#.to_owned())]);
}

#[test]
fn the_end_of_a_message_shows_its_fields_and_recipients() {
    let host = host();
    let plugin = host.create().unwrap();
    assert_eq!(end(&plugin).text, r#"["b@example.com", "c@example.com"] [("Subject", "hi")]"#);
    let said = plugin.message_end(b"A:b\r\n c\r\nno field\r\n\r\nB: d\r\n");
    assert_eq!(said.text, r#"["recipient@example.com"] [("A", "b\r\n c"), ("", "no field")]"#);
}

#[test]
fn a_body_is_compared_octet_by_octet() {
    let host = host();
    let plugin = host.create().unwrap();
    NEXT.with(|next| next.replace(Some(proceed().replace_body(b"\xff\r\n".to_vec()))));
    assert_eq!(body(&plugin).edits, [(abi::EDIT_BODY_REPLACE, 0, "", b"\xff\r\n")]);
}
