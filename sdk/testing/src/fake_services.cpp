#include <postern/testing/fake_services.hpp>

#include <postern/sdk/records.hpp>
#include <postern/testing/host_state.hpp>
#include <postern/testing/service_names.hpp>

#include <algorithm>

namespace postern::testing {

fake_services::fake_services() = default;
fake_services::~fake_services() = default;

fake_host& fake_services::me() noexcept
{
    return static_cast<fake_host&>(*this);
}

bool fake_services::is_in_create() noexcept
{
    return host_tables::state(me()).in_create;
}

fake_services& fake_services::of(postern_host* host) noexcept
{
    return host_tables::of(host);
}

template <class Function>
postern_status fake_services::change(postern_host* host, std::uint64_t metric, Function function)
{
    auto& own = of(host);
    const std::lock_guard lock{own.services_mutex_};
    if (metric == 0 || metric > own.series_.size())
        return POSTERN_E_STALE;
    return function(own.series_[metric - 1]) ? POSTERN_PASS : POSTERN_E_INVALID;
}

std::uint32_t fake_services::level(postern_host* host)
{
    return of(host).log_level;
}

bool fake_services::is_own(std::string_view name)
{
    return name.starts_with(std::string{me().plugin().id} + ".");
}

std::optional<std::int64_t> fake_services::metric(const std::string& name, const metric_labels& labels)
{
    const std::lock_guard lock{services_mutex_};
    const auto* found = find_series(name, labels);
    return found == nullptr || found->kind == POSTERN_METRIC_HISTOGRAM ? std::nullopt : std::optional{found->value};
}

std::vector<std::int64_t> fake_services::observed(const std::string& name, const metric_labels& labels)
{
    const std::lock_guard lock{services_mutex_};
    const auto* found = find_series(name, labels);
    return found == nullptr ? std::vector<std::int64_t>{} : found->sizes;
}

std::vector<logged_event> fake_services::events()
{
    const std::lock_guard lock{services_mutex_};
    return events_;
}

std::optional<std::string> fake_services::note(std::uint64_t session, const std::string& name)
{
    const std::lock_guard lock{services_mutex_};
    return find_note(session, name);
}

void fake_services::set_note(std::uint64_t session, const std::string& name, std::string value, std::uint64_t transaction)
{
    const std::lock_guard lock{services_mutex_};
    notes_[session].all[{transaction, name}] = std::move(value);
}

std::size_t fake_services::timers()
{
    const std::lock_guard lock{services_mutex_};
    return timers_.size();
}

answer fake_services::health()
{
    postern_ev_health record{};
    record.ev.size = sizeof record;
    record.ev.hook = POSTERN_HOOK_HEALTH;
    return me().send(record);
}

void fake_services::happens(postern_ev_event record)
{
    record.ev = {};
    record.ev.size = sizeof record;
    record.ev.hook = POSTERN_HOOK_EVENT;
    const auto kinds = me().subscription(POSTERN_HOOK_EVENT);
    if (kinds && (*kinds == 0 || (*kinds >> record.kind & 1u) != 0))
        (void)me().send(record);
}

void fake_services::enter_transaction(std::uint64_t session, std::uint64_t transaction)
{
    const std::lock_guard lock{services_mutex_};
    auto& of = notes_[session];
    of.transaction = transaction;
    std::erase_if(of.all, [transaction](const auto& each) { return each.first.first != 0 && each.first.first != transaction; });
}

void fake_services::end_notes(std::uint64_t session)
{
    const std::lock_guard lock{services_mutex_};
    notes_.erase(session);
}

std::optional<std::chrono::nanoseconds> fake_services::next_timer()
{
    const std::lock_guard lock{services_mutex_};
    const auto first = earliest();
    return first == timers_.end() ? std::nullopt : std::optional{first->second.due};
}

void fake_services::fire_timer()
{
    postern_ev_timer record{};
    record.ev.size = sizeof record;
    record.ev.hook = POSTERN_HOOK_TIMER;
    {
        const std::lock_guard lock{services_mutex_};
        const auto first = earliest();
        record.token = first->first;
        if (first->second.period.count() == 0)
            timers_.erase(first);
        else
            first->second.due += first->second.period;
    }
    if (me().plugin().handle(me().self(), &record.ev) < 0)
        me().complain("failed at timer; log_lines() may say why");
}

const void* fake_services::service(std::string_view id)
{
    static constexpr postern_metrics_1 metrics{&declare_metric, &add, &set, &observe};
    static constexpr postern_log_1 log{&level, &write};
    static constexpr postern_timers_1 timers{&start, &cancel};
    static constexpr postern_notes_1 notes{&want, &put_note, &get_note};
    if (id == POSTERN_METRICS_1)
        return &metrics;
    if (id == POSTERN_LOG_1)
        return &log;
    if (id == POSTERN_TIMERS_1)
        return &timers;
    return id == POSTERN_NOTES_1 ? &notes : nullptr;
}

postern_status fake_services::refuse_call(const std::string& why, postern_status status)
{
    me().complain(why);
    return status;
}

const fake_services::series* fake_services::find_series(const std::string& name, const metric_labels& labels) const
{
    const auto found =
        std::find_if(series_.begin(), series_.end(), [&](const series& one) { return one.name == name && one.labels == labels; });
    return found == series_.end() ? nullptr : &*found;
}

std::optional<std::string> fake_services::find_note(std::uint64_t session, const std::string& name)
{
    const auto of = notes_.find(session);
    if (of == notes_.end())
        return std::nullopt;
    auto found = of->second.all.find({of->second.transaction, name});
    if (found == of->second.all.end())
        found = of->second.all.find({0, name});
    return found == of->second.all.end() ? std::nullopt : std::optional{found->second};
}

std::map<std::uint64_t, fake_services::timer_row>::iterator fake_services::earliest()
{
    return std::min_element(timers_.begin(), timers_.end(),
                            [](const auto& a, const auto& b) { return a.second.due < b.second.due; });
}

std::int64_t fake_services::declare_metric(postern_host* host, const postern_metric* what)
{
    auto& own = of(host);
    if (!own.is_in_create())
        return own.refuse_call("a metric declared outside create", POSTERN_E_DENIED);
    if (what == nullptr || what->size < sizeof *what)
        return own.refuse_call("a metric's record that is too small");
    series made{what->kind, std::string{sdk::view(what->name)}, {}};
    for (std::uint32_t i = 0; i < what->labels.count; ++i) {
        const auto one = sdk::record_at<postern_label>(what->labels, i);
        made.labels.emplace(sdk::view(one.name), sdk::view(one.value));
    }
    if (const std::string fault = names::fault_of_metric(*what, made.labels.size()); !fault.empty())
        return own.refuse_call(fault);
    const std::lock_guard lock{own.services_mutex_};
    const auto same = std::find_if(own.series_.begin(), own.series_.end(),
                                   [&](const series& one) { return one.name == made.name && one.labels == made.labels; });
    if (same != own.series_.end())
        return same - own.series_.begin() + 1;
    if (own.series_.size() == names::most_metrics)
        return POSTERN_E_AGAIN;
    own.series_.push_back(std::move(made));
    return static_cast<std::int64_t>(own.series_.size());
}

postern_status fake_services::add(postern_host* host, std::uint64_t metric, std::int64_t n)
{
    return change(host, metric, [n](series& one) {
        const bool may = one.kind == POSTERN_METRIC_GAUGE || (one.kind == POSTERN_METRIC_COUNTER && n >= 0);
        one.value += may ? n : 0;
        return may;
    });
}

postern_status fake_services::set(postern_host* host, std::uint64_t metric, std::int64_t value)
{
    return change(host, metric, [value](series& one) {
        if (one.kind == POSTERN_METRIC_GAUGE)
            one.value = value;
        return one.kind == POSTERN_METRIC_GAUGE;
    });
}

postern_status fake_services::observe(postern_host* host, std::uint64_t metric, std::int64_t value)
{
    return change(host, metric, [value](series& one) {
        if (one.kind == POSTERN_METRIC_HISTOGRAM)
            one.sizes.push_back(std::max<std::int64_t>(value, 0));
        return one.kind == POSTERN_METRIC_HISTOGRAM;
    });
}

postern_status fake_services::write(postern_host* host, const postern_log_event* what)
{
    auto& own = of(host);
    if (what == nullptr || what->size < sizeof *what)
        return own.refuse_call("a log event's record that is too small");
    logged_event made{what->level, std::string{sdk::view(what->name)}, what->session};
    if (what->level > POSTERN_LOG_ERROR || !names::is_event_name(made.name) || what->fields.count > names::most_fields)
        return own.refuse_call("a log event \"" + made.name + "\" with a name or level that is none, or too many fields");
    for (std::uint32_t i = 0; i < what->fields.count; ++i) {
        const auto one = sdk::record_at<postern_log_field>(what->fields, i);
        const std::string key{sdk::view(one.key)};
        if (!names::is_field_key(key))
            return own.refuse_call("a log event with a field \"" + key + "\"");
        made.fields[key] = one.is_number != 0 ? std::to_string(one.number) : std::string{sdk::view(one.text)};
    }
    const std::lock_guard lock{own.services_mutex_};
    if (made.level >= own.log_level)
        own.events_.push_back(std::move(made));
    return POSTERN_PASS;
}

postern_status fake_services::start(postern_host* host, std::uint64_t token, std::uint64_t delay_ns, std::uint64_t period_ns)
{
    auto& own = of(host);
    if (period_ns != 0 && period_ns < 1'000'000)
        return own.refuse_call("a timer with a period below a millisecond");
    const auto due = own.me().now() + std::chrono::nanoseconds{static_cast<std::int64_t>(delay_ns)};
    const std::lock_guard lock{own.services_mutex_};
    if (!own.timers_.contains(token) && own.timers_.size() == names::most_timers)
        return POSTERN_E_AGAIN;
    own.timers_[token] = {due, std::chrono::nanoseconds{static_cast<std::int64_t>(period_ns)}};
    return POSTERN_PASS;
}

postern_status fake_services::cancel(postern_host* host, std::uint64_t token)
{
    auto& own = of(host);
    const std::lock_guard lock{own.services_mutex_};
    return own.timers_.erase(token) != 0 ? POSTERN_PASS : POSTERN_E_STALE;
}

postern_status fake_services::want(postern_host* host, postern_str pattern)
{
    auto& own = of(host);
    std::string text{sdk::view(pattern)};
    if (!own.is_in_create())
        return own.refuse_call("notes asked for outside create", POSTERN_E_DENIED);
    const bool is_prefix = text.ends_with(".*");
    if (!names::is_note_name(is_prefix ? std::string_view{text}.substr(0, text.size() - 2) : std::string_view{text}))
        return own.refuse_call("\"" + text + "\" is no name of notes");
    if (is_prefix)
        text.pop_back();
    const std::lock_guard lock{own.services_mutex_};
    if (own.wanted_.size() == names::most_patterns)
        return POSTERN_E_AGAIN;
    own.wanted_.push_back(std::move(text));
    return POSTERN_PASS;
}

bool fake_services::may_read(const std::string& name)
{
    const std::lock_guard lock{services_mutex_};
    return is_own(name) || std::any_of(wanted_.begin(), wanted_.end(), [&](const std::string& one) {
               return one.ends_with('.') ? name.starts_with(one) : name == one;
           });
}

postern_status fake_services::put_note(postern_host* host, const postern_note* what)
{
    auto& own = of(host);
    if (what == nullptr || what->size < sizeof *what)
        return own.refuse_call("a note's record that is too small");
    const std::string name{sdk::view(what->name)};
    if (!names::is_note_name(name) || what->value.len > names::longest_note)
        return own.refuse_call("note \"" + name + "\" has a name that is none, or is too long");
    if (!own.is_own(name))
        return own.refuse_call("note \"" + name + "\" is not this plugin's", POSTERN_E_DENIED);
    const std::lock_guard lock{own.services_mutex_};
    const auto at = own.notes_.find(what->session);
    if (at == own.notes_.end() || (what->transaction != 0 && what->transaction != at->second.transaction))
        return POSTERN_E_STALE;
    if (at->second.all.size() == names::most_notes && !at->second.all.contains({what->transaction, name}))
        return POSTERN_E_AGAIN;
    at->second.all[{what->transaction, name}] = sdk::view(what->value);
    return POSTERN_PASS;
}

std::int64_t fake_services::get_note(postern_host* host, std::uint64_t session, postern_str name, char* to, std::size_t len)
{
    auto& own = of(host);
    const std::string wanted{sdk::view(name)};
    if (!own.may_read(wanted))
        return own.refuse_call("note \"" + wanted + "\" was not asked for with want", POSTERN_E_DENIED);
    const std::lock_guard lock{own.services_mutex_};
    if (!own.notes_.contains(session))
        return POSTERN_E_STALE;
    const auto found = own.find_note(session, wanted);
    if (!found)
        return POSTERN_E_AGAIN;
    std::copy_n(found->data(), std::min(len, found->size()), to);
    return static_cast<std::int64_t>(found->size());
}

} // namespace postern::testing
