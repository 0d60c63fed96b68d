//! Deliveries on their way out, the queue's own questions, notifications, and mail of a plugin's own, beside a fake host: what the
//! events show, what the answers say, and that no host gets what none may be told.

use postern::testing::{Created, FakeHost, ReportLine, Said};
use postern::{abi, defer, hold, proceed, reject, retry_in, rules, suppress_dsn, suspend, use_pool, use_socket, wait_for};
use postern::{
    ConnectReply, DeliveryConnect, DeliveryContent, DeliveryReply, DeliverySign, DeliverySource, DsnMake, DsnReply, Event, Host,
    LogLevel, On, OwnMail, Plugin, PolicyReply, QueueAdmit, QueuePolicy, QueueRetry, Refusal, ReportIn, SourceReply, Stage,
    Submitted, Unsubmitted, Verdict, WaitReply,
};
use std::any::Any;
use std::cell::RefCell;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

thread_local! { static NEXT: RefCell<Option<Box<dyn Any>>> = RefCell::new(None); }

/// The next answer, made when the plugin is asked.
fn says<A: 'static>(make: impl FnOnce() -> A + 'static) {
    let make: Box<dyn FnOnce() -> A> = Box::new(make);
    NEXT.with(|next| next.replace(Some(Box::new(make))));
}
fn next<A: 'static + From<Verdict>>() -> A {
    match NEXT.with(|next| next.take()) {
        Some(make) => make.downcast::<Box<dyn FnOnce() -> A>>().expect("an answer of that hook")(),
        None => proceed().into(),
    }
}

thread_local! { static KEPT: RefCell<Option<Host>> = RefCell::new(None); }
/// The host as the plugin has it: for what it does later.
fn kept() -> Host {
    KEPT.with(|kept| kept.borrow().clone()).unwrap()
}

/// Logs what it sees, and says what its test wants.
struct Puppet {
    host: Host,
}
impl Plugin for Puppet {
    fn create(host: &Host) -> Result<Self, Refusal> {
        KEPT.with(|kept| kept.replace(Some(host.clone())));
        Ok(Puppet { host: host.clone() })
    }
}
impl Puppet {
    fn sees(&self, what: String) {
        self.host.log(LogLevel::Info, &what);
    }
}
macro_rules! puppet {
    ($($name:ident as |$me:ident, $event:ident| $shown:expr;)*) => {
        $(impl On<$name<'_>> for Puppet {
            fn on(&self, $event: &$name<'_>) -> <$name<'static> as Event>::Answer {
                let $me = self;
                self.sees($shown);
                next()
            }
        })*
    };
}
puppet! {
    QueuePolicy as |_me, it| format!("{} {} {} {:?}", it.next_hop(), it.pool(), it.concurrency(), it.rate());
    QueueAdmit as |_me, it| format!("{} {} {} {:?} {} {} {} {} {} {}", it.message(), it.sender(), it.next_hop(), it.recipients(),
                                    it.attempt(), it.priority(), it.active(), it.waiting(), it.active_all(), it.size_octets());
    DeliveryReply as |_me, it| format!("{} {:?} {} {} {} {:?} {}", it.address(), it.recipients(), it.smtp_code(), it.enhanced(),
                                       it.text(), it.stage(), it.is_failure());
    QueueRetry as |_me, it| format!("{} {} {:?} {:?} {:?}", it.attempts(), it.priority(), it.next().duration_since(it.received()),
                                    it.expires().duration_since(it.received()),
                                    it.recipients().iter().map(|one| (one.recipient, one.smtp_code)).collect::<Vec<_>>());
    DeliverySource as |_me, it| format!("{} {:?} {}", it.next_hop(), it.recipients(), it.pool());
    DeliveryConnect as |_me, it| format!("{} {} {} {} {} {}", it.host(), it.address(), it.port(), it.is_by_mx(), it.is_mx_secure(),
                                         it.is_address_secure());
    DeliveryContent as |me, it| format!("{:?} {:?} {:?} {} {}", it.fields(), it.offer_of("SIZE"), it.offer_of("DSN"), it.has_tls(),
                                        String::from_utf8(me.host.read_all(it.blob(), 1000).unwrap()).unwrap().escape_debug());
    DeliverySign as |me, it| format!("{}", me.host.read_all(it.blob(), 1000).unwrap().len() as u64 == it.size_octets());
    DsnMake as |_me, it| format!("{:?} {} {} {:?}", it.kind(), it.sender(), it.envid(),
                                 it.about().iter().map(|one| (one.recipient, one.status, one.action)).collect::<Vec<_>>());
}
impl On<ReportIn<'_>> for Puppet {
    fn on(&self, it: &ReportIn<'_>) {
        let about: Vec<_> = it.about().iter().map(|one| (one.recipient, one.status, one.action, one.smtp_code)).collect();
        self.sees(format!("{:?} {} {} {} {about:?} {}", it.recipients(), it.envid(), it.message_id(), it.ticket(), it.is_cut()));
    }
}
impl On<Submitted<'_>> for Puppet {
    fn on(&self, it: &Submitted<'_>) {
        self.sees(format!("{} {:?} {} {}", it.token(), it.status(), it.message(), it.is_cancelled()));
    }
}
postern::plugin!(Puppet, id: "org.example.puppet", version: "1.0",
                 events: [QueuePolicy, QueueAdmit, QueueRetry, DeliverySource, DeliveryConnect, DeliveryContent, DeliverySign,
                          DeliveryReply, DsnMake, ReportIn, Submitted]);

