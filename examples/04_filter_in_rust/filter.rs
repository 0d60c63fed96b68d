//! The first filter once more, in Rust: it adds "X-Filter: Rust" to every message and refuses senders that hold a word.

use postern::{proceed, reject, Headers, Host, Mail, On, Plugin, Refusal, Verdict};

/// What one instance keeps. `on` is called for many sessions at once, so it is only read.
struct Filter {
    word: String,
}

impl Plugin for Filter {
    fn create(host: &Host) -> Result<Self, Refusal> {
        let word = host.text("word")?.unwrap_or_else(|| "banana".into());
        if word.is_empty() {
            return Err(Refusal::of("word", "must not be empty: it would be in every sender"));
        }
        Ok(Filter { word })
    }
}

impl On<Mail<'_>> for Filter {
    fn on(&self, mail: &Mail<'_>) -> Verdict {
        if mail.sender().contains(&self.word) {
            return reject(550, "5.7.1", "this sender is not welcome");
        }
        proceed()
    }
}

impl On<Headers<'_>> for Filter {
    fn on(&self, _headers: &Headers<'_>) -> Verdict {
        proceed().add_header("X-Filter", "Rust")
    }
}

postern::plugin!(Filter, id: "org.example.filter-in-rust", version: "1.0", events: [Mail, Headers]);

#[cfg(test)]
mod tests {
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
    fn refuses_a_sender_that_holds_the_word() {
        let host = host();
        host.text("word", "apple");
        let plugin = host.create().unwrap();
        let said = plugin.mail("apple@example.org", &[]);
        assert!(said.rejects());
        assert_eq!((said.smtp_code, said.text.as_str()), (550, "this sender is not welcome"));
        assert!(plugin.mail("banana@example.org", &[]).proceeds());
        assert!(host.complaints().is_empty());
    }

    #[test]
    fn marks_every_message() {
        let host = host();
        let plugin = host.create().unwrap();
        let said = plugin.headers(&[("Subject", "hi")]);
        assert_eq!(said.edits, [(abi::EDIT_HEADER_ADD, 0, "X-Filter", "Rust")]);
    }

    #[test]
    fn refuses_an_empty_word_at_start() {
        let host = host();
        host.text("word", "");
        assert_eq!(host.create().err(), Some(abi::E_INVALID));
        assert_eq!(host.refusals()[0].0, "word");
    }
}
