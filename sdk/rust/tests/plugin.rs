//! A plugin of this crate beside a host: what it reads, why it does not start, and which tables it says that it needs.

use postern::testing::FakeHost;
use postern::{abi, proceed, reject, Host, MessageEnd, On, Plugin, Refusal, Verdict};

/// Says how much of a message it read.
struct Reader {
    host: Host,
    most: usize,
}
impl Plugin for Reader {
    fn create(host: &Host) -> Result<Self, Refusal> {
        let most = host.integer("most")?.ok_or_else(|| Refusal::of("most", "is required"))?;
        Ok(Reader { host: host.clone(), most: usize::try_from(most).unwrap_or(0) })
    }
}
impl On<MessageEnd<'_>> for Reader {
    fn on(&self, end: &MessageEnd<'_>) -> Verdict {
        match self.host.read_all(end.blob(), self.most) {
            Ok(all) => reject(550, "5.0.0", format!("{}", all.len())),
            Err(_) => proceed(),
        }
    }
}
postern::plugin!(Reader, id: "org.example.reader", version: "1.0", events: [MessageEnd], requires: ["postern.blob/1"]);

extern "C" {
    static postern_plugin_v1: abi::postern_plugin;
}
fn host() -> FakeHost {
    // SAFETY: it is never written.
    FakeHost::of(unsafe { &postern_plugin_v1 })
}

#[test]
fn a_message_is_read_as_a_whole_or_not_at_all() {
    let host = host();
    host.integer("most", 6);
    let plugin = host.create().unwrap();
    assert_eq!(plugin.message_end(b"").text, "0");
    assert_eq!(plugin.message_end(b"A: b\r\n").text, "6");
    assert!(plugin.message_end(b"A: bc\r\n").proceeds());
}

#[test]
fn why_it_does_not_start_is_said_of_the_option_or_logged_where_there_are_none() {
    let with_options = host();
    assert_eq!(with_options.create().err(), Some(abi::E_INVALID));
    assert_eq!(with_options.refusals(), [("most".to_owned(), "is required".to_owned())]);
    let without = host();
    without.integer("most", 6);
    without.without("postern.config/1");
    assert_eq!(without.create().err(), Some(abi::E_INVALID));
    assert_eq!(without.log(), [(3, "most: is required".to_owned())]);
}

#[test]
fn what_it_requires_is_in_its_table() {
    // SAFETY: a list of strings with a null pointer at its end.
    let (first, second) = unsafe {
        let list = postern_plugin_v1.requires_;
        (std::ffi::CStr::from_ptr(*list), *list.add(1))
    };
    assert_eq!(first.to_bytes(), b"postern.blob/1");
    assert!(second.is_null());
}