extern "C" {
    static postern_plugin_v1: abi::postern_plugin;
}
fn host() -> FakeHost {
    // SAFETY: it is never written.
    FakeHost::of(unsafe { &postern_plugin_v1 })
}
fn seen(host: &FakeHost) -> String {
    host.log().last().cloned().unwrap_or_default().1
}
const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

#[test]
fn it_subscribes_to_what_it_takes_but_for_what_comes_unasked() {
    let host = host();
    let _plugin = host.create().unwrap();
    assert_eq!(host.subscribed(), [38, 39, 40, 41, 42, 43, 44, 45, 46, 47]);
}

#[test]
fn rules_for_a_next_hop_are_said_and_what_is_not_said_stays() {
    let host = host();
    let plugin = host.create().unwrap();
    let mut delivery = plugin.delivery();
    (delivery.pool, delivery.rate) = ("usual".into(), (60, 1000));
    assert_eq!(delivery.queue_policy().status, abi::PASS);
    assert_eq!(seen(&host), "mx.example.com:25 usual 20 Some((60, 1s))");
    says(|| rules().concurrency(2).rate(60, MINUTE).pool("bulk").valid_for(10 * MINUTE));
    let said = delivery.queue_policy();
    assert!(said.proceeds());
    assert_eq!((said.concurrency, said.rate_count, said.rate_time, said.valid_for), (2, 60, MINUTE, 10 * MINUTE));
    assert_eq!(said.pool, "bulk");
    says(|| suspend("down\nuntil tonight", DAY));
    let said = delivery.queue_policy();
    assert!(said.defers());
    assert_eq!((said.text.as_str(), said.valid_for, said.concurrency), ("down?until tonight", DAY, 0));
    assert_eq!(host.complaints(), Vec::<String>::new());
}

#[test]
fn a_message_stands_in_line_or_waits() {
    let host = host();
    let plugin = host.create().unwrap();
    let mut delivery = plugin.delivery();
    (delivery.priority, delivery.active, delivery.waiting) = (-4, 3, 7);
    assert!(delivery.queue_admit().proceeds());
    assert_eq!(seen(&host), "4F1A sender@client.example mx.example.com:25 [\"user@example.com\"] 0 -4 3 7 3 21");
    says(|| wait_for(Duration::from_millis(1500)));
    let said = delivery.queue_admit();
    assert!(said.defers());
    assert_eq!(said.wait, Duration::from_millis(1500));
    says(|| WaitReply::from(reject(550, "", "")));
    assert!(delivery.queue_admit().fails());
    assert_eq!(host.complaints(), ["hook 39: verdict 2 is not known on this hook"]);
}

