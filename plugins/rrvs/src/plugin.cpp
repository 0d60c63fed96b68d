// Glue: options, parameters and header fields in, refusals out. Whose mailbox it is decides ownership.

#include "header_field.hpp"
#include "ownership.hpp"

#include <postern/plugin.hpp>

#include <fstream>
#include <map>
#include <mutex>
#include <set>
#include <string>

namespace {

using rrvs::finding;

class rrvs_plugin {
public:
    explicit rrvs_plugin(const postern::host& host) : judges_fields_{host.config("header_field", false)}
    {
        for (const std::string& name : host.list("domains"))
            take(host, "domains", name, mailboxes_.add_domain(name));
        for (const auto& [address, since] : host.table("since"))
            take(host, "since", address, mailboxes_.add_mailbox(address, since));
        for (const auto& [name, since] : host.table("domain_since"))
            take(host, "domain_since", name, mailboxes_.add_domain_since(name, since));
        if (const std::string file = host.config("since_file", ""); !file.empty())
            read(host, file);
        const std::string unknown = host.config("unknown", "accept");
        rejects_unknown_ = unknown == "reject";
        if (unknown != "accept" && unknown != "reject" && mailboxes_.set_latest(unknown) != nullptr)
            host.refuse("unknown", "is \"accept\", \"reject\" or a time such as \"2024-01-31T12:00:00Z\"");

        host.keyword({.name = "RRVS"}); // RFC 7293 3.1
        // RFC 7293 5: what cannot be tested further on is returned, unless the sender says otherwise.
        host.parameter({.name = "RRVS",
                        .keyword = "RRVS",
                        .of = postern::param_of::rcpt,
                        .relay = postern::relay::required,
                        .lacking = "5.7.19"});
    }

    postern::param_reply on(const postern::parameter& given)
    {
        const auto asked = rrvs::parse_condition(given.value());
        if (!asked)
            return postern::reject(501, "5.5.4", "RRVS is a time such as 2024-01-31T12:00:00Z, with \";C\" or \";R\"");
        const finding found = mailboxes_.judge(given.recipient(), asked->since);
        if (found == finding::valid || (found == finding::unknown && !rejects_unknown_)) { // tested here, so nobody has to
            note(given);
            return postern::param_reply{postern::proceed()}.relay(postern::relay::optional);
        }
        if (found == finding::not_ours)
            return postern::param_reply{postern::proceed()}.relay(asked->may_continue ? postern::relay::optional
                                                                                      : postern::relay::required);
        return refusal(found);
    }

    // RFC 7293 5.2: there is one reply for all recipients, so one that fails refuses the message.
    postern::verdict on(const postern::headers& event)
    {
        postern::verdict answer = postern::proceed();
        if (!judges_fields_)
            return answer;
        std::uint32_t place = 0;
        for (const postern::header& field : event.fields()) {
            const std::uint32_t index = place++;
            if (!rrvs::is_condition_field(field.name))
                continue;
            const auto asked = rrvs::parse_field(field.value);
            if (!asked || !is_recipient(event, asked->recipient))
                continue; // RFC 7293 5: not about anybody here
            const finding found = mailboxes_.judge(asked->recipient, asked->since);
            if (found == finding::not_ours)
                continue;
            if (!has_parameter(event.session(), asked->recipient) && found != finding::valid &&
                (found != finding::unknown || rejects_unknown_))
                return refusal(found);
            answer.remove_header(index); // what the sender knows of the recipient is not for the recipient
        }
        return answer;
    }

    // What RCPT said counts for one transaction.

    void on(const postern::committed& event) { forget(event.session()); }
    void on(const postern::aborted& event) { forget(event.session()); }
    void on(const postern::session_end& event) { forget(event.session()); }

private:
    static void take(const postern::host& host, const char* key, const std::string& entry, const char* problem)
    {
        if (problem != nullptr)
            host.refuse(key, "\"" + entry + "\" " + problem);
    }

    void read(const postern::host& host, const std::string& file)
    {
        std::ifstream lines{file};
        std::string line;
        while (std::getline(lines, line)) {
            if (line.empty() || line.front() == '#')
                continue;
            const auto space = line.find(' ');
            const std::string address = line.substr(0, space);
            take(host, "since_file", address,
                 mailboxes_.add_mailbox(address,
                                        space == line.npos ? std::string_view{} : std::string_view{line}.substr(space + 1)));
        }
        if (!lines.eof())
            host.refuse("since_file", "\"" + file + "\" cannot be read");
    }

    static bool is_recipient(const postern::headers& event, const std::string& address)
    {
        const std::string wanted = rrvs::comparable(address);
        for (const std::string_view each : event.recipients())
            if (rrvs::comparable(each) == wanted)
                return true;
        return false;
    }

    /// RFC 7293 5: where the extension is used for a recipient, a header field about it is not judged.
    void note(const postern::parameter& given)
    {
        if (!judges_fields_)
            return;
        const std::lock_guard lock{guard_};
        with_parameter_[given.session()].insert(rrvs::comparable(given.recipient()));
    }
    bool has_parameter(std::uint64_t session, const std::string& address)
    {
        const std::lock_guard lock{guard_};
        const auto found = with_parameter_.find(session);
        return found != with_parameter_.end() && found->second.contains(rrvs::comparable(address));
    }
    void forget(std::uint64_t session)
    {
        const std::lock_guard lock{guard_};
        with_parameter_.erase(session);
    }

    /// RFC 7293 15.3: X.7.17 to X.7.19.
    static postern::verdict refusal(finding found)
    {
        if (found == finding::mailbox_changed)
            return postern::reject(550, "5.7.17", "mailbox owner has changed");
        if (found == finding::domain_changed)
            return postern::reject(550, "5.7.18", "domain owner has changed");
        return postern::reject(550, "5.7.19", "RRVS test cannot be completed");
    }

    rrvs::ownership mailboxes_;
    bool judges_fields_;
    bool rejects_unknown_ = false;
    std::mutex guard_;                                              ///< of what follows
    std::map<std::uint64_t, std::set<std::string>> with_parameter_; ///< recipients of the transactions at hand
};

} // namespace

POSTERN_PLUGIN(rrvs_plugin, "org.postern.rrvs", "1.0");
