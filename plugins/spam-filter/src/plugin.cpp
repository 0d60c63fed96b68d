// Glue: events in, answers out. What a message is worth is the scanner's, what was learned the keeper's.
//
// It listens to the body as it streams in and keeps its first `scan_size` octets: no serving thread ever reads a store or a disk
// for it, as one would at msg.end with the blob, and none waits, since judging takes a fraction of a millisecond of memory and
// arithmetic. Lists are asked at conn.open, so that their answers are mostly there when the message is.

#include "feedback.hpp"
#include "keeper.hpp"
#include "octets.hpp"
#include "options.hpp"
#include "scanner.hpp"

#include <postern/plugin.hpp>

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace {

using namespace spam_filter;

constexpr std::size_t feedback_factor = 8; ///< of scan_size: what is kept of a message with messages attached
constexpr std::size_t most_hosts_asked = 5;
constexpr std::uint64_t timer_to_begin = 1;
constexpr std::uint64_t timer_to_compare = 2;

/// What a transaction is for.
enum class purpose : std::uint8_t { open, delivery, spam, ham };

/// A message that is judged but for what lists have yet to say.
struct waiting_message {
    std::uint64_t ticket;
    score_card card;
    postern::verdict edits; ///< proceed(), with the edits that go with any end
    std::optional<std::pair<std::uint32_t, std::string>> subject;
};

struct session_notes {
    std::string body;          ///< the front of it
    std::uint64_t body_of = 0; ///< transaction: one that was broken off leaves its own behind
    std::uint64_t transaction = 0;
    purpose is_for = purpose::open;
    std::vector<symbol> listed;                                      ///< what lists of addresses said: of the connection
    std::vector<symbol> links;                                       ///< what lists of domains said: of the message
    std::map<std::uint64_t, std::pair<const dns_list*, bool>> asked; ///< by token; whether it is of the message
    std::optional<waiting_message> waits;
};

class spam_filter_plugin {
public:
    static constexpr const char* provides[] = {"postern.recipients/1"};

    explicit spam_filter_plugin(const postern::host& host) : shared_{std::make_unique<shared>(host)}, host_{host}
    {
        using namespace std::chrono_literals;
        // At once, and again until what is stored has been read; then now and then.
        if (!host.start_timer(timer_to_begin, 0ns, 1s) || !host.start_timer(timer_to_compare, set().refresh, set().refresh))
            throw std::runtime_error("the host refused a timer");
    }

    void on(const postern::connection& event)
    {
        shared_->keep.begin();
        session_notes& notes = notes_of(event.session());
        if (set().trusts(event.peer()))
            return;
        for (const dns_list& list : set().address_lists) {
            if (const auto question = address_question(event.peer().address(), list.zone()))
                ask(event.session(), notes, list, *question, false);
        }
    }

    postern::verdict on(const postern::rcpt& event)
    {
        session_notes& notes = notes_of(event.session());
        if (std::exchange(notes.transaction, event.transaction()) != event.transaction())
            notes.is_for = purpose::open;
        const std::string to = set().spam_address.empty() && set().ham_address.empty() ? "" : folded_address(event.recipient());
        const purpose wanted = to.empty()                 ? purpose::delivery
                               : to == set().spam_address ? purpose::spam
                               : to == set().ham_address  ? purpose::ham
                                                          : purpose::delivery;
        if (wanted != purpose::delivery && !set().trusts(event.peer()))
            return postern::reject(550, "5.7.1", "only our own users may teach the filter");
        if (notes.is_for != purpose::open && notes.is_for != wanted)
            return postern::defer(452, "4.5.3",
                                  "what the filter is to learn is sent to one address alone"); // RFC 5321 4.5.3.1.10
        notes.is_for = wanted;
        return wanted == purpose::delivery ? postern::proceed() : postern::vouch();
    }

    void on(const postern::body& event)
    {
        session_notes& notes = notes_of(event.session());
        if (event.offset() == 0 || notes.body_of != event.transaction())
            notes.body.clear();
        notes.body_of = event.transaction();
        const bool is_feedback = notes.is_for == purpose::spam || notes.is_for == purpose::ham;
        if (!is_feedback && is_exempt(event.peer()))
            return;
        const std::size_t most = set().scan_size * (is_feedback ? feedback_factor : 1);
        if (notes.body.size() < most)
            notes.body.append(event.chunk().substr(0, most - notes.body.size()));
    }

    postern::pending on(const postern::message_end& event)
    {
        session_notes& notes = notes_of(event.session());
        std::string body = std::exchange(notes.body, {});
        if (notes.body_of != event.transaction())
            body.clear();
        std::vector<field> fields;
        fields.reserve(event.fields().size());
        for (const postern::header one : event.fields())
            fields.push_back({one.name, one.value});
        const bool is_same_transaction = notes.transaction == event.transaction();
        if (is_same_transaction && (notes.is_for == purpose::spam || notes.is_for == purpose::ham)) {
            learn_attached(event.ticket(), fields, body, notes.is_for == purpose::spam ? mail_kind::spam : mail_kind::ham);
            return {};
        }
        if (is_exempt(event.peer())) {
            host_.answer(event.ticket(), postern::proceed());
            return {};
        }
        judge(event, notes, fields, body);
        return {};
    }

    void on(const postern::dns_answer& event)
    {
        session_notes* const notes = find_notes(event.session());
        if (notes == nullptr)
            return;
        const auto found = notes->asked.find(event.token());
        if (found == notes->asked.end()) // of a message that has its answer
            return;
        const auto [list, is_of_message] = found->second;
        notes->asked.erase(found);
        // Whatever fails scores nothing: a list that is down refuses no mail.
        if (!event.is_cancelled() && event.status() == postern::dns_status::ok) {
            const auto records = event.records();
            const bool is_listed =
                std::any_of(records.begin(), records.end(), [&](const auto& one) { return list->is_listing(one.name); });
            auto& to = is_of_message ? notes->links : notes->listed;
            const std::string name = list->symbol(is_of_message ? "LINK_" : "DNSBL_");
            const bool is_new = std::none_of(to.begin(), to.end(), [&](const symbol& one) { return one.name == name; });
            if (is_listed && is_new)
                to.push_back({name, list->points()});
        }
        if (notes->waits && notes->asked.empty())
            finish(*notes);
    }

    /// The time for lists is up.
    void on(const postern::wake& event)
    {
        session_notes* const notes = find_notes(event.session());
        if (notes != nullptr && notes->waits && notes->waits->ticket == event.token()) {
            notes->asked.clear();
            finish(*notes);
        }
    }

    void on(const postern::timer& event)
    {
        if (event.token() == timer_to_compare)
            shared_->keep.compare();
        else if (shared_->keep.knows().is_ready())
            host_.cancel_timer(timer_to_begin);
        else
            shared_->keep.begin();
    }
    postern::health_report on(const postern::health&)
    {
        if (!shared_->keep.knows().is_ready())
            return postern::degraded("what was learned has not been read: messages are judged by rules alone");
        return postern::healthy();
    }

    void on(const postern::kv_answer& event) { shared_->keep.answered(event); }

    void on(const postern::session_end& event)
    {
        const std::lock_guard lock{shared_->mutex};
        shared_->sessions.erase(event.session());
    }

    postern::pending on(const postern::admin& event)
    {
        shared_->keep.begin();
        const auto words = event.words();
        const std::string_view first = words.empty() ? std::string_view{} : words[0];
        const std::string_view second = words.size() > 1 ? words[1] : std::string_view{};
        if (first == "learn" && (second == "spam" || second == "ham") && words.size() == 2 && event.has_input())
            learn(event.ticket(), event.input(), second == "spam" ? mail_kind::spam : mail_kind::ham);
        else if (first == "judge" && words.size() == 1 && event.has_input())
            host_.answer(event.ticket(), postern::tell(judged(event.input())));
        else if (first == "status" && words.size() == 1)
            host_.answer(event.ticket(), postern::tell(status()));
        else
            host_.answer(event.ticket(), postern::refuse("there are: learn spam FILE.., learn ham FILE.., judge FILE.., status"));
        return {};
    }

private:
    /// What stays where it is when the plugin's object is moved into its place.
    struct shared {
        explicit shared(const postern::host& host)
            : set{host}, keep{host, set.features}, scan{limits_of(set), {set.bayes_spam, set.bayes_ham}}
        {
        }
        const options set;
        keeper keep;
        scanner scan;
        std::mutex mutex;
        std::unordered_map<std::uint64_t, std::unique_ptr<session_notes>> sessions;
        std::uint64_t last_token = 0;
    };

    [[nodiscard]] const options& set() const noexcept { return shared_->set; }
    [[nodiscard]] bool is_exempt(const postern::peer& client) const { return !set().scans_trusted && set().trusts(client); }

    /// Only events of that session touch them, one at a time.
    [[nodiscard]] session_notes& notes_of(std::uint64_t session)
    {
        const std::lock_guard lock{shared_->mutex};
        auto& notes = shared_->sessions[session];
        if (notes == nullptr)
            notes = std::make_unique<session_notes>();
        return *notes;
    }
    [[nodiscard]] session_notes* find_notes(std::uint64_t session)
    {
        const std::lock_guard lock{shared_->mutex};
        const auto found = shared_->sessions.find(session);
        return found == shared_->sessions.end() ? nullptr : found->second.get();
    }

    void ask(std::uint64_t session, session_notes& notes, const dns_list& list, const std::string& question, bool is_of_message)
    {
        std::uint64_t token = 0;
        {
            const std::lock_guard lock{shared_->mutex};
            token = ++shared_->last_token;
        }
        notes.asked.emplace(token, std::pair{&list, is_of_message});
        if (!host_.dns().ask(session, token, question, POSTERN_DNS_A))
            notes.asked.erase(token);
    }

    void judge(const postern::message_end& event, session_notes& notes, const std::vector<field>& fields, const std::string& body)
    {
        const envelope_facts envelope{event.sender(), event.peer().helo(), event.peer().address(), set().trusts(event.peer())};
        judgement made = shared_->scan.judge(fields, body, envelope, shared_->keep.knows());
        notes.links.clear();
        waiting_message waits{event.ticket(), score_card{event.score()}, postern::proceed(), {}};
        waits.card.add(std::move(made.symbols));
        for (std::uint32_t i = 0; i < fields.size() && waits.edits.edits().size() < postern::most_edits - 8; ++i) {
            if (begins_with(fields[i].name, "x-spam-"))
                waits.edits.remove_header(i); // whoever wrote it, it was not us
            else if (is_same(fields[i].name, "subject") && !waits.subject)
                waits.subject = {i, std::string{fields[i].value}};
        }
        notes.waits = std::move(waits);
        for (const dns_list& list : set().link_lists) {
            for (std::size_t i = 0; i < std::min(made.hosts.size(), most_hosts_asked); ++i) {
                if (const auto question = host_question(made.hosts[i], list.zone()))
                    ask(event.session(), notes, list, *question, true);
            }
        }
        if (notes.asked.empty() || !host_.wake(event.session(), event.ticket(), set().dns_wait))
            finish(notes);
    }

    void finish(session_notes& notes)
    {
        waiting_message done = std::move(*notes.waits);
        notes.waits.reset();
        done.card.add(notes.listed);
        done.card.add(std::exchange(notes.links, {}));
        const action what = done.card.decide(set().at);
        if (what == action::reject) {
            const std::string text = "this looks like spam, score " + points_text(done.card.total());
            host_.answer(done.ticket, postern::reject(550, "5.7.1", text));
            return;
        }
        const std::string names = done.card.names();
        postern::verdict answer = what == action::quarantine ? postern::hold("spam, score " + points_text(done.card.total()))
                                                             : postern::score(names, done.card.own());
        for (const auto& edit : done.edits.edits())
            answer.remove_header(edit.index);
        if (what != action::none)
            answer.add_header("X-Spam-Flag", "YES");
        answer.add_header("X-Spam-Status", done.card.status(set().at));
        answer.add_header("X-Spam-Score", points_text(done.card.total()));
        answer.add_header("X-Spam-Symbols", done.card.symbols());
        const bool is_marked = what != action::none && !set().subject_prefix.empty();
        if (is_marked && done.subject)
            answer.replace_header(done.subject->first, set().subject_prefix + " " + done.subject->second);
        else if (is_marked)
            answer.add_header("Subject", set().subject_prefix);
        host_.answer(done.ticket, answer);
    }

    void learn_attached(std::uint64_t ticket, const std::vector<field>& fields, const std::string& body, mail_kind kind)
    {
        const auto messages = attached_messages(fields, body);
        if (messages.empty()) {
            host_.answer(ticket, postern::reject(554, "5.6.0", "attach the messages, as message/rfc822"));
            return;
        }
        std::vector<change> changes;
        for (const std::string_view message : messages) {
            lesson one = shared_->keep.knows().learn(shared_->scan.features(message), kind);
            if (one.result == lesson_result::full) {
                host_.answer(ticket, postern::defer(451, "4.3.1", "too much waits to be learned"));
                return;
            }
            changes.insert(changes.end(), std::make_move_iterator(one.changes.begin()),
                           std::make_move_iterator(one.changes.end()));
        }
        shared_->keep.save(changes, [host = host_, ticket](bool is_stored) {
            if (is_stored)
                host.answer(ticket, postern::discard());
            else
                host.answer(ticket, postern::defer(451, "4.3.0", "what was learned cannot be stored"));
        });
    }

    void learn(std::uint64_t ticket, std::string_view message, mail_kind kind)
    {
        const lesson done = shared_->keep.knows().learn(shared_->scan.features(message), kind);
        if (done.result == lesson_result::full) {
            host_.answer(ticket, postern::refuse("too much waits to be learned"));
            return;
        }
        const char* const said = done.result == lesson_result::taught  ? "learned"
                                 : done.result == lesson_result::later ? "will be learned, once what is known has been read"
                                                                       : "known";
        shared_->keep.save(done.changes, [host = host_, ticket, said](bool is_stored) {
            if (is_stored)
                host.answer(ticket, postern::tell(said));
            else
                host.answer(ticket, postern::refuse("what was learned cannot be stored"));
        });
    }

    [[nodiscard]] std::string judged(std::string_view message)
    {
        std::vector<field> fields;
        const std::size_t taken = split_fields(message, limits_of(set()).walk.fields, fields);
        judgement made = shared_->scan.judge(fields, message.substr(taken).substr(0, set().scan_size), {}, shared_->keep.knows());
        score_card card{0};
        card.add(std::move(made.symbols));
        return card.status(set().at) + "\n" + card.symbols();
    }

    [[nodiscard]] std::string status()
    {
        const knowledge& knows = shared_->keep.knows();
        const token_counts learned = knows.messages();
        return "ready: " + std::string{knows.is_ready() ? "yes" : "no"} + "\nspam learned: " + std::to_string(learned.spam) +
               "\nham learned: " + std::to_string(learned.ham) + "\nfeatures: " + std::to_string(knows.features());
    }

    std::unique_ptr<shared> shared_;
    postern::host host_;
};

} // namespace

POSTERN_PLUGIN(spam_filter_plugin, "org.postern.spam-filter", "1.0");