#[test]
fn a_reply_is_overruled_and_a_next_hop_let_alone() {
    let host = host();
    let plugin = host.create().unwrap();
    let delivery = plugin.delivery();
    says(|| WaitReply::from(defer(451, "4.7.1", "they mean later")).rest_for(15 * MINUTE, "not said"));
    let said = delivery.delivery_reply(550, "5.7.1", "too fast", abi::STAGE_MAIL);
    assert_eq!(seen(&host), "192.0.2.25 [\"user@example.com\"] 550 5.7.1 too fast Mail true");
    assert!(said.defers());
    assert_eq!((said.text.as_str(), said.wait), ("they mean later", 15 * MINUTE));
    says(|| WaitReply::from(proceed()).rest_for(MINUTE, "tired"));
    let said = delivery.delivery_reply(0, "", "nobody there", 9);
    assert!(seen(&host).ends_with("nobody there Other(9) false"));
    assert_eq!((said.verdict, said.text.as_str(), said.wait), (abi::CONTINUE, "tired", MINUTE));
    assert!(Stage::Route < Stage::End);
    assert_eq!(host.complaints(), Vec::<String>::new());
}

#[test]
fn those_who_are_left_are_tried_again_when_it_says_or_not_at_all() {
    let host = host();
    let plugin = host.create().unwrap();
    let delivery = plugin.delivery();
    says(|| retry_in(5 * MINUTE));
    let said = delivery.queue_retry(451, "busy", 2);
    assert_eq!(seen(&host), "2 0 Ok(3600s) Ok(432000s) [(\"user@example.com\", 451)]");
    assert_eq!((said.verdict, said.wait), (abi::CONTINUE, 5 * MINUTE));
    says(|| WaitReply::from(hold("for the postmaster")));
    assert!(delivery.queue_retry(451, "busy", 2).holds());
    says(|| WaitReply::from(reject(554, "5.4.7", "three attempts are enough")));
    assert!(delivery.queue_retry(451, "busy", 3).rejects());
    says(|| WaitReply::from(defer(451, "", "")));
    assert!(delivery.queue_retry(451, "busy", 3).fails());
}

#[test]
fn a_pool_is_named_and_an_address_left_out() {
    let host = host();
    let plugin = host.create().unwrap();
    let mut delivery = plugin.delivery();
    assert_eq!(delivery.delivery_source().status, abi::PASS);
    assert_eq!(delivery.pool, "");
    says(|| use_pool("bulk"));
    assert!(delivery.delivery_source().proceeds());
    assert_eq!(delivery.pool, "bulk");
    says(|| SourceReply::from(hold("wait")));
    assert!(delivery.delivery_source().holds());
    delivery.host_flags = abi::HOST_BY_MX | abi::HOST_ADDRESS_SECURE;
    says(|| ConnectReply::from(defer(451, "4.4.1", "not there")).try_next_host());
    let said = delivery.delivery_connect();
    assert_eq!(seen(&host), "mx.example.com 192.0.2.25 25 true false true");
    assert!(said.defers() && said.next_host && said.socket.is_none());
    assert_eq!(host.complaints(), Vec::<String>::new());
}

/// Whether nobody holds the other end any more.
fn is_closed(mut stream: UnixStream) -> bool {
    stream.set_nonblocking(true).unwrap();
    matches!(stream.read(&mut [0]), Ok(0))
}

#[test]
fn a_stream_becomes_the_hosts_when_it_takes_the_answer() {
    let host = host();
    let plugin = host.create().unwrap();
    let (given, mut other) = UnixStream::pair().unwrap();
    says(move || use_socket(given));
    let said = plugin.delivery().delivery_connect();
    let mut taken = UnixStream::from(said.socket.as_ref().unwrap().to_owned_fd().unwrap());
    taken.write_all(b"hello").unwrap();
    let mut octets = [0; 5];
    other.read_exact(&mut octets).unwrap();
    assert_eq!(&octets, b"hello");
    drop((said, taken));
    assert!(!is_closed(other.try_clone().unwrap()), "the host keeps it with the answer");
    drop(plugin);
    drop(host);
    assert!(is_closed(other));
}

#[test]
fn a_stream_that_the_host_did_not_take_is_closed() {
    let host = host();
    let plugin = host.create().unwrap();
    says(|| ConnectReply::from(Verdict::later()));
    let said = plugin.delivery().delivery_connect();
    assert!(said.is_pending);
    host.withdraw(said.ticket);
    let (given, other) = UnixStream::pair().unwrap();
    let late = use_socket(given);
    assert!(kept().answer(said.ticket, &late).is_err());
    assert!(!is_closed(other.try_clone().unwrap()));
    drop(late);
    assert!(is_closed(other));
}

#[test]
fn a_stream_is_given_once() {
    let host = host();
    let plugin = host.create().unwrap();
    let (given, _other) = UnixStream::pair().unwrap();
    let answer = use_socket(given);
    for is_taken in [true, false] {
        says(|| ConnectReply::from(Verdict::later()));
        let ticket = plugin.delivery().delivery_connect().ticket;
        assert_eq!(kept().answer(ticket, &answer).is_ok(), is_taken);
        assert_eq!(host.answer_to(ticket).is_some(), is_taken);
    }
}

#[test]
fn what_is_sent_is_another_variant_and_the_last_word_stands_in_front() {
    let host = host();
    let plugin = host.create().unwrap();
    let mut delivery = plugin.delivery();
    delivery.offers = vec![("SIZE".into(), "1000".into())];
    delivery.fields.push(("X-Old".into(), "1".into()));
    delivery.has_tls = true;
    says(|| proceed().add_header("X-For", "user").replace_header(0, "bye").remove_header(1).replace_body("other\r\n"));
    assert!(delivery.delivery_content().proceeds());
    assert_eq!(
        seen(&host),
        r#"[("Subject", "hi"), ("X-Old", "1")] Some("1000") None true Subject: hi\r\nX-Old: 1\r\n\r\ntext\r\n"#
    );
    assert_eq!(delivery.fields, [("Subject".to_owned(), "bye".to_owned()), ("X-For".to_owned(), "user".to_owned())]);
    assert_eq!(delivery.body, b"other\r\n");
    says(|| proceed().insert_header(0, "X-Signed", "yes"));
    assert!(delivery.delivery_sign().proceeds());
    assert_eq!(seen(&host), "true");
    assert_eq!(delivery.fields[0].0, "X-Signed");
    assert_eq!(host.complaints(), Vec::<String>::new());
    for (answer, why) in [
        (proceed().insert_header(1, "X-Signed", "yes"), "elsewhere than in front of all"),
        (proceed().add_header("X-Signed", "yes"), "edit 1 is not allowed on this hook"),
        (proceed().replace_body("\r\n"), "edit 9 is not allowed on this hook"),
    ] {
        says(move || answer);
        assert!(delivery.delivery_sign().fails());
        assert!(host.complaints().last().unwrap().contains(why), "{why}: {:?}", host.complaints());
    }
    says(|| proceed().set_sender("a@example.org"));
    assert!(delivery.delivery_content().fails());
}

fn refused() -> ReportLine {
    ReportLine {
        recipient: "user@example.com".into(),
        status: "5.1.1".into(),
        diagnostic: "550 nobody there".into(),
        action: abi::REPORT_FAILED,
        smtp_code: 550,
        ..ReportLine::default()
    }
}

#[test]
fn a_notification_is_worded_or_suppressed_and_never_refused() {
    let host = host();
    let plugin = host.create().unwrap();
    let mut delivery = plugin.delivery();
    delivery.envid = "QQ314".into();
    says(|| {
        DsnReply::from(proceed()).send_to("bounces@example.org").say("Zurück:\r\nan Sie").from_name("Post").add_field("X-A", "b")
    });
    let said = delivery.dsn_make(abi::DSN_FAILURE, &[refused()]);
    assert_eq!(seen(&host), r#"Failure sender@client.example QQ314 [("user@example.com", "5.1.1", Failed)]"#);
    assert_eq!(said.dsn.text, "Zurück:\nan Sie");
    assert_eq!((said.dsn.from_name.as_str(), said.dsn.fields.len()), ("Post", 1));
    assert_eq!(delivery.told, "bounces@example.org");
    says(|| suppress_dsn("nobody wants those"));
    assert!(delivery.dsn_make(abi::DSN_DELAY, &[refused()]).discards());
    assert_eq!(delivery.told, "");
    says(|| DsnReply::from(reject(550, "", "")));
    assert!(delivery.dsn_make(abi::DSN_DELAY, &[refused()]).fails());
    assert_eq!(delivery.told, "sender@client.example");
}

#[test]
fn a_notification_that_arrives_is_shown_and_not_answered() {
    let host = host();
    let plugin = host.create().unwrap();
    let said = plugin.report_in(&["bounces@example.org"], "QQ314", &[refused()]);
    assert_eq!(said.status, abi::PASS);
    assert_eq!(
        seen(&host),
        r#"["bounces@example.org"] QQ314 <1@client.example> 0 [("user@example.com", "5.1.1", Failed, 550)] false"#
    );
}

/// What no host takes is a panic of the call, whose text is logged.
fn panics<A: 'static>(plugin: &Created<'_>, host: &FakeHost, make: fn() -> A, ask: fn(&Created<'_>) -> Said, why: &str) {
    says(make);
    let said = ask(plugin);
    assert!(said.fails(), "{why}");
    assert!(seen(host).contains(why), "{why}: {}", seen(host));
}

#[test]
fn what_no_host_takes_is_refused_where_it_is_made_and_costs_that_call_alone() {
    let host = host();
    let plugin = host.create().unwrap();
    let policy = |plugin: &Created<'_>| plugin.delivery().queue_policy();
    for (make, why) in [
        ((|| rules().concurrency(0)) as fn() -> PolicyReply, "1 to 10,000"),
        (|| rules().concurrency(10_001), "1 to 10,000"),
        (|| rules().rate(0, MINUTE), "one transaction at least"),
        (|| rules().rate(1, Duration::from_micros(999)), "a millisecond to 30 days"),
        (|| rules().rate(1, 31 * DAY), "a millisecond to 30 days"),
        (|| rules().pool(""), "no name of a source pool"),
        (|| rules().pool("a b"), "no name of a source pool"),
        (|| rules().valid_for(Duration::from_millis(999)), "a second to a day"),
        (|| suspend("", DAY + Duration::from_secs(1)), "a second to a day"),
    ] {
        panics(&plugin, &host, make, policy, why);
    }
    panics(&plugin, &host, || wait_for(Duration::ZERO), |plugin| plugin.delivery().queue_admit(), "a millisecond to 30 days");
    panics(&plugin, &host, || use_pool("ä"), |plugin| plugin.delivery().delivery_source(), "no name of a source pool");
    let connect = |plugin: &Created<'_>| plugin.delivery().delivery_connect();
    panics(&plugin, &host, || ConnectReply::from(proceed()).try_next_host(), connect, "only what defers");
    let dsn = |plugin: &Created<'_>| plugin.delivery().dsn_make(abi::DSN_FAILURE, &[refused()]);
    for (make, why) in [
        ((|| DsnReply::from(proceed()).send_to("nobody")) as fn() -> DsnReply, "no address"),
        (|| DsnReply::from(proceed()).say("a\u{7}"), "control characters"),
        (|| DsnReply::from(proceed()).say("a".repeat(16_385)), "too long"),
        (|| DsnReply::from(proceed()).from_name("a\nb"), "control characters"),
        (|| DsnReply::from(proceed()).add_field("Content-Type", "text/plain"), "no field that can be added"),
        (|| DsnReply::from(proceed()).add_field("X-A", "ä"), "no field that can be added"),
        (|| (0..21).fold(DsnReply::from(proceed()), |reply, _| reply.add_field("X-A", "b")), "one too many"),
    ] {
        panics(&plugin, &host, make, dsn, why);
    }
    assert!(policy(&plugin).proceeds());
    assert_eq!(host.complaints(), Vec::<String>::new());
}

#[test]
fn what_is_at_a_limit_is_taken() {
    let host = host();
    let plugin = host.create().unwrap();
    says(|| rules().concurrency(10_000).rate(u32::MAX, 30 * DAY).pool("p".repeat(255)).valid_for(DAY));
    assert!(plugin.delivery().queue_policy().proceeds());
    says(|| retry_in(30 * DAY));
    assert!(plugin.delivery().queue_retry(451, "", 1).proceeds());
    says(|| (0..20).fold(DsnReply::from(proceed()).say("a".repeat(16_384)), |reply, _| reply.add_field("X-A", "b")));
    assert!(plugin.delivery().dsn_make(abi::DSN_DELAY, &[]).proceeds());
    assert_eq!(host.complaints(), Vec::<String>::new());
}

fn note() -> OwnMail {
    OwnMail {
        recipients: vec!["postmaster@example.org".into()],
        content: b"Subject: a note\r\n\r\ntext\r\n".to_vec(),
        no_reports: true,
        ..OwnMail::default()
    }
}

#[test]
fn mail_of_its_own_is_taken_and_what_became_of_it_is_told() {
    let host = host();
    let plugin = host.create().unwrap();
    let own = kept();
    assert_eq!(own.submit(1, 7, &note()), Ok(()));
    assert_eq!(host.submitted(), [note()]);
    plugin.submissions_end(abi::SUBMIT_OK);
    assert_eq!(seen(&host), "7 Stored MAIL1 false");
    assert_eq!(own.submit(1, 8, &note()), Ok(()));
    assert_eq!(own.submit(0, 9, &note()), Ok(()));
    plugin.end_session();
    assert_eq!(seen(&host), "8 Failed  true");
    plugin.submissions_end(abi::SUBMIT_FULL);
    assert_eq!(seen(&host), "9 Full  false");
}

#[test]
fn mail_that_breaks_a_rule_or_was_not_granted_is_not_taken() {
    let host = host();
    let _plugin = host.create().unwrap();
    let own = kept();
    for (mail, why) in [
        (OwnMail { recipients: Vec::new(), ..note() }, "to nobody"),
        (OwnMail { recipients: vec!["nobody".into()], ..note() }, "no address"),
        (OwnMail { content: b"Subject: hi\n\ntext\n".to_vec(), ..note() }, "without a header section"),
        (OwnMail { content: b"Subject: hi\r\n\r\na\nb\r\n".to_vec(), ..note() }, "bare LF"),
        (OwnMail { content: "Subject: ä\r\n\r\n".into(), ..note() }, "beyond ASCII"),
        (OwnMail { content: b"no field\r\n\r\n".to_vec(), ..note() }, "a header section that is none"),
        (OwnMail { params: vec![("XNEW".into(), None)], ..note() }, "did not declare"),
    ] {
        assert_eq!(own.submit(1, 1, &mail), Err(Unsubmitted::Invalid));
        assert!(host.complaints().last().unwrap().contains(why), "{why}: {:?}", host.complaints());
    }
    for (status, why) in
        [(abi::E_DENIED, Unsubmitted::Denied), (abi::E_AGAIN, Unsubmitted::Busy), (abi::E_STALE, Unsubmitted::Over)]
    {
        host.submit_says(status);
        assert_eq!(own.submit(1, 1, &note()), Err(why));
    }
    host.without("postern.submit/1");
    assert_eq!(own.submit(1, 1, &note()), Err(Unsubmitted::Absent));
    assert_eq!(host.submitted(), []);
}
